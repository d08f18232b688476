/*
 * Whose SEND is next, at the home of its destination. What waits stands in lanes: one
 * for each publisher, first in, first out. It holds its SENDs, and all that the
 * publisher says to this home after them (SUBSCRIBE, UNSUBSCRIBE, COMMIT, DISCONNECT),
 * so a session is obeyed in the order in which it speaks.
 *
 * Turns go round by account, and inside an account by lane. An account's turn ends
 * when it has used a quantum of deliveries, so nobody waits longer than one quantum of
 * each other account, and what one message may exceed it by. An account that has
 * exceeded its quantum passes turns until that is paid.
 *
 * Nothing after this point has lanes: what a home tells a worker arrives in the order
 * of telling.
 */
#ifndef GATEWAY_BROKER_LANES_H
#define GATEWAY_BROKER_LANES_H

#include "gateway/base/inbox.h"
#include "gateway/base/registry.h"
#include "gateway/worker/worker.h"

/* At one home. */
struct lanes {
	struct worker *worker;
	struct table accounts;
	struct table by_publisher;
	struct list rotation; /* the accounts, the next first */
	size_t posts;         /* that wait */
	int64_t quantum;      /* deliveries of an account before the next */
	unsigned per_turn;    /* posts that one turn of the loop may serve */
	uint64_t spent;       /* deliveries of all accounts, ever */
};

/* What waits of one account. */
struct lane_account {
	struct table_node node; /* in lanes->accounts; its key is the number */
	uint32_t number;
	struct list link;  /* in lanes->rotation */
	struct list lanes; /* the next first; empty: only a debt is left */
	int64_t left;      /* deliveries of its quantum; below 0: a debt */
	uint64_t since;    /* lanes->spent when its latest turn ended, or it came */
};

/* Makes the lanes of a home, none yet. */
void lanes_init(struct lanes *lanes, struct worker *worker);

/* No post waits. */
void lanes_finish(struct lanes *lanes);

/*
 * Puts the post last in the publisher's lane, which is made if there is none. The post
 * counts as waiting in an inbox. When its turn comes, `run` runs with it. A publisher
 * is a participant; what none has sent is told apart by its account.
 */
void lanes_put(struct lanes *lanes, struct handle publisher, uint32_t account,
	struct post *post, void (*run)(struct worker *worker, struct post *post));

/*
 * The same if that publisher has a lane. False: nothing of the publisher waits, so the
 * caller runs the post now.
 */
bool lanes_put_behind(struct lanes *lanes, struct handle publisher, struct post *post,
	void (*run)(struct worker *worker, struct post *post));

/* Runs the post whose turn it is. There must be one. */
void lanes_serve(struct lanes *lanes);

/* A message of the account was dispatched to so many. */
void lanes_charge(struct lanes *lanes, uint32_t account, uint64_t deliveries);

/* For tests: calls `visit` for each account, or each post, that waits. */
void lanes_for_each_account(const struct lanes *lanes,
	void (*visit)(const struct lane_account *account, void *context),
	void *context);
void lanes_for_each_post(const struct lanes *lanes,
	void (*visit)(const struct post *post, void *context), void *context);

#endif
