/* Where the pages are that come with the binary: the folders "www" and "console". */
#ifndef TRANSPORTS_HTTP_PAGES_H
#define TRANSPORTS_HTTP_PAGES_H

#include <limits.h>
#include <stdbool.h>

/* False, and logged, when they are not installed. */
bool pages_find(const char *folder, char pages[PATH_MAX]);

#endif
