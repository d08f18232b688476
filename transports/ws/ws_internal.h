/*
 * Shared by the files of the WebSocket carrier. ws.c adopts connections and has the
 * callbacks of libwebsockets, ws_read.c reads, ws_connection.c pings and ends,
 * ws_write.c writes.
 */
#ifndef TRANSPORTS_WS_WS_INTERNAL_H
#define TRANSPORTS_WS_WS_INTERNAL_H

#include "protocol/sockjs.h"
#include "protocol/wsreader.h"
#include "transports/ws/ws.h"

struct lws;
struct lws_context;
struct lws_vhost;
struct ticket;

enum {
	WS_WRITE_BUDGET = 65536, /* bytes that one turn joins for one session */
	WS_READ_SIZE = 16384, /* the most that reaches a handler after it has paused */
};

struct ws {
	struct worker *worker;
	struct lws_context *context;
	struct lws_vhost *vhost;
	const struct ticket *adopting;
	struct lws *adopted; /* the resulting connection */
	uint64_t tickets;
	struct buf out;   /* frames that leave together; empty between writes */
	struct buf frame; /* a SockJS frame before it is in `out` */
	struct buf pongs; /* for the connection that is being read; else empty */
	struct sockjs_messages messages;
	struct list paused; /* unread connections, because inboxes are full */
	struct list busy;   /* connections with more input or output */
	char in[WS_READ_SIZE];
};

/* libwebsockets allocates and frees it with the connection. */
struct ws_connection {
	struct outlet outlet;
	struct ws *ws;
	struct lws *wsi;
	struct session *session; /* NULL: over, the connection is closing */
	enum session_framing framing;
	struct io io;       /* libwebsockets closes its descriptor */
	struct watch watch; /* of the descriptor */
	struct wsreader reader;
	struct buf inbound; /* a message that comes in fragments */
	uint64_t fragments;
	struct list busy;     /* in ws->busy */
	struct list paused;   /* in ws->paused */
	struct waiter waiter; /* unread because its session is paused */
	struct timer timer;   /* ping, pong; or linger when closing */
	struct task reap;
	uint64_t heard_at;
	unsigned address_slot; /* of peer_came() */
	bool readable;         /* there may be bytes to read */
	bool gone; /* the peer has shut down its side; unread bytes may be left */
	bool pinged;
	bool behind; /* had unread output when it was pinged */
	bool closing;
	bool ends_at_once; /* after our CLOSE: its own came, or it broke RFC 6455 */
	bool broken;       /* its input is no longer WebSocket, and is dropped */
	bool killed;       /* libwebsockets will free it at the loop's top level */
	bool owes;         /* it is closing, and counted in worker->owing */
	uint64_t acked; /* progress_acked() at the latest ping, or look while closing */
	struct buf pong;     /* the latest that did not fit the kernel's buffer */
	struct buf farewell; /* our CLOSE frame, until it is written */
};

/* The loop of the worker that owns the connection. */
static inline struct loop *ws_connection_loop(const struct ws_connection *connection)
{
	return connection->ws->worker->loop;
}

/*
 * The latest configuration of that worker. Do not keep it beyond the turn: a reload
 * frees it.
 */
static inline const struct config *ws_connection_config(
	const struct ws_connection *connection)
{
	return connection->ws->worker->config;
}

/*
 * True while we do not read, because the session or all publishers are paused. The
 * peer's silence means nothing then.
 */
static inline bool ws_connection_is_stopped(const struct ws_connection *connection)
{
	return list_is_linked(&connection->paused) ||
	       list_is_linked(&connection->waiter.link);
}

/* ws_connection.c */

/*
 * Overwrites *connection, which libwebsockets has allocated: it has its callbacks, but
 * no session, and its socket is not watched. Holds the io. Counts it for its worker and
 * for the address `from`. ws_connection_finish() ends that.
 */
void ws_connection_init(struct ws_connection *connection, struct ws *ws,
	struct lws *wsi, struct io io, const struct address *from);

/*
 * libwebsockets frees the connection's memory after this: frees everything that it
 * holds. A session that still exists is lost.
 */
void ws_connection_finish(struct ws_connection *connection);

/*
 * Attaches the connection to its session, which must be set, as its outlet, and starts
 * the pings.
 */
void ws_connection_begin(struct ws_connection *connection);

/*
 * From now on Postern reads the socket, not libwebsockets. `watched` is as in
 * ws_adopt(): its watch moves, unless the connection ends already. On failure the
 * connection is killed.
 */
void ws_connection_watch(
	struct ws_connection *connection, const struct ws_watched *watched);

/*
 * Ends the connection without a CLOSE frame: it is broken, or its peer does not answer.
 * Freed at the loop's top level. A second call does nothing.
 */
void ws_connection_kill(struct ws_connection *connection);

/*
 * Ends the session for a fault of the peer and sends a CLOSE frame with its code.
 * `text` replaces the ending's sentence, unless it is empty. After a breach of RFC 6455
 * our side ends immediately.
 */
void ws_connection_fail(
	struct ws_connection *connection, enum ending ending, struct slice text);

/* The peer gave a sign of life: data, a PING or a PONG. Puts the next ping off. */
void ws_connection_heard(struct ws_connection *connection);

/*
 * The session finds its peer silent: sends a PING, whatever times.ping is, and gives
 * the peer times.pong to answer. Does nothing while an earlier PING is unanswered,
 * while the connection is closing, or while we do not read it.
 */
void ws_connection_probe(struct ws_connection *connection);

/* ws_read.c */

/*
 * Reads the available input, at most four times. If more is left, the connection is
 * busy, and is read again before the loop waits.
 */
void ws_connection_read(struct ws_connection *connection);

/* The connection is read again before the turn ends. Does nothing to a killed one. */
void ws_connection_mark_busy(struct ws_connection *connection);

/*
 * waiter.resume() of a connection: its session is no longer paused, or receives
 * nothing any more.
 */
void ws_connection_resume(struct waiter *waiter);

/* ws_write.c */

/* The session wakes its outlet by these. */
extern const struct outlet_ops ws_outlet_ops;

/*
 * Writes the session's queued output, joined, up to the budget of a turn. Does nothing
 * while the kernel takes nothing.
 */
void ws_connection_pump(struct ws_connection *connection);

/*
 * Writes the frames in ws->out and empties it. libwebsockets keeps the bytes that the
 * kernel does not take. False when the connection has failed.
 */
bool ws_connection_write_out(struct ws_connection *connection);

/*
 * Writes a CLOSE frame after all other output, and waits times.linger for the peer's.
 */
void ws_connection_close(
	struct ws_connection *connection, unsigned code, struct slice reason);

/*
 * As ws_connection_close(), with a whole payload: the code and a reason of at most 123
 * bytes (RFC 6455, 5.5.1).
 */
void ws_connection_bid_farewell(struct ws_connection *connection, struct slice payload);

/*
 * Writes the frames in ws->pongs and empties it. A failed write kills the connection.
 */
void ws_connection_flush_pongs(struct ws_connection *connection);

/*
 * Answers a PING in order: after the session's output so far, before its later output.
 * While the kernel takes nothing, only the latest PING is answered (RFC 6455, 5.5.3).
 */
void ws_connection_pong(struct ws_connection *connection, struct slice payload);

/*
 * libwebsockets calls it when the kernel takes bytes again: writes the CLOSE frame or
 * the PONG that was kept, then the session's queued output.
 */
void ws_connection_write_on(struct ws_connection *connection);

#endif
