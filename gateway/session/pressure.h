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

/* Before the workers run. The memory must outlive the workers. */
void pressure_start(struct pressure *pressure, struct workers *workers);

/* The process has so many bytes now. */
void pressure_look(struct pressure *pressure, uint64_t used);

#endif
