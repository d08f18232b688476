/*
 * All workers of the server, and the few numbers that they share: how much is queued
 * in all inboxes together, how busy they are, how many sessions and destinations there
 * are. Each worker reports its changes once a turn, before it hands its posts over. A
 * single message never touches a shared number.
 *
 * Flow control is common to all workers. When the inboxes hold more than the limit, no
 * worker reads from publishers until half of it is worked off. A post makes at most
 * one post to each other worker, so no inbox ever holds more than the common limit.
 * Only publishers are paused; messages under way continue, so nothing can wait in a
 * circle.
 */
#ifndef GATEWAY_WORKER_WORKERS_H
#define GATEWAY_WORKER_WORKERS_H

#include "gateway/worker/budget.h"
#include "gateway/worker/edge.h"
#include "protocol/hash.h"

#include <stdatomic.h>
#include <stdint.h>

struct metrics_endpoints;
struct config;
struct accounts;
struct address_limits;
struct standstill;
struct worker;

struct workers {
	struct metrics_endpoints *metrics_endpoints;

	/* The latest; held. Only worker 0 uses it while all run. */
	const struct config *config;
	struct hash_key key; /* the server's secret */
	struct accounts *accounts;
	struct address_limits *address_limits;
	struct standstill *standstill; /* of their loops */
	struct worker **all;
	unsigned count;
	bool stopping; /* only worker 0's */

	_Atomic int64_t posts, bytes; /* in all inboxes, or on the way there */
	_Atomic int64_t busy; /* these posts, live sessions, unfinished answers */
	struct budget budget; /* of memory */
	_Atomic uint64_t sessions, destinations;
	_Atomic uint64_t
		segments; /* of patterns, by each worker that has subscribers */
	_Atomic bool reload_failed;    /* the latest reload */
	_Atomic int64_t configured_at; /* seconds since 1970, of the configuration */
	_Atomic bool tight;            /* memory is: no new sessions (pressure.h) */
	_Atomic bool ended;            /* every loop ends */
};

/*
 * Makes `count` workers, without threads and edges yet. Holds the configuration for
 * itself, copies the key. NULL after logging why.
 */
struct workers *workers_create(
	const struct config *config, const struct hash_key *key, unsigned count);

/*
 * Makes every worker's edge by `ops`, which must be static. Worker 0's comes last: it
 * listens, and all others must be ready to serve. -1 after one has logged why.
 */
int workers_start(struct workers *workers, const struct edge_ops *ops);

/*
 * Runs worker 0 on this thread and each other on its own, until workers_stop() has
 * closed every session. -1 after logging why some could not run.
 */
int workers_run(struct workers *workers);

/*
 * On worker 0's thread: refuses new sessions, closes all others over time, and ends the
 * workers when nothing is left to deliver. The second call ends them immediately.
 */
void workers_stop(struct workers *workers);

/*
 * On worker 0's thread: each worker uses that configuration from a later turn on,
 * perhaps one before the other. Takes its own references.
 */
void workers_configure(struct workers *workers, const struct config *config);

/*
 * A reload has read a bad configuration: /metrics shows that, and the previous one
 * stays in force.
 */
void workers_refuse_reload(struct workers *workers);

/*
 * From any thread or signal handler: every loop ends after its turn, even with work
 * left.
 */
void workers_end(struct workers *workers);

/*
 * No loop runs any more. Ends all sessions and connections, delivers the posts that
 * are left between workers, and frees everything. NULL is fine.
 */
void workers_destroy(struct workers *workers);

/* On the only thread: runs all workers until none has work left; no time passes. */
void workers_settle(struct workers *workers);

/*
 * Adds 1 to a counter that workers share; workers_give() takes it back. False, with
 * nothing added, when it has `most` already (0: no limit). From any thread.
 */
bool workers_take(_Atomic uint64_t *counter, uint64_t most);

/* Subtracts the 1 that workers_take() has added. From any thread. */
void workers_give(_Atomic uint64_t *counter);

#endif
