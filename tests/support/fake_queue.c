/* The queues of the fake engine. Everything is looked for; nothing is remembered. */
#include "gateway/config/config.h"
#include "protocol/xmalloc.h"
#include "tests/support/fake_engine_internal.h"

#include <stdlib.h>

static struct fake_item *fake_item_of(struct list *link)
{
	return container_of(link, struct fake_item, link);
}

void fake_queue_put(struct fake_destination *queue, struct message *message)
{
	struct fake_item *item = xcalloc(1, sizeof(*item));

	queue->place.offset++;
	message_set_place(message, queue->place, false);
	item->message = message;
	queue->messages++;
	queue->bytes += message_size(message);
	list_append(&queue->items, &item->link);
}

/* Returns its message, which is the caller's. */
static struct message *fake_item_remove(
	struct fake_destination *queue, struct fake_item *item)
{
	struct message *message = item->message;

	queue->messages--;
	queue->bytes -= message_size(message);
	list_remove(&item->link);
	free(item);
	return message;
}

/* Dead letters. */

static const struct config *fake_config(void)
{
	return fake_center->parts[0]->engine.broker->worker->config;
}

/* Empty: what is dead is gone. */
static struct slice fake_queue_dead_letter(const struct fake_destination *queue)
{
	const struct slice to = fake_config()->dead_letter;

	return slice_equal(to, buf_slice(&queue->address)) ? SLICE("") : to;
}

/* Runs at a worker: whoever owns the dead letters gets it. */
static void fake_dead_letter_run(struct worker *worker, struct post *post)
{
	struct fake_reply *reply = container_of(post, struct fake_reply, post);

	broker_send_message(worker->broker,
		message_forward(reply->message, worker->config->dead_letter, NULL, 0),
		(struct handle){0, 0}, 0);
	fake_reply_free(reply);
}

static void fake_item_discard(struct fake_destination *queue, struct fake_item *item)
{
	const bool is_kept = fake_queue_dead_letter(queue).len > 0;
	struct message *message = fake_item_remove(queue, item);

	if (is_kept)
		fake_reply_create(fake_center->parts[0], fake_dead_letter_run)
			->message = message;
	else
		message_unref(message);
}

static bool fake_item_is_dead(
	const struct fake_destination *queue, const struct fake_item *item)
{
	const struct config *config = fake_config();

	return item->rejections >= config->nacks ||
	       (fake_queue_dead_letter(queue).len > 0 &&
		       item->losses >= config->losses);
}

/* Settling. */

void fake_queue_settle(struct fake_destination *queue,
	const struct fake_subscription *holder, uint64_t offset, enum outcome outcome)
{
	struct fake_item *item = NULL;

	list_for_each (link, &queue->items) {
		struct fake_item *one = fake_item_of(link);

		if (one->holder == holder &&
			message_place(one->message).offset == offset)
			item = one;
	}
	if (item == NULL)
		return;
	switch (outcome) {
	case OUTCOME_ACCEPT:
		message_unref(fake_item_remove(queue, item));
		return;
	case OUTCOME_DISCARD:
		fake_item_discard(queue, item);
		return;
	case OUTCOME_REJECT:
		item->rejections++;
		item->rejected_by = holder->handle;
		item->holder = NULL;
		if (fake_item_is_dead(queue, item))
			fake_item_discard(queue, item);
		return;
	}
}

/* The one that was delivered first of those in flight to it; NULL: there is none. */
static struct fake_item *fake_queue_oldest(
	const struct fake_destination *queue, const struct fake_subscription *holder)
{
	struct fake_item *oldest = NULL;

	list_for_each (link, &queue->items) {
		struct fake_item *item = fake_item_of(link);

		if (item->holder == holder &&
			(oldest == NULL || item->delivered < oldest->delivered))
			oldest = item;
	}
	return oldest;
}

void fake_queue_leave(struct fake_destination *queue,
	const struct fake_subscription *holder, uint64_t lost)
{
	struct fake_item *item;

	while ((item = fake_queue_oldest(queue, holder)) != NULL) {
		item->holder = NULL;
		if (lost == 0)
			continue;
		lost--;
		item->losses++;
		if (fake_item_is_dead(queue, item))
			fake_item_discard(queue, item);
	}
}

/* Delivering. */

static uint64_t fake_queue_in_flight(
	const struct fake_destination *queue, const struct fake_subscription *holder)
{
	uint64_t count = 0;

	list_for_each (link, &queue->items)
		count += fake_item_of(link)->holder == holder;
	return count;
}

static bool fake_item_was_rejected_by(
	const struct fake_item *item, const struct fake_subscription *subscription)
{
	return item->rejected_by.worker == subscription->handle.worker &&
	       item->rejected_by.number == subscription->handle.number;
}

/*
 * The one with credit that has waited for the longest time; one that has rejected the
 * item only if there is no other. NULL: there is none.
 */
static struct fake_subscription *fake_queue_choose(
	const struct fake_destination *queue, const struct fake_item *item)
{
	struct fake_subscription *chosen = NULL, *last = NULL;

	list_for_each (link, &fake_center->subscriptions) {
		struct fake_subscription *one =
			container_of(link, struct fake_subscription, link);

		if (one->destination != queue ||
			fake_queue_in_flight(queue, one) >= one->prefetch)
			continue;
		if (fake_item_was_rejected_by(item, one))
			last = one;
		else if (chosen == NULL || one->served < chosen->served)
			chosen = one;
	}
	return chosen != NULL ? chosen : last;
}

void fake_queue_serve(struct fake_destination *queue)
{
	list_for_each (link, &queue->items) {
		struct fake_item *item = fake_item_of(link);
		struct fake_subscription *to =
			item->holder != NULL ? NULL : fake_queue_choose(queue, item);

		if (to == NULL)
			continue;
		item->holder = to;
		item->delivered = to->served = ++fake_center->clock;
		fake_subscription_deliver(to, item->message, ++item->attempts);
	}
}

void fake_queue_describe(
	const struct fake_destination *queue, struct engine_destination *description)
{
	*description = (struct engine_destination){
		.destination = buf_slice(&queue->address),
		.subscribers = queue->subscribers,
		.messages = queue->place.offset,
		.ready = fake_queue_in_flight(queue, NULL),
	};
	description->unacknowledged = queue->messages - description->ready;
}

void fake_queue_finish(struct fake_destination *queue)
{
	while (!list_is_empty(&queue->items))
		message_unref(fake_item_remove(queue, fake_item_of(queue->items.next)));
}
