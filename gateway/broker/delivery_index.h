/*
 * Finds the deliveries of a participant that are not acknowledged, by the place of the
 * message: STOMP 1.0 names no subscription, and a client may acknowledge in any order.
 *
 * A participant has an index from the first search on that looks far: most clients
 * acknowledge their oldest or latest deliveries, which need none. It then takes 16 to
 * 40 bytes for each unacknowledged delivery, and a search the same time with ten of
 * them and with 100,000.
 */
#ifndef GATEWAY_BROKER_DELIVERY_INDEX_H
#define GATEWAY_BROKER_DELIVERY_INDEX_H

#include "gateway/session/message.h"
#include "protocol/hash.h"

#include <stdint.h>

struct participant;
struct subscription;

/* A delivery that may be unacknowledged. Its number is its subscription's. */
struct delivery_ref {
	uint32_t ordinal, number;
	uint32_t next; /* with the same hash; counts from 1, 0: none */
};

struct delivery_index {
	struct hash_key key;
	struct delivery_ref *refs;
	uint32_t *heads; /* by hash, as `next` */
	uint32_t count, capacity, mask;
	uint64_t looks; /* at a delivery, by all searches */
};

void delivery_index_destroy(struct delivery_index *index); /* NULL is fine */

/* The subscription, which needs acknowledgements, has a new latest delivery. */
void delivery_index_note(const struct subscription *subscription);

/*
 * The index of that subscription's latest unacknowledged delivery from that place, or
 * SIZE_MAX.
 */
size_t delivery_find(const struct subscription *subscription, struct place place);

/* A delivery that a search has found. */
struct delivery_found {
	struct subscription *subscription;
	size_t index; /* in its unacked */
};

/*
 * How many subscriptions that need acknowledgements have an unacknowledged delivery
 * from that place, in that attempt; only those without an id if `nameless`. *first is
 * that of the oldest of them.
 */
size_t delivery_find_any(struct participant *participant, struct place place,
	uint16_t attempt, bool nameless, struct delivery_found *first);

#endif
