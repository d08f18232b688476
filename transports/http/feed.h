/*
 * A feed is the session's end of a request that brings frames to a client: it is the
 * session's outlet, on the session's worker. The other end, the receiver, holds the
 * connection (http_receive.c), which may live on another worker: proxies pool
 * connections, and send any session's request over any free one.
 *
 * A feed sends one piece of bytes at a time. It pops the messages in that piece when
 * the receiver reports that the kernel has taken it. On one worker they call each
 * other; else they post (http_remote.c). Nothing else differs.
 */
#ifndef TRANSPORTS_HTTP_FEED_H
#define TRANSPORTS_HTTP_FEED_H

#include "gateway/session/session.h"
#include "transports/sockjs/link.h"

struct http;

/* The request of a receiver to a session's home. */
struct feed_ask {
	struct handle receiver; /* its request */
	const struct endpoint *endpoint;
	const struct downlink *link;
	bool chunked; /* else HTTP/1.0 */
	struct slice session;
	struct peer peer;
	struct slice callback; /* empty: the link takes none */
};

/*
 * At the session's home: finds or opens the session, becomes its outlet and sends the
 * receiver its output. Copies `ask`, and holds its endpoint. If the session has a feed
 * already, that feed's receiver is probed. If the old receiver has gone, the new one
 * takes its place. Else the new one gets a close frame that says that another
 * connection is open.
 */
void feed_open(struct http *http, const struct feed_ask *ask);

/*
 * The worker ends: frees the feeds that wait for another one to leave. No feed has a
 * session any more.
 */
void feeds_finish(struct http *http);

enum feed_news {
	FEED_WRITTEN, /* the kernel has taken the latest bytes */
	FEED_LOST,    /* the connection is broken */
	FEED_TAKEN,   /* the peer's kernel has taken bytes since RECEIVER_MARK */
	FEED_READS,   /* the same, while output waits */
	FEED_ALIVE,   /* the answer to RECEIVER_PROBE: the peer is there */
	FEED_DEAD,    /* the same: the peer seems to be gone */
};

/*
 * The receiver notifies its feed. Does nothing when the feed has ended: posts may be
 * late.
 */
void feed_notify(struct http *http, struct handle receiver, enum feed_news news);

enum receiver_news {
	RECEIVER_BEGIN,  /* the feed has the session: a stream may send its head */
	RECEIVER_TAKE,   /* bytes for the client */
	RECEIVER_END,    /* no more bytes come */
	RECEIVER_REFUSE, /* a refusal instead of frames */
	RECEIVER_PROBE,  /* another request wants the session: is the peer there? */
	RECEIVER_MARK,   /* remember what the peer's kernel has taken */
	RECEIVER_LOOK,   /* has it taken more since? */
};

struct receiver_word {
	enum receiver_news news;
	bool last;  /* RECEIVER_TAKE: the response ends after them */
	bool drops; /* RECEIVER_END: what is not written yet is lost */
	bool waits; /* RECEIVER_MARK, _LOOK: output waits; else the peer is silent */
	enum refusal_kind refusal; /* RECEIVER_REFUSE */
	struct slice bytes;        /* RECEIVER_TAKE */
	/*
	 * A large frame: has the bytes at its end. The receiver may take its memory
	 * away. NULL: the bytes are copied.
	 */
	struct buf *whole;
	uint32_t account; /* RECEIVER_END: is charged for what is not written yet */
};

/*
 * The phases of a receiver (http_receive.c), and what leads from each to which.
 * "Leaves": the connection leaves libmicrohttpd (http_leave.c).
 *
 *         | BEGIN of a | BEGIN of a | a poll | TAKE for a | all is  | END     | socket
 *         | stream     | stream,    | leaves | poll that  | written |         | breaks
 *         |            | it leaves  |        | stays      |         |         |
 *  -------+------------+------------+--------+------------+---------+---------+--------
 *  ASKING | STREAM     | OPEN       | OPEN   | POLL       | -       | BROKEN  | BROKEN
 *  STREAM | -          | -          | -      | -          | OPEN    | at OPEN | at OPEN
 *  OPEN   | -          | -          | -      | -          | DONE    | DONE or | BROKEN
 *         |            |            |        |            |         | BROKEN  |
 *  POLL,  | -          | -          | -      | -          | -       | -       | -
 *  DONE   |            |            |        |            |         |         |
 *
 * "All is written": the prelude for STREAM, the last bytes of the response for OPEN.
 * END at OPEN: BROKEN when a stream's frame is written in part, or a poll has no
 * answer; a poll whose answer is on its way stays until it is written. REFUSE is
 * answered like a poll's TAKE. A poll on a connection that has left before begins
 * OPEN.
 */

/*
 * The feed notifies the receiver of that request (http_receive.c). Copies word->bytes
 * if necessary. True when the kernel has taken the bytes within this call; else
 * FEED_WRITTEN follows later. False when the request has ended.
 */
bool receiver_notify(
	struct http *http, uint64_t request, const struct receiver_word *word);

#endif
