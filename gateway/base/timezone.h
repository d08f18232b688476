/* The time zone of {now:...}. Log lines are UTC whatever it is. */
#ifndef GATEWAY_BASE_TIMEZONE_H
#define GATEWAY_BASE_TIMEZONE_H

#include "protocol/slice.h"

/*
 * From now on localtime_r() is in that zone; if it is empty in that of TZ in the
 * environment, and without one in UTC. Before there are threads.
 */
void timezone_set(struct slice name);

#endif
