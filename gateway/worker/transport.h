/*
 * How a session is carried. A session may move between transports of its family (a
 * client that polls may begin to stream). It counts under the one that opened it.
 */
#ifndef GATEWAY_WORKER_TRANSPORT_H
#define GATEWAY_WORKER_TRANSPORT_H

#include <stdbool.h>

/*
 * The list of transports, a line for each. Everything else that names all of them is
 * made of this list: `enum transport`, the request kinds of metrics.h, the names in
 * metrics and logs, and the descriptions of transports/sockjs/link.h.
 *
 * CARRIER: has no SockJS description. DOWNLINK: opens SockJS sessions and carries
 * messages to the client; its description is NAME_downlink. UPLINK: requests of SockJS
 * that bring messages; its description is NAME_uplink. The small NAME of the last two
 * is also the last segment of their URLs.
 */
#define TRANSPORT_LIST(CARRIER, DOWNLINK, UPLINK)                                      \
	CARRIER(WEBSOCKET, websocket)         /* with SockJS framing */                \
	CARRIER(WEBSOCKET_RAW, websocket_raw) /* without it */                         \
	DOWNLINK(POLL, poll)                  /* answers immediately */                \
	DOWNLINK(XHR, xhr)                                                             \
	DOWNLINK(XHR_STREAMING, xhr_streaming)                                         \
	UPLINK(XHR_SEND, xhr_send)                                                     \
	DOWNLINK(EVENTSOURCE, eventsource)                                             \
	DOWNLINK(HTMLFILE, htmlfile)                                                   \
	DOWNLINK(JSONP, jsonp)                                                         \
	UPLINK(JSONP_SEND, jsonp_send)                                                 \
	CARRIER(TCP, tcp)

/* For lines of the list that the user of the list skips. */
#define TRANSPORT_SKIP(NAME, name)

enum transport {
	TRANSPORT_NONE, /* a description without a transport: a bug of ours */
#define X(NAME, name) TRANSPORT_##NAME,
	TRANSPORT_LIST(X, X, TRANSPORT_SKIP)
#undef X
		TRANSPORTS,
};

/*
 * The transport's name in metrics and logs: "xhr_streaming". Static. Not for
 * TRANSPORT_NONE.
 */
const char *transport_name(enum transport transport);

/* True when messages leave without SockJS framing. */
static inline bool transport_is_raw(enum transport transport)
{
	return transport == TRANSPORT_WEBSOCKET_RAW || transport == TRANSPORT_TCP;
}

#endif
