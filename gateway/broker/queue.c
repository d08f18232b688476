#include "gateway/broker/queue.h"

#include "protocol/xmalloc.h"

#include <assert.h>
#include <stdlib.h>

/* When an item expires. */
struct expiry {
	struct timer timer; /* runs while the item waits */
	uint64_t due;       /* ms on the loop's clock */
	struct queue *queue;
};

/* A message in the queue, in flight or not. */
struct item {
	struct list link; /* in queue->waiting, dead or held, or its consumer's list */
	struct message *message;
	struct handle rejected_by; /* latest consumer to reject it; zero: none */
	uint32_t rejections, losses;
	uint16_t attempts; /* to deliver it */
	uint8_t reason;    /* enum dead_reason, once it is dead */
	bool is_held;      /* queue_set_held() */
	bool can_expire;
	struct expiry expiry[]; /* one if it can expire, else none */
};

struct consumer {
	struct table_node node; /* its key is the handle */
	struct handle handle;
	struct list ready;     /* in queue->ready while it has credit */
	struct list in_flight; /* items, the oldest first */
	uint64_t prefetch, count, bytes;
};

struct queue {
	struct table_node node; /* its key points to `destination` */
	struct queue_rules rules;
	struct place last;   /* of the latest message */
	struct list waiting; /* items, by offset */
	struct list dead;    /* items to take out */
	struct list held;    /* items whose consumer has left */
	struct list ready;   /* consumers with credit, the next in turn first */
	struct table consumers;
	uint64_t messages, bytes; /* all in the queue, and the reserved ones */
	uint64_t in_flight;       /* number of messages */
	char destination[];
};

struct queue *queue_create(struct slice destination, uint64_t epoch,
	const struct queue_rules *rules, const struct hash_key *key)
{
	struct queue *queue = xcalloc(1, sizeof(*queue) + destination.len);

	queue->rules = *rules;
	queue->last.epoch = epoch;
	list_init(&queue->waiting);
	list_init(&queue->dead);
	list_init(&queue->held);
	list_init(&queue->ready);
	table_init(&queue->consumers, key);
	memcpy(queue->destination, destination.data, destination.len);
	queue->node.key = (struct slice){queue->destination, destination.len};
	return queue;
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

uint64_t queue_messages(const struct queue *queue)
{
	return queue->messages;
}

uint64_t queue_unacknowledged(const struct queue *queue)
{
	return queue->in_flight;
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

/* Room. */

bool queue_reserve(struct queue *queue, uint64_t messages, uint64_t bytes)
{
	if (messages > queue->rules.messages - queue->messages ||
		bytes > queue->rules.bytes - queue->bytes)
		return false;
	queue->messages += messages;
	queue->bytes += bytes;
	return true;
}

void queue_unreserve(struct queue *queue, uint64_t messages, uint64_t bytes)
{
	assert(messages <= queue->messages && bytes <= queue->bytes);
	queue->messages -= messages;
	queue->bytes -= bytes;
}

/* Items. */

static uint64_t item_offset(const struct item *item)
{
	return message_place(item->message).offset;
}

/* NULL: there is none in the list. That of a consumer is nearly always the oldest. */
static struct item *item_find(const struct list *items, uint64_t offset)
{
	list_for_each (link, items) {
		struct item *item = container_of(link, struct item, link);

		if (item_offset(item) == offset)
			return item;
	}
	return NULL;
}

/* The item waits. It may have been in flight when its time came. */
static void item_start_expiry(struct queue *queue, struct item *item)
{
	if (item->can_expire)
		timers_start(
			queue->rules.expiries, &item->expiry->timer, item->expiry->due);
}

static void item_stop_expiry(struct queue *queue, struct item *item)
{
	if (item->can_expire)
		timers_stop(queue->rules.expiries, &item->expiry->timer);
}

/* The item waits. */
static bool item_has_expired(const struct item *item, uint64_t now)
{
	return item->can_expire && item->expiry->due < now;
}

static struct item *item_create(
	struct queue *queue, struct message *message, uint64_t now)
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

void queue_put(struct queue *queue, struct message *message, uint64_t now)
{
	struct item *item = item_create(queue, message, now);

	queue->last.offset++;
	message_set_place(message, queue->last, false);
	item_start_expiry(queue, item);
	queue->messages++;
	queue->bytes += message_size(message);
	list_append(&queue->waiting, &item->link);
	counter_add(&queue->rules.metrics->queue_messages, 1);
}

/*
 * A requeued item is older than nearly all waiting items, so its place is near the
 * front.
 */
static void queue_put_back(struct queue *queue, struct item *item)
{
	struct list *at = queue->waiting.next;

	while (at != &queue->waiting &&
		item_offset(container_of(at, struct item, link)) < item_offset(item))
		at = at->next;
	list_append(at, &item->link);
	item_start_expiry(queue, item);
}

/* The item is in no list. */
static void queue_add_dead(
	struct queue *queue, struct item *item, enum dead_reason reason)
{
	item->reason = (uint8_t)reason;
	list_append(&queue->dead, &item->link);
}

/* Hands the item's reference to the caller. */
static struct message *queue_take_out(struct queue *queue, struct item *item)
{
	struct message *message = item->message;

	queue_unreserve(queue, 1, message_size(message));
	counter_add(&queue->rules.metrics->queue_messages, (uint64_t)-1);
	item_stop_expiry(queue, item);
	list_remove(&item->link);
	free(item);
	return message;
}

/* Consumers. */

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
	list_remove(&item->link);
}

void queue_join(struct queue *queue, struct handle handle, uint64_t prefetch)
{
	struct consumer *consumer = xcalloc(1, sizeof(*consumer));

	consumer->handle = handle;
	consumer->prefetch = prefetch;
	list_init(&consumer->in_flight);
	table_insert(&queue->consumers, &consumer->node, handle_key(&consumer->handle));
	consumer_line_up(queue, consumer);
}

/* Counts a loss for the oldest items in flight, except held ones. */
static void consumer_lose(struct queue *queue, struct consumer *consumer, uint64_t lost)
{
	struct list *link = consumer->in_flight.next;

	/* A COMMIT that other engines share may have settled some meanwhile. */
	for (; lost > 0 && link != &consumer->in_flight; lost--) {
		struct item *item = container_of(link, struct item, link);

		link = link->next;
		if (!item->is_held && ++item->losses == queue->rules.losses) {
			consumer_give_back(queue, consumer, item);
			queue_add_dead(queue, item, DEAD_LOST);
		}
	}
}

/* The item that is in flight to that consumer, or held if that has left; or NULL. */
static struct item *queue_find_in_flight(
	const struct queue *queue, const struct consumer *consumer, uint64_t offset)
{
	return item_find(
		consumer != NULL ? &consumer->in_flight : &queue->held, offset);
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
	list_remove(&item->link);
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
	/* From the youngest: the place of each next item is before the previous one. */
	while (!list_is_empty(&consumer->in_flight)) {
		struct item *item =
			container_of(consumer->in_flight.previous, struct item, link);

		consumer_give_back(queue, consumer, item);
		if (item->is_held) {
			queue_count_in_flight(queue, 1); /* to nobody */
			list_append(&queue->held, &item->link);
		} else {
			queue_put_back(queue, item);
		}
	}
	list_remove(&consumer->ready);
	table_remove(&queue->consumers, &consumer->node);
	free(consumer);
	return true;
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
	if (list_is_empty(&queue->waiting) || list_is_empty(&queue->ready))
		return false;

	struct item *item = container_of(queue->waiting.next, struct item, link);
	if (item_has_expired(item, now))
		return false;
	struct consumer *consumer = queue_choose(queue, item);

	item_stop_expiry(queue, item);
	item_count_attempt(item);
	list_remove(&item->link);
	list_append(&consumer->in_flight, &item->link);
	queue_count_in_flight(queue, 1);
	consumer->count++;
	consumer->bytes += message_size(item->message);
	list_remove(&consumer->ready); /* its turn is over */
	consumer_line_up(queue, consumer);
	*delivery = (struct queue_delivery){
		consumer->handle, item->message, item->attempts};
	return true;
}

static void item_expire(struct queue *queue, struct item *item)
{
	item_stop_expiry(queue, item);
	list_remove(&item->link);
	queue_add_dead(queue, item, DEAD_EXPIRED);
}

struct queue *queue_expire(struct timer *timer)
{
	struct expiry *expiry = container_of(timer, struct expiry, timer);

	item_expire(expiry->queue, container_of(expiry, struct item, expiry));
	return expiry->queue;
}

bool queue_expire_first(struct queue *queue, uint64_t now)
{
	struct item *item = container_of(queue->waiting.next, struct item, link);

	if (list_is_empty(&queue->waiting) || !item_has_expired(item, now))
		return false;
	item_expire(queue, item);
	return true;
}

static void queue_reject(struct queue *queue, struct item *item, struct handle by)
{
	item->rejected_by = by;
	if (++item->rejections == queue->rules.rejections)
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

bool queue_take_dead(struct queue *queue, struct dead *dead)
{
	if (list_is_empty(&queue->dead))
		return false;

	struct item *item = container_of(queue->dead.next, struct item, link);

	dead->reason = (enum dead_reason)item->reason;
	dead->times = dead->reason == DEAD_LOST ? item->losses : item->rejections;
	dead->message = queue_take_out(queue, item);
	return true;
}

void queue_destroy(struct queue *queue)
{
	struct table_node *node;
	struct dead dead;

	while (queue_take_dead(queue, &dead))
		message_unref(dead.message);
	while ((node = table_any(&queue->consumers)) != NULL)
		queue_leave(
			queue, container_of(node, struct consumer, node)->handle, 0);
	while (!list_is_empty(&queue->held)) {
		struct item *item = container_of(queue->held.next, struct item, link);

		queue_land(queue, NULL, item);
		queue_put_back(queue, item);
	}
	while (!list_is_empty(&queue->waiting)) {
		message_unref(queue_take_out(
			queue, container_of(queue->waiting.next, struct item, link)));
	}
	table_finish(&queue->consumers);
	free(queue);
}
