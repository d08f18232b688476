/*
 * A stream is one TCP connection of the load generator or of the floor server. Its
 * output leaves in one send() at the end of the turn. Its input is offered again, with
 * more, until it is taken. One epoll has all streams.
 */
#ifndef BENCH_STREAM_H
#define BENCH_STREAM_H

#include "gateway/base/list.h"
#include "protocol/buf.h"

struct streams {
	int epoll;
	struct list dirty; /* they have something to send */
	char *room;        /* for input */
};

struct stream;

struct stream_ops {
	/* How many of the bytes were consumed; the stream may be closed meanwhile. */
	size_t (*take)(struct stream *stream, struct slice bytes);
	void (*end)(struct stream *stream);   /* the peer has closed it, or it broke */
	void (*ready)(struct stream *stream); /* of a listener, instead of both */
};

/* The holder's; the memory outlives the turn of the close. */
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

/* Sends the output, waits at most so long for an event, and handles it. */
void streams_turn(struct streams *streams, int milliseconds);

/* Starts to connect to 127.0.0.1. Ends the program on failure. */
void stream_connect(struct stream *stream, struct streams *streams,
	const struct stream_ops *ops, unsigned port);

/* Takes the socket over. */
void stream_adopt(struct stream *stream, struct streams *streams,
	const struct stream_ops *ops, int fd);

/* Append output here. */
struct buf *stream_out(struct stream *stream);

/* Sends now, unless something waits already. */
void stream_push(struct stream *stream, struct slice bytes);

void stream_close(struct stream *stream);

/* Drops the first `count` bytes of the buf (at most all). */
void stream_consume(struct buf *buf, size_t count);

/* Prints the error, and ends the program. */
void die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

#endif
