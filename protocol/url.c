/*
 * Request targets below a SockJS endpoint. A path is only compared or cut, never
 * rewritten. So a URL has one spelling, and a second one with a slash at its end.
 */
#include "protocol/url.h"

#include "protocol/ascii.h"

enum { SESSION_MAX = 128 };

struct url url_split(struct slice target)
{
	size_t mark = slice_find(target, '?');

	return (struct url){slice_first(target, mark), slice_from(target, mark + 1)};
}

bool url_is_below(struct slice path, struct slice prefix, struct slice *rest)
{
	/* Else "/" would take the slash that begins the rest. */
	if (slice_equal(prefix, SLICE("/")))
		prefix = SLICE("");
	if (!slice_starts_with(path, prefix))
		return false;

	struct slice below = slice_from(path, prefix.len);
	if (below.len > 0 && below.data[0] != '/')
		return false;
	*rest = below;
	return true;
}

struct slice url_without_slash(struct slice path)
{
	return slice_ends_with(path, SLICE("/")) ? slice_first(path, path.len - 1)
						 : path;
}

struct slice url_take_part(struct slice *rest, char separator)
{
	size_t len = 1;

	while (len < rest->len && rest->data[len] != '/' &&
		rest->data[len] != separator)
		len++;
	const struct slice segment = slice_first(*rest, len);
	*rest = slice_from(*rest, len);
	return segment;
}

void url_append_segment(struct buf *out, struct slice text, char separator)
{
	for (size_t i = 0; i < text.len; i++) {
		const unsigned char byte = (unsigned char)text.data[i];

		if (byte <= ' ' || byte == 0x7f || byte == (unsigned char)separator ||
			strchr("%/*?{}", byte) != NULL)
			buf_printf(out, "%%%02X", byte);
		else
			buf_append_char(out, (char)byte);
	}
}

bool url_decode(struct buf *out, struct slice encoded, bool form)
{
	size_t before = out->len;

	for (size_t i = 0; i < encoded.len; i++) {
		char byte = encoded.data[i];

		if (byte == '+' && form) {
			byte = ' ';
		} else if (byte == '%') {
			int high = encoded.len - i > 2
					   ? ascii_hex_value(encoded.data[i + 1])
					   : -1;
			int low =
				high != -1 ? ascii_hex_value(encoded.data[i + 2]) : -1;

			if (low == -1) {
				out->len = before;
				return false;
			}
			byte = (char)(high << 4 | low);
			i += 2;
		}
		buf_append_char(out, byte);
	}
	return true;
}

bool url_parameter(struct slice query, struct slice name, struct slice *value)
{
	while (query.len > 0) {
		size_t end = slice_find(query, '&');
		struct slice pair = slice_first(query, end);
		size_t equals = slice_find(pair, '=');

		if (slice_equal(slice_first(pair, equals), name)) {
			*value = slice_from(pair, equals + 1);
			return true;
		}
		query = slice_from(query, end + 1);
	}
	return false;
}

static bool url_is_iframe_name(struct slice name)
{
	for (size_t i = 0; i < name.len; i++) {
		char byte = name.data[i];

		if (!ascii_is_alphanumeric(byte) && byte != '.' && byte != '-' &&
			byte != '_')
			return false;
	}
	return true;
}

/* "/iframe.html", or "/iframe-" and a version, with which clients avoid caches. */
static bool url_is_iframe(struct slice rest)
{
	const struct slice start = SLICE("/iframe-"), end = SLICE(".html");

	if (slice_equal(rest, SLICE("/iframe.html")))
		return true;
	return rest.len >= start.len + end.len && slice_starts_with(rest, start) &&
	       slice_ends_with(rest, end) &&
	       url_is_iframe_name(slice_from(rest, start.len));
}

/* Takes "/segment" from the front of *rest; false when there is none. */
static bool url_take_segment(struct slice *rest, struct slice *segment)
{
	if (rest->len == 0 || rest->data[0] != '/')
		return false;

	struct slice behind = slice_from(*rest, 1);
	size_t end = slice_find(behind, '/');
	*segment = slice_first(behind, end);
	*rest = slice_from(behind, end);
	return end > 0;
}

static bool url_has_dot(struct slice segment)
{
	return slice_find(segment, '.') < segment.len;
}

static bool url_read_transport(struct slice rest, struct sockjs_url *url)
{
	struct slice server, session, transport;

	if (!url_take_segment(&rest, &server) || !url_take_segment(&rest, &session) ||
		!url_take_segment(&rest, &transport) || rest.len > 0 ||
		url_has_dot(server) || url_has_dot(session) ||
		session.len > SESSION_MAX)
		return false;
	*url = (struct sockjs_url){URL_TRANSPORT, session, transport};
	return true;
}

struct sockjs_url sockjs_url_read(struct slice rest)
{
	struct sockjs_url url = {.kind = URL_UNKNOWN};

	rest = url_without_slash(rest);
	if (rest.len == 0)
		url.kind = URL_GREETING;
	else if (slice_equal(rest, SLICE("/info")))
		url.kind = URL_INFO;
	else if (slice_equal(rest, SLICE("/websocket")))
		url.kind = URL_WEBSOCKET;
	else if (url_is_iframe(rest))
		url.kind = URL_IFRAME;
	else
		url_read_transport(rest, &url);
	return url;
}
