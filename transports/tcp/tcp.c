/*
 * A connection is watched edge-triggered, once for its life. What it has to give and to
 * take is done at once up to a budget; who has more goes on at the end of each turn,
 * so that nobody keeps the others waiting.
 *
 *   with a session -- the session is over, or the peer has gone --> closing --> gone
 *
 * A closing connection writes what it holds, shuts down its side and throws away what
 * still comes, until the peer has closed too: closing a socket with unread bytes in
 * it would reset the connection, and the last words be lost.
 */
#include "transports/tcp/tcp.h"

#include "gateway/session/session.h"
#include "protocol/buf.h"
#include "protocol/xmalloc.h"
#include "transports/base/peer.h"
#include "transports/base/progress.h"
#include "transports/base/refusal.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	READ_SIZE = 16384,    /* the most that reaches a handler which has had enough */
	READS_PER_TURN = 4,   /* of one connection */
	WRITE_BUDGET = 65536, /* bytes that one turn joins for one session */
};

struct tcp {
	struct worker *worker;
	struct list connections;
	struct list busy;   /* those who have more to give or to take */
	struct list paused; /* those who are not read: inboxes are full */
	char in[READ_SIZE];
};

struct connection {
	struct outlet outlet;
	struct tcp *tcp;
	struct session *session; /* NULL: over, the connection is closing */
	struct list link;
	struct list busy;     /* in tcp->busy */
	struct list paused;   /* in tcp->paused */
	struct waiter waiter; /* or it is not read because its session is held */
	struct watch watch;
	struct timer timer; /* linger, while closing or behind the peer's end */
	struct task reap;
	bool spoken;     /* its first bytes were looked at */
	bool readable;   /* there may be bytes to read */
	bool gone;       /* the peer has shut down its side; unread bytes may be left */
	bool ended;      /* all of them have been read */
	bool deaf;       /* it takes nothing any more */
	bool closing;    /* counted in worker->owing */
	bool over;       /* to be freed at the loop's top level */
	struct buf rest; /* what the kernel has not taken yet, */
	size_t rest_from; /* from here on */
	unsigned place;   /* of peer_came() */
	size_t carried;   /* the session's messages that the latest write is made of, */
	size_t carried_bytes; /* and its bytes */
	uint64_t acked;       /* progress_acked() at the latest look while closing */
};

static struct worker *connection_worker(const struct connection *connection)
{
	return connection->tcp->worker;
}

static void connection_mark_busy(struct connection *connection)
{
	if (!list_is_linked(&connection->busy))
		list_append(&connection->tcp->busy, &connection->busy);
}

/* The end. */

static void connection_reap(struct task *task)
{
	struct connection *connection = container_of(task, struct connection, reap);

	close(connection->watch.fd);
	free(connection);
}

/* Its session is over already. What the kernel has taken still leaves. */
static void connection_end(struct connection *connection)
{
	struct worker *worker = connection_worker(connection);

	connection->over = true;
	loop_unwatch(&connection->watch);
	loop_timer_stop(worker->loop, &connection->timer);
	list_remove(&connection->link);
	list_remove(&connection->busy);
	list_remove(&connection->paused);
	list_remove(&connection->waiter.link);
	buf_finish(&connection->rest);
	peer_left(worker, connection->place);
	worker->owing -= connection->closing;
	loop_defer(worker->loop, &connection->reap);
}

/* When nothing is left to write, our side ends; and with the peer's, everything. */
static void connection_shut(struct connection *connection)
{
	if (connection->deaf)
		connection_end(connection);
	else if (connection->rest.len == 0 &&
		 (connection->ended || shutdown(connection->watch.fd, SHUT_WR) == -1))
		connection_end(connection);
}

static void connection_close(struct connection *connection)
{
	struct worker *worker = connection_worker(connection);

	connection->session = NULL;
	connection->closing = true;
	worker->owing++;
	list_remove(&connection->paused);
	list_remove(&connection->waiter.link);
	connection->acked = progress_acked(connection->watch.fd);
	loop_timer_start(
		worker->loop, &connection->timer, worker->config->times.linger);
	connection_mark_busy(connection); /* what it has sent is thrown away */
	connection_shut(connection);
}

/* The peer is not there any more. */
static void connection_lose(struct connection *connection)
{
	struct session *session = connection->session;

	if (session == NULL) {
		connection_shut(connection);
		return;
	}
	connection->session = NULL;
	session_lost(session, ENDING_CLOSED);
	connection_close(connection);
}

/* A peer that goes on taking gets more time, and its session is not taken from it. */
static void on_linger(struct timer *timer)
{
	struct connection *connection = container_of(timer, struct connection, timer);
	struct worker *worker = connection_worker(connection);
	uint64_t acked = progress_acked(connection->watch.fd);
	bool is_done = connection->session == NULL &&
		       !progress_is_behind(connection->watch.fd);

	if (acked != connection->acked && !is_done) {
		connection->acked = acked;
		loop_timer_start(
			worker->loop, &connection->timer, worker->config->times.linger);
	} else if (connection->session != NULL) {
		connection_lose(connection);
	} else {
		connection_end(connection);
	}
}

/* Writing. */

/* How much of it the kernel has taken; 0 when it takes nothing now or ever again. */
static size_t connection_send(struct connection *connection, struct slice bytes)
{
	ssize_t taken;

	do {
		taken = send(connection->watch.fd, bytes.data, bytes.len,
			MSG_NOSIGNAL | MSG_DONTWAIT);
	} while (taken == -1 && errno == EINTR);
	if (taken >= 0)
		return (size_t)taken;
	if (errno != EAGAIN) {
		/*
		 * Whoever says something and leaves without having read our answers
		 * resets the connection. What it has said counts all the same: it is
		 * read, and the end comes behind it.
		 */
		connection->deaf = connection->readable = connection->gone = true;
		connection_mark_busy(connection);
	}
	return 0;
}

/* The kernel has all of the latest write. */
static void connection_written(struct connection *connection)
{
	struct session *session = connection->session;

	if (session == NULL) {
		connection_shut(connection);
		return;
	}
	session_popped(session, SESSION_NEXT_MESSAGES, connection->carried,
		connection->carried_bytes);
	if (session_next(session) != SESSION_NEXT_NOTHING)
		connection_mark_busy(connection);
}

/* Goes on with the rest of it. */
static void connection_flush(struct connection *connection)
{
	struct slice left =
		slice_from(buf_slice(&connection->rest), connection->rest_from);
	size_t taken = connection_send(connection, left);

	connection->rest_from += taken;
	if (taken == left.len) {
		buf_finish(&connection->rest);
		connection->rest_from = 0;
		connection_written(connection);
	} else if (connection->session == NULL) {
		connection_shut(connection);
	} else if (taken > 0) {
		session_popped(connection->session, SESSION_NEXT_NOTHING, 0, 0);
	}
}

static void append_octets(struct buf *bytes, struct rendering message)
{
	buf_append(bytes, message.bytes);
}

/* False when the kernel has not taken all of it. */
static bool connection_write_messages(struct connection *connection)
{
	static const struct batch_format octets = {WIRE_OCTETS, append_octets};
	const struct batch batch =
		session_pull(connection->session, &octets, WRITE_BUDGET);

	connection->carried = batch.count;
	connection->carried_bytes = batch.bytes.len;
	size_t taken = connection_send(connection, batch.bytes);
	if (taken == batch.bytes.len) {
		connection_written(connection);
		return true;
	}
	buf_append(&connection->rest, slice_from(batch.bytes, taken));
	return false;
}

static void connection_pump(struct connection *connection)
{
	struct session *session = connection->session;

	/* While there is a rest, messages must queue behind it in the session. */
	if (session == NULL || connection->rest.len > 0 || connection->deaf)
		return;
	switch (session_next(session)) {
	case SESSION_NEXT_NOTHING:
		break;
	case SESSION_NEXT_MESSAGES:
		while (connection_write_messages(connection) &&
			session_is_urgent(session))
			;
		break;
	case SESSION_NEXT_CLOSE:
		session_popped(session, SESSION_NEXT_CLOSE, 0, 0);
		connection_close(connection);
		break;
	case SESSION_NEXT_OPEN:
	case SESSION_NEXT_BEAT:
		assert(false); /* a raw session has no such frames */
	}
}

static void on_wake(struct outlet *outlet)
{
	connection_pump(container_of(outlet, struct connection, outlet));
}

static void on_end(struct outlet *outlet)
{
	connection_close(container_of(outlet, struct connection, outlet));
}

static const struct outlet_ops tcp_outlet_ops = {.wake = on_wake, .end = on_end};

/* Reading. */

/* False when it must not be read now; then it is told when it may. */
static bool connection_may_read(struct connection *connection)
{
	struct session *session = connection->session;

	if (session == NULL)
		return true;
	if (list_is_linked(&connection->paused) ||
		list_is_linked(&connection->waiter.link))
		return false;
	if (session_is_paused(session))
		session_wait(session, &connection->waiter);
	else if (worker_is_full(connection_worker(connection)))
		list_append(&connection->tcp->paused, &connection->paused);
	else
		return true;
	return false;
}

/*
 * All that the peer had to say has been heard. It may still listen: it gets what waits
 * for it as far as the kernel takes that, and all of it if the session closes anyway.
 */
static void connection_hear_end(struct connection *connection)
{
	connection->readable = false;
	connection->ended = true;
	connection_pump(connection);
	if (connection->over)
		return;
	if (connection->session == NULL || connection->deaf) {
		connection_lose(connection);
		return;
	}
	connection->acked = progress_acked(connection->watch.fd);
	loop_timer_start(connection_worker(connection)->loop, &connection->timer,
		connection_worker(connection)->config->times.linger);
	session_hang_up(connection->session);
}

/* Refuses who has no session. */
static void connection_refuse(
	struct connection *connection, enum refusal_kind kind, struct slice address)
{
	struct buf text = {0};
	const struct refusal refusal = {
		.door = DOOR_TCP, .kind = kind, .address = address};

	refusal_report(connection_worker(connection)->metrics, &refusal, &text);
	const int sent =
		refusal_send_stomp(connection->watch.fd, refusal_sentence(kind),
			kind == REFUSAL_TCP_BUSY ? SLICE("") : buf_slice(&text));
	buf_finish(&text);
	if (sent == 0)
		connection_close(connection);
	else
		connection_end(connection);
}

/* Who speaks something else than STOMP is told so, in words of STOMP. False: nobody. */
static bool find_stranger(struct slice bytes, enum refusal_kind *kind)
{
	static const struct slice methods[] = {SLICE_INIT("GET /"),
		SLICE_INIT("POST /"), SLICE_INIT("HEAD /"), SLICE_INIT("OPTIONS "),
		SLICE_INIT("PUT /")};

	*kind = REFUSAL_TCP_TLS_HELLO;
	if (refusal_is_tls_hello(bytes))
		return true;
	*kind = REFUSAL_HTTP_REQUEST;
	for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++) {
		if (slice_starts_with(bytes, methods[i]))
			return true;
	}
	return false;
}

/* Its first bytes are no STOMP: its session ends, and it is told why. */
static void connection_turn_away(struct connection *connection, enum refusal_kind kind)
{
	struct session *session = connection->session;
	char address[ADDRESS_TEXT_MAX];
	const struct slice from = session_facts(session).address;
	const size_t len = from.len < sizeof(address) ? from.len : sizeof(address);

	memcpy(address, from.data, len);
	connection->session = NULL;
	session_lost(session, ENDING_ERROR);
	connection_refuse(connection, kind, (struct slice){address, len});
}

static void connection_take(struct connection *connection, struct slice bytes)
{
	enum refusal_kind kind;

	if (connection->session == NULL)
		return;
	if (!connection->spoken && find_stranger(bytes, &kind)) {
		connection_turn_away(connection, kind);
		return;
	}
	connection->spoken = true;
	session_count_bytes(connection->session, bytes.len);
	session_receive(connection->session, bytes, true);
}

static void connection_read_some(struct connection *connection)
{
	struct tcp *tcp = connection->tcp;
	ssize_t got = recv(connection->watch.fd, tcp->in, READ_SIZE, MSG_DONTWAIT);

	if (got == -1 && errno == EINTR)
		return;
	if (got == -1 && errno == EAGAIN) {
		connection->readable = false;
	} else if (got <= 0) {
		connection->deaf = connection->deaf || got == -1;
		connection_hear_end(connection);
	} else {
		/* Less than there is room for was all; more will be told. */
		connection->readable = connection->gone || got == READ_SIZE;
		connection_take(connection, (struct slice){tcp->in, (size_t)got});
	}
}

static void connection_read(struct connection *connection)
{
	for (int i = 0; i < READS_PER_TURN; i++) {
		if (!connection->readable || !connection_may_read(connection))
			return;
		connection_read_some(connection);
		if (connection->over)
			return;
	}
	if (connection->readable)
		connection_mark_busy(connection);
}

static void on_resume(struct waiter *waiter)
{
	connection_mark_busy(container_of(waiter, struct connection, waiter));
}

static void on_socket(struct watch *watch, unsigned events)
{
	struct connection *connection = container_of(watch, struct connection, watch);

	if (events & WATCH_GONE)
		connection->gone = true;
	if (!connection->ended && events & (WATCH_IN | WATCH_GONE))
		connection->readable = true;
	if (events & WATCH_OUT && connection->rest.len > 0)
		connection_flush(connection);
	if (!connection->over)
		connection_read(connection);
}

/* Life. */

static struct connection *connection_create(
	struct tcp *tcp, int fd, const struct address *from)
{
	struct connection *connection = xcalloc(1, sizeof(*connection));

	connection->outlet.ops = &tcp_outlet_ops;
	connection->tcp = tcp;
	connection->waiter.resume = on_resume;
	connection->watch = (struct watch){.fd = fd, .ready = on_socket};
	connection->timer.fire = on_linger;
	connection->reap.run = connection_reap;
	list_append(&tcp->connections, &connection->link);
	connection->place = peer_came(tcp->worker, from);
	return connection;
}

void tcp_adopt(struct tcp *tcp, int fd, const struct sockaddr *address)
{
	const struct config *config = tcp->worker->config;
	const struct address from = peer_address(address);
	struct connection *connection = connection_create(tcp, fd, &from);
	char text[ADDRESS_TEXT_MAX];
	const struct peer peer = {address_write(&from, text), SLICE(""), SLICE("")};

	progress_probe(fd, config->times.ping, config->times.pong);
	if (loop_watch(tcp->worker->loop, &connection->watch,
		    WATCH_IN | WATCH_OUT | WATCH_GONE) == -1) {
		connection_end(connection);
		return;
	}
	connection->session = session_create(
		tcp->worker, &config->tcp, TRANSPORT_TCP, SLICE(""), &peer);
	if (connection->session != NULL)
		session_attach(connection->session, &connection->outlet);
	else
		connection_refuse(connection, REFUSAL_TCP_BUSY, peer.address);
}

struct tcp *tcp_create(struct worker *worker)
{
	struct tcp *tcp = xcalloc(1, sizeof(*tcp));

	tcp->worker = worker;
	list_init(&tcp->connections);
	list_init(&tcp->busy);
	list_init(&tcp->paused);
	return tcp;
}

void tcp_destroy(struct tcp *tcp)
{
	if (tcp == NULL)
		return;
	while (!list_is_empty(&tcp->connections))
		connection_end(
			container_of(tcp->connections.next, struct connection, link));
	free(tcp);
}

bool tcp_turn(struct tcp *tcp)
{
	struct list now, *link;

	list_init(&now);
	while ((link = list_take_first(&tcp->busy)) != NULL)
		list_append(&now, link);
	while ((link = list_take_first(&now)) != NULL) {
		struct connection *connection =
			container_of(link, struct connection, busy);

		connection_pump(connection);
		if (!connection->over)
			connection_read(connection);
	}
	return !list_is_empty(&tcp->busy);
}

void tcp_resume_reading(struct tcp *tcp)
{
	struct list *link;

	while ((link = list_take_first(&tcp->paused)) != NULL) {
		struct connection *connection =
			container_of(link, struct connection, paused);

		/* What it has said meanwhile comes now. */
		session_heard(connection->session);
		connection_mark_busy(connection);
	}
}
