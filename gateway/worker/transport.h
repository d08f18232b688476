/*
 * How a session is carried. One that may move between transports of its family (a
 * client that polls may begin to stream) counts under the one that it was opened with.
 */
#ifndef GATEWAY_WORKER_TRANSPORT_H
#define GATEWAY_WORKER_TRANSPORT_H

#include <stdbool.h>

enum transport {
	TRANSPORT_NONE,          /* of a description that says none: our mistake */
	TRANSPORT_WEBSOCKET,     /* SockJS's */
	TRANSPORT_WEBSOCKET_RAW, /* without its framing */
	TRANSPORT_POLL,          /* it never waits */
	TRANSPORT_XHR,
	TRANSPORT_XHR_STREAMING,
	TRANSPORT_EVENTSOURCE,
	TRANSPORT_HTMLFILE,
	TRANSPORT_JSONP,
	TRANSPORT_TCP,
	TRANSPORTS,
};

/* "xhr_streaming": as metrics and logs call it. Nobody asks for that of TRANSPORT_NONE. */
const char *transport_name(enum transport transport);

/* True when messages leave as they are, without SockJS's frames. */
static inline bool transport_is_raw(enum transport transport)
{
	return transport == TRANSPORT_WEBSOCKET_RAW || transport == TRANSPORT_TCP;
}

#endif
