/*
 * Memory pressure. Above the soft limit (limits.memory) Postern opens no new sessions.
 * If that is not enough, each worker sheds sessions (sessions.h), until there is room
 * for new ones. Worker 0 looks four times a second. It then also
 * corrects the budget (budget.h), and returns freed memory to the system.
 */
#ifndef GATEWAY_SESSION_PRESSURE_H
#define GATEWAY_SESSION_PRESSURE_H

#include "gateway/base/timer.h"

struct workers;

struct pressure {
	struct workers *workers; /* borrowed */
	uint64_t soft;           /* bytes */
	int64_t peak;            /* the most that was counted since the last trim */
	unsigned looks;          /* since then */
	bool falls;              /* it had fallen then, and may still */
	struct timer timer;
};

/*
 * Looks at the process's memory from now on, on worker 0's loop. Call it before the
 * workers run; `pressure` must outlive them.
 */
void pressure_start(struct pressure *pressure, struct workers *workers);

/*
 * Takes note that the process has `used` bytes now. Then refuses or admits new
 * sessions, or ends the sessions with the most queued bytes. The timer calls it, and
 * tests.
 */
void pressure_look(struct pressure *pressure, uint64_t used);

#endif
