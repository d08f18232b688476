/* The life and the end of a plain STOMP connection. */
#include "transports/tcp/tcp_internal.h"

#include "gateway/base/progress.h"
#include "protocol/xmalloc.h"
#include "transports/base/peer.h"

#include <stdlib.h>

void tcp_connection_mark_busy(struct tcp_connection *connection)
{
	reading_go_on(&connection->tcp->reading, &connection->busy);
}

/* The end. */

/* Until its descriptor is closed, it counts for its address. */
static void tcp_connection_reap(struct task *task)
{
	struct tcp_connection *connection =
		container_of(task, struct tcp_connection, reap);

	list_remove(&connection->link);
	io_close(&connection->io);
	peer_left(tcp_connection_worker(connection), connection->address_slot);
	free(connection);
}

/* The session has ended already. Bytes that the kernel has taken still leave. */
void tcp_connection_end(struct tcp_connection *connection)
{
	struct worker *worker = tcp_connection_worker(connection);

	loop_unwatch(&connection->watch);
	loop_timer_stop(worker->loop, &connection->timer);
	list_remove(&connection->busy);
	list_remove(&connection->paused);
	list_remove(&connection->waiter.link);
	tcp_connection_drop_rest(connection);
	worker->owing -= connection->state == TCP_CLOSING;
	connection->state = TCP_OVER;
	loop_defer(worker->loop, &connection->reap);
}

/*
 * When no output is left, shuts our side down; when the peer's side has ended too,
 * ends the connection.
 */
void tcp_connection_shut(struct tcp_connection *connection)
{
	if (connection->deaf)
		tcp_connection_end(connection);
	else if (connection->rest.len == 0 &&
		 (connection->input == TCP_INPUT_ENDED ||
			 shutdown(connection->io.fd, SHUT_WR) == -1))
		tcp_connection_end(connection);
}

void tcp_connection_close(struct tcp_connection *connection)
{
	struct worker *worker = tcp_connection_worker(connection);

	if (connection->session != NULL)
		tcp_connection_leave_session(connection);
	connection->state = TCP_CLOSING;
	worker->owing++;
	list_remove(&connection->paused);
	list_remove(&connection->waiter.link);
	connection->acked = progress_acked(&connection->io);
	loop_deadline_start(
		worker->loop, &connection->timer, worker->config->times.linger);
	tcp_connection_mark_busy(connection); /* its input is dropped */
	tcp_connection_shut(connection);
}

/* The peer has gone. */
void tcp_connection_lose(struct tcp_connection *connection)
{
	if (connection->session == NULL) {
		tcp_connection_shut(connection);
		return;
	}
	session_lost(tcp_connection_leave_session(connection), ENDING_CLOSED);
	tcp_connection_close(connection);
}

/* A peer that continues to take bytes gets more time, and keeps its session. */
static void tcp_on_linger(struct timer *timer)
{
	struct tcp_connection *connection =
		container_of(timer, struct tcp_connection, timer);
	struct worker *worker = tcp_connection_worker(connection);
	uint64_t acked = progress_acked(&connection->io);
	bool is_done =
		connection->session == NULL && !progress_is_behind(&connection->io);

	if (acked != connection->acked && !is_done) {
		connection->acked = acked;
		loop_deadline_start(
			worker->loop, &connection->timer, worker->config->times.linger);
	} else if (connection->session != NULL) {
		tcp_connection_lose(connection);
	} else {
		tcp_connection_end(connection);
	}
}

static void tcp_on_socket(struct watch *watch, unsigned events)
{
	struct tcp_connection *connection =
		container_of(watch, struct tcp_connection, watch);

	if (events & WATCH_GONE && connection->input != TCP_INPUT_ENDED)
		connection->input = TCP_INPUT_LAST;
	if (events & WATCH_IN && connection->input == TCP_INPUT_NONE)
		connection->input = TCP_INPUT_SOME;
	if (events & WATCH_OUT && connection->rest.len > 0)
		tcp_connection_flush(connection);
	if (connection->state != TCP_OVER && tcp_connection_has_input(connection) &&
		reading_begin(&connection->tcp->reading, &connection->busy))
		tcp_connection_read(connection);
}

/* Life. */

static struct tcp_connection *tcp_connection_create(
	struct tcp *tcp, struct io io, const struct address *from)
{
	struct tcp_connection *connection = xcalloc(1, sizeof(*connection));

	connection->outlet.ops = &tcp_outlet_ops;
	connection->tcp = tcp;
	connection->waiter.resume = tcp_on_resume;
	connection->io = io;
	connection->watch = (struct watch){.fd = io.fd, .ready = tcp_on_socket};
	connection->timer.fire = tcp_on_linger;
	connection->reap.run = tcp_connection_reap;
	list_append(&tcp->connections, &connection->link);
	connection->address_slot = peer_came(tcp->worker, from);
	return connection;
}

void tcp_adopt(struct tcp *tcp, struct io io, const struct sockaddr *address)
{
	const struct config *config = tcp->worker->config;
	const struct address from = peer_address(address);
	struct tcp_connection *connection = tcp_connection_create(tcp, io, &from);
	const struct peer peer = peer_of_address(&from);

	progress_probe(&io, config->times.ping, config->times.pong);
	if (loop_watch(tcp->worker->loop, &connection->watch,
		    WATCH_IN | WATCH_OUT | WATCH_GONE) == -1) {
		tcp_connection_end(connection);
		return;
	}
	connection->session = session_create(
		tcp->worker, &config->tcp, TRANSPORT_TCP, SLICE(""), &peer);
	if (connection->session != NULL)
		session_attach(connection->session, &connection->outlet);
	else
		tcp_connection_refuse(connection, REFUSAL_TCP_BUSY, &from);
}

struct tcp *tcp_create(struct worker *worker)
{
	struct tcp *tcp = xcalloc(1, sizeof(*tcp));

	tcp->worker = worker;
	list_init(&tcp->connections);
	reading_init(&tcp->reading, worker);
	list_init(&tcp->paused);
	return tcp;
}

void tcp_destroy(struct tcp *tcp)
{
	if (tcp == NULL)
		return;
	while (!list_is_empty(&tcp->connections)) {
		struct tcp_connection *connection = container_of(
			tcp->connections.next, struct tcp_connection, link);

		if (connection->state != TCP_OVER)
			tcp_connection_end(connection);
		task_cancel(&connection->reap);
		tcp_connection_reap(&connection->reap);
	}
	free(tcp);
}

static void tcp_connection_go_on(struct list *link)
{
	struct tcp_connection *connection =
		container_of(link, struct tcp_connection, busy);

	tcp_connection_pump(connection);
	if (connection->state != TCP_OVER)
		tcp_connection_read(connection);
}

bool tcp_turn(struct tcp *tcp)
{
	return reading_turn(&tcp->reading, tcp_connection_go_on);
}

void tcp_resume_reading(struct tcp *tcp)
{
	struct list *link;

	while ((link = list_take_first(&tcp->paused)) != NULL) {
		struct tcp_connection *connection =
			container_of(link, struct tcp_connection, paused);

		/* Reads the input that came meanwhile. */
		session_heard(connection->session);
		tcp_connection_mark_busy(connection);
	}
}
