/*
 * The progress of a peer with the bytes that were written to it. The kernel knows it of
 * a bare socket, and the channel of any other io.
 */
#ifndef GATEWAY_BASE_PROGRESS_H
#define GATEWAY_BASE_PROGRESS_H

#include "gateway/base/io.h"

/*
 * Bytes that the peer's kernel has acknowledged since the connection began. A peer
 * that does not read stops acknowledging when its buffer is full. With a channel they
 * need not be the carrier's bytes: compare this number with an earlier one only.
 */
uint64_t progress_acked(const struct io *io);

/*
 * True when progress_acked() is more than *before, which gets the present number.
 */
bool progress_grew(const struct io *io, uint64_t *before);

/* True when written bytes are not acknowledged yet. */
bool progress_is_behind(const struct io *io);

/*
 * True when the connection has ended, or the peer's machine does not acknowledge
 * repeated sends.
 */
bool progress_is_dead(const struct io *io);

/* Bytes that have come and are unread, on TCP and on one end of a pair. */
int64_t progress_unread(const struct io *io);

/*
 * Bytes that were read from the descriptor since the connection began: a lower bound,
 * which is exact unless bytes arrive during this call. 0 when it is neither a TCP
 * connection nor has a channel.
 */
int64_t progress_read_at_least(const struct io *io);

/*
 * Bytes that were read from the descriptor since the connection began: an upper bound,
 * which is exact unless bytes arrive during this call. -1 when it is neither a TCP
 * connection nor has a channel.
 */
int64_t progress_read_at_most(const struct io *io);

/*
 * Makes the kernel ask a peer that was idle for `ping` whether it is there, like our
 * WebSocket pings, and end the connection after `pong`. The kernel also ends it when
 * the peer acknowledges nothing of its output for as long as both together. In
 * milliseconds. Does nothing to an io with a channel: who owns that probes its peer.
 */
void progress_probe(const struct io *io, uint64_t ping, uint64_t pong);

#endif
