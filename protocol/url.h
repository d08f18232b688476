/*
 * The meaning of a request target below a SockJS endpoint. Paths are compared as sent:
 * no decoding, no dot segments, no joining.
 */
#ifndef PROTOCOL_URL_H
#define PROTOCOL_URL_H

#include "protocol/buf.h"

struct url {
	struct slice path;
	struct slice query; /* after the '?', may be empty */
};

/*
 * Cuts at the first '?'. Both parts point into the target. A target without '?', or
 * with the '?' at its end, has an empty query.
 */
struct url url_split(struct slice target);

/*
 * True when `path` is `prefix` itself or lies below it ("/chat/x", not "/chatter");
 * *rest is then the part after the prefix ("" or "/x"). Every path is below the prefix
 * "/".
 */
bool url_is_below(struct slice path, struct slice prefix, struct slice *rest);

/* The path without one slash at its end, which people often add. */
struct slice url_without_slash(struct slice path);

/*
 * Takes the next segment off *rest, which is not empty, with its separator before it:
 * '/' or `separator`.
 */
struct slice url_take_part(struct slice *rest, char separator);

/*
 * Appends the text as one segment of a destination. Only what would separate segments,
 * be a wildcard, or not be seen is written as %XX: '/', `separator`, '%', '*', '?',
 * braces, blanks and controls. url_decode() gives the text again.
 */
void url_append_segment(struct buf *out, struct slice text, char separator);

/*
 * Appends the text with each %xx decoded, and + as a blank when `form`. False, with
 * nothing appended, on a broken code.
 */
bool url_decode(struct buf *out, struct slice encoded, bool form);

/*
 * The value of the first parameter of that name in a query or form, still encoded;
 * false when there is none. *value points into the query.
 */
bool url_parameter(struct slice query, struct slice name, struct slice *value);

enum url_kind {
	URL_GREETING,  /* "" */
	URL_INFO,      /* "/info" */
	URL_IFRAME,    /* "/iframe.html", "/iframe-<letters digits . - _>.html" */
	URL_WEBSOCKET, /* "/websocket": raw, without SockJS's framing */
	URL_TRANSPORT, /* "/<server>/<session>/<transport>" */
	URL_UNKNOWN,
};

struct sockjs_url {
	enum url_kind kind;
	struct slice session;   /* 1 to 128 bytes, only for URL_TRANSPORT */
	struct slice transport; /* "xhr", "xhr_send", ... as sent */
};

/*
 * Reads the part after the endpoint's path; one slash at its end does not count.
 * Server and session are non-empty and have neither '/' nor '.'; the transport is
 * non-empty and is not checked here.
 */
struct sockjs_url sockjs_url_read(struct slice rest);

#endif
