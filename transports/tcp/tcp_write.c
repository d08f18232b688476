/* The outlet of a plain STOMP session: messages as octets, joined into one write. */
#include "transports/tcp/tcp_internal.h"

#include "gateway/base/progress.h"
#include "gateway/worker/metrics.h"

#include <assert.h>
#include <errno.h>

enum { WRITE_BUDGET = 65536 }; /* bytes that one turn joins for one session */

/* How many bytes the kernel has taken; 0 when it takes none, now or ever again. */
static size_t tcp_connection_send(struct tcp_connection *connection, struct slice bytes)
{
	ssize_t taken;

	do {
		taken = io_send(&connection->io, bytes);
	} while (taken == -1 && errno == EINTR);
	if (taken >= 0)
		return (size_t)taken;
	if (errno != EAGAIN) {
		/*
		 * A peer that leaves without reading our answers resets the
		 * connection. The input that it sent before still counts: it is read,
		 * then comes the end.
		 */
		/* The end of input comes after what was received, and ends all. */
		shutdown(connection->io.fd, SHUT_RD);
		connection->deaf = true;
		connection->input = TCP_INPUT_LAST;
		tcp_connection_mark_busy(connection);
	}
	return 0;
}

void tcp_connection_drop_rest(struct tcp_connection *connection)
{
	const int64_t change = budget_change(connection->rest.capacity, 0);

	if (connection->session != NULL)
		session_hold(connection->session, change);
	else
		budget_charge(tcp_connection_worker(connection)->workers,
			connection->account, change);
	buf_finish(&connection->rest);
	connection->rest_from = 0;
}

struct session *tcp_connection_leave_session(struct tcp_connection *connection)
{
	struct session *session = connection->session;

	connection->session = NULL;
	connection->account = session_leave_held(
		session, budget_change(0, connection->rest.capacity));
	return session;
}

/*
 * There is no memory for a large message, or its rest: the session ends, since what has
 * left cannot be undone. The end of input, which comes now, ends the connection.
 */
static void tcp_connection_refuse_output(struct tcp_connection *connection)
{
	metrics_refuse(tcp_connection_worker(connection)->metrics, BOUND_MEMORY);
	session_lost(tcp_connection_leave_session(connection), ENDING_NO_MEMORY);
	shutdown(connection->io.fd, SHUT_RD);
	connection->deaf = true;
	connection->input = TCP_INPUT_LAST;
	tcp_connection_mark_busy(connection);
}

/*
 * Keeps what the kernel has not taken. A rest that is larger than a small holder is
 * that of one large message.
 */
static void tcp_connection_keep(struct tcp_connection *connection, struct slice rest)
{
	struct session *session = connection->session;
	const size_t before = connection->rest.capacity;

	if (rest.len > BUDGET_SMALL &&
		(!session_may_hold(session, rest.len) ||
			!session_reserve(session, &connection->rest, rest.len))) {
		tcp_connection_refuse_output(connection);
		return;
	}
	buf_append(&connection->rest, rest);
	session_hold(session, budget_change(before, connection->rest.capacity));
}

/* The kernel has taken the whole latest write. */
static void tcp_connection_written(struct tcp_connection *connection)
{
	struct session *session = connection->session;

	if (session == NULL) {
		tcp_connection_shut(connection);
		return;
	}
	session_popped(session, SESSION_NEXT_MESSAGES, connection->carried,
		connection->carried_bytes);
	if (session_next(session) != SESSION_NEXT_NOTHING)
		tcp_connection_mark_busy(connection);
}

/* Writes the rest of it. */
void tcp_connection_flush(struct tcp_connection *connection)
{
	struct slice left =
		slice_from(buf_slice(&connection->rest), connection->rest_from);
	size_t taken = tcp_connection_send(connection, left);

	connection->rest_from += taken;
	if (taken == left.len) {
		tcp_connection_drop_rest(connection);
		tcp_connection_written(connection);
	} else if (connection->session == NULL) {
		tcp_connection_shut(connection);
	} else if (taken > 0) {
		session_popped(connection->session, SESSION_NEXT_NOTHING, 0, 0);
	}
}

static void tcp_append_octets(struct buf *bytes, struct rendering message)
{
	buf_append(bytes, message.bytes);
}

/* False when the kernel has not taken all of it. */
static bool tcp_connection_write_messages(struct tcp_connection *connection)
{
	static const struct batch_format octets = {WIRE_OCTETS, tcp_append_octets};
	const struct batch batch =
		session_pull(connection->session, &octets, WRITE_BUDGET);

	if (batch.count == 0) {
		tcp_connection_refuse_output(connection);
		return false;
	}
	connection->carried = (uint32_t)batch.count;
	connection->carried_bytes = batch.bytes.len;
	size_t taken = tcp_connection_send(connection, batch.bytes);
	if (taken == batch.bytes.len) {
		tcp_connection_written(connection);
		return true;
	}
	tcp_connection_keep(connection, slice_from(batch.bytes, taken));
	return false;
}

void tcp_connection_pump(struct tcp_connection *connection)
{
	struct session *session = connection->session;

	/* While a rest is left, new messages stay in the session's queue. */
	if (session == NULL || connection->rest.len > 0 || connection->deaf)
		return;
	switch (session_next(session)) {
	case SESSION_NEXT_NOTHING:
		break;
	case SESSION_NEXT_MESSAGES:
		while (tcp_connection_write_messages(connection) &&
			session_is_urgent(session))
			;
		break;
	case SESSION_NEXT_CLOSE:
		session_popped(session, SESSION_NEXT_CLOSE, 0, 0);
		tcp_connection_close(connection);
		break;
	case SESSION_NEXT_OPEN:
	case SESSION_NEXT_BEAT:
		assert(false); /* a raw session has none of these frames */
	}
}

static void tcp_on_wake(struct outlet *outlet)
{
	tcp_connection_pump(container_of(outlet, struct tcp_connection, outlet));
}

static void tcp_on_end(struct outlet *outlet)
{
	tcp_connection_close(container_of(outlet, struct tcp_connection, outlet));
}

static void tcp_on_look(struct outlet *outlet, enum probe probe)
{
	struct tcp_connection *connection =
		container_of(outlet, struct tcp_connection, outlet);

	if (progress_grew(&connection->io, &connection->looked) && probe == PROBE_AGAIN)
		session_progressed(connection->session);
}

const struct outlet_ops tcp_outlet_ops = {
	.wake = tcp_on_wake, .end = tcp_on_end, .look = tcp_on_look};
