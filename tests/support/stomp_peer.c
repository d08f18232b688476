#include "tests/support/stomp_peer.h"

#include "protocol/xmalloc.h"
#include "tests/support/still_workers.h"
#include "tests/support/unit.h"

#include <stdlib.h>

static bool header_is_noise(struct slice line)
{
	return slice_starts_with(line, SLICE("session:")) ||
	       slice_starts_with(line, SLICE("server:")) ||
	       slice_starts_with(line, SLICE("message-id:")) ||
	       slice_starts_with(line, SLICE("x-postern-seq:"));
}

static void describe_body(struct buf *got, struct slice body)
{
	buf_append_char(got, '[');
	for (size_t i = 0; i < body.len; i++)
		buf_append_char(got, body.data[i] == '\0' ? '^' : body.data[i]);
	buf_append_char(got, ']');
}

/* Checks the content-length of every MESSAGE, which is left out of the description. */
static void check_length(struct slice message, size_t body_len)
{
	struct buf line = {0};

	buf_printf(&line, "\ncontent-length:%zu\n", body_len);
	ck_assert_ptr_nonnull(memmem(message.data, message.len, line.data, line.len));
	buf_finish(&line);
}

static void describe(struct buf *got, struct slice frame)
{
	const struct slice whole = frame;
	const bool is_message = slice_starts_with(frame, SLICE("MESSAGE\n"));

	if (slice_equal(frame, SLICE("\n"))) {
		buf_append(got, SLICE("LF"));
		return;
	}
	size_t end = slice_find(frame, '\n');
	buf_append(got, slice_first(frame, end));
	for (;;) {
		frame = slice_from(frame, end + 1);
		end = slice_find(frame, '\n');
		if (end == 0 || end == frame.len)
			break;
		const struct slice line = slice_first(frame, end);
		if (!header_is_noise(line) &&
			!(is_message &&
				slice_starts_with(line, SLICE("content-length:"))))
			buf_printf(got, "{%.*s}", SLICE_ARGS(line));
	}
	frame = slice_from(frame, 1);
	if (is_message)
		check_length(whole, frame.len - 1);
	if (frame.len == 0 || frame.data[frame.len - 1] != '\0')
		buf_append(got, SLICE("(no NUL at the end)"));
	else if (frame.len > 1)
		describe_body(got, slice_first(frame, frame.len - 1));
}

void stomp_peer_write(struct buf *out, const char *frame)
{
	struct slice rest = slice_of(frame);
	size_t end = strcspn(frame, "{[");

	buf_append(out, slice_first(rest, end));
	rest = slice_from(rest, end);
	while (slice_starts_with(rest, SLICE("{"))) {
		end = slice_find(rest, '}');
		buf_append_char(out, '\n');
		buf_append(out, slice_from(slice_first(rest, end), 1));
		rest = slice_from(rest, end + 1);
	}
	buf_append(out, SLICE("\n\n"));
	if (rest.len > 1)
		buf_append(out, slice_from(slice_first(rest, rest.len - 1), 1));
	buf_append_char(out, '\0');
}

static struct stomp_peer *create_at(struct worker *worker, const char *path)
{
	struct stomp_peer *peer = xcalloc(1, sizeof(*peer));

	peer->worker = worker;
	peer->memory.describe = describe;
	memory_outlet_attach(
		&peer->memory, still_workers_open(worker, path, SESSION_RAW, ""));
	return peer;
}

struct stomp_peer *stomp_peer_create(struct worker *worker)
{
	return create_at(worker, "/stomp");
}

struct stomp_peer *stomp_peer_connect(struct worker *worker, const char *version)
{
	return stomp_peer_connect_at(worker, "/stomp", version);
}

struct stomp_peer *stomp_peer_connect_at(
	struct worker *worker, const char *path, const char *version)
{
	struct stomp_peer *peer = create_at(worker, path);
	struct buf frame = {0};

	buf_printf(&frame, "CONNECT{accept-version:%s}", version);
	buf_append_char(&frame, '\0');
	stomp_peer_say(peer, frame.data);
	stomp_peer_heard(peer);
	peer->connected = true;
	buf_finish(&frame);
	return peer;
}

void stomp_peer_destroy(struct stomp_peer *peer)
{
	struct session *session = peer->memory.session;

	if (session != NULL)
		session_lost(session, ENDING_INTERRUPTED);
	still_workers_settle(peer->worker->workers);
	memory_outlet_finish(&peer->memory);
	free(peer);
}

void stomp_peer_say_raw(struct stomp_peer *peer, struct slice bytes)
{
	if (peer->memory.session != NULL)
		session_receive(peer->memory.session, bytes, PAYLOAD_TEXT);
	still_workers_settle(peer->worker->workers);
}

void stomp_peer_mutter(struct stomp_peer *peer, const char *frame)
{
	struct buf bytes = {0};

	stomp_peer_write(&bytes, frame);
	if (peer->memory.session != NULL)
		session_receive(peer->memory.session, buf_slice(&bytes), PAYLOAD_TEXT);
	buf_finish(&bytes);
}

void stomp_peer_say(struct stomp_peer *peer, const char *frame)
{
	stomp_peer_mutter(peer, frame);
	still_workers_settle(peer->worker->workers);
}

void stomp_peer_check_refused(
	struct stomp_peer *peer, const char *message, const char *receipt)
{
	const char *heard = stomp_peer_heard(peer);
	struct buf head = {0}, body = {0};

	buf_printf(&head, "ERROR%s{message:%s}",
		peer->connected ? "" : "{version:1.0,1.1,1.2}", message);
	if (receipt[0] != '\0')
		buf_printf(&head, "{receipt-id:%s}", receipt);
	ck_assert_msg(slice_starts_with(slice_of(heard), buf_slice(&head)),
		"\"%s\" does not begin with \"%.*s\"", heard,
		SLICE_ARGS(buf_slice(&head)));
	if (receipt[0] == '\0')
		ck_assert_ptr_null(strstr(heard, "{receipt-id:"));
	/* The text repeats the message, and adds to it. */
	buf_printf(&body, "}[%s", message);
	buf_append_char(&body, '\0');
	ck_assert_msg(strstr(heard, body.data) != NULL, "%s", heard);
	ck_assert_msg(
		slice_ends_with(slice_of(heard), SLICE(".] close 1002 STOMP error")),
		"%s", heard);
	ck_assert_ptr_null(peer->memory.session);
	buf_finish(&head);
	buf_finish(&body);
}

const char *stomp_peer_heard(struct stomp_peer *peer)
{
	still_workers_settle(peer->worker->workers);
	return memory_outlet_got(&peer->memory);
}
