/*
 * A page in an iframe that never finishes loading. Each frame is a script that calls a
 * function of the surrounding page. For Internet Explorer, which could stream in no
 * other way.
 */
#include "transports/sockjs/link.h"

enum { PAGE_LEN = 1024 }; /* shorter pages are not shown before they end */

/* The protocol fixes the page to the byte. */
static void htmlfile_begin(struct buf *body, struct slice callback)
{
	size_t start = body->len;

	buf_append(body, SLICE("<!doctype html>\n"
			       "<html><head>\n"
			       "  <meta http-equiv=\"X-UA-Compatible\" "
			       "content=\"IE=edge\" />\n"
			       "  <meta http-equiv=\"Content-Type\" "
			       "content=\"text/html; charset=UTF-8\" />\n"
			       "</head><body><h2>Don't panic!</h2>\n"
			       "  <script>\n"
			       "    document.domain = document.domain;\n"
			       "    var c = parent."));
	buf_append(body, callback);
	buf_append(body, SLICE(";\n"
			       "    c.start();\n"
			       "    function p(d) {c.message(d);};\n"
			       "    window.onload = function() {c.stop();};\n"
			       "  </script>"));
	while (body->len - start < PAGE_LEN)
		buf_append_char(body, ' ');
	buf_append(body, SLICE("\r\n\r\n"));
}

const struct downlink htmlfile_downlink = {
	.path = SLICE_INIT("htmlfile"),
	.method = "GET",
	.content_type = "text/html; charset=UTF-8",
	.wire = WIRE_SCRIPT,
	.streams = true,
	.calls = true,
	.begin = htmlfile_begin,
	.family = FAMILY_XHR,
	.transport = TRANSPORT_HTMLFILE,
	.kind = REQUEST_HTMLFILE,
	.before = SLICE_INIT("<script>\np(\""),
	.after = SLICE_INIT("\");\n</script>\r\n"),
};
