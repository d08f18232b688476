/* The progress of a peer with the bytes that were written to it. */
#ifndef TRANSPORTS_BASE_PROGRESS_H
#define TRANSPORTS_BASE_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Bytes that the peer's kernel has acknowledged since the connection began. A peer
 * that does not read stops acknowledging when its buffer is full.
 */
uint64_t progress_acked(int fd);

/* True when written bytes are not acknowledged yet. */
bool progress_is_behind(int fd);

/*
 * True when the connection has ended, or the peer's machine does not acknowledge
 * repeated sends.
 */
bool progress_is_dead(int fd);

/*
 * Bytes that were read from the socket since the connection began: a lower bound,
 * which is exact unless bytes arrive during this call. 0 when it is not a TCP
 * connection.
 */
int64_t progress_read_at_least(int fd);

/*
 * Bytes that were read from the socket since the connection began: an upper bound,
 * which is exact unless bytes arrive during this call. -1 when it is not a TCP
 * connection.
 */
int64_t progress_read_at_most(int fd);

/*
 * Makes the kernel ask a peer that was idle for `ping` whether it is there, like our
 * WebSocket pings, and end the connection after `pong`. The kernel also ends it when
 * the peer acknowledges nothing of its output for as long as both together. In
 * milliseconds.
 */
void progress_probe(int fd, uint64_t ping, uint64_t pong);

#endif
