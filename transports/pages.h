/* Where the pages are that come with the binary. */
#ifndef TRANSPORTS_PAGES_H
#define TRANSPORTS_PAGES_H

#include <limits.h>
#include <stdbool.h>

/* False, and logged, when they are not installed. */
bool pages_find(char pages[PATH_MAX]);

#endif
