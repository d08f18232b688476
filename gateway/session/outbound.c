#include "gateway/session/outbound.h"

#include "protocol/xmalloc.h"

#include <assert.h>
#include <stdlib.h>

/* A new ring has the capacity that the previous ring needed, within these bounds. */
enum { FIRST_LEAST = 4, FIRST_MOST = 64 };

static struct delivery *outbound_slot(const struct outbound *queue, size_t index)
{
	assert(index <= queue->count);
	return &queue->ring[(queue->first + index) & (queue->capacity - 1)];
}

static bool outbound_is_bounded(const struct delivery *item)
{
	return (item->flags & DELIVERY_FROM_QUEUE) == 0;
}

static void outbound_grow(struct outbound *queue)
{
	uint32_t capacity = queue->ring != NULL    ? queue->capacity * 2
			    : queue->capacity == 0 ? FIRST_LEAST
						   : queue->capacity;
	struct delivery *ring = xmalloc(capacity * sizeof(*ring));

	for (uint32_t i = 0; i < queue->count; i++)
		ring[i] = *outbound_slot(queue, i);
	free(queue->ring);
	queue->ring = ring;
	queue->capacity = capacity;
	queue->first = 0;
}

void outbound_push(struct outbound *queue, const struct delivery *item)
{
	if (queue->ring == NULL || queue->count == queue->capacity)
		outbound_grow(queue);
	*outbound_slot(queue, queue->count++) = *item;
	message_ref(item->message);
	name_ref(item->subscription);
	if (outbound_is_bounded(item)) {
		queue->bounded++;
		queue->bytes += message_size(item->message);
	}
}

const struct delivery *outbound_item(const struct outbound *queue, size_t index)
{
	assert(index < queue->count);
	return outbound_slot(queue, index);
}

static void outbound_drop(
	struct outbound *queue, struct delivery *item, struct names *names)
{
	if (outbound_is_bounded(item)) {
		queue->bounded--;
		queue->bytes -= message_size(item->message);
	}
	message_unref(item->message);
	name_unref(names, item->subscription);
}

/* The capacity of the next ring: half of the present one if no more was ever used. */
static uint32_t outbound_next_capacity(const struct outbound *queue)
{
	uint32_t used = queue->first; /* or more, if the ring has wrapped */
	uint32_t capacity = used > 0 && used <= queue->capacity / 2
				    ? queue->capacity / 2
				    : queue->capacity;

	return capacity < FIRST_LEAST  ? FIRST_LEAST
	       : capacity > FIRST_MOST ? FIRST_MOST
				       : capacity;
}

static void outbound_shrink(struct outbound *queue)
{
	if (queue->count > 0)
		return;
	/* Only a bug of ours can make the bytes differ from 0 here. */
	assert(queue->bytes == 0 && queue->bounded == 0);
	free(queue->ring);
	*queue = (struct outbound){.capacity = outbound_next_capacity(queue)};
}

void outbound_pop(struct outbound *queue, size_t count, struct names *names)
{
	assert(count <= queue->count);
	for (; count > 0; count--) {
		outbound_drop(queue, outbound_slot(queue, 0), names);
		queue->first = (queue->first + 1) & (queue->capacity - 1);
		queue->count--;
	}
	outbound_shrink(queue);
}

void outbound_cut(struct outbound *queue, size_t keep, struct names *names)
{
	while (queue->count > keep) {
		queue->count--;
		outbound_drop(queue, outbound_slot(queue, queue->count), names);
	}
	outbound_shrink(queue);
}

/*
 * Decides which items to drop. outbound_sift() asks from the oldest to the newest; the
 * items dropped before are no longer counted.
 */
struct sieve {
	bool (*drops)(const struct sieve *sieve, const struct outbound *queue,
		const struct delivery *item);
	uint64_t messages, bytes; /* may stay */
	uint32_t ordinal;         /* items of this subscription go */
};

static size_t outbound_sift(struct outbound *queue, size_t keep,
	const struct sieve *sieve, struct names *names)
{
	size_t kept = keep, count = queue->count;

	for (size_t i = keep; i < count; i++) {
		struct delivery *item = outbound_slot(queue, i);

		if (sieve->drops(sieve, queue, item))
			outbound_drop(queue, item, names);
		else
			*outbound_slot(queue, kept++) = *item;
	}
	if (kept == count)
		return 0;
	queue->count = (uint32_t)kept;
	outbound_shrink(queue);
	return count - kept;
}

static bool outbound_is_droppable(const struct delivery *item)
{
	return outbound_is_bounded(item) && message_is_numbered(item->message);
}

static bool outbound_is_over(const struct sieve *sieve, const struct outbound *queue,
	const struct delivery *item)
{
	return (queue->bounded > sieve->messages || queue->bytes > sieve->bytes) &&
	       outbound_is_droppable(item);
}

size_t outbound_drop_oldest(struct outbound *queue, size_t keep, uint64_t messages,
	uint64_t bytes, struct names *names)
{
	const struct sieve sieve = {
		.drops = outbound_is_over, .messages = messages, .bytes = bytes};

	return outbound_sift(queue, keep, &sieve, names);
}

/* The newest item of each kind: a hash table of their indexes plus 1. */
struct newest {
	const struct outbound *queue;
	struct hash_key key;
	uint32_t *slots;
	size_t mask;
};

static bool outbound_is_alike(const struct delivery *a, const struct delivery *b)
{
	return a->ordinal == b->ordinal &&
	       slice_equal(message_address(a->message), message_address(b->message));
}

/* False when the table already has an item of this kind. */
static bool newest_add(struct newest *newest, size_t index)
{
	const struct delivery *item = outbound_item(newest->queue, index);
	size_t at = message_hash(item->message, &newest->key) + item->ordinal;

	for (;; at++) {
		uint32_t *slot = &newest->slots[at & newest->mask];

		if (*slot == 0) {
			*slot = (uint32_t)index + 1;
			return true;
		}
		if (outbound_is_alike(outbound_item(newest->queue, *slot - 1), item))
			return false;
	}
}

static bool outbound_is_stale(const struct sieve *sieve, const struct outbound *queue,
	const struct delivery *item)
{
	(void)sieve, (void)queue;
	return item->flags & DELIVERY_STALE;
}

size_t outbound_drop_stale(struct outbound *queue, size_t keep, struct names *names)
{
	const struct sieve sieve = {.drops = outbound_is_stale};
	struct newest newest = {.queue = queue, .key = names->table.key, .mask = 1};

	if (queue->count <= keep + 1)
		return 0;
	while (newest.mask < 2 * (queue->count - keep))
		newest.mask = newest.mask * 2 + 1;
	newest.slots = xcalloc(newest.mask + 1, sizeof(*newest.slots));
	for (size_t i = queue->count; i > keep; i--) {
		struct delivery *item = outbound_slot(queue, i - 1);

		if (outbound_is_droppable(item) && !newest_add(&newest, i - 1))
			item->flags |= DELIVERY_STALE;
	}
	free(newest.slots);
	return outbound_sift(queue, keep, &sieve, names);
}

static bool outbound_is_from_queue(const struct sieve *sieve,
	const struct outbound *queue, const struct delivery *item)
{
	(void)queue;
	return !outbound_is_bounded(item) &&
	       (sieve->ordinal == 0 || item->ordinal == sieve->ordinal);
}

void outbound_withdraw(
	struct outbound *queue, size_t keep, uint32_t ordinal, struct names *names)
{
	const struct sieve sieve = {
		.drops = outbound_is_from_queue, .ordinal = ordinal};

	outbound_sift(queue, keep, &sieve, names);
}
