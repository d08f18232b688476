#include "gateway/outbound.h"

#include "protocol/xmalloc.h"

#include <assert.h>
#include <stdlib.h>

enum { RING_FIRST = 4 };

static struct outbound_item *outbound_slot(const struct outbound *queue, size_t index)
{
	assert(index <= queue->count);
	return &queue->ring[(queue->first + index) & (queue->capacity - 1)];
}

static void outbound_grow(struct outbound *queue)
{
	uint32_t capacity = queue->capacity == 0 ? RING_FIRST : queue->capacity * 2;
	struct outbound_item *ring = xmalloc(capacity * sizeof(*ring));

	for (uint32_t i = 0; i < queue->count; i++)
		ring[i] = *outbound_slot(queue, i);
	free(queue->ring);
	queue->ring = ring;
	queue->capacity = capacity;
	queue->first = 0;
}

void outbound_push(struct outbound *queue, const struct outbound_item *item)
{
	if (queue->count == queue->capacity)
		outbound_grow(queue);
	*outbound_slot(queue, queue->count) = (struct outbound_item){
		message_ref(item->message),
		name_ref(item->subscription),
		item->version,
	};
	queue->count++;
	queue->bytes += message_size(item->message);
}

const struct outbound_item *outbound_item(const struct outbound *queue, size_t index)
{
	assert(index < queue->count);
	return outbound_slot(queue, index);
}

static void outbound_drop(
	struct outbound *queue, struct outbound_item *item, struct table *names)
{
	queue->bytes -= message_size(item->message);
	message_unref(item->message);
	name_unref(names, item->subscription);
}

static void outbound_shrink(struct outbound *queue)
{
	if (queue->count > 0)
		return;
	/* The bytes may differ from 0 only by our own mistake. */
	assert(queue->bytes == 0);
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
