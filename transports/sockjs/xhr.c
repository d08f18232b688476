/*
 * XMLHttpRequest: a newline ends each frame. A poll has one frame, and waits for it or
 * not; a stream has many.
 */
#include "transports/sockjs/link.h"

enum { PRELUDE_LEN = 2048 };

static void xhr_begin(struct buf *body, struct slice callback)
{
	(void)callback;
	/* Internet Explorer shows a response only after its first 2 KB. */
	memset(buf_reserve(body, PRELUDE_LEN), 'h', PRELUDE_LEN);
	body->len += PRELUDE_LEN;
	buf_append_char(body, '\n');
}

static enum sockjs_decode xhr_decode(
	struct sockjs_messages *messages, struct slice body, bool form, size_t most)
{
	(void)form; /* old WebKit calls every body a form */
	return sockjs_decode(messages, body, false, most);
}

/* No SockJS client uses it: it is for pages that prefer to ask again and again. */
const struct downlink poll_downlink = {
	.path = SLICE_INIT("poll"),
	.method = "POST",
	.content_type = "application/javascript; charset=UTF-8",
	.wire = WIRE_SOCKJS,
	.at_once = true,
	.family = FAMILY_XHR,
	.transport = TRANSPORT_POLL,
	.kind = REQUEST_POLL,
	.after = SLICE_INIT("\n"),
};

const struct downlink xhr_downlink = {
	.path = SLICE_INIT("xhr"),
	.method = "POST",
	.content_type = "application/javascript; charset=UTF-8",
	.wire = WIRE_SOCKJS,
	.family = FAMILY_XHR,
	.transport = TRANSPORT_XHR,
	.kind = REQUEST_XHR,
	.after = SLICE_INIT("\n"),
};

const struct downlink xhr_streaming_downlink = {
	.path = SLICE_INIT("xhr_streaming"),
	.method = "POST",
	.content_type = "application/javascript; charset=UTF-8",
	.wire = WIRE_SOCKJS,
	.streams = true,
	.begin = xhr_begin,
	.family = FAMILY_XHR,
	.transport = TRANSPORT_XHR_STREAMING,
	.kind = REQUEST_XHR_STREAMING,
	.after = SLICE_INIT("\n"),
};

const struct uplink xhr_send_uplink = {
	.path = SLICE_INIT("xhr_send"),
	.kind = REQUEST_XHR_SEND,
	.family = FAMILY_XHR,
	.decode = xhr_decode,
	.inflation = SOCKJS_ESCAPED_MAX,
	.status = 204,
	.content_type = "text/plain; charset=UTF-8",
};
