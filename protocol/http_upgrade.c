/*
 * The door's part of the WebSocket handshake: the decision, and the short head for
 * libwebsockets. That head is written from scratch with checked values, so no
 * unchecked byte of a client passes through.
 */
#include "protocol/http_head.h"

#include "protocol/ascii.h"

#include <assert.h>

enum { HEAD_USUAL = 256 /* bytes that hold a head for libwebsockets */ };

bool http_upgrade_is_asked(const struct http_head *head)
{
	return http_header_has_token(head, SLICE("Upgrade"), SLICE("websocket"));
}

/* The only header of that name, or NULL: two keys would be two handshakes. */
static const struct slice *http_upgrade_only_header(
	const struct http_head *head, struct slice name)
{
	const struct slice *only = NULL;

	for (size_t i = 0; i < head->header_count; i++) {
		if (!slice_equal_nocase(head->headers[i].name, name))
			continue;
		if (only != NULL)
			return NULL;
		only = &head->headers[i].value;
	}
	return only;
}

/*
 * 16 bytes in base64 are 22 digits and "==". The four spare bits of the last digit are
 * not checked: handmade clients fill them with anything.
 */
static bool http_upgrade_is_key(struct slice key)
{
	if (key.len != 24 || !slice_ends_with(key, SLICE("==")))
		return false;
	for (size_t i = 0; i < key.len - 2; i++) {
		char byte = key.data[i];

		if (!ascii_is_alphanumeric(byte) && byte != '+' && byte != '/')
			return false;
	}
	return true;
}

enum http_upgrade_fault http_upgrade_check(const struct http_head *head)
{
	const struct slice *key =
		http_upgrade_only_header(head, SLICE("Sec-WebSocket-Key"));
	const struct slice *version =
		http_upgrade_only_header(head, SLICE("Sec-WebSocket-Version"));

	if (!slice_equal(head->method, SLICE("GET")))
		return HTTP_UPGRADE_METHOD;
	if (head->minor == 0)
		return HTTP_UPGRADE_MINOR;
	if (http_has_body(head))
		return HTTP_UPGRADE_BODY;
	if (!http_upgrade_is_asked(head))
		return HTTP_UPGRADE_NOT_ASKED;
	if (!http_header_has_token(head, SLICE("Connection"), SLICE("upgrade")))
		return HTTP_UPGRADE_CONNECTION;
	if (version == NULL || !slice_equal(*version, SLICE("13")))
		return HTTP_UPGRADE_VERSION;
	if (key == NULL || !http_upgrade_is_key(*key))
		return HTTP_UPGRADE_KEY;
	return HTTP_UPGRADE_GOOD;
}

struct slice http_upgrade_stomp(const struct http_head *head)
{
	static const struct slice protocols[] = {SLICE_INIT("v12.stomp"),
		SLICE_INIT("v11.stomp"), SLICE_INIT("v10.stomp")};

	for (size_t i = 0; i < sizeof(protocols) / sizeof(*protocols); i++) {
		if (http_header_has_token(
			    head, SLICE("Sec-WebSocket-Protocol"), protocols[i]))
			return protocols[i];
	}
	return SLICE("");
}

static void http_upgrade_write_header(
	struct buf *out, struct slice name, struct slice value)
{
	buf_append(out, name);
	buf_append(out, SLICE(": "));
	buf_append(out, value);
	buf_append(out, SLICE("\r\n"));
}

void http_upgrade_write(struct buf *out, const struct http_head *head, uint64_t ticket,
	struct slice subprotocol)
{
	const struct slice *key = http_header(head, SLICE("Sec-WebSocket-Key"));

	/* Of the client's bytes, only these pass on. */
	assert(key != NULL && http_upgrade_is_key(*key));
	buf_reserve(out, HEAD_USUAL);
	buf_append(out, SLICE("GET /"));
	buf_append_number(out, ticket);
	buf_append(out, SLICE(" HTTP/1.1\r\n"));
	http_upgrade_write_header(out, SLICE("Host"), SLICE("ws"));
	http_upgrade_write_header(out, SLICE("Upgrade"), SLICE("websocket"));
	http_upgrade_write_header(out, SLICE("Connection"), SLICE("Upgrade"));
	http_upgrade_write_header(out, SLICE("Sec-WebSocket-Key"), *key);
	http_upgrade_write_header(out, SLICE("Sec-WebSocket-Version"), SLICE("13"));
	if (subprotocol.len > 0)
		http_upgrade_write_header(
			out, SLICE("Sec-WebSocket-Protocol"), subprotocol);
	buf_append(out, SLICE("\r\n"));
}
