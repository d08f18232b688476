/*
 * What was delivered on a subscription and not acknowledged yet, in the order of
 * delivery. A zeroed one is empty.
 */
#ifndef GATEWAY_BROKER_UNACKED_H
#define GATEWAY_BROKER_UNACKED_H

#include "gateway/session/message.h"

struct unacked_item {
	struct place place;
	uint32_t transaction; /* of the participant, which has settled it; 0: none */
	uint32_t number;      /* of the delivery */
};

struct unacked {
	struct unacked_item *items;
	size_t first, count, capacity;
	bool has_forgotten;    /* older ones than those that are here */
	uint32_t pushed, sent; /* ever; the kernel has those with a smaller number */
};

/* False when `most` are there already: the oldest is forgotten; 0: none ever is. */
bool unacked_push(struct unacked *unacked, struct place place, size_t most);

/* `index` counts from the oldest. */
struct unacked_item *unacked_at(const struct unacked *unacked, size_t index);

/*
 * The index of the latest delivery from that place, or SIZE_MAX: searched from the
 * youngest, since clients acknowledge what came last.
 */
size_t unacked_find(const struct unacked *unacked, struct place place);

/*
 * `index` is below the count. The oldest goes in constant time, another one in the time
 * of those after it.
 */
void unacked_remove(struct unacked *unacked, size_t index);

/*
 * The kernel has taken the next one in the order of pushing, whether it is still here
 * or was acknowledged already.
 */
void unacked_tell_sent(struct unacked *unacked);

/* How many of those that are here the kernel has: the oldest ones. */
size_t unacked_count_sent(const struct unacked *unacked);

/* Frees the memory and leaves it empty. Nothing is requeued: that is its home's. */
void unacked_finish(struct unacked *unacked);

#endif
