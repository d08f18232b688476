/*
 * A simulation: some workers without threads, and STOMP clients that say and do
 * what chance tells them. A step is either one turn of one worker or one act of a
 * client, so that everything that could happen at the same time happens in some
 * order that the seed decides. Workers work in small portions, and one that is woken
 * may run in the middle of the turn of the one that wakes it, as another thread would.
 *
 * What clients see is checked by a witness (witness.h), the workers' own numbers here.
 */
#ifndef TESTS_SUPPORT_SIMULATION_H
#define TESTS_SUPPORT_SIMULATION_H

#include <stdbool.h>
#include <stdint.h>

struct simulation_result {
	uint64_t digest; /* of all that clients heard */
	uint64_t heard;  /* messages */
};

/* Plays the schedule of that seed to its end; fails the test when it must. */
struct simulation_result simulation_play(uint64_t seed, bool trace);

#endif
