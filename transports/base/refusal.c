#include "transports/base/refusal.h"

#include "gateway/config/config.h"
#include "protocol/http_head.h"
#include "protocol/stomp.h"

#include <inttypes.h>

enum refusal_kind refusal_of_status(int status)
{
	switch (status) {
	case 408:
		return REFUSAL_BODY_TIME;
	case 405:
		return REFUSAL_METHOD;
	case 413:
		return REFUSAL_BODY_SIZE;
	case 414:
		return REFUSAL_TARGET_SIZE;
	case 417:
		return REFUSAL_HEAD_EXPECT;
	case 431:
		return REFUSAL_HEAD_SIZE;
	case 501:
		return REFUSAL_NOT_IMPLEMENTED;
	case 505:
		return REFUSAL_HTTP_VERSION;
	default:
		return REFUSAL_MALFORMED_HEAD;
	}
}

bool refusal_is_tls_hello(struct slice bytes)
{
	return bytes.len >= 2 && bytes.data[0] == 0x16 && bytes.data[1] == 0x03;
}

static bool refusal_is_stomp(struct slice bytes)
{
	const size_t end = slice_find(bytes, '\n');
	const struct slice word = slice_trim(slice_first(bytes, end), SLICE_BLANKS);

	return end < bytes.len && (slice_equal(word, SLICE("CONNECT")) ||
					  slice_equal(word, SLICE("CONNECT\r")) ||
					  slice_equal(word, SLICE("STOMP")) ||
					  slice_equal(word, SLICE("STOMP\r")));
}

struct refusal refusal_of_head(
	const struct http_head *head, int status, struct slice first_bytes)
{
	if (refusal_is_tls_hello(first_bytes))
		return (struct refusal){.kind = REFUSAL_TLS_HELLO};
	if (refusal_is_stomp(first_bytes))
		return (struct refusal){.kind = REFUSAL_STOMP_FRAME};

	struct refusal refusal = {.kind = refusal_of_status(status)};
	if (head->fault != NULL) {
		refusal.what = slice_of(head->fault);
		refusal.value = head->fault_value;
	}
	return refusal;
}

static struct refusal refusal_of_header(
	const struct http_head *head, enum refusal_kind kind, const char *name)
{
	const struct slice *value = http_header(head, slice_of(name));

	return (struct refusal){.kind = kind,
		.what = value == NULL ? SLICE("") : slice_of(name),
		.value = value == NULL ? (struct slice){NULL, 0} : *value};
}

struct refusal refusal_of_upgrade(
	const struct http_head *head, enum http_upgrade_fault fault)
{
	switch (fault) {
	case HTTP_UPGRADE_GOOD:
	case HTTP_UPGRADE_METHOD:
		break;
	case HTTP_UPGRADE_MINOR:
		return (struct refusal){.kind = REFUSAL_HANDSHAKE_HTTP};
	case HTTP_UPGRADE_BODY:
		return (struct refusal){.kind = REFUSAL_HANDSHAKE_BODY};
	case HTTP_UPGRADE_NOT_ASKED:
		return refusal_of_header(head, REFUSAL_UPGRADE, "Upgrade");
	case HTTP_UPGRADE_CONNECTION:
		return refusal_of_header(head, REFUSAL_CONNECTION, "Connection");
	case HTTP_UPGRADE_VERSION:
		return refusal_of_header(
			head, REFUSAL_HANDSHAKE_VERSION, "Sec-WebSocket-Version");
	case HTTP_UPGRADE_KEY:
		return refusal_of_header(
			head, REFUSAL_HANDSHAKE_KEY, "Sec-WebSocket-Key");
	}
	return (struct refusal){
		.kind = REFUSAL_METHOD, .what = SLICE("method"), .value = head->method};
}

static void refusal_append_bound(struct buf *hint, const char *name, uint64_t value)
{
	buf_printf(hint, "limits.%s is %" PRIu64 " bytes.", name, value);
}

/* Lists the served paths; long lists are cut. */
static void refusal_append_endpoints(struct buf *hint, const struct config *config)
{
	enum { SHOWN_MAX = 8 };

	for (size_t i = 0; i < config->endpoint_count && i < SHOWN_MAX; i++) {
		buf_append(hint, i == 0 ? SLICE("Endpoints: ") : SLICE(", "));
		buf_append(hint, config->endpoints[i].path);
	}
	if (config->endpoint_count > SHOWN_MAX)
		buf_append(hint, SLICE(", ..."));
	if (config->endpoint_count > 0)
		buf_append_char(hint, '.');
}

static struct slice refusal_advice(enum refusal_kind kind)
{
	switch (kind) {
	case REFUSAL_TLS_HELLO:
		return SLICE("Use http:// or ws:// here, or let a proxy in front end "
			     "TLS.");
	case REFUSAL_STOMP_FRAME:
		return SLICE("Plain STOMP has a port of its own, tcp.listen; here it "
			     "needs a WebSocket.");
	case REFUSAL_UPGRADE:
	case REFUSAL_CONNECTION:
	case REFUSAL_HANDSHAKE_HTTP:
		return SLICE("Does a proxy in front pass Upgrade and Connection on? "
			     "nginx needs proxy_http_version 1.1, and "
			     "proxy_set_header for both.");
	case REFUSAL_UNKNOWN_SESSION:
		return SLICE("It has ended, or with several servers another one has "
			     "it: sticky sessions?");
	default: /* the sentences of the others suffice */
		return SLICE("");
	}
}

void refusal_append_hint(
	struct buf *hint, const struct config *config, enum refusal_kind kind)
{
	const struct limits *limits = &config->limits;

	switch (kind) {
	case REFUSAL_NOT_FOUND:
		refusal_append_endpoints(hint, config);
		break;
	case REFUSAL_BODY_SIZE:
		if (limits->body > 0)
			refusal_append_bound(hint, "body", limits->body);
		else /* limits.frame implies it */
			refusal_append_bound(hint, "frame", limits->frame);
		break;
	case REFUSAL_MESSAGE_SIZE:
		refusal_append_bound(hint, "frame", limits->frame);
		break;
	case REFUSAL_BODY_TIME:
		buf_printf(hint, "times.body is %" PRIu64 " ms.", config->times.body);
		break;
	case REFUSAL_TARGET_SIZE:
		refusal_append_bound(hint, "target", limits->target);
		break;
	case REFUSAL_HEAD_SIZE:
		refusal_append_bound(hint, "head", limits->head);
		buf_printf(
			hint, " limits.head_lines is %" PRIu64 ".", limits->head_lines);
		break;
	default:
		buf_append(hint, refusal_advice(kind));
	}
}

/* The answer is short and the first write, so the kernel takes it whole. */
static int refusal_send_whole(const struct io *io, struct buf *bytes)
{
	const ssize_t sent = io_send(io, buf_slice(bytes));
	const bool whole = sent == (ssize_t)bytes->len;

	buf_finish(bytes);
	return whole ? shutdown(io->fd, SHUT_WR) : -1;
}

int refusal_send(const struct io *io, enum refusal_kind kind, struct slice text)
{
	struct buf answer = {0};
	const int status = (int)refusal_status(kind);

	buf_printf(&answer, "HTTP/1.1 %s\r\n", http_status_line(status));
	/* The same as libmicrohttpd's connections answer (http_refuse.c). */
	if (status == 405) {
		buf_append(&answer,
			SLICE("Allow: " HTTP_METHODS "\r\n"
			      "Content-Length: 0\r\nConnection: close\r\n\r\n"));
		return refusal_send_whole(io, &answer);
	}
	buf_printf(&answer,
		"Content-Type: text/plain; charset=UTF-8\r\n"
		"X-Content-Type-Options: nosniff\r\n"
		"Content-Length: %zu\r\nConnection: close\r\n\r\n%.*s",
		text.len, SLICE_ARGS(text));
	return refusal_send_whole(io, &answer);
}

int refusal_send_stomp(const struct io *io, struct slice message, struct slice body)
{
	struct buf frame = {0};

	stomp_write_begin(&frame, STOMP_ERROR);
	stomp_write_header_plain(&frame, SLICE("message"), message);
	if (body.len > 0)
		stomp_write_header_plain(
			&frame, SLICE("content-type"), SLICE("text/plain"));
	stomp_write_end(&frame, body);
	return refusal_send_whole(io, &frame);
}
