/* The time zone of {now:...}. Log lines are always UTC. */
#ifndef GATEWAY_BASE_TIMEZONE_H
#define GATEWAY_BASE_TIMEZONE_H

#include "protocol/slice.h"

/*
 * Sets the zone for localtime_r(). With an empty name it is TZ of the environment, and
 * without TZ it is UTC. Call it before there are threads.
 */
void timezone_set(struct slice name);

#endif
