/* One WebSocket from its beginning to its end. An idle one gets pings. */
#include "transports/ws/ws_internal.h"

#include "gateway/base/progress.h"
#include "gateway/worker/metrics.h"
#include "protocol/wsframe.h"
#include "transports/base/peer.h"

#include <libwebsockets.h>
#include <sys/socket.h>

/* A message that grows by so many bytes in times.body is slow, and not late. */
enum { MESSAGE_LEAST = 16384 };

static void ws_connection_forget_stop(struct ws_connection *connection)
{
	list_remove(&connection->paused);
	list_remove(&connection->waiter.link);
}

/*
 * By this call libwebsockets frees the connection. After a hang-up it drops the bytes
 * that it keeps, and does not shut the socket down before it closes it.
 */
static void ws_connection_reap(struct task *task)
{
	struct ws_connection *connection =
		container_of(task, struct ws_connection, reap);
	struct lws_pollfd hung_up = {.fd = connection->io.fd, .revents = LWS_POLLHUP};

	lws_service_fd(lws_get_context(connection->wsi), &hung_up);
}

void ws_connection_kill(struct ws_connection *connection)
{
	if (connection->killed)
		return;
	connection->closing = connection->killed = true;
	ws_connection_forget_stop(connection);
	list_remove(&connection->busy);
	loop_unwatch(&connection->watch);
	loop_timer_stop(ws_connection_loop(connection), &connection->timer);
	loop_defer(ws_connection_loop(connection), &connection->reap);
}

void ws_connection_fail(
	struct ws_connection *connection, enum ending ending, struct slice text)
{
	struct session *session = ws_connection_leave_session(connection);

	connection->ends_at_once =
		ending == ENDING_PROTOCOL || ending == ENDING_NOT_TEXT;
	if (session != NULL)
		session_lost(session, ending);
	ws_connection_close(connection, ending_code(ending),
		text.len > 0 ? text : ending_text(ending));
}

/* Pings, and messages that are late. */

static uint64_t ws_connection_message_due(const struct ws_connection *connection)
{
	return connection->message_at + ws_connection_config(connection)->times.body;
}

static void ws_connection_schedule_ping(struct ws_connection *connection)
{
	uint64_t now = loop_deadline_now(ws_connection_loop(connection));
	uint64_t due =
		connection->heard_at + ws_connection_config(connection)->times.ping;

	if (connection->message_begun && ws_connection_message_due(connection) < due)
		due = ws_connection_message_due(connection);
	connection->message_watched = connection->message_begun;
	connection->pinged = false;
	loop_deadline_start(ws_connection_loop(connection), &connection->timer,
		due > now ? due - now : 0);
}

static void ws_connection_ping(struct ws_connection *connection)
{
	bool partial = lws_partial_buffered(connection->wsi);

	connection->pinged = true;
	connection->acked = progress_acked(&connection->io);
	connection->behind = partial || progress_is_behind(&connection->io);
	loop_deadline_start(ws_connection_loop(connection), &connection->timer,
		ws_connection_config(connection)->times.pong);
	if (partial) /* a ping would wait behind unread output */
		return;
	wsframe_append(&connection->ws->out, WSFRAME_PING, SLICE("ping"));
	if (!ws_connection_write_out(connection))
		ws_connection_kill(connection);
}

/* The session finds its peer silent: ping now, whatever times.ping is. */
void ws_connection_probe(struct ws_connection *connection)
{
	if (!connection->closing && !connection->pinged &&
		!ws_connection_is_stopped(connection))
		ws_connection_ping(connection);
}

/*
 * The time to close is over. The peer takes nothing more, or has everything and does
 * not answer. A peer that still reads gets more time.
 */
static void ws_connection_linger(struct ws_connection *connection)
{
	uint64_t acked = progress_acked(&connection->io);

	if (!lws_partial_buffered(connection->wsi) || acked == connection->acked) {
		ws_connection_kill(connection);
		return;
	}
	connection->acked = acked;
	loop_deadline_start(ws_connection_loop(connection), &connection->timer,
		ws_connection_config(connection)->times.linger);
}

/*
 * A slow reader gets a ping late, and answers later still. Until it has taken
 * everything before the ping, its progress shows that it lives.
 */
static bool ws_connection_reads_on(const struct ws_connection *connection)
{
	return connection->behind &&
	       progress_acked(&connection->io) != connection->acked;
}

static void ws_connection_begin_message(struct ws_connection *connection)
{
	connection->message_begun = true;
	connection->message_at = loop_deadline_now(ws_connection_loop(connection));
	connection->message_bytes = 0;
}

/*
 * The timer is set once for many messages: it finds a later one's deadline when it
 * fires. While a PONG is awaited, that deadline comes first.
 */
void ws_connection_expect_rest(struct ws_connection *connection)
{
	if (connection->closing)
		return;
	if (!connection->message_begun)
		ws_connection_begin_message(connection);
	if (!connection->message_watched && !connection->pinged)
		ws_connection_schedule_ping(connection);
}

/* True when the rest of a message is late. A slow one gets its time again. */
static bool ws_connection_message_is_late(struct ws_connection *connection)
{
	if (!connection->message_begun ||
		loop_deadline_now(ws_connection_loop(connection)) <
			ws_connection_message_due(connection))
		return false;
	if (connection->message_bytes < MESSAGE_LEAST && !connection->readable)
		return true;
	ws_connection_begin_message(connection);
	return false;
}

static void ws_connection_on_timer(struct timer *timer)
{
	struct ws_connection *connection =
		container_of(timer, struct ws_connection, timer);
	uint64_t silent = loop_deadline_now(ws_connection_loop(connection)) -
			  connection->heard_at;
	const struct times *times = &ws_connection_config(connection)->times;

	if (connection->closing) {
		ws_connection_linger(connection);
		return;
	}
	if (ws_connection_is_stopped(connection)) {
		ws_connection_heard(connection);
		connection->message_at = connection->heard_at;
		ws_connection_schedule_ping(connection);
		return;
	}
	if (ws_connection_message_is_late(connection)) {
		metrics_refuse(connection->ws->worker->metrics, BOUND_BODY_TIME);
		ws_connection_fail(connection, ENDING_UNFINISHED, SLICE(""));
		return;
	}
	if (connection->pinged && ws_connection_reads_on(connection)) {
		ws_connection_heard(connection);
		return;
	}
	if (connection->pinged && silent >= times->pong) {
		struct session *session = ws_connection_leave_session(connection);

		if (session != NULL)
			session_lost(session, ENDING_NO_PONG);
		ws_connection_kill(connection);
		return;
	}
	if (!connection->pinged && silent >= times->ping)
		ws_connection_ping(connection);
	else
		ws_connection_schedule_ping(connection);
}

void ws_connection_heard(struct ws_connection *connection)
{
	connection->heard_at = loop_deadline_now(ws_connection_loop(connection));
	if (connection->session != NULL)
		session_heard(connection->session);
	if (connection->pinged && !connection->closing)
		ws_connection_schedule_ping(connection);
}

/* Life. */

static void ws_connection_on_socket(struct watch *watch, unsigned events)
{
	struct ws_connection *connection =
		container_of(watch, struct ws_connection, watch);

	if (events & WATCH_GONE)
		connection->gone = true;
	if (events & (WATCH_IN | WATCH_GONE))
		connection->readable = true;
	if (connection->readable &&
		reading_begin(&connection->ws->reading, &connection->busy))
		ws_connection_read(connection);
	if (events & WATCH_OUT && connection->awaits_room && !connection->killed)
		ws_connection_write_on(connection);
}

void ws_connection_init(struct ws_connection *connection, struct ws *ws,
	struct lws *wsi, struct io io, const struct address *from)
{
	*connection = (struct ws_connection){
		.outlet = {&ws_outlet_ops},
		.ws = ws,
		.wsi = wsi,
		.io = io,
		.watch = {.fd = io.fd, .ready = ws_connection_on_socket},
		.waiter = {.resume = ws_connection_resume},
		.timer = {.fire = ws_connection_on_timer},
		.reap = {.run = ws_connection_reap},
		.heard_at = loop_deadline_now(ws->worker->loop),
	};
	connection->address_slot = peer_came(ws->worker, from);
}

/* The kernel is asked each time: an edge reports room only once. */
static void ws_connection_ask_for_room(struct ws_connection *connection)
{
	if (loop_rewatch(&connection->watch, WATCH_IN | WATCH_GONE | WATCH_OUT) == -1)
		ws_connection_kill(connection);
}

void ws_connection_await_room(struct ws_connection *connection)
{
	if (connection->awaits_room)
		return;
	connection->awaits_room = true;
	if (connection->watch.loop != NULL)
		ws_connection_ask_for_room(connection);
}

/* No edge will report what the earlier watch was told. */
static void ws_connection_take_watch(
	struct ws_connection *connection, const struct ws_watched *watched)
{
	loop_move(watched->watch, &connection->watch);
	connection->gone = watched->gone;
	connection->readable = watched->readable || watched->gone;
	if (connection->readable)
		ws_connection_mark_busy(connection);
}

void ws_connection_watch(
	struct ws_connection *connection, const struct ws_watched *watched)
{
	if (connection->killed)
		return;
	if (watched != NULL)
		ws_connection_take_watch(connection, watched);
	else if (loop_watch(ws_connection_loop(connection), &connection->watch,
			 WATCH_IN | WATCH_GONE) == -1)
		ws_connection_kill(connection);
	if (connection->awaits_room && !connection->killed)
		ws_connection_ask_for_room(connection);
}

void ws_connection_begin(struct ws_connection *connection)
{
	session_attach(connection->session, &connection->outlet);
	ws_connection_schedule_ping(connection);
}

void ws_connection_finish(struct ws_connection *connection)
{
	struct session *session = ws_connection_leave_session(connection);

	ws_connection_charge_kept(connection, 0);
	connection->closing = connection->killed = true;
	loop_unwatch(&connection->watch);
	task_cancel(&connection->reap);
	loop_timer_stop(ws_connection_loop(connection), &connection->timer);
	ws_connection_forget_stop(connection);
	list_remove(&connection->busy);
	wsreader_finish(&connection->reader);
	io_forget(&connection->io);
	peer_left(connection->ws->worker, connection->address_slot);
	connection->ws->worker->owing -= connection->owes;
	buf_finish(&connection->unread);
	buf_finish(&connection->pong);
	buf_finish(&connection->farewell);
	if (session != NULL)
		session_lost(session, ENDING_CLOSED);
}
