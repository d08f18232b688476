/* The time zone of {now:...}. Log lines are UTC whatever it is. */
#ifndef GATEWAY_BASE_TIMEZONE_H
#define GATEWAY_BASE_TIMEZONE_H

#include "protocol/slice.h"

/*
 * Sets the zone in which localtime_r() counts. An empty name leaves it to TZ in the
 * environment, and without TZ to UTC. Before there are threads.
 */
void timezone_set(struct slice name);

#endif
