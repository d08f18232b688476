/*
 * What the files of the TCP carrier share. tcp.c is a connection's life and end,
 * tcp_read.c what comes in, tcp_write.c what goes out.
 *
 * A connection is watched edge-triggered, once for its life. In one turn it reads and
 * writes up to a budget; one that has more goes on at the end of each turn, so that no
 * connection keeps the others waiting.
 */
#ifndef TRANSPORTS_TCP_TCP_INTERNAL_H
#define TRANSPORTS_TCP_TCP_INTERNAL_H

#include "gateway/session/session.h"
#include "gateway/worker/refusal.h"
#include "protocol/buf.h"
#include "transports/tcp/tcp.h"

enum { TCP_READ_SIZE = 16384 }; /* the most that reaches a handler that has paused */

struct tcp {
	struct worker *worker;
	struct list connections;
	struct list busy;   /* connections that have more to read or to write */
	struct list paused; /* connections that are not read while inboxes are full */
	char in[TCP_READ_SIZE];
};

/*
 *           | its first bytes | the session is over, | all is written and the peer
 *           | are STOMP       | or they are no STOMP | has closed, or time is up
 *   --------+-----------------+----------------------+----------------------------
 *   NEW     | TALKING         | CLOSING              | OVER
 *   TALKING | -               | CLOSING              | OVER
 *   CLOSING | -               | -                    | OVER
 *
 * A CLOSING connection writes what it holds, shuts down its side and throws away what
 * still comes until the peer has closed too: closing a socket with unread bytes in it
 * would reset the connection, and the last messages would be lost.
 */
enum tcp_state {
	TCP_NEW,
	TCP_TALKING,
	TCP_CLOSING, /* it has no session; counted in worker->owing */
	TCP_OVER,    /* freed at the loop's top level */
};

/* What the peer's side still has for us. */
enum tcp_input {
	TCP_INPUT_NONE,  /* nothing, until the loop says otherwise */
	TCP_INPUT_SOME,  /* there may be bytes to read */
	TCP_INPUT_LAST,  /* the same; the peer has shut down its side behind them */
	TCP_INPUT_ENDED, /* all of them have been read */
};

struct tcp_connection {
	struct outlet outlet;
	struct tcp *tcp;
	struct session *session; /* NULL: the connection is closing */
	struct list link;
	struct list busy;     /* in tcp->busy */
	struct list paused;   /* in tcp->paused */
	struct waiter waiter; /* or it is not read because its session is paused */
	struct watch watch;
	struct timer timer; /* linger, while closing or behind the peer's end */
	struct task reap;
	enum tcp_state state;
	enum tcp_input input;
	bool deaf;             /* the peer takes nothing any more */
	struct buf rest;       /* what the kernel has not taken yet, */
	size_t rest_from;      /* from here on */
	unsigned address_slot; /* of peer_came() */
	size_t carried; /* the session's messages that the latest write is made of, */
	size_t carried_bytes; /* and its bytes */
	uint64_t acked;       /* progress_acked() at the latest look while closing */
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
 * The connection reads and writes on at the end of this turn. Does nothing if it will
 * already.
 */
void tcp_connection_mark_busy(struct tcp_connection *connection);

/*
 * Ends the connection, whose session is over already. What the kernel has taken still
 * leaves.
 */
void tcp_connection_end(struct tcp_connection *connection);

/*
 * Shuts our side down when nothing is left to write. Ends the connection when the
 * peer's side has ended, too, or when the peer takes nothing any more.
 */
void tcp_connection_shut(struct tcp_connection *connection);

/*
 * The session is over: the connection is CLOSING. It writes what it holds and has
 * times.linger to see the peer's end.
 */
void tcp_connection_close(struct tcp_connection *connection);

/*
 * The peer has gone: the session, if there is one, is lost, and the connection is
 * CLOSING.
 */
void tcp_connection_lose(struct tcp_connection *connection);

/* tcp_read.c */

/*
 * Reads up to the budget of a turn; one that has more is marked busy. The connection
 * may be OVER afterwards.
 */
void tcp_connection_read(struct tcp_connection *connection);

/*
 * Refuses a connection that has no session: sends an ERROR, counts and logs the
 * refusal, then closes.
 */
void tcp_connection_refuse(struct tcp_connection *connection, enum refusal_kind kind,
	struct slice address);

/*
 * waiter.resume() of a connection: its session is no longer paused, so the connection
 * is busy again.
 */
void tcp_on_resume(struct waiter *waiter);

/* tcp_write.c */

extern const struct outlet_ops tcp_outlet_ops;

/* Goes on with what the kernel has not taken. The connection may be OVER afterwards. */
void tcp_connection_flush(struct tcp_connection *connection);

/*
 * Writes what the session has queued, up to a budget. The connection may be OVER
 * afterwards.
 */
void tcp_connection_pump(struct tcp_connection *connection);

#endif
