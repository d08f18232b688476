/*
 * A worker is a thread with one loop. It owns its sessions, its destinations,
 * its subscription index and its inbox, and nobody else touches them: there
 * are no locks in the core.
 */
#ifndef GATEWAY_WORKER_H
#define GATEWAY_WORKER_H

#include "gateway/edge.h"
#include "gateway/inbox.h"
#include "gateway/list.h"
#include "gateway/loop.h"
#include "gateway/table.h"

struct broker;
struct config;
struct graveyard;

struct worker {
	const struct config *config; /* borrowed from the server */
	struct hash_key key;         /* the server's secret */
	struct loop *loop;
	struct inbox inbox;
	struct table names;       /* name.h */
	struct table sessions;    /* those that have an id */
	struct list all_sessions; /* every session, until it is freed */
	struct list awake;        /* sessions that have output for their outlet */
	struct list broadcast;    /* sessions of that handler, at any endpoint */
	uint64_t session_count;   /* ever opened; numbers their labels */
	uint64_t live_sessions;
	uint64_t connections; /* that the edge holds, in whatever state */
	uint64_t owing;       /* those of them that still have something to deliver */
	struct graveyard *graveyard;
	struct broker *broker;
	const struct edge_ops *edge_ops;
	struct edge *edge;
	size_t spent;  /* work done in this turn */
	bool choked;   /* the inbox was full when it was last looked at */
	bool stopping; /* no new sessions */
	struct timer stop_timer;
};

/* The worker does not listen before worker_start(). NULL after logging why. */
struct worker *worker_create(const struct config *config, const struct hash_key *key);

/* Makes its edge. -1 after the edge has logged why. */
int worker_start(struct worker *worker, const struct edge_ops *ops);

/* Runs until worker_stop() has closed every session. */
void worker_run(struct worker *worker);

/* Closes the door and every session, politely, and ends the loop soon after. */
void worker_stop(struct worker *worker);

void worker_destroy(struct worker *worker); /* NULL is fine */

/* True while the carriers must not read from those who send. */
static inline bool worker_is_full(const struct worker *worker)
{
	return inbox_is_full(&worker->inbox);
}

/* Takes the post over; it runs in the order of posting, in this or a later turn. */
void worker_post(struct worker *worker, struct post *post);

/*
 * A post that did `amount` pieces of work (deliveries) says so: a turn does a
 * bounded amount before it looks at the sockets again.
 */
void worker_spend(struct worker *worker, size_t amount);

#endif
