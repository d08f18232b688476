#include "gateway/base/timezone.h"

#include "protocol/xmalloc.h"

#include <stdlib.h>
#include <time.h>

void timezone_set(struct slice name)
{
	/* Else the C library uses /etc/localtime, which differs between machines. */
	if (name.len == 0) {
		setenv("TZ", "UTC0", 0);
	} else {
		char *value = xstrdup(name);

		setenv("TZ", value, 1);
		free(value);
	}
	tzset();
}
