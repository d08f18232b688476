/*
 * A hash table of references: the ordinal of the subscription, and the number of the
 * delivery. Nobody takes a reference out when its delivery is acknowledged. A search
 * passes such a one over; when the table is full, it is made anew of what is left, with
 * as much room again. So each delivery is moved once on average.
 */
#include "gateway/broker/delivery_index.h"

#include "gateway/broker/participant.h"
#include "gateway/broker/subscription.h"
#include "gateway/session/session.h"
#include "gateway/worker/worker.h"
#include "protocol/xmalloc.h"

#include <stdlib.h>

enum { INDEX_LEAST = 64, NEAR = 16 };

static void index_empty(struct delivery_index *index)
{
	free(index->refs);
	free(index->heads);
	index->count = 0;
}

void delivery_index_destroy(struct delivery_index *index)
{
	if (index == NULL)
		return;
	index_empty(index);
	free(index);
}

static uint32_t *index_head(const struct delivery_index *index, struct place place)
{
	const uint64_t octets[] = {place.epoch, place.offset};
	const uint64_t hash = hash_slice(
		&index->key, (struct slice){(const char *)octets, sizeof(octets)});

	return &index->heads[hash & index->mask];
}

static void index_add(
	struct delivery_index *index, uint32_t ordinal, const struct unacked_item *item)
{
	uint32_t *head = index_head(index, item->place);

	index->refs[index->count++] = (struct delivery_ref){
		.ordinal = ordinal, .number = item->number, .next = *head};
	*head = index->count;
}

static bool subscription_is_settled(const struct subscription *subscription)
{
	return subscription->ack != ACK_AUTO;
}

/* Of all unacknowledged deliveries of the participant. */
static void index_rebuild(struct participant *participant)
{
	struct delivery_index *index = participant->deliveries;
	size_t room = 0;

	for (size_t i = 0; i < participant->subscription_count; i++) {
		if (subscription_is_settled(participant->subscriptions[i]))
			room += 2 * participant->subscriptions[i]->unacked.count;
	}
	index_empty(index);
	index->capacity = room < INDEX_LEAST ? INDEX_LEAST : (uint32_t)room;
	for (index->mask = 1; index->mask < index->capacity / 2;)
		index->mask = index->mask * 2 + 1;
	index->refs = xcalloc(index->capacity, sizeof(*index->refs));
	index->heads = xcalloc((size_t)index->mask + 1, sizeof(*index->heads));
	for (size_t i = 0; i < participant->subscription_count; i++) {
		const struct subscription *one = participant->subscriptions[i];

		for (size_t j = 0; j < one->unacked.count; j++) {
			if (subscription_is_settled(one))
				index_add(index, one->ordinal,
					unacked_at(&one->unacked, j));
		}
	}
}

/* The participant's index, made for its first far search. */
static struct delivery_index *index_of(struct participant *participant)
{
	struct delivery_index *index = participant->deliveries;

	if (index != NULL)
		return index;
	index = participant->deliveries = xcalloc(1, sizeof(*index));
	index->key = session_worker(participant->session)->key;
	index_rebuild(participant);
	return index;
}

void delivery_index_note(const struct subscription *subscription)
{
	struct delivery_index *index = subscription->participant->deliveries;

	if (index == NULL || !subscription_is_settled(subscription))
		return;
	if (index->count == index->capacity)
		index_rebuild(subscription->participant);
	else
		index_add(index, subscription->ordinal,
			unacked_at(&subscription->unacked,
				subscription->unacked.count - 1));
}

/* SIZE_MAX unless the reference is to an unacknowledged delivery from that place. */
static size_t index_look(struct delivery_index *index,
	const struct subscription *subscription, uint32_t number, struct place place)
{
	const size_t at = unacked_find_number(&subscription->unacked, number);

	index->looks++;
	if (at == SIZE_MAX)
		return SIZE_MAX;
	const struct place *there = &unacked_at(&subscription->unacked, at)->place;

	return there->epoch == place.epoch && there->offset == place.offset ? at
									    : SIZE_MAX;
}

size_t delivery_find(const struct subscription *subscription, struct place place)
{
	const struct unacked *unacked = &subscription->unacked;
	struct delivery_index *index;
	size_t at = unacked_find_near(unacked, place, NEAR);

	if (at != SIZE_MAX || unacked->count <= 2 * NEAR)
		return at;
	index = index_of(subscription->participant);
	for (uint32_t i = *index_head(index, place); i > 0;
		i = index->refs[i - 1].next) {
		if (index->refs[i - 1].ordinal != subscription->ordinal)
			continue;
		at = index_look(index, subscription, index->refs[i - 1].number, place);
		if (at != SIZE_MAX)
			return at;
	}
	return SIZE_MAX;
}

size_t delivery_find_any(struct participant *participant, struct place place,
	uint16_t attempt, bool nameless, struct delivery_found *first)
{
	struct delivery_index *index = index_of(participant);
	size_t count = 0;

	for (uint32_t i = *index_head(index, place); i > 0;
		i = index->refs[i - 1].next) {
		const struct delivery_ref *ref = &index->refs[i - 1];
		struct subscription *one = subscription_at(participant, ref->ordinal);

		if (one == NULL || (nameless && one->id != NULL))
			continue;
		const size_t at = index_look(index, one, ref->number, place);

		if (at == SIZE_MAX || unacked_at(&one->unacked, at)->attempt != attempt)
			continue;
		if (count == 0 || one->ordinal < first->subscription->ordinal)
			*first = (struct delivery_found){one, at};
		count++;
	}
	return count;
}
