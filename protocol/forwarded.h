/*
 * The headers of proxies in a request's head: X-Forwarded-For, -Host and -Proto. Only
 * the proxies in the configuration are trusted. Headers of other peers, and malformed
 * ones, are ignored.
 */
#ifndef PROTOCOL_FORWARDED_H
#define PROTOCOL_FORWARDED_H

#include "protocol/address.h"
#include "protocol/http_head.h"

/*
 * The client and the site of a request. The slices point into the head, or are
 * constants.
 */
struct forwarded {
	struct address client;
	struct slice scheme; /* "http" or "https"; empty: unknown */
	struct slice host;   /* X-Forwarded-Host, else Host; empty: none */
	bool believed;       /* `peer` is a trusted proxy */
};

/*
 * `peer` is the other end of the connection. If it is trusted, the client is the
 * right-most address of X-Forwarded-For that is not trusted. Our outermost proxy has
 * written that one; the client itself may have written the addresses left of it. If
 * all are trusted, the client is the left-most. A port after an address is cut off. An
 * element that is not an address ends the search: the client is then the proxy that
 * wrote it.
 *
 * Of several hosts or schemes the last counts, which the nearest proxy has written.
 */
struct forwarded forwarded_read(const struct http_head *head,
	const struct address *peer, const struct networks *trusted);

#endif
