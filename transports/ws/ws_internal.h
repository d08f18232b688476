/*
 * Shared by the files of the WebSocket carrier. ws.c adopts connections and has the
 * callbacks of libwebsockets, ws_tables.c has its contexts, ws_read.c reads,
 * ws_connection.c pings and ends, ws_write.c writes.
 */
#ifndef TRANSPORTS_WS_WS_INTERNAL_H
#define TRANSPORTS_WS_WS_INTERNAL_H

#include "protocol/sockjs.h"
#include "protocol/wsreader.h"
#include "transports/base/reading.h"
#include "transports/ws/ws.h"

struct lws;
struct lws_context;
struct lws_context_creation_info;
struct lws_vhost;
struct ticket;

enum {
	WS_WRITE_BUDGET = 65536, /* bytes that one turn joins for one session */
	WS_READ_SIZE = 16384, /* the most that reaches a handler after it has paused */
	WS_TABLES_MAX = 8,    /* of libwebsockets, see ws_tables.c */
};

/* One context of libwebsockets: for descriptors below `places`. */
struct ws_table {
	struct lws_context *context;
	struct lws_vhost *vhost;
	uint64_t places;
};

struct ws {
	struct worker *worker;
	struct ws_table tables[WS_TABLES_MAX]; /* the smallest first */
	size_t table_count;
	const struct ticket *adopting;
	struct lws *adopted; /* the resulting connection */
	uint64_t tickets;
	struct buf out;   /* frames that leave together; empty between writes */
	struct buf frame; /* a SockJS frame before it is in `out` */
	struct buf pongs; /* for the connection that is being read; else empty */
	struct sockjs_messages messages;
	struct list paused; /* unread connections, because inboxes are full */
	struct reading reading;
	char in[WS_READ_SIZE];
};

/* libwebsockets allocates and frees it with the connection. */
struct ws_connection {
	struct outlet outlet;
	struct ws *ws;
	struct lws *wsi;
	struct session *session; /* NULL: over, the connection is closing */
	enum session_framing framing;
	uint32_t kept;      /* bytes of output that libwebsockets keeps */
	struct io io;       /* libwebsockets closes its descriptor */
	struct watch watch; /* of the descriptor */
	struct wsreader reader;
	struct buf unread;  /* bytes that came before the session paused */
	struct buf inbound; /* a message that comes in fragments */
	uint64_t fragments;
	uint64_t message_at;    /* since when a message, or a frame, is unfinished */
	uint64_t message_bytes; /* of its payload since then */
	bool message_begun;     /* there is one */
	bool message_watched;   /* the timer looks at it in time */
	uint32_t account;       /* charged for `kept` when the session has ended */
	struct list busy;       /* in a list of ws->reading */
	struct list paused;     /* in ws->paused */
	struct waiter waiter;   /* unread because its session is paused */
	struct timer timer;     /* ping, pong; or linger when closing */
	struct task reap;
	uint64_t heard_at;
	unsigned address_slot; /* of peer_came() */
	bool readable;         /* there may be bytes to read */
	bool awaits_room;      /* its watch reports when the kernel takes bytes again */
	bool gone; /* the peer has shut down its side; unread bytes may be left */
	bool pinged;
	bool behind; /* had unread output when it was pinged */
	bool closing;
	bool ends_at_once; /* after our CLOSE: its own came, or it broke RFC 6455 */
	bool broken;       /* its input is no longer WebSocket, and is dropped */
	bool killed;       /* libwebsockets will free it at the loop's top level */
	bool owes;         /* it is closing, and counted in worker->owing */
	uint64_t acked; /* progress_acked() at the latest ping, or look while closing */
	uint64_t looked;     /* the same at the latest look of the session */
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

/* ws_tables.c */

/*
 * Makes the contexts, by `info`. At the start only, while no other thread opens files:
 * the limit of descriptors changes meanwhile. False when one cannot be made;
 * ws_drop_tables() takes back what there is.
 */
bool ws_add_tables(struct ws *ws, const struct lws_context_creation_info *info);

/* Destroys the contexts, with the connections in them. */
void ws_drop_tables(struct ws *ws);

/* Where a connection with that descriptor belongs. */
struct lws_vhost *ws_vhost_for(const struct ws *ws, int fd);

/* ws_connection.c */

/*
 * A part of a message, or of a frame, has come, and the rest has not. The timer ends
 * the connection if it is late.
 */
void ws_connection_expect_rest(struct ws_connection *connection);

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

/*
 * The watch will call ws_connection_write_on() when the kernel takes bytes. Does
 * nothing while it waits for that already.
 */
void ws_connection_await_room(struct ws_connection *connection);

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
 * Reads the available input, at most four times, or until the time to read is over. If
 * more is left, the connection is busy, and is read again before the loop waits.
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
 * The connection has no session any more; returns the one that it had, or NULL. Frees
 * a message that is not whole. The session's account stays charged for what
 * libwebsockets keeps.
 */
struct session *ws_connection_leave_session(struct ws_connection *connection);

/* libwebsockets keeps so many bytes from now on. */
void ws_connection_charge_kept(struct ws_connection *connection, size_t kept);

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
 * The kernel takes bytes again: writes what libwebsockets keeps, then the CLOSE frame
 * or the PONG that was kept, then the session's queued output. libwebsockets frees the
 * connection if that fails.
 */
void ws_connection_write_on(struct ws_connection *connection);

#endif
