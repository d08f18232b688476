#include "gateway/outbound.h"

#include "protocol/xmalloc.h"

#include <assert.h>
#include <stdlib.h>

enum { RING_FIRST = 4 };

static struct delivery *outbound_slot(const struct outbound *queue, size_t index)
{
	assert(index <= queue->count);
	return &queue->ring[(queue->first + index) & (queue->capacity - 1)];
}

static bool is_bounded(const struct delivery *item)
{
	return (item->flags & DELIVERY_LENT) == 0;
}

static void outbound_grow(struct outbound *queue)
{
	uint32_t capacity = queue->capacity == 0 ? RING_FIRST : queue->capacity * 2;
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
	if (queue->count == queue->capacity)
		outbound_grow(queue);
	*outbound_slot(queue, queue->count++) = *item;
	message_ref(item->message);
	name_ref(item->subscription);
	if (is_bounded(item)) {
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
	struct outbound *queue, struct delivery *item, struct table *names)
{
	if (is_bounded(item)) {
		queue->bounded--;
		queue->bytes -= message_size(item->message);
	}
	message_unref(item->message);
	name_unref(names, item->subscription);
}

static void outbound_shrink(struct outbound *queue)
{
	if (queue->count > 0)
		return;
	/* The bytes may differ from 0 only by our own mistake. */
	assert(queue->bytes == 0 && queue->bounded == 0);
	free(queue->ring);
	*queue = (struct outbound){0};
}

void outbound_pop(struct outbound *queue, size_t count, struct table *names)
{
	assert(count <= queue->count);
	for (; count > 0; count--) {
		outbound_drop(queue, outbound_slot(queue, 0), names);
		queue->first = (queue->first + 1) & (queue->capacity - 1);
		queue->count--;
	}
	outbound_shrink(queue);
}

void outbound_cut(struct outbound *queue, size_t keep, struct table *names)
{
	while (queue->count > keep) {
		queue->count--;
		outbound_drop(queue, outbound_slot(queue, queue->count), names);
	}
	outbound_shrink(queue);
}

void outbound_recall(
	struct outbound *queue, size_t keep, uint32_t ordinal, struct table *names)
{
	size_t kept = keep;

	for (size_t i = keep; i < queue->count; i++) {
		struct delivery *item = outbound_slot(queue, i);

		if (!is_bounded(item) && item->ordinal == ordinal)
			outbound_drop(queue, item, names);
		else
			*outbound_slot(queue, kept++) = *item;
	}
	queue->count = (uint32_t)kept;
	outbound_shrink(queue);
}
