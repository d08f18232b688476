/*
 * Memory pressure. Above the soft limit (limits.memory) no new sessions are opened.
 * While that is not enough, each worker sheds the sessions for which most waits, until
 * there is room for new ones. Worker 0 looks several times a second.
 */
#ifndef GATEWAY_SESSION_PRESSURE_H
#define GATEWAY_SESSION_PRESSURE_H

#include "gateway/base/timer.h"

struct crew;

struct pressure {
	struct crew *crew; /* borrowed */
	uint64_t soft;     /* bytes */
	struct timer timer;
};

/* Before the crew runs. The memory must outlive the crew. */
void pressure_start(struct pressure *pressure, struct crew *crew);

/* The process has so many bytes now. */
void pressure_look(struct pressure *pressure, uint64_t used);

#endif
