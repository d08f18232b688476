/*
 * The input of a WebSocket. It is watched edge-triggered, as a TCP connection is.
 * Input is read immediately up to a budget; a connection with more continues at the
 * end of each turn.
 */
#include "transports/ws/ws_internal.h"

#include "gateway/worker/metrics.h"
#include "protocol/utf8.h"

#include <errno.h>
#include <sys/socket.h>

enum { READS_PER_TURN = 4 /* of one connection */ };

/* Whole messages. */

/* The message may contain a secret, so only a command of STOMP is quoted. */
static void ws_connection_fail_framing(
	struct ws_connection *connection, struct slice text)
{
	const struct endpoint *endpoint = session_endpoint(connection->session);
	const bool is_stomp = slice_starts_with(text, SLICE("CONNECT\n")) ||
			      slice_starts_with(text, SLICE("CONNECT\r")) ||
			      slice_starts_with(text, SLICE("STOMP\n")) ||
			      slice_starts_with(text, SLICE("STOMP\r"));
	struct buf hint = {0};

	if (is_stomp)
		buf_printf(&hint, "Plain STOMP is at %.*s/websocket.",
			SLICE_ARGS(endpoint->path));
	refusal_report(connection->ws->worker->metrics,
		&(struct refusal){
			.door = DOOR_SOCKJS,
			.kind = is_stomp ? REFUSAL_STOMP_AT_SOCKJS
					 : REFUSAL_SOCKJS_FRAMING,
			.what = is_stomp ? SLICE("command") : SLICE(""),
			.value = is_stomp ? text : (struct slice){NULL, 0},
			.hint = buf_slice(&hint),
			.session = session_label(connection->session),
			.address = session_facts(connection->session).address,
		},
		NULL);
	buf_finish(&hint);
	ws_connection_fail(
		connection, is_stomp ? ENDING_WRONG_DOOR : ENDING_FRAMING, SLICE(""));
}

static void ws_connection_take(
	struct ws_connection *connection, struct slice text, enum payload payload)
{
	struct sockjs_messages *messages = &connection->ws->messages;
	size_t most = ws_connection_config(connection)->limits.frame;

	session_count_bytes(connection->session, text.len);
	if (payload == PAYLOAD_TEXT && !utf8_is_valid(text)) {
		ws_connection_fail(connection, ENDING_NOT_TEXT, SLICE(""));
		return;
	}
	if (connection->framing == SESSION_RAW) {
		session_receive(connection->session, text, payload);
		return;
	}
	if (text.len == 0)
		return;
	switch (sockjs_decode(messages, text, true, most)) {
	case SOCKJS_DECODE_BROKEN:
	case SOCKJS_DECODE_NO_ARRAY:
		ws_connection_fail_framing(connection, text);
		return;
	case SOCKJS_DECODE_TOO_BIG:
		sockjs_messages_shrink(messages, 4 * WS_WRITE_BUDGET);
		metrics_refuse(connection->ws->worker->metrics, BOUND_MESSAGE);
		ws_connection_fail(connection, ENDING_TOO_BIG, SLICE(""));
		return;
	case SOCKJS_DECODE_DONE:
		break;
	}
	for (size_t i = 0; i < messages->count && connection->session != NULL; i++)
		session_receive(
			connection->session, sockjs_message(messages, i), PAYLOAD_TEXT);
	sockjs_messages_shrink(messages, 4 * WS_WRITE_BUDGET);
}

/* The most bytes of a whole message: limits.frame bounds its text, unescaped. */
static size_t ws_connection_message_max(const struct ws_connection *connection)
{
	size_t frame = ws_connection_config(connection)->limits.frame;

	return connection->framing == SESSION_SOCKJS
		       ? SOCKJS_ESCAPED_MAX * frame + SOCKJS_FRAMING_MAX
		       : frame;
}

/* True when this piece takes the message over a bound; the connection then ends. */
static bool ws_connection_is_flooded(
	struct ws_connection *connection, const struct wspiece *piece)
{
	struct metrics *metrics = connection->ws->worker->metrics;
	uint64_t len = connection->inbound.len + piece->payload.len + piece->left;
	/* At least one more fragment will follow the counted ones. */
	bool fragmented = connection->fragments >=
			  ws_connection_config(connection)->limits.fragments;

	if (len <= ws_connection_message_max(connection) && !fragmented)
		return false;
	metrics_refuse(metrics, fragmented ? BOUND_FRAGMENTS : BOUND_MESSAGE);
	ws_connection_fail(connection, ENDING_TOO_BIG, SLICE(""));
	return true;
}

/* A fragment of a message that is not whole yet. */
static void ws_connection_gather(
	struct ws_connection *connection, struct slice fragment)
{
	struct buf *inbound = &connection->inbound;
	const size_t before = inbound->capacity;

	buf_append(inbound, fragment);
	if (!session_resize(connection->session, before, inbound->capacity))
		ws_connection_fail(connection, ENDING_NO_MEMORY, SLICE(""));
}

static void ws_connection_receive(
	struct ws_connection *connection, const struct wspiece *piece)
{
	const enum payload payload =
		piece->opcode == WSFRAME_BINARY ? PAYLOAD_BINARY : PAYLOAD_TEXT;

	connection->message_bytes += piece->payload.len;
	if (piece->ends_message)
		connection->message_begun = false;
	if (connection->closing || connection->session == NULL)
		return;
	if (piece->ends_frame && !piece->ends_message)
		connection->fragments++;
	if (ws_connection_is_flooded(connection, piece))
		return;
	if (!piece->ends_message) {
		ws_connection_gather(connection, piece->payload);
		return;
	}
	connection->fragments = 0;
	if (connection->inbound.len == 0) {
		ws_connection_take(connection, piece->payload, payload);
		return;
	}
	struct buf whole = connection->inbound;
	connection->inbound = (struct buf){0};
	session_resize(connection->session, whole.capacity, 0);
	buf_append(&whole, piece->payload);
	ws_connection_take(connection, buf_slice(&whole), payload);
	buf_finish(&whole);
}

/* Control frames. */

/* The peer's CLOSE is answered by the same; its answer to ours needs no answer. */
static void ws_connection_hear_close(
	struct ws_connection *connection, struct slice payload)
{
	unsigned fault = wsframe_close_fault(payload);
	struct session *session = connection->session;

	if (connection->closing) {
		ws_connection_kill(connection);
		return;
	}
	if (fault != 0) {
		ws_connection_fail(connection,
			fault == WSCLOSE_NO_TEXT ? ENDING_NOT_TEXT : ENDING_PROTOCOL,
			SLICE("The close is malformed"));
		return;
	}
	/* The answers to its earlier messages leave first. */
	if (session != NULL && session_next(session) != SESSION_NEXT_NOTHING)
		ws_connection_pump(connection);
	if (connection->closing)
		return;
	ws_connection_leave_session(connection);
	connection->ends_at_once = true;
	ws_connection_bid_farewell(connection, payload);
	if (session != NULL)
		session_lost(session, ENDING_CLOSED);
}

static void ws_connection_dispatch(
	struct ws_connection *connection, const struct wspiece *piece)
{
	if (piece->opcode == WSFRAME_CLOSE)
		ws_connection_hear_close(connection, piece->payload);
	else if (piece->opcode == WSFRAME_PING && !connection->closing)
		ws_connection_pong(connection, piece->payload);
}

/* Reading. */

static void ws_connection_take_piece(
	struct ws_connection *connection, enum wsread what, const struct wspiece *piece)
{
	switch (what) {
	case WSREAD_MORE:
		break;
	case WSREAD_DATA:
		ws_connection_flush_pongs(connection);
		ws_connection_receive(connection, piece);
		break;
	case WSREAD_CONTROL:
		ws_connection_dispatch(connection, piece);
		break;
	case WSREAD_BAD:
		connection->broken = true;
		ws_connection_fail(connection, ENDING_PROTOCOL, piece->payload);
		break;
	}
}

static bool ws_connection_is_held(const struct ws_connection *connection)
{
	return connection->session != NULL && session_is_paused(connection->session);
}

/* What comes after a message that pauses the session is read when it resumes. */
static void ws_connection_take_bytes(
	struct ws_connection *connection, struct wsinput input)
{
	enum wsread what = WSREAD_DATA;

	while (what != WSREAD_MORE && !connection->killed && !connection->broken) {
		struct wspiece piece;

		if (input.len > 0 && ws_connection_is_held(connection)) {
			buf_append(&connection->unread,
				(struct slice){input.data, input.len});
			break;
		}
		what = wsreader_next(&connection->reader, &input, &piece);
		ws_connection_take_piece(connection, what, &piece);
	}
	ws_connection_flush_pongs(connection);
	if (wsreader_is_inside(&connection->reader))
		ws_connection_expect_rest(connection);
	else
		connection->message_begun = false;
}

static void ws_connection_take_unread(struct ws_connection *connection)
{
	struct buf unread = connection->unread;

	connection->unread = (struct buf){0};
	ws_connection_take_bytes(connection, (struct wsinput){unread.data, unread.len});
	buf_finish(&unread);
}

static bool ws_connection_has_input(const struct ws_connection *connection)
{
	return connection->readable || connection->unread.len > 0;
}

/* False when it must not be read now; it is resumed later. */
static bool ws_connection_may_read(struct ws_connection *connection)
{
	struct session *session = connection->session;

	if (session == NULL)
		return true;
	if (ws_connection_is_stopped(connection))
		return false;
	if (session_is_paused(session))
		session_wait(session, &connection->waiter);
	else if (worker_apply_backpressure(connection->ws->worker))
		list_append(&connection->ws->paused, &connection->paused);
	else
		return true;
	return false;
}

static void ws_connection_read_some(struct ws_connection *connection)
{
	ssize_t got =
		recv(connection->io.fd, connection->ws->in, WS_READ_SIZE, MSG_DONTWAIT);

	if (got == -1 && errno == EINTR)
		return;
	if (got == -1 && errno == EAGAIN) {
		connection->readable = false;
	} else if (got <= 0) {
		ws_connection_kill(connection);
	} else {
		/* A short read was everything; the watch reports more. */
		connection->readable = connection->gone || got == WS_READ_SIZE;
		ws_connection_heard(connection);
		ws_connection_take_bytes(
			connection, (struct wsinput){connection->ws->in, (size_t)got});
	}
}

void ws_connection_mark_busy(struct ws_connection *connection)
{
	if (!connection->killed)
		reading_go_on(&connection->ws->reading, &connection->busy);
}

void ws_connection_read(struct ws_connection *connection)
{
	for (int i = 0; i < READS_PER_TURN; i++) {
		if (connection->killed || !ws_connection_has_input(connection) ||
			!ws_connection_may_read(connection))
			return;
		if (connection->unread.len > 0)
			ws_connection_take_unread(connection);
		else
			ws_connection_read_some(connection);
		if (ws_connection_has_input(connection) &&
			reading_is_over(&connection->ws->reading))
			break;
	}
	if (ws_connection_has_input(connection))
		ws_connection_mark_busy(connection);
}

static void ws_connection_go_on(struct list *link)
{
	ws_connection_read(container_of(link, struct ws_connection, busy));
}

bool ws_turn(struct ws *ws)
{
	return reading_turn(&ws->reading, ws_connection_go_on);
}

/* Reads the input that came meanwhile. */

void ws_connection_resume(struct waiter *waiter)
{
	struct ws_connection *connection =
		container_of(waiter, struct ws_connection, waiter);

	ws_connection_heard(connection);
	ws_connection_mark_busy(connection);
}

void ws_resume_reading(struct ws *ws)
{
	struct list *link;

	while ((link = list_take_first(&ws->paused)) != NULL) {
		struct ws_connection *connection =
			container_of(link, struct ws_connection, paused);

		ws_connection_heard(connection);
		ws_connection_mark_busy(connection);
	}
}
