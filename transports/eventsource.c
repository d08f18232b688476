/* Server-sent events: every SockJS frame becomes one unnamed event. */
#include "transports/link.h"

static void eventsource_begin(struct buf *body, struct slice callback)
{
	(void)callback;
	/* The protocol opens the stream with an empty line, for old Opera. */
	buf_append(body, SLICE("\r\n"));
}

static void eventsource_frame(
	struct buf *body, struct slice callback, struct slice frame)
{
	(void)callback;
	buf_append(body, SLICE("data: "));
	buf_append(body, frame);
	buf_append(body, SLICE("\r\n\r\n"));
}

const struct downlink eventsource_downlink = {
	.path = SLICE_INIT("eventsource"),
	.method = "GET",
	.content_type = "text/event-stream",
	.wire = WIRE_PERCENT, /* clients unescape what they receive */
	.streams = true,
	.begin = eventsource_begin,
	.transport = TRANSPORT_EVENTSOURCE,
	.kind = REQUEST_EVENTSOURCE,
	.frame = eventsource_frame,
};
