/* The input of plain STOMP, up to a budget in each turn, and its end. */
#include "transports/tcp/tcp_internal.h"

#include "gateway/base/progress.h"
#include "transports/base/peer.h"
#include "transports/base/refusal.h"

#include <errno.h>

enum { READS_PER_TURN = 4 }; /* of one connection */

/* False when it must not be read now; it is resumed later. */
static bool tcp_connection_may_read(struct tcp_connection *connection)
{
	struct session *session = connection->session;

	if (session == NULL)
		return true;
	if (list_is_linked(&connection->paused) ||
		list_is_linked(&connection->waiter.link))
		return false;
	if (session_is_paused(session))
		session_wait(session, &connection->waiter);
	else if (worker_apply_backpressure(tcp_connection_worker(connection)))
		list_append(&connection->tcp->paused, &connection->paused);
	else
		return true;
	return false;
}

/*
 * All input was read. The peer may still read: it gets the queued output as far as the
 * kernel takes it now, and all of it if the session closes anyway.
 */
static void tcp_connection_hear_end(struct tcp_connection *connection)
{
	connection->input = TCP_INPUT_ENDED;
	tcp_connection_pump(connection);
	if (connection->state == TCP_OVER)
		return;
	if (connection->session == NULL || connection->deaf) {
		tcp_connection_lose(connection);
		return;
	}
	connection->acked = progress_acked(&connection->io);
	loop_deadline_start(tcp_connection_worker(connection)->loop, &connection->timer,
		tcp_connection_worker(connection)->config->times.linger);
	session_hang_up(connection->session);
}

/* Refuses a peer that has no session. */
void tcp_connection_refuse(struct tcp_connection *connection, enum refusal_kind kind,
	const struct address *from)
{
	struct buf text = {0};
	const struct refusal refusal = {
		.door = DOOR_TCP, .kind = kind, .address = *from};

	refusal_report(tcp_connection_worker(connection)->metrics, &refusal, &text);
	const int sent = refusal_send_stomp(&connection->io, refusal_sentence(kind),
		kind == REFUSAL_TCP_BUSY ? SLICE("") : buf_slice(&text));
	buf_finish(&text);
	if (sent == 0)
		tcp_connection_close(connection);
	else
		tcp_connection_end(connection);
}

/*
 * Finds a peer that uses another protocol than STOMP; it is refused by a STOMP ERROR.
 * False: it may be STOMP.
 */
static bool tcp_find_stranger(struct slice bytes, enum refusal_kind *kind)
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

/* Its first bytes are not STOMP: refuses it and ends its session. */
static void tcp_connection_turn_away(
	struct tcp_connection *connection, enum refusal_kind kind)
{
	const struct address from = session_facts(connection->session).address;

	session_lost(tcp_connection_leave_session(connection), ENDING_ERROR);
	tcp_connection_refuse(connection, kind, &from);
}

static void tcp_connection_take(struct tcp_connection *connection, struct slice bytes)
{
	enum refusal_kind kind;

	if (connection->session == NULL)
		return;
	if (connection->state == TCP_NEW && tcp_find_stranger(bytes, &kind)) {
		tcp_connection_turn_away(connection, kind);
		return;
	}
	connection->state = TCP_TALKING;
	session_count_bytes(connection->session, bytes.len);
	session_receive(connection->session, bytes, PAYLOAD_BINARY);
}

static void tcp_connection_read_some(struct tcp_connection *connection)
{
	struct tcp *tcp = connection->tcp;
	ssize_t got = recv(connection->io.fd, tcp->in, TCP_READ_SIZE, MSG_DONTWAIT);

	if (got == -1 && errno == EINTR)
		return;
	if (got == -1 && errno == EAGAIN) {
		connection->input = TCP_INPUT_NONE;
	} else if (got <= 0) {
		connection->deaf = connection->deaf || got == -1;
		tcp_connection_hear_end(connection);
	} else {
		/* A short read was everything; the watch reports more. */
		if (connection->input == TCP_INPUT_SOME && got < TCP_READ_SIZE)
			connection->input = TCP_INPUT_NONE;
		tcp_connection_take(connection, (struct slice){tcp->in, (size_t)got});
	}
}

void tcp_connection_read(struct tcp_connection *connection)
{
	for (int i = 0; i < READS_PER_TURN; i++) {
		if (!tcp_connection_has_input(connection) ||
			!tcp_connection_may_read(connection))
			return;
		tcp_connection_read_some(connection);
		if (connection->state == TCP_OVER)
			return;
		if (tcp_connection_has_input(connection) &&
			reading_is_over(&connection->tcp->reading))
			break;
	}
	if (tcp_connection_has_input(connection))
		tcp_connection_mark_busy(connection);
}

void tcp_on_resume(struct waiter *waiter)
{
	tcp_connection_mark_busy(container_of(waiter, struct tcp_connection, waiter));
}
