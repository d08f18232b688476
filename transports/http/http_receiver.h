/*
 * A receiver, for the files that are it: http_receive.c has its phases,
 * http_receiver.c writes.
 */
#ifndef TRANSPORTS_HTTP_HTTP_RECEIVER_H
#define TRANSPORTS_HTTP_HTTP_RECEIVER_H

#include "transports/http/feed.h"
#include "transports/http/http_internal.h"
#include "transports/sockjs/callback.h"

/* feed.h has the table of the phases. */
enum receiver_phase {
	RECEIVER_ASKING, /* the home has not answered; a poll: no frame yet */
	RECEIVER_POLL,   /* libmicrohttpd writes the answer of a poll */
	RECEIVER_STREAM, /* libmicrohttpd writes head and prelude of a stream */
	RECEIVER_OPEN,   /* the socket is ours: a stream, or a poll that has left */
	RECEIVER_DONE,   /* we have written all; libmicrohttpd may add the end */
	RECEIVER_BROKEN, /* the connection closes */
};

/* The answer of the session's home. */
enum receiver_feed {
	RECEIVER_FEED_SILENT,
	RECEIVER_FEED_THERE,
	RECEIVER_FEED_REFUSED, /* with `refusal` */
};

enum receiver_end {
	RECEIVER_GOES_ON,
	RECEIVER_ENDS,  /* the response ends after `rest` */
	RECEIVER_ENDED, /* no chunk follows `rest` or the written bytes */
};

struct receiver {
	struct http_request *request;
	unsigned home; /* worker of its feed */
	const struct downlink *link;
	enum receiver_phase phase;
	enum receiver_feed feed;
	enum refusal_kind refusal;
	uint32_t account; /* charged for `rest` once the feed has ended, else HOUSE */
	struct buf rest;  /* from the feed, not yet taken by the kernel: */
	size_t rest_from; /* from here on; empty when all is taken */
	enum receiver_end end;
	uint32_t charged; /* bytes of memory of `rest` */
	size_t prelude_sent;
	uint64_t acked[2];               /* progress_acked() at RECEIVER_MARK */
	char callback[CALLBACK_MAX + 1]; /* empty: the link takes none */
};

static inline bool receiver_has_left(const struct receiver *receiver)
{
	return receiver->request->connection->mhd == NULL;
}

/* Notifies the feed: a call, or a post. */
void receiver_tell(struct receiver *receiver, enum feed_news news);

/* While its feed lives, the session is charged for the rest; then this account. */
void receiver_charge(struct receiver *receiver);

/* Frees the rest, unwritten. */
void receiver_drop_rest(struct receiver *receiver);

/*
 * Closes the connection, in its turn; the rest is freed now. The feed is notified when
 * the request has ended.
 */
void receiver_break(struct receiver *receiver);

/*
 * Keeps bytes that are not written. NULL: copies them. Else takes the memory of `whole`
 * away, which has them at its end and is large, and leaves that empty.
 */
void receiver_keep(struct receiver *receiver, struct slice bytes, struct buf *whole);

/*
 * Makes room for so many bytes. False, counted, and the receiver is broken, when these
 * are many and there is no memory for them.
 */
bool receiver_reserve(struct receiver *receiver, struct buf *out, size_t extra);

/* The rest is for sockets that are ours. */

/*
 * Writes as much of `bytes` as possible and keeps the rest, as receiver_keep(). True
 * when nothing is left; the last bytes also end the response.
 */
bool receiver_send(struct receiver *receiver, struct slice bytes, struct buf *whole);

/* All is written: ends the response, a stream by its last chunk. */
void receiver_close(struct receiver *receiver);

/* Writes what it has kept. */
void receiver_flush(struct receiver *receiver);

#endif
