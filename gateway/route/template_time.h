/* Times in templates: {now:FORMAT}. */
#ifndef GATEWAY_ROUTE_TEMPLATE_TIME_H
#define GATEWAY_ROUTE_TEMPLATE_TIME_H

#include "protocol/buf.h"

#include <time.h>

/* Bytes of a format. */
enum { TEMPLATE_TIME_MAX = 64 };

/*
 * Appends `now` in the process's time zone. The format has these conversions of
 * strftime(): %Y %m %d %e %j %H %I %M %S %p %a %A %b %B %u %V %F %T %R %s %z %Z %%.
 * False, with nothing appended, when it has another one, is empty or too long.
 */
bool template_time(struct slice format, time_t now, struct buf *out);

#endif
