/* How far a peer has come with what was written to it. */
#ifndef TRANSPORTS_BASE_PROGRESS_H
#define TRANSPORTS_BASE_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Bytes that the peer's kernel has acknowledged since the connection began. A
 * peer that does not read acknowledges nothing any more once its buffer is full.
 */
uint64_t progress_acked(int fd);

/* True when something written has not been acknowledged yet. */
bool progress_is_behind(int fd);

/*
 * True when the connection is over, or the peer's machine does not acknowledge what is
 * sent to it again and again.
 */
bool progress_is_dead(int fd);

/*
 * Bytes that were read from the socket since the connection began: a lower bound, which
 * is exact unless bytes arrive during this call. 0 when it is no TCP connection.
 */
int64_t progress_read_at_least(int fd);

/*
 * Bytes that were read from the socket since the connection began: an upper bound,
 * which is exact unless bytes arrive during this call. -1 when it is no TCP connection.
 */
int64_t progress_read_at_most(int fd);

/*
 * Lets the kernel ask a peer that was idle for `ping` whether it is there, as we do by
 * WebSocket pings, and give it up after `pong`. Also gives up a peer that acknowledges
 * nothing of what it is sent for as long as both. In milliseconds.
 */
void progress_probe(int fd, uint64_t ping, uint64_t pong);

#endif
