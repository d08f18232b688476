#include "gateway/broker/queue_internal.h"

#include "protocol/xmalloc.h"

#include <assert.h>
#include <stdlib.h>

struct queue *queue_create(struct slice destination, uint64_t epoch,
	const struct queue_rules *rules, const struct hash_key *key)
{
	struct queue *queue = xcalloc(1, sizeof(*queue) + destination.len);

	queue->rules = *rules;
	queue->last.epoch = epoch;
	list_init(&queue->waiting);
	table_init(&queue->piles, key);
	list_init(&queue->new_piles);
	in_flight_init(&queue->held);
	list_init(&queue->ready);
	table_init(&queue->consumers, key);
	memcpy(queue->destination, destination.data, destination.len);
	queue->node.key = (struct slice){queue->destination, destination.len};
	return queue;
}

void queue_set_rules(struct queue *queue, const struct queue_rules *rules)
{
	queue->rules = *rules;
	queue_count_beyond(queue);
}

unsigned queue_configuration(const struct queue *queue)
{
	return queue->rules.configuration;
}

struct table_node *queue_node(struct queue *queue)
{
	return &queue->node;
}

struct queue *queue_of_node(struct table_node *node)
{
	return container_of(node, struct queue, node);
}

struct slice queue_destination(const struct queue *queue)
{
	return queue->node.key;
}

uint32_t queue_account(const struct queue *queue)
{
	return queue->account;
}

void queue_set_account(struct queue *queue, uint32_t account)
{
	queue->account = account;
}

uint64_t queue_messages(const struct queue *queue)
{
	return queue->messages;
}

uint64_t queue_unacknowledged(const struct queue *queue)
{
	return queue->in_flight;
}

uint64_t queue_parked(const struct queue *queue)
{
	return queue->parked;
}

uint64_t queue_consumers(const struct queue *queue)
{
	return queue->consumers.count;
}

struct place queue_place(const struct queue *queue)
{
	return queue->last;
}

bool queue_is_idle(const struct queue *queue)
{
	return queue->messages == 0 && queue->consumers.count == 0;
}

struct timer *queue_idle_timer(struct queue *queue)
{
	return &queue->idle;
}

struct queue *queue_of_idle_timer(struct timer *timer)
{
	return container_of(timer, struct queue, idle);
}

/* Room. */

bool queue_has_room(const struct queue *queue)
{
	return queue->messages - queue->beyond_messages < queue->rules.messages &&
	       queue->bytes - queue->beyond_bytes < queue->rules.bytes;
}

bool queue_reserve(struct queue *queue, uint64_t messages, uint64_t bytes)
{
	/*
	 * An empty queue may have taken more bytes than it may have; and any queue may
	 * have more of both than new rules allow.
	 */
	const uint64_t used = queue->messages - queue->beyond_messages;
	const uint64_t used_bytes = queue->bytes - queue->beyond_bytes;

	if (used > queue->rules.messages || messages > queue->rules.messages - used ||
		used_bytes > queue->rules.bytes ||
		bytes > queue->rules.bytes - used_bytes)
		return false;
	queue->messages += messages;
	queue->bytes += bytes;
	return true;
}

bool queue_reserve_empty(struct queue *queue, uint64_t bytes)
{
	if (queue->messages > 0)
		return false;
	queue->messages = 1;
	queue->bytes = bytes;
	return true;
}

void queue_unreserve(struct queue *queue, uint64_t messages, uint64_t bytes)
{
	assert(messages <= queue->messages && bytes <= queue->bytes);
	queue->messages -= messages;
	queue->bytes -= bytes;
}

static struct item *queue_put_item(
	struct queue *queue, struct message *message, uint64_t now)
{
	struct item *item = item_create(queue, message, now);

	queue->last.offset++;
	message_set_place(message, queue->last, false);
	item_start_expiry(queue, item);
	queue->messages++;
	queue->bytes += message_size(message);
	list_append(&queue->waiting, &item->link);
	counter_add(&queue->rules.metrics->queue_messages, 1);
	return item;
}

void queue_put(struct queue *queue, struct message *message, uint64_t now)
{
	queue_put_item(queue, message, now);
}

void queue_put_letter(struct queue *queue, struct message *letter, uint64_t now)
{
	queue_put_item(queue, letter, now)->is_letter = true;
}

void queue_destroy(struct queue *queue)
{
	queue_drop_dead(queue);
	queue_remove_consumers(queue);
	for (struct item *item; (item = queue_first(queue)) != NULL;)
		message_unref(queue_take_out(queue, item));
	table_finish(&queue->consumers);
	free(queue);
}
