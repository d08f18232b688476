/*
 * The watchdog of a service manager that wants one. A token goes from worker to
 * worker; whenever it is back at worker 0, the manager hears that all of them turn.
 * One that hangs holds the token, and the manager ends the process.
 */
#ifndef GATEWAY_WORKER_WATCHDOG_H
#define GATEWAY_WORKER_WATCHDOG_H

#include "gateway/base/inbox.h"
#include "gateway/base/timer.h"

struct workers;

struct watchdog {
	struct workers *workers; /* borrowed */
	uint64_t interval;       /* ms between two rounds */
	struct timer timer;
	struct post token;
};

/*
 * Starts the token on its way. Before the workers run; the memory must outlive them.
 * Does nothing when systemd wants no signs of life.
 */
void watchdog_start(struct watchdog *watchdog, struct workers *workers);

#endif
