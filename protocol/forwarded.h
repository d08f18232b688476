/*
 * What proxies say in a request's head: X-Forwarded-For, -Host and -Proto. Only
 * the proxies that the configuration lists are believed; what others say, or what is
 * malformed, counts as not said.
 */
#ifndef PROTOCOL_FORWARDED_H
#define PROTOCOL_FORWARDED_H

#include "protocol/address.h"
#include "protocol/http_head.h"

/* Who asks, and for which site. The slices point into the head, or are constants. */
struct forwarded {
	struct address client;
	struct slice scheme; /* "http" or "https"; empty: nobody has said */
	struct slice host;   /* X-Forwarded-Host, else Host; empty: none */
	bool believed;       /* `peer` is a trusted proxy */
};

/*
 * `peer` is the other end of the connection. When it is trusted, the client is the
 * right-most address of X-Forwarded-For that is not trusted: it was written by the
 * outermost of our proxies, and what stands left of it by the client. When all are
 * trusted it is the left-most. What is no address (a port behind it is cut off)
 * ends the search: then the client is the proxy that wrote it.
 *
 * Of several hosts or schemes the last counts, which the nearest proxy has written.
 */
struct forwarded forwarded_read(const struct http_head *head,
	const struct address *peer, const struct networks *trusted);

#endif
