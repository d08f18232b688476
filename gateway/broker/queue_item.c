/* A message in a queue: its age, its end, and its way out of the queue. */
#include "gateway/broker/queue_internal.h"

#include "gateway/broker/letter_room.h"
#include "gateway/worker/workers.h"
#include "protocol/xmalloc.h"

#include <stdlib.h>

uint64_t item_offset(const struct item *item)
{
	return message_place(item->message).offset;
}

void item_start_expiry(struct queue *queue, struct item *item)
{
	if (item->can_expire)
		timers_start(
			queue->rules.expiries, &item->expiry->timer, item->expiry->due);
}

void item_stop_expiry(struct queue *queue, struct item *item)
{
	if (item->can_expire)
		timers_stop(queue->rules.expiries, &item->expiry->timer);
}

bool item_has_expired(const struct item *item, uint64_t now)
{
	return item->can_expire && item->expiry->due < now;
}

struct item *item_create(struct queue *queue, struct message *message, uint64_t now)
{
	const uint64_t due = message_expires_at(message);
	const bool can_expire = due != 0 && queue->rules.expiries != NULL;
	const bool was_good = due >= message_sent_at(message);
	struct item *item =
		xcalloc(1, sizeof(*item) + (can_expire ? sizeof(*item->expiry) : 0));

	item->message = message;
	item->can_expire = can_expire;
	if (can_expire) {
		item->expiry->due = was_good && due < now ? now : due;
		item->expiry->queue = queue;
	}
	return item;
}

/*
 * Items leave `waiting` from its front, so whatever comes back is older than what is
 * left there. Only those that have come back need an order.
 */
void queue_put_back(struct queue *queue, struct item *item)
{
	timers_start(&queue->requeued, &item->requeued, item_offset(item));
	item_start_expiry(queue, item);
}

struct item *queue_first(const struct queue *queue)
{
	struct timer *requeued = timers_first(&queue->requeued);

	if (requeued != NULL)
		return container_of(requeued, struct item, requeued);
	return list_is_empty(&queue->waiting)
		       ? NULL
		       : container_of(queue->waiting.next, struct item, link);
}

/* Takes the item out of whatever list or heap it is in. */
static void queue_unlink(struct queue *queue, struct item *item)
{
	list_remove(&item->link);
	if (!timer_is_running(&item->requeued))
		return;
	timers_stop(&queue->requeued, &item->requeued);
	if (queue->requeued.count == 0)
		timers_finish(&queue->requeued);
}

void queue_take_away(struct queue *queue, struct item *item)
{
	item_stop_expiry(queue, item);
	queue_unlink(queue, item);
}

struct message *queue_take_out(struct queue *queue, struct item *item)
{
	struct message *message = item->message;

	queue_unreserve(queue, 1, message_size(message));
	if (item->is_letter)
		letter_room_give(queue->rules.letters, message_account(message),
			message_size(message));
	if (queue->rules.workers != NULL)
		budget_keep(queue->rules.workers, message_account(message),
			-(int64_t)message_size(message));
	counter_add(&queue->rules.metrics->queue_messages, (uint64_t)-1);
	queue_take_away(queue, item);
	free(item);
	return message;
}

static void item_end(struct queue *queue, struct item *item, enum dead_reason reason)
{
	queue_take_away(queue, item);
	queue_add_dead(queue, item, reason);
}

struct queue *queue_expire(struct timer *timer)
{
	struct expiry *expiry = container_of(timer, struct expiry, timer);

	item_end(
		expiry->queue, container_of(expiry, struct item, expiry), DEAD_EXPIRED);
	return expiry->queue;
}

bool queue_expire_first(struct queue *queue, uint64_t now)
{
	struct item *item = queue_first(queue);

	if (item == NULL || !item_has_expired(item, now))
		return false;
	item_end(queue, item, DEAD_EXPIRED);
	return true;
}

bool queue_abandon_first(struct queue *queue)
{
	struct item *item = queue_first(queue);

	if (item == NULL)
		return false;
	item_end(queue, item, DEAD_IDLE);
	return true;
}
