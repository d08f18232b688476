/*
 * What the files of the WebSocket carrier share: ws.c adopts connections and hears
 * libwebsockets, ws_connection.c reads and pings, ws_write.c writes.
 */
#ifndef TRANSPORTS_WS_INTERNAL_H
#define TRANSPORTS_WS_INTERNAL_H

#include "protocol/sockjs.h"
#include "transports/ws.h"

struct lws;
struct lws_context;
struct lws_vhost;
struct ticket;

/* Bytes that one turn joins for one session. */
enum { WS_WRITE_BUDGET = 65536 };

struct ws {
	struct worker *worker;
	struct lws_context *context;
	struct lws_vhost *vhost;
	const struct ticket *adopting;
	uint64_t tickets;
	struct buf out;   /* frames that are written together; empty between writes */
	struct buf frame; /* a SockJS frame on its way into `out` */
	struct sockjs_messages messages;
	struct list held; /* connections that are not read: inboxes are full */
	struct list fed;  /* connections that were read in this turn */
	struct timer read_on;
};

/* libwebsockets allocates and frees it with the connection. */
struct connection {
	struct outlet outlet;
	struct ws *ws;
	struct lws *wsi;
	struct session *session; /* NULL: over, the connection is closing */
	enum session_framing framing;
	int fd;             /* libwebsockets' */
	struct buf inbound; /* a message that comes in pieces */
	uint64_t fragments;
	struct list fed;      /* in ws->fed */
	size_t fed_bytes;     /* of the latest read */
	struct list held;     /* in ws->held */
	struct waiter waiter; /* or it is not read because its session is held */
	struct timer timer;   /* ping, pong; or linger when closing */
	uint64_t heard_at;
	unsigned place; /* of peer_came() */
	bool pinged;
	bool behind; /* when it was pinged, it had not taken everything yet */
	bool closing;
	bool owes;      /* it is closing, and counted in worker->owing */
	uint64_t acked; /* progress_acked() at the latest ping, or look while closing */
	struct buf farewell; /* our CLOSE frame, until it is written */
};

static inline struct loop *connection_loop(const struct connection *connection)
{
	return connection->ws->worker->loop;
}

static inline const struct config *connection_config(
	const struct connection *connection)
{
	return connection->ws->worker->config;
}

/* True while it is we who do not listen. */
static inline bool connection_is_stopped(const struct connection *connection)
{
	return list_is_linked(&connection->held) ||
	       list_is_linked(&connection->waiter.link);
}

/* Opens nothing yet: fills what every connection has. */
void connection_init(struct connection *connection, struct ws *ws, struct lws *wsi,
	struct slice address);

/* libwebsockets is done with it: the session, if any is left, ends. */
void connection_finish(struct connection *connection);

/* Attaches its session, which is set. */
void connection_begin(struct connection *connection);

/* It is of no more use, and its peer need not hear of it. */
void connection_kill(struct connection *connection);

/* Nothing is read while inboxes are full or its session is held. */
void connection_hold(struct connection *connection);

/* Inboxes are full no longer; what it has said meanwhile comes now. */
void connection_relieve(struct connection *connection);

/* A piece of a message has come; a PONG; any sign of life. */
void connection_receive(struct connection *connection, struct slice piece);
void connection_heard(struct connection *connection);

/* ws_write.c */

/* By which its session wakes it. */
extern const struct outlet_ops ws_outlet_ops;

/* Writes what waits, joined, up to the budget. */
void connection_pump(struct connection *connection);

/* Writes the frames in ws->out. False when the connection has failed. */
bool connection_write_out(struct connection *connection);

/* Sends a CLOSE frame behind what was written, and waits a while for the peer's. */
void connection_close(
	struct connection *connection, unsigned code, struct slice reason);
void connection_close_session(struct connection *connection, enum ending ending);

/* The CLOSE frame could not be written at once; now it can. */
void connection_say_farewell(struct connection *connection);

#endif
