#include "gateway/session/joint.h"

#include "protocol/xmalloc.h"

#include <stdlib.h>

enum { STEPS_MAX = 1024, BYTES_KEPT = 262144 };

/* A message of the run. */
struct step {
	struct message *message; /* a reference */
	uint64_t subscription;   /* its name's number */
	uint32_t ack;
	uint8_t version;
	bool redelivered;
	size_t end, payload; /* of the run with it */
};

struct joint {
	const struct joining *how;
	struct buf bytes;
	size_t count;
	struct step steps[STEPS_MAX];
};

struct joint *joint_create(void)
{
	return xcalloc(1, sizeof(struct joint));
}

void joint_destroy(struct joint *joint)
{
	joint_clear(joint);
	buf_finish(&joint->bytes);
	free(joint);
}

/* Leaves the first `keep` messages. */
static void joint_cut(struct joint *joint, size_t keep)
{
	while (joint->count > keep)
		message_unref(joint->steps[--joint->count].message);
	joint->bytes.len = keep > 0 ? joint->steps[keep - 1].end : 0;
}

void joint_clear(struct joint *joint)
{
	joint_cut(joint, 0);
	if (joint->bytes.capacity > BYTES_KEPT)
		buf_finish(&joint->bytes); /* it was a large one */
}

static uint32_t delivery_ack(const struct delivery *item)
{
	return item->flags & DELIVERY_ACK ? item->ordinal : 0;
}

static bool delivery_is_redelivered(const struct delivery *item)
{
	return item->flags & DELIVERY_REDELIVERED;
}

/* True when that is what the receiver would see. */
static bool step_suits(const struct step *step, const struct delivery *item)
{
	return step->message == item->message &&
	       step->subscription == name_number(item->subscription) &&
	       step->version == item->version && step->ack == delivery_ack(item) &&
	       step->redelivered == delivery_is_redelivered(item);
}

static void joint_append(struct joint *joint, const struct delivery *item)
{
	const struct view view = {
		.version = (enum stomp_version)item->version,
		.wire = joint->how->wire,
		.subscription = item->subscription,
		.ack = delivery_ack(item),
		.redelivered = delivery_is_redelivered(item),
	};
	const struct rendering rendering = message_render(item->message, &view);
	const size_t before =
		joint->count > 0 ? joint->steps[joint->count - 1].payload : 0;

	joint->how->append(&joint->bytes, rendering);
	joint->steps[joint->count++] = (struct step){
		.message = message_ref(item->message),
		.subscription = name_number(item->subscription),
		.ack = view.ack,
		.version = item->version,
		.redelivered = view.redelivered,
		.end = joint->bytes.len,
		.payload = before + rendering.bytes.len,
	};
}

/* The step of that delivery, which is the one behind `index` others of its queue. */
static const struct step *joint_step(
	struct joint *joint, size_t index, const struct delivery *item)
{
	if (index < joint->count && !step_suits(&joint->steps[index], item))
		joint_cut(joint, index);
	if (index == joint->count)
		joint_append(joint, item);
	return &joint->steps[index];
}

struct run joint_pull(struct joint *joint, const struct outbound *queue,
	const struct joining *how, size_t budget)
{
	const struct step *last;
	size_t count = 0;

	if (joint->how != how)
		joint_cut(joint, 0);
	joint->how = how;
	do {
		last = joint_step(joint, count, outbound_item(queue, count));
		count++;
	} while (last->end < budget && count < queue->count && count < STEPS_MAX);
	return (struct run){
		slice_first(buf_slice(&joint->bytes), last->end), count, last->payload};
}
