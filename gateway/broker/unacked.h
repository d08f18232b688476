/*
 * The deliveries on a subscription that are not acknowledged yet, in the order of
 * delivery. A zeroed one is empty.
 */
#ifndef GATEWAY_BROKER_UNACKED_H
#define GATEWAY_BROKER_UNACKED_H

#include "gateway/session/message.h"

struct unacked_item {
	struct place place;
	uint16_t attempt;    /* of a queue to deliver the message; else 1 */
	bool in_transaction; /* an open transaction settles it */
	uint32_t number;     /* of the delivery */
};

struct unacked {
	struct unacked_item *items;
	uint32_t first, count, capacity;
	bool has_forgotten;    /* an older delivery was forgotten */
	uint32_t pushed, sent; /* ever; the kernel has those with a smaller number */
};

/*
 * Adds the latest delivery. False when there were `most` already, or more, so that the
 * oldest were forgotten. 0 means no limit.
 */
bool unacked_push(
	struct unacked *unacked, struct place place, uint16_t attempt, size_t most);

/*
 * The `index`-th delivery, counted from the oldest with 0; an assert catches one that
 * is not there. Valid until the next push or removal.
 */
struct unacked_item *unacked_at(const struct unacked *unacked, size_t index);

/*
 * The index of the latest delivery from that place, or SIZE_MAX; of a queue there is
 * at most one. Looks at the `near` youngest and the `near` oldest ones only: clients
 * mostly acknowledge these. delivery_index.h finds the others.
 */
size_t unacked_find_near(
	const struct unacked *unacked, struct place place, size_t near);

/*
 * The index of the delivery of that number, in logarithmic time. SIZE_MAX: it was
 * removed.
 */
size_t unacked_find_number(const struct unacked *unacked, uint32_t number);

/*
 * Removes the delivery at `index`, which is below the count. The oldest goes in
 * constant time; any other in a time that grows with the number of deliveries after
 * it.
 */
void unacked_remove(struct unacked *unacked, size_t index);

/*
 * Removes the oldest deliveries up to the one at `index`, except those in a
 * transaction, in one pass. Writes their places, the oldest first; `places` has room
 * for all of them. Returns how many it has removed.
 */
size_t unacked_take_up_to(struct unacked *unacked, size_t index, struct place *places);

/*
 * The kernel has taken one more delivery, in the order of unacked_push(). It may have
 * been acknowledged already.
 */
void unacked_tell_sent(struct unacked *unacked);

/* How many of these deliveries the kernel has taken; they are the oldest ones. */
size_t unacked_count_sent(const struct unacked *unacked);

/* Frees the memory and leaves it empty. Requeues nothing: the home does that. */
void unacked_finish(struct unacked *unacked);

#endif
