/*
 * Memory pressure. Above the soft limit (limits.memory) no new sessions are opened.
 * While that is not enough, each worker sheds the sessions for which most waits, until
 * there is room for new ones. Worker 0 looks several times a second.
 */
#ifndef GATEWAY_SESSION_PRESSURE_H
#define GATEWAY_SESSION_PRESSURE_H

#include "gateway/base/timer.h"

struct workers;

struct pressure {
	struct workers *workers; /* borrowed */
	uint64_t soft;           /* bytes */
	struct timer timer;
};

/*
 * Looks at the process's memory from now on, on worker 0's loop. Before the workers
 * run; `pressure` must outlive them.
 */
void pressure_start(struct pressure *pressure, struct workers *workers);

/*
 * What the timer does, and tests: takes note that the process has `used` bytes now.
 * Refuses or admits new sessions by that, or ends the sessions with the most queued
 * bytes.
 */
void pressure_look(struct pressure *pressure, uint64_t used);

#endif
