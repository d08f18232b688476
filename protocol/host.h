/* "host", "host:port", "[v6]" or "[v6]:port", as in a Host header or an origin. */
#ifndef PROTOCOL_HOST_H
#define PROTOCOL_HOST_H

#include "protocol/slice.h"

/*
 * Cuts the text in two; both parts point into it. An IPv6 address keeps its brackets,
 * and a missing port is empty. False when the text has a byte that no host or port
 * has.
 */
bool host_split(struct slice text, struct slice *host, struct slice *port);

/*
 * As host_split(), for an address to listen at, as an operator writes it. The port is
 * required and at most 65535. The host may be empty (every address), and one in
 * brackets may have a zone ("fe80::1%eth0"). *host has no brackets.
 */
bool host_split_listening(struct slice text, struct slice *host, struct slice *port);

/*
 * As host_split_listening(), for a server to connect to: the host must not be empty or
 * longer than a name in DNS can be, and the port not 0.
 */
bool host_split_server(struct slice text, struct slice *host, struct slice *port);

/*
 * True for "localhost", 127.0.0.0/8 and ::1, with or without brackets: only this
 * machine can be reached by these names.
 */
bool host_is_loopback(struct slice host);

/*
 * True when a Host header of that value names the site of the pattern. Hosts compare
 * without case. A pattern that begins with "*." stands for every host below the rest,
 * not for the rest itself. One without a port stands for every port; one with 80 or 443
 * also for a host without a port. The pattern must be host_is_pattern().
 */
bool host_matches(struct slice host, struct slice pattern);

/* False when no Host of a client can match `text`. */
bool host_is_pattern(struct slice text);

#endif
