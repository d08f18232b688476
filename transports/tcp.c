#include "transports/tcp.h"

#include "gateway/config.h"
#include "protocol/xmalloc.h"
#include "transports/progress.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	WRITE_BUDGET = 65536, /* bytes that one turn joins for one session */
	READ_SIZE = 65536,
	READS_PER_TURN = 4,
};

struct tcp {
	struct worker *worker;
	struct list connections;
	struct list held;  /* not read: inboxes were full */
	struct list eager; /* not read to the end in their turn */
	struct task read_on;
	char *scratch; /* READ_SIZE */
};

struct connection {
	struct outlet outlet;
	struct tcp *tcp;
	struct session *session; /* NULL: over, the connection is closing */
	struct list link;        /* in tcp->connections */
	struct list wait;        /* in tcp->held or tcp->eager */
	struct watch watch;
	struct buf rest;     /* what the kernel has not taken */
	bool closing;        /* the session's last word is in `rest`, or has left */
	bool shut;           /* and so is the end of our side */
	bool ended;          /* the peer's side: it may still read */
	struct timer linger; /* while closing, or behind the peer's end */
	uint64_t acked;      /* progress_acked() at the latest look */
};

static struct loop *connection_loop(const struct connection *connection)
{
	return connection->tcp->worker->loop;
}

/* Frees it; what became of its session is settled. */
static void connection_drop(struct connection *connection)
{
	struct worker *worker = connection->tcp->worker;

	loop_timer_stop(worker->loop, &connection->linger);
	loop_unwatch(&connection->watch);
	close(connection->watch.fd);
	list_remove(&connection->link);
	list_remove(&connection->wait);
	buf_finish(&connection->rest);
	worker->connections--;
	worker->owing -= connection->closing;
	free(connection);
}

/* The peer is gone, or its connection broke. */
static void connection_lose(struct connection *connection)
{
	struct session *session = connection->session;

	connection->session = NULL;
	if (session != NULL)
		session_lost(session, 1006, SLICE("Connection closed"));
	connection_drop(connection);
}

/* Writing. */

/* Hands `rest` to the kernel, as much as it takes. False when the connection broke. */
static bool connection_write(struct connection *connection)
{
	struct buf *rest = &connection->rest;
	size_t done = 0;

	while (done < rest->len) {
		ssize_t sent = send(connection->watch.fd, rest->data + done,
			rest->len - done, MSG_NOSIGNAL);

		if (sent == -1 && errno == EAGAIN)
			break;
		if (sent == -1 && errno == EINTR)
			continue;
		if (sent == -1)
			return false;
		done += (size_t)sent;
	}
	if (done == rest->len) {
		buf_finish(rest);
	} else if (done > 0) {
		memmove(rest->data, rest->data + done, rest->len - done);
		rest->len -= done;
	}
	return true;
}

static void connection_plan_linger(struct connection *connection)
{
	connection->acked = progress_acked(connection->watch.fd);
	loop_timer_start(connection_loop(connection), &connection->linger,
		connection->tcp->worker->config->times.linger);
}

/* From now on it only writes what is left, and then waits for the peer's end. */
static void connection_close(struct connection *connection)
{
	connection->session = NULL;
	connection->closing = true;
	connection->tcp->worker->owing++;
	connection_plan_linger(connection);
}

/* A peer that still takes something gets more time. */
static void on_linger(struct timer *timer)
{
	struct connection *connection = container_of(timer, struct connection, linger);

	if (connection->rest.len == 0 ||
		progress_acked(connection->watch.fd) == connection->acked)
		connection_lose(connection);
	else
		connection_plan_linger(connection);
}

/* Takes from the session what one write may join. */
static void connection_fill(struct connection *connection)
{
	size_t waiting = 0;

	while (connection->session != NULL && connection->rest.len < WRITE_BUDGET) {
		struct session *session = connection->session;
		enum session_next next = session_next(session, &waiting);
		size_t count = 0;

		if (next == SESSION_NEXT_NOTHING)
			return;
		while (next == SESSION_NEXT_MESSAGES && count < waiting &&
			connection->rest.len < WRITE_BUDGET) {
			buf_append(&connection->rest,
				session_render(session, count, WIRE_PLAIN).bytes);
			count++;
		}
		if (next == SESSION_NEXT_CLOSE)
			connection_close(connection);
		session_popped(session, next, count);
	}
}

/* False when the connection is over, or broke. */
static bool connection_pump(struct connection *connection)
{
	for (;;) {
		if (!connection_write(connection))
			return false;
		if (connection->rest.len > 0)
			return true; /* on_ready() goes on */
		connection_fill(connection);
		if (connection->rest.len == 0)
			break;
	}
	if (connection->closing && !connection->shut) {
		connection->shut = true;
		shutdown(connection->watch.fd, SHUT_WR);
	}
	return !connection->shut || !connection->ended;
}

static void on_wake(struct outlet *outlet)
{
	struct connection *connection = container_of(outlet, struct connection, outlet);

	if (!connection_pump(connection))
		connection_lose(connection);
}

static void on_end(struct outlet *outlet)
{
	struct connection *connection = container_of(outlet, struct connection, outlet);

	connection_close(connection);
	if (!connection_pump(connection))
		connection_lose(connection);
}

static const struct outlet_ops tcp_outlet_ops = {.wake = on_wake, .end = on_end};

/* Reading. */

/* Puts it among those that are read later; the watch will not tell again. */
static void connection_wait(struct connection *connection, struct list *list)
{
	list_remove(&connection->wait);
	list_append(list, &connection->wait);
}

/* The peer says no more, but may want to hear the answers to what it said last. */
static bool connection_hear_end(struct connection *connection)
{
	connection->ended = true;
	if (!connection->closing) {
		connection_plan_linger(connection);
		session_hang_up(connection->session);
	}
	return !connection->shut;
}

/* False when the connection is over, or broke. */
static bool connection_read(struct connection *connection)
{
	struct tcp *tcp = connection->tcp;

	list_remove(&connection->wait);
	if (connection->ended)
		return true;
	for (int i = 0; i < READS_PER_TURN; i++) {
		if (!connection->closing && worker_is_full(tcp->worker)) {
			connection_wait(connection, &tcp->held);
			return true;
		}
		ssize_t got = recv(connection->watch.fd, tcp->scratch, READ_SIZE, 0);

		if (got == -1 && errno == EAGAIN)
			return true;
		if (got == -1 && errno == EINTR)
			continue;
		if (got == 0)
			return connection_hear_end(connection);
		if (got == -1)
			return false;
		if (connection->session != NULL) {
			session_receive(connection->session,
				(struct slice){tcp->scratch, (size_t)got}, true);
		}
	}
	connection_wait(connection, &tcp->eager);
	loop_defer(tcp->worker->loop, &tcp->read_on);
	return true;
}

static void on_ready(struct watch *watch, unsigned events)
{
	struct connection *connection = container_of(watch, struct connection, watch);

	if ((events & WATCH_OUT) && !connection_pump(connection)) {
		connection_lose(connection);
		return;
	}
	/* The end of a peer is seen by reading what it sent before. */
	if ((events & (WATCH_IN | WATCH_GONE)) && !connection_read(connection))
		connection_lose(connection);
}

static void tcp_read_all(struct list *waiting)
{
	struct list now;

	/* Those that must wait again are put behind, into the list that is empty now. */
	list_init(&now);
	while (!list_is_empty(waiting)) {
		struct list *link = list_take_first(waiting);

		list_append(&now, link);
	}
	while (!list_is_empty(&now)) {
		struct connection *connection =
			container_of(now.next, struct connection, wait);

		if (!connection_read(connection))
			connection_lose(connection);
	}
}

static void on_read_on(struct task *task)
{
	tcp_read_all(&container_of(task, struct tcp, read_on)->eager);
}

void tcp_relieve(struct tcp *tcp)
{
	tcp_read_all(&tcp->held);
}

/* Life. */

struct tcp *tcp_create(struct worker *worker)
{
	struct tcp *tcp = xcalloc(1, sizeof(*tcp));

	tcp->worker = worker;
	tcp->scratch = xmalloc(READ_SIZE);
	tcp->read_on.run = on_read_on;
	list_init(&tcp->connections);
	list_init(&tcp->held);
	list_init(&tcp->eager);
	return tcp;
}

void tcp_destroy(struct tcp *tcp)
{
	if (tcp == NULL)
		return;
	while (!list_is_empty(&tcp->connections)) {
		connection_drop(
			container_of(tcp->connections.next, struct connection, link));
	}
	task_cancel(&tcp->read_on);
	free(tcp->scratch);
	free(tcp);
}

void tcp_adopt(struct tcp *tcp, int fd, const struct peer *peer)
{
	struct worker *worker = tcp->worker;
	struct connection *connection = xcalloc(1, sizeof(*connection));

	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &(int){1}, sizeof(int));
	connection->outlet.ops = &tcp_outlet_ops;
	connection->tcp = tcp;
	connection->watch.fd = fd;
	connection->watch.ready = on_ready;
	connection->linger.fire = on_linger;
	list_append(&tcp->connections, &connection->link);
	worker->connections++;

	struct session *session = session_create(
		worker, &worker->config->tcp_endpoint, SESSION_RAW, SLICE(""), peer);
	if (session == NULL || loop_watch(worker->loop, &connection->watch,
				       WATCH_IN | WATCH_OUT | WATCH_GONE) == -1) {
		connection->session = session;
		connection_lose(connection);
		return;
	}
	connection->session = session;
	session_attach(session, &connection->outlet);
}
