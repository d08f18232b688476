/*
 * The output of a WebSocket: the session's queue is joined into one write, in our own
 * frames. libwebsockets keeps the bytes that the kernel does not take.
 */
#include "transports/ws/ws_internal.h"

#include "protocol/wsframe.h"
#include "transports/sockjs/framing.h"

#include <errno.h>
#include <libwebsockets.h>
#include <stdlib.h>
#include <sys/socket.h>

enum { FAREWELL_MAX = 125 /* the most of a control frame (RFC 6455, 5.5) */ };

/* libwebsockets keeps the bytes that the kernel does not take. False on failure. */
static bool ws_connection_keep(struct ws_connection *connection, struct slice rest)
{
	struct buf out = {0};

	buf_reserve(&out, LWS_PRE + rest.len);
	out.len = LWS_PRE;
	buf_append(&out, rest);
	int kept = lws_write(connection->wsi, (unsigned char *)out.data + LWS_PRE,
		rest.len, LWS_WRITE_HTTP);
	buf_finish(&out);
	return kept >= 0;
}

/*
 * Writes frames. Bypasses libwebsockets while that keeps nothing: its way to the same
 * system call takes 4 % of a fan-out. False when the connection has failed.
 */
static bool ws_connection_write(struct ws_connection *connection, struct slice frames)
{
	ssize_t taken = 0;

	if (!lws_partial_buffered(connection->wsi))
		taken = io_send(&connection->io, frames);
	if (taken == -1 && errno != EAGAIN && errno != EINTR)
		return false;
	struct slice rest = slice_from(frames, taken == -1 ? 0 : (size_t)taken);
	return rest.len == 0 || ws_connection_keep(connection, rest);
}

bool ws_connection_write_out(struct ws_connection *connection)
{
	struct buf *out = &connection->ws->out;
	bool good = out->len == 0 || ws_connection_write(connection, buf_slice(out));

	buf_clear(out);
	if (out->capacity > 4 * WS_WRITE_BUDGET)
		buf_finish(out); /* it was a large one */
	return good;
}

/* The answers to PINGs. */

void ws_connection_flush_pongs(struct ws_connection *connection)
{
	struct buf *pongs = &connection->ws->pongs;

	if (pongs->len == 0)
		return;
	if (!connection->closing && !ws_connection_write(connection, buf_slice(pongs)))
		ws_connection_kill(connection);
	buf_clear(pongs);
}

void ws_connection_pong(struct ws_connection *connection, struct slice payload)
{
	struct session *session = connection->session;

	if (lws_partial_buffered(connection->wsi)) {
		buf_clear(&connection->pong);
		wsframe_append(&connection->pong, WSFRAME_PONG, payload);
		lws_callback_on_writable(connection->wsi);
		return;
	}
	/* The answers to messages before the PING leave first. */
	if (session != NULL && session_next(session) != SESSION_NEXT_NOTHING)
		ws_connection_pump(connection);
	if (!connection->closing)
		wsframe_append(&connection->ws->pongs, WSFRAME_PONG, payload);
}

/* Our last frame. */

/*
 * If no frame of the peer matters any more, we close our side immediately after our
 * CLOSE. Otherwise the peer answers the CLOSE first: Firefox drops messages that it
 * has not shown yet when the end of the connection follows them closely.
 */
static void ws_connection_end_our_side(struct ws_connection *connection)
{
	if (!connection->ends_at_once)
		return;
	if (lws_partial_buffered(connection->wsi))
		lws_callback_on_writable(connection->wsi);
	else
		shutdown(connection->io.fd, SHUT_WR);
}

static void ws_connection_say_farewell(struct ws_connection *connection)
{
	if (ws_connection_write(connection, buf_slice(&connection->farewell)))
		ws_connection_end_our_side(connection);
	else
		ws_connection_kill(connection);
	buf_finish(&connection->farewell);
}

/*
 * We write the frame ourselves. In the libwebsockets of Debian 12, the close that its
 * callbacks ask for runs twice, and the second run ends the connection before the
 * frame has left.
 */
void ws_connection_bid_farewell(struct ws_connection *connection, struct slice payload)
{
	if (connection->closing)
		return;
	ws_connection_flush_pongs(connection);
	connection->closing = true;
	connection->owes = true;
	connection->ws->worker->owing++;
	wsframe_append(&connection->farewell, WSFRAME_CLOSE, payload);
	loop_timer_start(ws_connection_loop(connection), &connection->timer,
		ws_connection_config(connection)->times.linger);
	if (lws_partial_buffered(connection->wsi))
		lws_callback_on_writable(connection->wsi);
	else
		ws_connection_say_farewell(connection);
}

void ws_connection_close(
	struct ws_connection *connection, unsigned code, struct slice reason)
{
	char payload[FAREWELL_MAX] = {(char)(code >> 8), (char)code};
	size_t len = reason.len < FAREWELL_MAX - 2 ? reason.len : FAREWELL_MAX - 2;

	memcpy(payload + 2, reason.data, len);
	ws_connection_bid_farewell(connection, (struct slice){payload, len + 2});
}

static void ws_connection_close_session(
	struct ws_connection *connection, enum ending ending)
{
	ws_connection_close(connection, ending_code(ending), ending_text(ending));
}

/* Messages. */

static void ws_append_frame(struct buf *bytes, struct rendering message)
{
	wsframe_append(
		bytes, message.is_text ? WSFRAME_TEXT : WSFRAME_BINARY, message.bytes);
}

/*
 * Writes joined frames of the queue, within the turn's budget. Sessions with the same
 * queue share these bytes.
 */
static bool ws_connection_write_run(struct ws_connection *connection, size_t *written)
{
	static const struct batch_format frames = {WIRE_PLAIN, ws_append_frame};
	const struct batch batch =
		session_pull(connection->session, &frames, WS_WRITE_BUDGET - *written);

	*written += batch.bytes.len;
	if (!ws_connection_write(connection, batch.bytes))
		return false;
	session_popped(
		connection->session, SESSION_NEXT_MESSAGES, batch.count, batch.payload);
	return true;
}

static void ws_append_sockjs(struct ws_connection *connection)
{
	struct buf *frame = &connection->ws->frame;

	buf_clear(frame);
	struct pulled pulled =
		framing_pull(connection->session, WIRE_SOCKJS, WS_WRITE_BUDGET, frame);
	wsframe_append(&connection->ws->out, WSFRAME_TEXT, buf_slice(frame));
	session_popped(connection->session, pulled.what, pulled.count, pulled.bytes);
	if (frame->capacity > 4 * WS_WRITE_BUDGET)
		buf_finish(frame);
}

/* The session's close: its queued output is in `out` already. */
static void ws_connection_take_close(struct ws_connection *connection)
{
	struct session *session = connection->session;
	enum ending ending = session_ending(session);

	if (connection->framing == SESSION_SOCKJS)
		ws_append_sockjs(connection);
	else
		session_popped(session, SESSION_NEXT_CLOSE, 0, 0);
	connection->session = NULL;
	if (ws_connection_write_out(connection))
		ws_connection_close_session(connection, ending);
	else
		ws_connection_kill(connection);
}

/* Writes some of the queued output. False when the connection ends. */
static bool ws_connection_write_some(struct ws_connection *connection)
{
	struct session *session = connection->session;
	size_t written = 0;
	bool good = true;

	while (good && written < WS_WRITE_BUDGET &&
		!lws_partial_buffered(connection->wsi)) {
		enum session_next next = session_next(session);

		if (next == SESSION_NEXT_NOTHING)
			break;
		if (next == SESSION_NEXT_CLOSE) {
			ws_connection_take_close(connection);
			return false;
		}
		if (connection->framing == SESSION_SOCKJS) {
			ws_append_sockjs(connection);
			written = connection->ws->out.len;
		} else if (next == SESSION_NEXT_MESSAGES) {
			good = ws_connection_write_run(connection, &written);
		} else {
			session_popped(session, next, 0, 0);
		}
	}
	if (good && ws_connection_write_out(connection))
		return true;
	ws_connection_kill(connection);
	return false;
}

void ws_connection_pump(struct ws_connection *connection)
{
	struct session *session = connection->session;

	do {
		if (!ws_connection_write_some(connection))
			return;
	} while (session_is_urgent(session) && !lws_partial_buffered(connection->wsi));
	if (session_next(session) != SESSION_NEXT_NOTHING)
		lws_callback_on_writable(connection->wsi);
}

void ws_connection_write_on(struct ws_connection *connection)
{
	if (connection->killed)
		return;
	if (connection->farewell.len > 0) {
		ws_connection_say_farewell(connection);
	} else if (connection->closing) {
		ws_connection_end_our_side(connection);
	} else if (!ws_connection_write(connection, buf_slice(&connection->pong))) {
		ws_connection_kill(connection);
	} else {
		buf_finish(&connection->pong);
		if (connection->session != NULL)
			ws_connection_pump(connection);
	}
}

static void ws_on_wake(struct outlet *outlet)
{
	struct ws_connection *connection =
		container_of(outlet, struct ws_connection, outlet);

	if (connection->closing || connection->session == NULL)
		return;
	/* While libwebsockets keeps bytes, new frames stay in our queue. */
	if (lws_partial_buffered(connection->wsi))
		lws_callback_on_writable(connection->wsi);
	else
		ws_connection_pump(connection);
}

static void ws_on_end(struct outlet *outlet)
{
	struct ws_connection *connection =
		container_of(outlet, struct ws_connection, outlet);

	enum ending ending = session_ending(connection->session);

	connection->session = NULL;
	ws_connection_close_session(connection, ending);
}

static void ws_on_probe(struct outlet *outlet, enum probe probe)
{
	(void)probe;
	ws_connection_probe(container_of(outlet, struct ws_connection, outlet));
}

const struct outlet_ops ws_outlet_ops = {
	.wake = ws_on_wake, .end = ws_on_end, .probe = ws_on_probe};
