/*
 * A feed is the session's end of a request that brings frames to a client: it is the
 * session's outlet, on the session's worker. The other end, the receiver, holds
 * the connection (http_receive.c), which may live on another worker: proxies pool
 * connections, and send whatever session's request over whichever is free.
 *
 * A feed hands over one piece of bytes, and pops what it was made of when the
 * receiver says that the kernel has it. Where both are on one worker they call each
 * other, else they post (http_remote.c); nothing else is different.
 */
#ifndef TRANSPORTS_HTTP_FEED_H
#define TRANSPORTS_HTTP_FEED_H

#include "gateway/session/session.h"
#include "transports/sockjs/link.h"

struct http;

/* What a receiver asks a session's home for. */
struct feed_ask {
	struct handle receiver; /* its request */
	const struct endpoint *endpoint;
	const struct downlink *link;
	bool chunked; /* else HTTP/1.0 */
	struct slice session;
	struct peer peer;
	struct slice callback; /* empty: the link has none */
};

/*
 * At the session's home: finds or opens the session, becomes its outlet and tells the
 * receiver what comes. Copies `ask`, and holds its endpoint. If the session has a feed
 * already, that feed's receiver is probed. The new receiver takes its place when the
 * old one has gone; else it gets a close frame that says that another connection is
 * open.
 */
void feed_open(struct http *http, const struct feed_ask *ask);

/*
 * When the worker ends: frees feeds that wait for an outlet to leave. No feed has a
 * session any more.
 */
void feeds_finish(struct http *http);

enum feed_news {
	FEED_WRITTEN, /* the kernel has what was handed over last */
	FEED_LOST,    /* the connection broke */
	FEED_TAKEN,   /* the peer's kernel has taken bytes since RECEIVER_MARK */
	FEED_ALIVE,   /* RECEIVER_PROBE's answer: it is well */
	FEED_DEAD,    /* or its peer seems to be gone */
};

/*
 * What a receiver tells its feed. Does nothing when the feed has ended, since posts may
 * be late.
 */
void feed_notify(struct http *http, struct handle receiver, enum feed_news news);

enum receiver_news {
	RECEIVER_BEGIN,  /* it has the session: a stream may send its head */
	RECEIVER_TAKE,   /* bytes for the client */
	RECEIVER_END,    /* nothing more comes */
	RECEIVER_REFUSE, /* a refusal instead of frames */
	RECEIVER_PROBE,  /* somebody else wants the session: is the peer still there? */
	RECEIVER_MARK,   /* the peer is silent: remember what its kernel has taken */
	RECEIVER_LOOK,   /* has it taken more since? */
};

struct receiver_word {
	enum receiver_news news;
	bool last;                 /* RECEIVER_TAKE: the response ends behind them */
	enum refusal_kind refusal; /* RECEIVER_REFUSE */
	struct slice bytes;        /* RECEIVER_TAKE */
};

/*
 * The phases of a receiver (http_receive.c), and what leads from each to which:
 *
 *         | BEGIN of a | the same, and  | TAKE for a   | all is  | END     | the socket
 *         | stream     | the connection | poll inside  | written |          | breaks
 *         |            | has left       | libmicrohttpd|         |         |
 *  -------+------------+----------------+--------------+---------+---------+----------
 *  ASKING | STREAM     | OPEN           | POLL         | -       | BROKEN  | BROKEN
 *  STREAM | -          | -              | -            | OPEN    | at OPEN | BROKEN
 *  OPEN   | -          | -              | -            | DONE    | DONE or | BROKEN
 *         |            |                |              |         | BROKEN  |
 *  POLL,  | -          | -              | -            | -       | -       | -
 *  DONE   |            |                |              |         |         |
 *
 * OPEN at END: BROKEN when a frame is written in part, or a poll has no answer. A poll
 * whose connection has left libmicrohttpd begins OPEN.
 */

/*
 * What a feed tells the receiver of that request (http_receive.c). word->bytes are
 * copied if need be. True when the kernel has taken the bytes within this call; else
 * FEED_WRITTEN follows later. False when the request has ended.
 */
bool receiver_notify(
	struct http *http, uint64_t request, const struct receiver_word *word);

#endif
