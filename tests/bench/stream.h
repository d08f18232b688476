/*
 * A stream is one TCP connection of the load generator or of the floor server. What
 * is written to it leaves in one send() at the end of the turn; what has come is
 * offered again, with more, until it is taken. The streams hang from one epoll.
 */
#ifndef BENCH_STREAM_H
#define BENCH_STREAM_H

#include "gateway/base/list.h"
#include "protocol/buf.h"

struct streams {
	int epoll;
	struct list dirty; /* they have something to send */
	char *room;        /* for what is being read */
};

struct stream;

struct stream_ops {
	/*
	 * How many of the bytes are of no more use; the stream may be closed meanwhile.
	 */
	size_t (*take)(struct stream *stream, struct slice bytes);
	void (*end)(struct stream *stream);   /* the peer has closed it, or it broke */
	void (*ready)(struct stream *stream); /* of a listener, instead of both */
};

/* Its holder's; the memory outlives the turn in which it is closed. */
struct stream {
	const struct stream_ops *ops;
	struct streams *streams;
	int fd;        /* -1: closed */
	bool is_stuck; /* the kernel has taken no more */
	struct buf kept, out;
	struct list dirty;
};

void streams_init(struct streams *streams);
void streams_finish(struct streams *streams);

/*
 * Sends what was written, then waits so long for something to happen, and handles it.
 */
void streams_turn(struct streams *streams, int milliseconds);

/* Connects to 127.0.0.1, by and by. Ends the program when that cannot be. */
void stream_connect(struct stream *stream, struct streams *streams,
	const struct stream_ops *ops, unsigned port);

/* Takes the socket over. */
void stream_adopt(struct stream *stream, struct streams *streams,
	const struct stream_ops *ops, int fd);

/* Where to append what shall leave. */
struct buf *stream_out(struct stream *stream);

/* Sends now, unless something waits already. */
void stream_push(struct stream *stream, struct slice bytes);

void stream_close(struct stream *stream);

/* Drops the first `count` bytes of the buf (at most all). */
void stream_consume(struct buf *buf, size_t count);

/* Says what went wrong, and ends the program. */
void die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

#endif
