/*
 * A connection as its carrier has it: a descriptor, and the channel behind it if the
 * connection is no bare socket. A TLS connection gives the carriers one end of a socket
 * pair. To them that end is a socket like any other: they and their libraries watch,
 * read, peek, write and shut it down. Two things need the channel: what the peer has
 * taken, since the pair's own buffer says nothing about that, and writes in bulk, which
 * may reach TLS without a copy through the pair.
 *
 * An io is a value, but each connection has one holder. The holder ends it exactly
 * once: by io_close(), or by io_forget() when a library closes the descriptor. Other
 * copies are borrowed.
 */
#ifndef GATEWAY_BASE_IO_H
#define GATEWAY_BASE_IO_H

#include "protocol/slice.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

struct io;

/* How far a connection is; progress.h asks for it. Bytes count from its beginning. */
struct io_progress {
	uint64_t acknowledged; /* grows while the peer's kernel takes bytes */
	uint64_t received;     /* put into the descriptor, for the carrier to read */
	bool is_behind;        /* written bytes are not acknowledged yet */
	bool is_dead;          /* it has ended, or the peer's machine is silent */
};

/*
 * The channel's three functions. It needs no others. A carrier reads from the
 * descriptor, so the kernel knows how much is unread. A duplicate of the descriptor is
 * the same connection (io_dup()). The questions about progress are rare and answered
 * from the same data, so one function answers all.
 *
 * send() and look() are called on the channel's worker only. close() may be called on
 * the door's.
 */
struct io_ops {
	/*
	 * As send() without waiting and without a signal. Bytes that were written to
	 * the descriptor before leave first. If it does not take all, the descriptor
	 * must not be writable at that moment: its watch reports when it is again.
	 */
	ssize_t (*send)(const struct io *io, struct slice bytes);

	/* Fills in all of *progress. */
	void (*look)(const struct io *io, struct io_progress *progress);

	/*
	 * The holder has ended the io. The descriptor is closed immediately after this
	 * call, or later by a library.
	 */
	void (*close)(const struct io *io);
};

/* Embedded in the object that it belongs to, which container_of() finds. */
struct io_channel {
	const struct io_ops *ops;
};

struct io {
	int fd;
	struct io_channel *channel; /* NULL: a bare socket */
};

/*
 * As send() without waiting and without a signal: how many bytes were taken, or -1 with
 * errno.
 */
static inline ssize_t io_send(const struct io *io, struct slice bytes)
{
	if (io->channel != NULL)
		return io->channel->ops->send(io, bytes);
	return send(io->fd, bytes.data, bytes.len, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/*
 * Moves the connection to a new holder: in *io only the descriptor's number is left,
 * and io_forget() does nothing to it.
 */
static inline struct io io_take(struct io *io)
{
	const struct io taken = *io;

	io->channel = NULL;
	return taken;
}

/*
 * The connection continues in *to, on a duplicate of the descriptor, and the caller
 * holds that. In *io only the descriptor is left, which a library closes. Returns -1
 * with errno, and changes nothing, when the process is out of descriptors.
 */
int io_dup(struct io *io, struct io *to);

/* Ends the io and closes its descriptor. */
void io_close(struct io *io);

/*
 * Ends an io whose descriptor a library closes, or has closed. Does nothing to one that
 * has ended.
 */
void io_forget(struct io *io);

#endif
