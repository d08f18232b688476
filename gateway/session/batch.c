#include "gateway/session/batch.h"

#include "protocol/xmalloc.h"

#include <stdlib.h>

enum { STEPS_MAX = 1024, BYTES_KEPT = 262144 };

/* A message of the batch. */
struct step {
	struct message *message; /* counted reference */
	uint64_t subscription;   /* number of the name */
	uint32_t ack;
	uint8_t version;
	uint16_t attempt;
	size_t end, payload; /* bytes of the batch up to here */
};

struct batch_cache {
	const struct batch_format *how;
	struct buf bytes;
	struct buf scratch;           /* of rendering */
	struct renderings renderings; /* of the worker, beyond this batch */
	size_t count;
	struct step steps[STEPS_MAX];
};

struct batch_cache *batch_cache_create(void)
{
	struct batch_cache *batch_cache = xcalloc(1, sizeof(*batch_cache));

	renderings_init(&batch_cache->renderings);
	return batch_cache;
}

void batch_cache_destroy(struct batch_cache *batch_cache)
{
	batch_cache_clear(batch_cache);
	renderings_finish(&batch_cache->renderings);
	buf_finish(&batch_cache->bytes);
	buf_finish(&batch_cache->scratch);
	free(batch_cache);
}

/* Keeps the first `keep` messages of the batch. */
static void batch_cache_cut(struct batch_cache *batch_cache, size_t keep)
{
	while (batch_cache->count > keep)
		message_unref(batch_cache->steps[--batch_cache->count].message);
	batch_cache->bytes.len = keep > 0 ? batch_cache->steps[keep - 1].end : 0;
}

void batch_cache_clear(struct batch_cache *batch_cache)
{
	batch_cache_cut(batch_cache, 0);
	if (batch_cache->bytes.capacity > BYTES_KEPT)
		buf_finish(&batch_cache->bytes); /* it was a large one */
}

static uint32_t delivery_ack(const struct delivery *item)
{
	return item->flags & DELIVERY_ACK ? item->ordinal : 0;
}

/* True when the receiver would see this message in the same rendering. */
static bool step_suits(const struct step *step, const struct delivery *item)
{
	return step->message == item->message &&
	       step->subscription == name_number(item->subscription) &&
	       step->version == item->version && step->ack == delivery_ack(item) &&
	       step->attempt == item->attempt;
}

static void batch_cache_append(
	struct batch_cache *batch_cache, const struct delivery *item)
{
	const struct view view = {
		.version = (enum stomp_version)item->version,
		.wire = batch_cache->how->wire,
		.subscription = item->subscription,
		.ack = delivery_ack(item),
		.attempt = item->attempt,
	};
	const struct rendering rendering =
		message_render_with(item->message, &view, &batch_cache->scratch);
	const size_t before =
		batch_cache->count > 0
			? batch_cache->steps[batch_cache->count - 1].payload
			: 0;

	if (batch_cache->scratch.capacity > BYTES_KEPT)
		buf_finish(&batch_cache->scratch); /* it was a large one */
	batch_cache->how->append(&batch_cache->bytes, rendering);
	if (rendering.bytes.len >= RENDERING_LARGE)
		renderings_note(&batch_cache->renderings, item->message, &rendering);
	batch_cache->steps[batch_cache->count++] = (struct step){
		.message = message_ref(item->message),
		.subscription = name_number(item->subscription),
		.ack = view.ack,
		.version = item->version,
		.attempt = view.attempt,
		.end = batch_cache->bytes.len,
		.payload = before + rendering.bytes.len,
	};
}

/*
 * The step of the delivery that comes `index` places after the oldest one of its
 * queue.
 */
static const struct step *batch_cache_step(
	struct batch_cache *batch_cache, size_t index, const struct delivery *item)
{
	if (index < batch_cache->count && !step_suits(&batch_cache->steps[index], item))
		batch_cache_cut(batch_cache, index);
	if (index == batch_cache->count)
		batch_cache_append(batch_cache, item);
	return &batch_cache->steps[index];
}

struct batch batch_cache_pull(struct batch_cache *batch_cache,
	const struct outbound *queue, const struct batch_format *how, size_t budget)
{
	const struct step *last;
	size_t count = 0;

	if (batch_cache->how != how)
		batch_cache_cut(batch_cache, 0);
	batch_cache->how = how;
	do {
		last = batch_cache_step(
			batch_cache, count, outbound_item(queue, count));
		count++;
	} while (last->end < budget && count < queue->count && count < STEPS_MAX);
	return (struct batch){slice_first(buf_slice(&batch_cache->bytes), last->end),
		count, last->payload};
}
