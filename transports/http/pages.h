/* Finds the pages that come with the binary: the folders "www" and "console". */
#ifndef TRANSPORTS_HTTP_PAGES_H
#define TRANSPORTS_HTTP_PAGES_H

#include <limits.h>
#include <stdbool.h>

/*
 * Writes to `pages` the path of `folder`, "www" or "console", with the pages that come
 * with Postern. It lies beside the binary (a build), or below ../share/postern from
 * there (installed). False when it is in neither place: the log warns, and `pages` is
 * undefined.
 */
bool pages_find(const char *folder, char pages[PATH_MAX]);

#endif
