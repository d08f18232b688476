/* Where the pages are that come with the binary: the folders "www" and "console". */
#ifndef TRANSPORTS_HTTP_PAGES_H
#define TRANSPORTS_HTTP_PAGES_H

#include <limits.h>
#include <stdbool.h>

/*
 * Writes the folder of Postern's own pages, found from where the binary lies, in a
 * build or installed. False, and logged, when it is not there.
 */
bool pages_find(const char *folder, char pages[PATH_MAX]);

#endif
