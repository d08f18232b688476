/*
 * One WebSocket: what comes in is put together to whole messages; an idle one is
 * pinged.
 */
#include "transports/ws_internal.h"

#include "gateway/metrics.h"
#include "protocol/wsframe.h"
#include "transports/peer.h"
#include "transports/progress.h"

#include <libwebsockets.h>
#include <sys/socket.h>

static void connection_forget_stop(struct connection *connection)
{
	list_remove(&connection->held);
	list_remove(&connection->waiter.link);
}

/*
 * The connection is of no more use, and its peer need not hear of it: as if it had
 * closed, which libwebsockets then sees. (Its own way, a timeout of no length, is
 * looked at only when something else happens, as of 4.3.)
 */
void connection_kill(struct connection *connection)
{
	connection->closing = true;
	connection_forget_stop(connection);
	lws_rx_flow_control(connection->wsi, 1);
	shutdown(connection->fd, SHUT_RDWR);
}

/* Ends the session for a fault of the peer, and the connection with it. */
static void connection_fail(struct connection *connection, enum ending ending)
{
	struct session *session = connection->session;

	connection->session = NULL;
	if (session != NULL)
		session_lost(session, ending);
	connection_close_session(connection, ending);
}

/* Pings. */

static void connection_plan_ping(struct connection *connection)
{
	uint64_t now = loop_now(connection_loop(connection));
	uint64_t due = connection->heard_at + connection_config(connection)->times.ping;

	connection->pinged = false;
	loop_timer_start(connection_loop(connection), &connection->timer,
		due > now ? due - now : 0);
}

static void connection_ping(struct connection *connection)
{
	int fd = connection->fd;
	bool partial = lws_partial_buffered(connection->wsi);

	connection->pinged = true;
	connection->acked = progress_acked(fd);
	connection->behind = partial || progress_is_behind(fd);
	loop_timer_start(connection_loop(connection), &connection->timer,
		connection_config(connection)->times.pong);
	if (partial) /* a ping would wait behind what it has not read yet */
		return;
	/* libwebsockets does not tell of a PONG that carries nothing. */
	wsframe_append(&connection->ws->out, WSFRAME_PING, SLICE("ping"));
	if (!connection_write_out(connection))
		connection_kill(connection);
}

/*
 * The time to close is over: for a peer that takes nothing any more, or has it
 * all and does not answer. One that still reads gets more time.
 */
static void connection_linger(struct connection *connection)
{
	uint64_t acked = progress_acked(connection->fd);

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
	       progress_acked(connection->fd) != connection->acked;
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
		connection_plan_ping(connection);
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
		connection_plan_ping(connection);
}

void connection_heard(struct connection *connection)
{
	connection->heard_at = loop_now(connection_loop(connection));
	if (connection->session != NULL)
		session_heard(connection->session);
	if (connection->pinged && !connection->closing)
		connection_plan_ping(connection);
}

/* Reading. */

/* One whole message. */
static void connection_take(
	struct connection *connection, struct slice text, bool binary)
{
	struct sockjs_messages *messages = &connection->ws->messages;

	session_count_bytes(connection->session, text.len);
	if (connection->framing == SESSION_RAW) {
		session_receive(connection->session, text, binary);
		return;
	}
	if (text.len == 0)
		return;
	if (sockjs_decode(messages, text, true) != SOCKJS_DECODE_DONE) {
		connection_fail(connection, ENDING_FRAMING);
		return;
	}
	for (size_t i = 0; i < messages->count && connection->session != NULL; i++)
		session_receive(
			connection->session, sockjs_message(messages, i), false);
	if (messages->text.capacity > 4 * WS_WRITE_BUDGET)
		sockjs_messages_finish(messages);
}

static size_t connection_message_max(const struct connection *connection)
{
	size_t frame = connection_config(connection)->limits.frame;

	return connection->framing == SESSION_SOCKJS ? 2 * frame : frame;
}

void connection_receive(struct connection *connection, struct slice piece)
{
	const struct limits *limits = &connection_config(connection)->limits;
	struct metrics *metrics = connection->ws->worker->metrics;
	bool last = lws_is_final_fragment(connection->wsi);

	connection_heard(connection);
	if (!last && lws_remaining_packet_payload(connection->wsi) == 0)
		connection->fragments++;
	if (connection->inbound.len + piece.len > connection_message_max(connection) ||
		connection->fragments > limits->fragments) {
		metrics_refuse(metrics, connection->fragments > limits->fragments
						? BOUND_FRAGMENTS
						: BOUND_MESSAGE);
		buf_finish(&connection->inbound);
		connection_fail(connection, ENDING_TOO_BIG);
		return;
	}
	if (!last) {
		buf_append(&connection->inbound, piece);
		return;
	}
	connection->fragments = 0;
	bool binary = lws_frame_is_binary(connection->wsi);
	if (connection->inbound.len == 0) {
		connection_take(connection, piece, binary);
		return;
	}
	struct buf whole = connection->inbound;
	connection->inbound = (struct buf){0};
	buf_append(&whole, piece);
	connection_take(connection, buf_slice(&whole), binary);
	buf_finish(&whole);
}

/* Not reading. */

void connection_hold(struct connection *connection)
{
	struct session *session = connection->session;

	if (connection_is_stopped(connection))
		return;
	if (session != NULL && session_is_held(session))
		session_wait(session, &connection->waiter);
	else if (worker_is_full(connection->ws->worker))
		list_append(&connection->ws->held, &connection->held);
	else
		return;
	lws_rx_flow_control(connection->wsi, 0);
}

static void connection_go_on(struct connection *connection)
{
	lws_rx_flow_control(connection->wsi, 1);
	connection_heard(connection);
}

void connection_relieve(struct connection *connection)
{
	struct session *session = connection->session;

	if (session != NULL && session_is_held(session))
		session_wait(session, &connection->waiter);
	else
		connection_go_on(connection);
}

/* The session is held no longer, or hears nothing any more. */
static void on_let_on(struct waiter *waiter)
{
	struct connection *connection = container_of(waiter, struct connection, waiter);

	if (worker_is_full(connection->ws->worker))
		list_append(&connection->ws->held, &connection->held);
	else
		connection_go_on(connection);
}

/* Life. */

void connection_init(struct connection *connection, struct ws *ws, struct lws *wsi,
	struct slice address)
{
	struct address from = {{0}};

	address_parse(address, &from); /* it may be unknown */
	*connection = (struct connection){
		.outlet = {&ws_outlet_ops},
		.ws = ws,
		.wsi = wsi,
		.fd = lws_get_socket_fd(wsi),
		.waiter = {.go_on = on_let_on},
		.timer = {.fire = on_timer},
		.heard_at = loop_now(ws->worker->loop),
	};
	connection->place = peer_came(ws->worker, &from);
}

void connection_begin(struct connection *connection)
{
	session_attach(connection->session, &connection->outlet);
	connection_plan_ping(connection);
}

void connection_finish(struct connection *connection)
{
	struct session *session = connection->session;

	connection->session = NULL;
	connection->closing = true;
	loop_timer_stop(connection_loop(connection), &connection->timer);
	connection_forget_stop(connection);
	list_remove(&connection->fed);
	peer_left(connection->ws->worker, connection->place);
	connection->ws->worker->owing -= connection->owes;
	buf_finish(&connection->inbound);
	buf_finish(&connection->farewell);
	if (session != NULL)
		session_lost(session, ENDING_CLOSED);
}
