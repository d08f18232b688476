/*
 * How a session is carried. One that may move between transports of its family (a
 * client that polls may begin to stream) counts under the one that it was opened with.
 */
#ifndef GATEWAY_WORKER_TRANSPORT_H
#define GATEWAY_WORKER_TRANSPORT_H

#include <stdbool.h>

/*
 * The list of transports, a line for each. Everything else that names all of them is
 * made of this list: `enum transport`, the request kinds of metrics.h, the names in
 * metrics and logs, and the descriptions of transports/sockjs/link.h.
 *
 * CARRIER: it has no SockJS description. DOWNLINK: SockJS's, it opens sessions and
 * carries messages to the client; its description is NAME_downlink. UPLINK: SockJS's,
 * requests that bring messages; its description is NAME_uplink. The small NAME of the
 * last two is the last segment of their URLs, too.
 */
#define TRANSPORT_LIST(CARRIER, DOWNLINK, UPLINK)                                      \
	CARRIER(WEBSOCKET, websocket)         /* with SockJS's frames */               \
	CARRIER(WEBSOCKET_RAW, websocket_raw) /* without them */                       \
	DOWNLINK(POLL, poll)                  /* it never waits */                     \
	DOWNLINK(XHR, xhr)                                                             \
	DOWNLINK(XHR_STREAMING, xhr_streaming)                                         \
	UPLINK(XHR_SEND, xhr_send)                                                     \
	DOWNLINK(EVENTSOURCE, eventsource)                                             \
	DOWNLINK(HTMLFILE, htmlfile)                                                   \
	DOWNLINK(JSONP, jsonp)                                                         \
	UPLINK(JSONP_SEND, jsonp_send)                                                 \
	CARRIER(TCP, tcp)

/* For the lines of a list that its user passes over. */
#define TRANSPORT_SKIP(NAME, name)

enum transport {
	TRANSPORT_NONE, /* of a description that names none: our mistake */
#define X(NAME, name) TRANSPORT_##NAME,
	TRANSPORT_LIST(X, X, TRANSPORT_SKIP)
#undef X
		TRANSPORTS,
};

/*
 * The transport as metrics and logs name it: "xhr_streaming". Static. Not for
 * TRANSPORT_NONE.
 */
const char *transport_name(enum transport transport);

/* True when messages leave as they are, without SockJS's frames. */
static inline bool transport_is_raw(enum transport transport)
{
	return transport == TRANSPORT_WEBSOCKET_RAW || transport == TRANSPORT_TCP;
}

#endif
