/* "host", "host:port", "[v6]" or "[v6]:port", as in a Host header or an origin. */
#ifndef PROTOCOL_HOST_H
#define PROTOCOL_HOST_H

#include "protocol/slice.h"

/*
 * Cuts the text in two, into which both parts point. An IPv6 address keeps its
 * brackets, and a port that is not written is empty. False when a byte is in it that no
 * host or port has.
 */
bool host_split(struct slice text, struct slice *host, struct slice *port);

/*
 * As host_split(), for a place to listen at, as an operator writes it: the port must be
 * there and be at most 65535, the host may be empty (every address), and one in
 * brackets may have a zone ("fe80::1%eth0"). *host comes without brackets.
 */
bool host_split_listening(struct slice text, struct slice *host, struct slice *port);

/*
 * True for "localhost", 127.0.0.0/8 and ::1, with or without brackets: names by which
 * only this machine can be reached.
 */
bool host_is_loopback(struct slice host);

#endif
