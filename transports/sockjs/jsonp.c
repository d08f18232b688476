/*
 * Polling by script tags: the response is a script that calls a function of the page.
 * Any page can load a script, and the browser sends no Origin with it. So this is only
 * for endpoints that are open to every origin.
 */
#include "transports/sockjs/link.h"

#include "protocol/url.h"

const struct downlink jsonp_downlink = {
	.path = SLICE_INIT("jsonp"),
	.method = "GET",
	.content_type = "application/javascript; charset=UTF-8",
	.wire = WIRE_SCRIPT,
	.calls = true,
	.family = FAMILY_JSONP,
	.transport = TRANSPORT_JSONP,
	.kind = REQUEST_JSONP,
	/*
	 * The comment keeps browsers from reading the callback's name as another
	 * format.
	 */
	.before = SLICE_INIT("/**/"),
	.called = SLICE_INIT("(\""),
	.after = SLICE_INIT("\");\r\n"),
};

/* A form writes \u0001 as %5Cu0001. */
enum { INFLATION = SOCKJS_ESCAPED_MAX + 2 };

static enum sockjs_decode jsonp_decode(
	struct sockjs_messages *messages, struct slice body, bool form, size_t most)
{
	struct slice value;
	struct buf text = {0};

	if (!form)
		return sockjs_decode(messages, body, false, most);
	if (!url_parameter(body, SLICE("d"), &value))
		return SOCKJS_DECODE_NO_ARRAY;

	enum sockjs_decode decoded = SOCKJS_DECODE_BROKEN;
	if (url_decode(&text, value, true))
		decoded = sockjs_decode(messages, buf_slice(&text), false, most);
	buf_finish(&text);
	return decoded;
}

const struct uplink jsonp_send_uplink = {
	.path = SLICE_INIT("jsonp_send"),
	.kind = REQUEST_JSONP_SEND,
	.family = FAMILY_JSONP,
	.decode = jsonp_decode,
	.inflation = INFLATION,
	.status = 200,
	.content_type = "text/plain; charset=UTF-8",
	.answer = SLICE_INIT("ok"),
};
