/*
 * The watchdog for a service manager that asks for one. A token travels from worker to
 * worker. When it is back at worker 0, all workers have run, and worker 0 notifies the
 * manager. A worker that hangs holds the token, and the manager ends the process.
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
 * Sends the token on its way. Call it before the workers run; the memory must outlive
 * them. Does nothing when systemd asks for no signs of life.
 */
void watchdog_start(struct watchdog *watchdog, struct workers *workers);

#endif
