/* Server-sent events: every SockJS frame becomes one unnamed event. */
#include "transports/sockjs/link.h"

static void eventsource_begin(struct buf *body, struct slice callback)
{
	(void)callback;
	/* The protocol opens the stream with an empty line, for old Opera. */
	buf_append(body, SLICE("\r\n"));
}

const struct downlink eventsource_downlink = {
	.path = SLICE_INIT("eventsource"),
	.method = "GET",
	.content_type = "text/event-stream",
	.wire = WIRE_PERCENT, /* clients unescape what they receive */
	.streams = true,
	.begin = eventsource_begin,
	.family = FAMILY_XHR,
	.transport = TRANSPORT_EVENTSOURCE,
	.kind = REQUEST_EVENTSOURCE,
	.before = SLICE_INIT("data: "),
	.after = SLICE_INIT("\r\n\r\n"),
};
