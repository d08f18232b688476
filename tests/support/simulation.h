/*
 * A simulation: some workers without threads, and STOMP clients that act at random. A
 * step is either one turn of one worker or one action of a client. So concurrent
 * events happen in some order that the seed decides. Workers work in small portions. A
 * worker that is woken may run in the middle of the turn of the worker that wakes it,
 * as another thread would.
 *
 * A witness (witness.h) checks what clients receive; the workers' own numbers are
 * checked here.
 */
#ifndef TESTS_SUPPORT_SIMULATION_H
#define TESTS_SUPPORT_SIMULATION_H

#include <stdbool.h>
#include <stdint.h>

struct simulation_result {
	uint64_t digest; /* of everything that clients received */
	uint64_t heard;  /* messages */
};

/* Plays the schedule of that seed to its end; fails the test on a mistake. */
struct simulation_result simulation_play(uint64_t seed, bool trace);

#endif
