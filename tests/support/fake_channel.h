/*
 * A connection that is no bare socket, as a TLS connection will be: the carrier has
 * one end of a socket pair, and may send past the pair by the channel. What it writes
 * either way arrives here in its order.
 */
#ifndef TESTS_SUPPORT_FAKE_CHANNEL_H
#define TESTS_SUPPORT_FAKE_CHANNEL_H

#include "gateway/base/io.h"
#include "protocol/buf.h"

struct fake_channel {
	struct io_channel channel;
	int far; /* our end of the pair; -1: closed */
	struct buf got;
	bool ended; /* the carrier has closed its end, or shut it down */

	size_t room;     /* how many bytes send() takes past the pair, from now on */
	size_t straight; /* how many it has taken so */
	bool stuck;      /* the next send() takes nothing, since the pair is full */
	size_t junk;     /* that fills it, and is no part of `got` */
	unsigned sends, looks, closes;

	struct io_progress progress; /* what look() answers */
};

/* The carrier's io, which the carrier must end. All bytes may go past the pair. */
struct io fake_channel_open(struct fake_channel *fake);

/* Fails the test unless the carrier has ended its io once. */
void fake_channel_finish(struct fake_channel *fake);

/* The client's bytes, for the carrier to read. */
void fake_channel_give(struct fake_channel *fake, struct slice bytes);

/* Takes what the carrier has written into the pair. */
void fake_channel_pump(struct fake_channel *fake);

/* The client closes. */
void fake_channel_leave(struct fake_channel *fake);

#endif
