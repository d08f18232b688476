/*
 * The time in which a process could not hear its peers: a loop stood still, because the
 * process was stopped, its machine was moved, or one thread hung. Peers must not be
 * judged by that time (loop_deadline_start()).
 *
 * All loops of the process share it. What a peer has sent may wait at another loop, so
 * the clock of every loop's deadlines stands still while one of them does. A loop says
 * before it waits by when it turns again.
 */
#ifndef GATEWAY_BASE_STANDSTILL_H
#define GATEWAY_BASE_STANDSTILL_H

#include <stdbool.h>
#include <stdint.h>

struct standstill;

/* For so many loops. Nothing is expected of a loop that has not turned yet. */
struct standstill *standstill_create(unsigned loops);

/* No loop uses it any more. NULL is fine. */
void standstill_destroy(struct standstill *standstill);

/*
 * The loop turns again at that time of the monotonic clock, in milliseconds, or
 * earlier. UINT64_MAX: nothing is expected of it, since it does not run. From the
 * loop's thread only.
 */
void standstill_expect(struct standstill *standstill, unsigned loop, uint64_t at);

/*
 * The loop's turn begins now. True when it comes late, by half a second or more; the
 * whole delay is counted then, and half a second more, in which the loop reads what has
 * come. Between two standstills a quarter of a second is never counted, so that peers
 * that are gone are noticed also where a loop is late again and again. From the loop's
 * thread only.
 */
bool standstill_turn(struct standstill *standstill, unsigned loop, uint64_t now);

/*
 * Looks for loops that stand still now, and counts the time until now. Call it before
 * a peer is judged. From any thread.
 */
void standstill_look(struct standstill *standstill, uint64_t now);

/* The sum of all that was counted, in milliseconds. From any thread. */
uint64_t standstill_lost(const struct standstill *standstill);

#endif
