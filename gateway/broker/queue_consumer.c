/* The consumers of a queue: their credit, and what is in flight to them. */
#include "gateway/broker/queue_internal.h"

#include "protocol/xmalloc.h"

#include <stdlib.h>

struct consumer {
	struct table_node node; /* its key is the handle */
	struct handle handle;
	struct list ready; /* in queue->ready while it has credit */
	struct in_flight in_flight;
	uint64_t prefetch, count, bytes;
};

static struct consumer *queue_find(const struct queue *queue, struct handle handle)
{
	struct table_node *node = table_find(&queue->consumers, handle_key(&handle));

	return node == NULL ? NULL : container_of(node, struct consumer, node);
}

/* Sorts the consumer by its credit; with new credit it lines up after the others. */
static void consumer_line_up(struct queue *queue, struct consumer *consumer)
{
	bool has_credit = consumer->count < consumer->prefetch &&
			  (consumer->count == 0 ||
				  consumer->bytes < queue->rules.in_flight_bytes);

	if (!has_credit)
		list_remove(&consumer->ready);
	else if (!list_is_linked(&consumer->ready))
		list_append(&queue->ready, &consumer->ready);
}

static void queue_count_in_flight(struct queue *queue, uint64_t change)
{
	queue->in_flight += change;
	counter_add(&queue->rules.metrics->queue_in_flight, change);
}

static void consumer_give_back(
	struct queue *queue, struct consumer *consumer, struct item *item)
{
	queue_count_in_flight(queue, (uint64_t)-1);
	consumer->count--;
	consumer->bytes -= message_size(item->message);
	in_flight_remove(&consumer->in_flight, item);
}

void queue_join(struct queue *queue, struct handle handle, uint64_t prefetch)
{
	struct consumer *consumer = xcalloc(1, sizeof(*consumer));

	consumer->handle = handle;
	consumer->prefetch = prefetch;
	in_flight_init(&consumer->in_flight);
	table_insert(&queue->consumers, &consumer->node, handle_key(&consumer->handle));
	consumer_line_up(queue, consumer);
}

void queue_dismiss(struct queue *queue, struct handle handle)
{
	struct consumer *consumer = queue_find(queue, handle);

	if (consumer == NULL)
		return;
	consumer->prefetch = 0;
	consumer_line_up(queue, consumer);
}

/* Counts a loss for the oldest items in flight, except held ones. */
static void consumer_lose(struct queue *queue, struct consumer *consumer, uint64_t lost)
{
	struct list *items = &consumer->in_flight.items, *link = items->next;

	/* A COMMIT that other engines share may have settled some meanwhile. */
	for (; lost > 0 && link != items; lost--) {
		struct item *item = container_of(link, struct item, link);

		link = link->next;
		if (!item->is_held && ++item->losses >= queue->rules.losses &&
			queue->rules.losses > 0) {
			consumer_give_back(queue, consumer, item);
			queue_add_dead(queue, item, DEAD_LOST);
		}
	}
}

/* The item that is in flight to that consumer, or held if that has left; or NULL. */
static struct item *queue_find_in_flight(
	struct queue *queue, struct consumer *consumer, uint64_t offset)
{
	return in_flight_find(consumer != NULL ? &consumer->in_flight : &queue->held,
		&queue->consumers.key, offset);
}

/* Takes an item that queue_find_in_flight() has found out of its list. */
static void queue_land(
	struct queue *queue, struct consumer *consumer, struct item *item)
{
	if (consumer != NULL) {
		consumer_give_back(queue, consumer, item);
		consumer_line_up(queue, consumer);
		return;
	}
	queue_count_in_flight(queue, (uint64_t)-1);
	in_flight_remove(&queue->held, item);
}

void queue_set_held(
	struct queue *queue, struct handle handle, uint64_t offset, bool is_held)
{
	struct consumer *consumer = queue_find(queue, handle);
	struct item *item = queue_find_in_flight(queue, consumer, offset);

	if (item != NULL)
		item->is_held = is_held;
	if (item != NULL && !is_held && consumer == NULL) {
		queue_land(queue, NULL, item);
		queue_put_back(queue, item);
	}
}

bool queue_leave(struct queue *queue, struct handle handle, uint64_t lost)
{
	struct consumer *consumer = queue_find(queue, handle);

	if (consumer == NULL)
		return false;
	consumer_lose(queue, consumer, lost);
	while (!list_is_empty(&consumer->in_flight.items)) {
		struct item *item =
			container_of(consumer->in_flight.items.next, struct item, link);

		consumer_give_back(queue, consumer, item);
		if (item->is_held) {
			queue_count_in_flight(queue, 1); /* to nobody */
			in_flight_add(&queue->held, item);
		} else {
			queue_put_back(queue, item);
		}
	}
	in_flight_finish(&consumer->in_flight);
	list_remove(&consumer->ready);
	table_remove(&queue->consumers, &consumer->node);
	free(consumer);
	return true;
}

void queue_remove_consumers(struct queue *queue)
{
	struct table_node *node;

	while ((node = table_any(&queue->consumers)) != NULL)
		queue_leave(
			queue, container_of(node, struct consumer, node)->handle, 0);
	while (!list_is_empty(&queue->held.items)) {
		struct item *item =
			container_of(queue->held.items.next, struct item, link);

		queue_land(queue, NULL, item);
		queue_put_back(queue, item);
	}
	in_flight_finish(&queue->held);
}

/* Delivery. */

static bool queue_is_same(struct handle a, struct handle b)
{
	return a.worker == b.worker && a.number == b.number;
}

/* The next in turn that has not rejected the item, else the next in turn. */
static struct consumer *queue_choose(const struct queue *queue, const struct item *item)
{
	struct consumer *first =
		container_of(queue->ready.next, struct consumer, ready);

	if (queue_is_same(first->handle, item->rejected_by) &&
		first->ready.next != &queue->ready)
		return container_of(first->ready.next, struct consumer, ready);
	return first;
}

/* Wraps, but never to 1: that would look like a first delivery. */
static void item_count_attempt(struct item *item)
{
	item->attempts = item->attempts == UINT16_MAX ? 2 : item->attempts + 1;
}

bool queue_deliver(struct queue *queue, uint64_t now, struct queue_delivery *delivery)
{
	struct item *item = queue_first(queue);

	if (item == NULL || list_is_empty(&queue->ready) || item_has_expired(item, now))
		return false;
	struct consumer *consumer = queue_choose(queue, item);

	queue_take_away(queue, item);
	item_count_attempt(item);
	in_flight_add(&consumer->in_flight, item);
	queue_count_in_flight(queue, 1);
	consumer->count++;
	consumer->bytes += message_size(item->message);
	list_remove(&consumer->ready); /* its turn is over */
	consumer_line_up(queue, consumer);
	*delivery = (struct queue_delivery){
		consumer->handle, item->message, item->attempts};
	return true;
}

/* Settling. */

static void queue_reject(struct queue *queue, struct item *item, struct handle by)
{
	item->rejected_by = by;
	if (++item->rejections >= queue->rules.rejections)
		queue_add_dead(queue, item, DEAD_REJECTED);
	else
		queue_put_back(queue, item);
}

void queue_settle(struct queue *queue, struct handle handle, uint64_t offset,
	enum outcome outcome)
{
	struct consumer *consumer = queue_find(queue, handle);
	struct item *item = queue_find_in_flight(queue, consumer, offset);

	if (item == NULL)
		return;
	queue_land(queue, consumer, item);
	item->is_held = false;
	switch (outcome) {
	case OUTCOME_ACCEPT:
		message_unref(queue_take_out(queue, item));
		return;
	case OUTCOME_REJECT:
		queue_reject(queue, item, handle);
		return;
	case OUTCOME_DISCARD:
		queue_add_dead(queue, item, DEAD_DISCARDED);
		return;
	}
}
