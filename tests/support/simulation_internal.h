/*
 * Shared by simulation.c, which runs the events, simulation_talk.c, which runs the
 * clients' frames, and simulation_check.c, which checks the inside of the workers;
 * only they include it.
 */
#ifndef TESTS_SUPPORT_SIMULATION_INTERNAL_H
#define TESTS_SUPPORT_SIMULATION_INTERNAL_H

#include "tests/support/chance.h"
#include "tests/support/stomp_peer.h"
#include "tests/support/witness.h"

enum {
	WORKERS_LEAST = 1,
	WORKERS_MOST = 5,
	FRAMES_PER_READ = 4,
	REST_TURNS = 100000,
	CLOSED_AT_ONCE = 16
};

/* The random choices for the whole of a schedule. */
struct weather {
	unsigned steps;
	unsigned turns;       /* percent of steps that are a worker's turn */
	unsigned interrupted; /* percent of wakes that run immediately */
	unsigned slow;        /* percent of acts that stop an outlet */
	unsigned brisk;       /* percent of turns without bound */
	bool narrow; /* little may be under way; then a read brings one frame */
	unsigned posts, bytes, queue, sessions, destinations; /* limits; 0: as usual */
};

struct edge {
	bool held; /* its publishers are not read */
};

struct simulation {
	struct chance chance;
	struct weather weather;
	struct witness witness;
	struct workers *workers;
	struct edge edges[WORKERS_MOST];
	bool touched[WORKERS_MOST]; /* something has happened on its loop */
	bool running[WORKERS_MOST];
	bool gone[WORKERS_MOST]; /* its loop has ended with the workers */
	struct stomp_peer *peers[CLIENTS_MAX];
	unsigned client_count;
};

static inline unsigned below(struct simulation *sim, unsigned count)
{
	return chance_below(&sim->chance, count);
}

static inline bool percent(struct simulation *sim, unsigned share)
{
	return chance_percent(&sim->chance, share);
}

struct session *simulation_session(const struct simulation *sim, unsigned client);

/* The client has a session that listens to it. */
bool simulation_is_open(const struct simulation *sim, unsigned client);

/* simulation_talk.c: some frames of a client, as they come in one read. */
void simulation_write_frames(
	struct simulation *sim, unsigned client, struct buf *bytes);

/* simulation_check.c: each fails the test on a mistake. */

/* At any time, even in the middle of a turn: no number is negative. */
void simulation_check_told(const struct simulation *sim);

/*
 * Between turns: the reported numbers and the unreported changes add up to the real
 * ones.
 */
void simulation_check_numbers(const struct simulation *sim);

/* A worker that reads sees no more queued posts than the limit. */
void simulation_check_reader(const struct simulation *sim, const struct worker *worker);

/* A worker that sleeps now has no work: no wake was lost. */
void simulation_check_sleepers(const struct simulation *sim);

/* The brokers have exactly the present clients, and their subscriptions. */
void simulation_check_brokers(struct simulation *sim);

/* All clients are gone. */
void simulation_check_nothing_left(const struct simulation *sim);

#endif
