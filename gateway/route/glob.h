/*
 * Globs of one segment: '?' matches one character, '*' any run of characters, also
 * none. A character is one of UTF-8. Routes of the configuration and patterns of
 * destinations compare their segments here.
 */
#ifndef GATEWAY_ROUTE_GLOB_H
#define GATEWAY_ROUTE_GLOB_H

#include "protocol/slice.h"

#include <stdbool.h>

/* True when the text has a '*' or a '?'. */
bool glob_is(struct slice text);

/*
 * Whether the glob matches the whole text. The time grows with both lengths. If a '?'
 * stands between two '*', it grows with their product.
 */
bool glob_matches(struct slice glob, struct slice text);

/* The longest beginning of the glob without a wildcard; all of it, if it has none. */
struct slice glob_front(struct slice glob);

/* The longest end of the glob without a wildcard. */
struct slice glob_back(struct slice glob);

#endif
