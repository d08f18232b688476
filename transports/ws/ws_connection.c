/*
 * One WebSocket from its beginning to its end. An idle one is pinged.
 */
#include "transports/ws/ws_internal.h"

#include "protocol/wsframe.h"
#include "transports/base/peer.h"
#include "transports/base/progress.h"

#include <libwebsockets.h>
#include <sys/socket.h>

static void connection_forget_stop(struct connection *connection)
{
	list_remove(&connection->paused);
	list_remove(&connection->waiter.link);
}

/* With nothing left to write, libwebsockets forgets a connection when it is told to. */
static void connection_reap(struct task *task)
{
	struct connection *connection = container_of(task, struct connection, reap);

	lws_set_timeout(connection->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_SYNC);
}

void connection_kill(struct connection *connection)
{
	if (connection->killed)
		return;
	connection->closing = connection->killed = true;
	connection_forget_stop(connection);
	list_remove(&connection->busy);
	loop_unwatch(&connection->watch);
	loop_timer_stop(connection_loop(connection), &connection->timer);
	/* While it has something left it waits to write, and the failure ends it. */
	if (lws_partial_buffered(connection->wsi))
		shutdown(connection->watch.fd, SHUT_RDWR);
	else
		loop_defer(connection_loop(connection), &connection->reap);
}

void connection_fail(
	struct connection *connection, enum ending ending, struct slice text)
{
	struct session *session = connection->session;

	connection->session = NULL;
	connection->ends_at_once =
		ending == ENDING_PROTOCOL || ending == ENDING_NOT_TEXT;
	if (session != NULL)
		session_lost(session, ending);
	connection_close(connection, ending_code(ending),
		text.len > 0 ? text : ending_text(ending));
}

/* Pings. */

static void connection_schedule_ping(struct connection *connection)
{
	uint64_t now = loop_now(connection_loop(connection));
	uint64_t due = connection->heard_at + connection_config(connection)->times.ping;

	connection->pinged = false;
	loop_timer_start(connection_loop(connection), &connection->timer,
		due > now ? due - now : 0);
}

static void connection_ping(struct connection *connection)
{
	int fd = connection->watch.fd;
	bool partial = lws_partial_buffered(connection->wsi);

	connection->pinged = true;
	connection->acked = progress_acked(fd);
	connection->behind = partial || progress_is_behind(fd);
	loop_timer_start(connection_loop(connection), &connection->timer,
		connection_config(connection)->times.pong);
	if (partial) /* a ping would wait behind what it has not read yet */
		return;
	wsframe_append(&connection->ws->out, WSFRAME_PING, SLICE("ping"));
	if (!connection_write_out(connection))
		connection_kill(connection);
}

/* Its session finds it silent: whatever times.ping is, it is pinged now. */
void connection_probe(struct connection *connection)
{
	if (!connection->closing && !connection->pinged &&
		!connection_is_stopped(connection))
		connection_ping(connection);
}

/*
 * The time to close is over: for a peer that takes nothing any more, or has it
 * all and does not answer. One that still reads gets more time.
 */
static void connection_linger(struct connection *connection)
{
	uint64_t acked = progress_acked(connection->watch.fd);

	if (!lws_partial_buffered(connection->wsi) || acked == connection->acked) {
		connection_kill(connection);
		return;
	}
	connection->acked = acked;
	loop_timer_start(connection_loop(connection), &connection->timer,
		connection_config(connection)->times.linger);
}

/*
 * A slow reader hears a ping late, and answers later still: while it has not taken
 * everything that went before the ping, that it goes on taking shows that it lives.
 */
static bool connection_reads_on(const struct connection *connection)
{
	return connection->behind &&
	       progress_acked(connection->watch.fd) != connection->acked;
}

static void on_timer(struct timer *timer)
{
	struct connection *connection = container_of(timer, struct connection, timer);
	uint64_t silent = loop_now(connection_loop(connection)) - connection->heard_at;
	const struct times *times = &connection_config(connection)->times;

	if (connection->closing) {
		connection_linger(connection);
		return;
	}
	if (connection_is_stopped(connection)) {
		connection_heard(connection);
		connection_schedule_ping(connection);
		return;
	}
	if (connection->pinged && connection_reads_on(connection)) {
		connection_heard(connection);
		return;
	}
	if (connection->pinged && silent >= times->pong) {
		struct session *session = connection->session;

		connection->session = NULL;
		if (session != NULL)
			session_lost(session, ENDING_NO_PONG);
		connection_kill(connection);
		return;
	}
	if (!connection->pinged && silent >= times->ping)
		connection_ping(connection);
	else
		connection_schedule_ping(connection);
}

void connection_heard(struct connection *connection)
{
	connection->heard_at = loop_now(connection_loop(connection));
	if (connection->session != NULL)
		session_heard(connection->session);
	if (connection->pinged && !connection->closing)
		connection_schedule_ping(connection);
}

/* Life. */

static void on_socket(struct watch *watch, unsigned events)
{
	struct connection *connection = container_of(watch, struct connection, watch);

	if (events & WATCH_GONE)
		connection->gone = true;
	connection->readable = true;
	connection_read(connection);
}

void connection_init(struct connection *connection, struct ws *ws, struct lws *wsi,
	struct slice address)
{
	struct address from = {{0}};

	address_parse(address, &from); /* it may be unknown */
	*connection = (struct connection){
		.outlet = {&ws_outlet_ops},
		.ws = ws,
		.wsi = wsi,
		.watch = {.fd = lws_get_socket_fd(wsi), .ready = on_socket},
		.waiter = {.resume = connection_resume},
		.timer = {.fire = on_timer},
		.reap = {.run = connection_reap},
		.heard_at = loop_now(ws->worker->loop),
	};
	connection->place = peer_came(ws->worker, &from);
}

void connection_watch(struct connection *connection)
{
	if (connection->killed)
		return;
	if (loop_watch(connection_loop(connection), &connection->watch,
		    WATCH_IN | WATCH_GONE) == -1)
		connection_kill(connection);
}

void connection_begin(struct connection *connection)
{
	session_attach(connection->session, &connection->outlet);
	connection_schedule_ping(connection);
}

void connection_finish(struct connection *connection)
{
	struct session *session = connection->session;

	connection->session = NULL;
	connection->closing = connection->killed = true;
	loop_unwatch(&connection->watch);
	task_cancel(&connection->reap);
	loop_timer_stop(connection_loop(connection), &connection->timer);
	connection_forget_stop(connection);
	list_remove(&connection->busy);
	wsreader_finish(&connection->reader);
	peer_left(connection->ws->worker, connection->place);
	connection->ws->worker->owing -= connection->owes;
	buf_finish(&connection->inbound);
	buf_finish(&connection->pong);
	buf_finish(&connection->farewell);
	if (session != NULL)
		session_lost(session, ENDING_CLOSED);
}
