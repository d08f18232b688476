/*
 * A queue of entries that wait to run. It alternates between fresh entries and the
 * others: however many fresh entries come, the others have every second turn. Within
 * its kind, no entry overtakes another.
 */
#ifndef TRANSPORTS_HTTP_FAIR_QUEUE_H
#define TRANSPORTS_HTTP_FAIR_QUEUE_H

#include "gateway/base/list.h"

struct fair_queue {
	struct list fresh, others;
	bool others_turn; /* if both kinds wait */
};

/* Embedded in the object that waits. Zeroed, it is in no queue. */
struct fair_queue_entry {
	struct list link;
	void (*run)(struct fair_queue_entry *entry); /* called in its turn */
	bool is_fresh;
};

/* Makes an empty queue. It must not move afterwards: entries are linked to it. */
void fair_queue_init(struct fair_queue *fair_queue);
bool fair_queue_is_empty(const struct fair_queue *fair_queue);

/*
 * Puts the entry, which must not move while it waits, after the others. Does nothing
 * to an entry that waits already.
 */
void fair_queue_add(struct fair_queue *fair_queue, struct fair_queue_entry *entry);

/* Puts the entry after the fresh ones, even if it waits among the others already. */
void fair_queue_add_fresh(
	struct fair_queue *fair_queue, struct fair_queue_entry *entry);

/*
 * Takes out the entry whose turn it is, alternating between both kinds, or returns
 * NULL. The caller calls its run().
 */
struct fair_queue_entry *fair_queue_take(struct fair_queue *fair_queue);

#endif
