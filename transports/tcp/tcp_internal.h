/*
 * Shared by the files of the TCP carrier. tcp.c has a connection's life and end,
 * tcp_read.c its input, tcp_write.c its output.
 *
 * A connection is watched edge-triggered, once for its life. In one turn it reads and
 * writes up to a budget. One with more continues at the end of each turn, so that no
 * connection delays the others.
 */
#ifndef TRANSPORTS_TCP_TCP_INTERNAL_H
#define TRANSPORTS_TCP_TCP_INTERNAL_H

#include "gateway/session/session.h"
#include "gateway/worker/refusal.h"
#include "protocol/buf.h"
#include "transports/base/reading.h"
#include "transports/tcp/tcp.h"

enum { TCP_READ_SIZE = 16384 }; /* the most that a paused handler still gets */

struct tcp {
	struct worker *worker;
	struct list connections;
	struct reading reading;
	struct list paused; /* unread connections, because inboxes are full */
	char in[TCP_READ_SIZE];
};

/*
 *           | its first bytes | the session has ended; they    | all is written and
 *           | are STOMP       | are not STOMP; the peer closed | the peer has closed;
 *           |                 | and times.linger is over       | time is up; it is deaf
 *   --------+-----------------+--------------------------------+-----------------------
 *   NEW     | TALKING         | CLOSING                        | -
 *   TALKING | -               | CLOSING                        | -
 *   CLOSING | -               | -                              | OVER
 *
 * A NEW connection that cannot be watched, or cannot be told why it is refused, is OVER
 * immediately.
 *
 * A CLOSING connection writes its remaining output, shuts down its side and drops all
 * input until the peer has closed too. If it closed a socket with unread bytes, the
 * connection would be reset, and the last messages would be lost.
 */
enum tcp_state {
	TCP_NEW,
	TCP_TALKING,
	TCP_CLOSING, /* no session; counted in worker->owing */
	TCP_OVER,    /* freed at the loop's top level */
};

/* The state of the peer's input. */
enum tcp_input {
	TCP_INPUT_NONE,  /* none, until the loop reports more */
	TCP_INPUT_SOME,  /* there may be bytes to read */
	TCP_INPUT_LAST,  /* the same; the peer has shut down its side after them */
	TCP_INPUT_ENDED, /* all input was read */
};

struct tcp_connection {
	struct outlet outlet;
	struct tcp *tcp;
	struct session *session; /* NULL: the connection is closing */
	struct list link;
	struct list busy;     /* in a list of tcp->reading */
	struct list paused;   /* in tcp->paused */
	struct waiter waiter; /* unread because its session is paused */
	struct io io;
	struct watch watch; /* of its descriptor */
	struct timer timer; /* to linger, while closing or after the peer's end */
	struct task reap;
	uint8_t state;         /* enum tcp_state */
	uint8_t input;         /* enum tcp_input */
	bool deaf;             /* the peer takes no output any more */
	uint32_t carried;      /* messages in the latest write, */
	size_t carried_bytes;  /* and their bytes */
	unsigned address_slot; /* of peer_came() */
	uint32_t account;      /* charged for `rest` when the session has ended */
	struct buf rest;       /* bytes that the kernel has not taken yet, */
	size_t rest_from;      /* from this offset on */
	uint64_t acked;        /* progress_acked() at the latest look while closing */
	uint64_t looked;       /* the same at the latest look of the session */
};

static inline struct worker *tcp_connection_worker(
	const struct tcp_connection *connection)
{
	return connection->tcp->worker;
}

static inline bool tcp_connection_has_input(const struct tcp_connection *connection)
{
	return connection->input == TCP_INPUT_SOME ||
	       connection->input == TCP_INPUT_LAST;
}

/* tcp.c */

/*
 * The connection continues to read and write at the end of this turn. Does nothing if
 * it is busy already.
 */
void tcp_connection_mark_busy(struct tcp_connection *connection);

/*
 * Ends the connection, whose session has ended already. Bytes that the kernel has
 * taken still leave.
 */
void tcp_connection_end(struct tcp_connection *connection);

/*
 * Shuts our side down when no output is left. Ends the connection when the peer's side
 * has ended, too, or when the peer takes nothing any more.
 */
void tcp_connection_shut(struct tcp_connection *connection);

/*
 * The session has ended, or there is none: the connection is CLOSING. It writes its
 * remaining output and waits times.linger for the peer's end.
 */
void tcp_connection_close(struct tcp_connection *connection);

/*
 * The peer has gone: the session, if there is one, is lost, and the connection is
 * CLOSING.
 */
void tcp_connection_lose(struct tcp_connection *connection);

/* tcp_read.c */

/*
 * Reads up to the budget of a turn, or until the time to read is over; a connection
 * with more is marked busy. It may be OVER afterwards.
 */
void tcp_connection_read(struct tcp_connection *connection);

/*
 * Refuses a connection that has no session: sends an ERROR, counts and logs the
 * refusal, then closes.
 */
void tcp_connection_refuse(struct tcp_connection *connection, enum refusal_kind kind,
	const struct address *from);

/*
 * waiter.resume() of a connection: its session is no longer paused, so the connection
 * is busy again.
 */
void tcp_on_resume(struct waiter *waiter);

/* tcp_write.c */

extern const struct outlet_ops tcp_outlet_ops;

/*
 * The connection has no session any more; returns the one that it had. Its account
 * stays charged for the rest.
 */
struct session *tcp_connection_leave_session(struct tcp_connection *connection);

/* Frees the rest, and ends the charge for it. */
void tcp_connection_drop_rest(struct tcp_connection *connection);

/*
 * Writes the bytes that the kernel has not taken. The connection may be OVER
 * afterwards.
 */
void tcp_connection_flush(struct tcp_connection *connection);

/*
 * Writes what the session has queued, up to a budget. The connection may be OVER
 * afterwards.
 */
void tcp_connection_pump(struct tcp_connection *connection);

#endif
