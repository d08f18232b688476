/*
 * The output of a WebSocket: the session's queue is joined into one write, in our own
 * frames. libwebsockets keeps the bytes that the kernel does not take.
 */
#include "transports/ws/ws_internal.h"

#include "gateway/base/progress.h"
#include "gateway/worker/metrics.h"
#include "protocol/wsframe.h"
#include "transports/sockjs/framing.h"

#include <errno.h>
#include <libwebsockets.h>
#include <stdlib.h>
#include <sys/socket.h>

enum {
	FAREWELL_MAX = 125,          /* the most of a control frame (RFC 6455, 5.5) */
	LARGE = 4 * WS_WRITE_BUDGET, /* the memory of such a frame is not kept */
};

void ws_connection_charge_kept(struct ws_connection *connection, size_t kept)
{
	struct workers *workers = connection->ws->worker->workers;
	const int64_t change = budget_change(connection->kept, kept);

	if (change != 0)
		budget_count_library(workers, change);
	if (connection->session != NULL)
		session_hold(connection->session, change);
	else
		budget_charge(workers, connection->account, change);
	connection->kept = (uint32_t)kept;
}

struct session *ws_connection_leave_session(struct ws_connection *connection)
{
	struct session *session = connection->session;

	if (session == NULL)
		return NULL;
	session_resize(session, connection->inbound.capacity, 0);
	buf_finish(&connection->inbound);
	connection->session = NULL;
	connection->account =
		session_leave_held(session, budget_change(0, connection->kept));
	return session;
}

/* A rest as large as this is that of one large message. */
static bool ws_connection_may_keep(
	const struct ws_connection *connection, struct slice rest)
{
	return rest.len <= WS_WRITE_BUDGET || connection->session == NULL ||
	       session_may_hold(connection->session, rest.len);
}

/* Room for a rest, beside that which libwebsockets copies. */
static bool ws_connection_reserve(
	const struct ws_connection *connection, struct buf *out, size_t bytes)
{
	if (bytes > WS_WRITE_BUDGET + LWS_PRE && connection->session != NULL)
		return session_reserve(connection->session, out, bytes);
	buf_reserve_exactly(out, bytes);
	return true;
}

/*
 * There is no memory for a large message, or for the rest of a write. What has left
 * cannot be undone, and nothing may overtake.
 */
static void ws_connection_refuse(struct ws_connection *connection)
{
	metrics_refuse(connection->ws->worker->metrics, BOUND_MEMORY);
	session_lost(ws_connection_leave_session(connection), ENDING_NO_MEMORY);
}

/*
 * libwebsockets keeps the bytes that the kernel does not take, and writes them on when
 * we call it. False on failure, or if there is no memory for them.
 */
static bool ws_connection_keep(struct ws_connection *connection, struct slice rest)
{
	const size_t before =
		lws_partial_buffered(connection->wsi) ? connection->kept : 0;
	struct buf out = {0};

	if (!ws_connection_may_keep(connection, rest) ||
		!ws_connection_reserve(connection, &out, LWS_PRE + rest.len)) {
		ws_connection_refuse(connection);
		return false;
	}
	ws_connection_charge_kept(connection, before + rest.len);
	out.len = LWS_PRE;
	buf_append(&out, rest);
	int kept = lws_write(connection->wsi, (unsigned char *)out.data + LWS_PRE,
		rest.len, LWS_WRITE_HTTP);
	buf_finish(&out);
	ws_connection_await_room(connection);
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
	if (out->capacity > LARGE)
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
	if (connection->ends_at_once && !lws_partial_buffered(connection->wsi))
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
 * We write the frame ourselves: libwebsockets would wait for the peer's CLOSE by a
 * timer, and we run none of its timers.
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
	loop_deadline_start(ws_connection_loop(connection), &connection->timer,
		ws_connection_config(connection)->times.linger);
	if (!lws_partial_buffered(connection->wsi))
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

/* A large message is not copied: its frame's head leaves before it. */
static bool ws_connection_write_alone(
	struct ws_connection *connection, struct rendering message)
{
	char head[WSFRAME_HEAD_MAX];
	const size_t len = wsframe_head(head,
		message.is_text ? WSFRAME_TEXT : WSFRAME_BINARY, message.bytes.len);

	return ws_connection_write(connection, (struct slice){head, len}) &&
	       ws_connection_write(connection, message.bytes);
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

	if (batch.count == 0) {
		ws_connection_refuse(connection);
		return false;
	}
	*written += batch.bytes.len;
	if (batch.is_alone ? !ws_connection_write_alone(connection,
				     (struct rendering){batch.bytes, batch.is_text})
			   : !ws_connection_write(connection, batch.bytes))
		return false;
	session_popped(
		connection->session, SESSION_NEXT_MESSAGES, batch.count, batch.payload);
	return true;
}

/* A large frame leaves, after those that wait in `out`; another one waits there. */
static bool ws_connection_write_frame(
	struct ws_connection *connection, const struct buf *frame)
{
	if (frame->capacity > LARGE)
		return ws_connection_write_out(connection) &&
		       ws_connection_write_alone(
			       connection, (struct rendering){buf_slice(frame), true});
	wsframe_append(&connection->ws->out, WSFRAME_TEXT, buf_slice(frame));
	return true;
}

/* False when the connection has failed, or if there is no memory. */
static bool ws_connection_write_sockjs(
	struct ws_connection *connection, size_t *written)
{
	struct buf *frame = &connection->ws->frame;
	bool good;

	buf_clear(frame);
	const struct pulled pulled =
		framing_pull(connection->session, WIRE_SOCKJS, WS_WRITE_BUDGET, frame);
	*written += frame->len;
	good = !pulled_is_refused(&pulled);
	if (!good)
		ws_connection_refuse(connection);
	else
		good = ws_connection_write_frame(connection, frame);
	if (good)
		session_popped(
			connection->session, pulled.what, pulled.count, pulled.bytes);
	if (frame->capacity > LARGE)
		buf_finish(frame);
	return good;
}

/* The session's close: its queued output is in `out` already. */
static void ws_connection_take_close(struct ws_connection *connection)
{
	struct session *session = connection->session;
	enum ending ending = session_ending(session);
	size_t written = 0;

	if (connection->framing == SESSION_SOCKJS)
		ws_connection_write_sockjs(connection, &written); /* a small one */
	else
		session_popped(session, SESSION_NEXT_CLOSE, 0, 0);
	ws_connection_leave_session(connection);
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
			good = ws_connection_write_sockjs(connection, &written);
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
		ws_connection_await_room(connection);
}

/* False when bytes are left, or when that has failed: the connection is freed then. */
static bool ws_connection_write_kept(struct ws_connection *connection)
{
	struct lws_pollfd ready = {
		.fd = connection->io.fd, .events = LWS_POLLOUT, .revents = LWS_POLLOUT};

	if (lws_service_fd(lws_get_context(connection->wsi), &ready) != 0)
		return false;
	if (!lws_partial_buffered(connection->wsi))
		return true;
	ws_connection_await_room(connection);
	return false;
}

void ws_connection_write_on(struct ws_connection *connection)
{
	connection->awaits_room = false;
	if (lws_partial_buffered(connection->wsi) &&
		!ws_connection_write_kept(connection))
		return;
	ws_connection_charge_kept(connection, 0);
	if (connection->farewell.len > 0) {
		ws_connection_say_farewell(connection);
	} else if (connection->closing) {
		ws_connection_end_our_side(connection);
	} else if (connection->pong.len > 0 &&
		   !ws_connection_write(connection, buf_slice(&connection->pong))) {
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
	if (!lws_partial_buffered(connection->wsi))
		ws_connection_pump(connection);
}

static void ws_on_end(struct outlet *outlet)
{
	struct ws_connection *connection =
		container_of(outlet, struct ws_connection, outlet);

	ws_connection_close_session(
		connection, session_ending(ws_connection_leave_session(connection)));
}

static void ws_on_probe(struct outlet *outlet, enum probe probe)
{
	(void)probe;
	ws_connection_probe(container_of(outlet, struct ws_connection, outlet));
}

static void ws_on_look(struct outlet *outlet, enum probe probe)
{
	struct ws_connection *connection =
		container_of(outlet, struct ws_connection, outlet);

	if (progress_grew(&connection->io, &connection->looked) && probe == PROBE_AGAIN)
		session_progressed(connection->session);
}

const struct outlet_ops ws_outlet_ops = {
	.wake = ws_on_wake, .end = ws_on_end, .probe = ws_on_probe, .look = ws_on_look};
