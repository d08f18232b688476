/* Checks the Origin header of a browser's request against a list. */
#ifndef PROTOCOL_ORIGIN_H
#define PROTOCOL_ORIGIN_H

#include "protocol/slice.h"

/*
 * True when `origin` ("https://shop.example:8443") is `scheme`://`host`, where host is
 * a Host header's value. Hosts compare without case; a default port (80, 443) may be
 * missing. "null" is never the same. Some apps send the scheme of their WebSocket: ws
 * counts as http, wss as https, here and below.
 */
bool origin_is_same(struct slice origin, struct slice scheme, struct slice host);

/*
 * True when `origin` equals `pattern` (scheme and host without case, default port
 * optional), or the pattern is "*". A pattern whose host begins with "*." matches
 * every host below the rest, not the rest itself; one that ends with ":*" matches
 * every port. "file://" matches the Origin with this scheme and no host.
 */
bool origin_matches(struct slice origin, struct slice pattern);

/*
 * False for a text that is no pattern of origin_matches(): without a scheme, with a
 * path, or with a "*" elsewhere. An Origin could only match it letter by letter.
 */
bool origin_is_pattern(struct slice text);

#endif
