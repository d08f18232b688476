#include "gateway/session/batch.h"

#include "gateway/worker/workers.h"
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
	struct workers *workers; /* borrowed */
	const struct batch_format *how;
	struct buf bytes;
	struct buf scratch;           /* of rendering */
	struct renderings renderings; /* of the worker, beyond this batch */
	size_t count;
	struct step steps[STEPS_MAX];
};

struct batch_cache *batch_cache_create(struct workers *workers)
{
	struct batch_cache *batch_cache = xcalloc(1, sizeof(*batch_cache));

	batch_cache->workers = workers;
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

/* As the receiver must see the message. */
static struct view delivery_view(const struct delivery *item, enum wire wire)
{
	return (struct view){
		.version = (enum stomp_version)item->version,
		.wire = wire,
		.subscription = item->subscription,
		.ack = delivery_ack(item),
		.attempt = item->attempt,
	};
}

static struct rendering batch_cache_render(struct batch_cache *batch_cache,
	const struct delivery *item, const struct view *view)
{
	const struct rendering rendering =
		message_render_with(item->message, view, &batch_cache->scratch);

	if (batch_cache->scratch.capacity > BYTES_KEPT)
		buf_finish(&batch_cache->scratch); /* it was a large one */
	if (rendering.bytes.len >= RENDERING_LARGE)
		renderings_note(&batch_cache->renderings, item->message, &rendering);
	return rendering;
}

/* Claims memory, which large renderings that others wait for may have to give back. */
static bool batch_cache_claim(struct batch_cache *batch_cache, size_t bytes)
{
	if (budget_claim(batch_cache->workers, bytes))
		return true;
	renderings_finish(&batch_cache->renderings);
	return budget_claim(batch_cache->workers, bytes);
}

static struct batch batch_cache_pull_alone(
	struct batch_cache *batch_cache, const struct delivery *item, enum wire wire)
{
	const struct view view = delivery_view(item, wire);
	const size_t cost = message_rendering_cost(item->message, &view);

	if (cost > 0 && !batch_cache_claim(batch_cache, cost))
		return (struct batch){.bytes = SLICE(""), .is_alone = true};
	const struct rendering rendering = batch_cache_render(batch_cache, item, &view);
	budget_end_claim(batch_cache->workers, cost);
	return (struct batch){
		.bytes = rendering.bytes,
		.count = 1,
		.payload = rendering.bytes.len,
		.is_alone = true,
		.is_text = rendering.is_text,
	};
}

/* False for a message that is a batch alone. */
static bool batch_cache_append(
	struct batch_cache *batch_cache, const struct delivery *item)
{
	if (message_size(item->message) >= BATCH_ALONE)
		return false;

	const struct view view = delivery_view(item, batch_cache->how->wire);
	const struct rendering rendering = batch_cache_render(batch_cache, item, &view);
	const size_t before =
		batch_cache->count > 0
			? batch_cache->steps[batch_cache->count - 1].payload
			: 0;

	batch_cache->how->append(&batch_cache->bytes, rendering);
	batch_cache->steps[batch_cache->count++] = (struct step){
		.message = message_ref(item->message),
		.subscription = name_number(item->subscription),
		.ack = view.ack,
		.version = item->version,
		.attempt = view.attempt,
		.end = batch_cache->bytes.len,
		.payload = before + rendering.bytes.len,
	};
	return true;
}

/*
 * The step of the delivery that comes `index` places after the oldest one of its
 * queue. NULL for a message that is a batch alone.
 */
static const struct step *batch_cache_step(
	struct batch_cache *batch_cache, size_t index, const struct delivery *item)
{
	if (index < batch_cache->count && !step_suits(&batch_cache->steps[index], item))
		batch_cache_cut(batch_cache, index);
	if (index == batch_cache->count && !batch_cache_append(batch_cache, item))
		return NULL;
	return &batch_cache->steps[index];
}

struct batch batch_cache_pull(struct batch_cache *batch_cache,
	const struct outbound *queue, const struct batch_format *how, size_t budget)
{
	const struct step *step, *last;
	size_t count = 0;

	if (batch_cache->how != how)
		batch_cache_cut(batch_cache, 0);
	batch_cache->how = how;
	step = batch_cache_step(batch_cache, 0, outbound_item(queue, 0));
	if (step == NULL)
		return batch_cache_pull_alone(
			batch_cache, outbound_item(queue, 0), how->wire);
	do {
		last = step;
		count++;
		if (last->end >= budget || count == queue->count || count == STEPS_MAX)
			break;
		step = batch_cache_step(
			batch_cache, count, outbound_item(queue, count));
	} while (step != NULL);
	return (struct batch){
		.bytes = slice_first(buf_slice(&batch_cache->bytes), last->end),
		.count = count,
		.payload = last->payload,
	};
}
