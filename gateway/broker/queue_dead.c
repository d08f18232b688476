/*
 * The dead messages of a queue, in piles: one for each account that has sent some. So
 * the letters of one account can wait while those of others leave.
 */
#include "gateway/broker/queue_internal.h"

#include "gateway/worker/account.h"
#include "gateway/worker/workers.h"
#include "protocol/xmalloc.h"

#include <stdlib.h>

/* A pile lives as long as it has messages that wait, or whose letters are under way. */
struct pile {
	struct table_node node; /* in queue->piles, by account */
	uint32_t account;
	struct queue *queue;
	bool is_bounded;          /* it may have messages beyond rules.dead_messages */
	struct list link;         /* in queue->new_piles, or the caller's */
	struct list items;        /* whose letters have to be sent */
	struct list sent;         /* whose letters are under way */
	uint64_t refused;         /* the first of `items`, which were sent before */
	uint64_t messages, bytes; /* in both lists */
};

static struct pile *pile_of_node(struct table_node *node)
{
	return node == NULL ? NULL : container_of(node, struct pile, node);
}

static struct pile *pile_find(const struct queue *queue, uint32_t account)
{
	return pile_of_node(table_find(&queue->piles, account_key(&account)));
}

static struct pile *pile_create(struct queue *queue, uint32_t account)
{
	struct pile *pile = xcalloc(1, sizeof(*pile));

	pile->account = account;
	pile->queue = queue;
	pile->is_bounded =
		account != ACCOUNT_HOUSE &&
		(queue->rules.workers == NULL ||
			!account_is_exempt(queue->rules.workers->accounts, account));
	list_init(&pile->items);
	list_init(&pile->sent);
	table_insert(&queue->piles, &pile->node, account_key(&pile->account));
	return pile;
}

static void pile_destroy(struct pile *pile)
{
	table_remove(&pile->queue->piles, &pile->node);
	list_remove(&pile->link);
	free(pile);
}

/* It has something for the caller, which need not know it yet. */
static void pile_offer(struct pile *pile)
{
	if (!list_is_linked(&pile->link))
		list_append(&pile->queue->new_piles, &pile->link);
}

struct queue *pile_queue(const struct pile *pile)
{
	return pile->queue;
}

uint32_t pile_account(const struct pile *pile)
{
	return pile->account;
}

struct list *pile_link(struct pile *pile)
{
	return &pile->link;
}

struct pile *pile_of_link(struct list *link)
{
	return container_of(link, struct pile, link);
}

bool pile_is_empty(const struct pile *pile)
{
	return list_is_empty(&pile->items);
}

uint64_t queue_parked_of(const struct queue *queue, uint32_t account, uint64_t *bytes)
{
	const struct pile *pile = pile_find(queue, account);

	*bytes = pile == NULL ? 0 : pile->bytes;
	return pile == NULL ? 0 : pile->messages;
}

bool queue_has_dead(const struct queue *queue)
{
	return !list_is_empty(&queue->new_piles);
}

struct pile *queue_take_pile(struct queue *queue)
{
	struct list *first = list_take_first(&queue->new_piles);

	return first == NULL ? NULL : pile_of_link(first);
}

static uint64_t pile_beyond(const struct pile *pile, uint64_t count, uint64_t most)
{
	return pile->is_bounded && most > 0 && count > most ? count - most : 0;
}

static void pile_add_beyond(const struct pile *pile, uint64_t factor)
{
	struct queue *queue = pile->queue;
	const struct queue_rules *rules = &queue->rules;

	queue->beyond_messages +=
		factor * pile_beyond(pile, pile->messages, rules->dead_messages);
	queue->beyond_bytes +=
		factor * pile_beyond(pile, pile->bytes, rules->dead_bytes);
}

static void pile_count(struct pile *pile, uint64_t messages, uint64_t bytes)
{
	pile_add_beyond(pile, (uint64_t)-1);
	pile->messages += messages;
	pile->bytes += bytes;
	pile_add_beyond(pile, 1);
}

static void pile_visit(struct table_node *node, void *context)
{
	(void)context;
	pile_add_beyond(pile_of_node(node), 1);
}

void queue_count_beyond(struct queue *queue)
{
	queue->beyond_messages = queue->beyond_bytes = 0;
	table_for_each(&queue->piles, pile_visit, NULL);
}

static void queue_count_parked(struct queue *queue, uint64_t change)
{
	queue->parked += change;
	counter_add(&queue->rules.metrics->queue_parked, change);
}

void queue_add_dead(struct queue *queue, struct item *item, enum dead_reason reason)
{
	const uint32_t account = message_account(item->message);
	struct pile *pile = pile_find(queue, account);

	if (pile == NULL)
		pile = pile_create(queue, account);
	item->reason = (uint8_t)reason;
	queue_count_parked(queue, 1);
	counter_add(&queue->rules.metrics->dead[reason], 1);
	list_append(&pile->items, &item->link);
	pile_count(pile, 1, message_size(item->message));
	pile_offer(pile);
}

bool pile_send(struct pile *pile, struct dead *dead)
{
	struct list *first = list_take_first(&pile->items);

	if (first == NULL)
		return false;

	struct item *item = container_of(first, struct item, link);

	if (pile->refused > 0)
		pile->refused--;
	list_append(&pile->sent, &item->link);
	dead->item = item;
	dead->message = item->message;
	dead->reason = (enum dead_reason)item->reason;
	dead->times = dead->reason == DEAD_LOST ? item->losses : item->rejections;
	return true;
}

/* Those that were refused are sent again first, by their age. */
static void pile_put_back(struct pile *pile, struct item *item)
{
	struct list *at = pile->items.next;

	for (uint64_t i = 0; i < pile->refused; i++, at = at->next) {
		if (item_offset(container_of(at, struct item, link)) >
			item_offset(item))
			break;
	}
	list_append(at, &item->link);
	pile->refused++;
	pile_offer(pile);
}

void queue_settle_dead(struct queue *queue, struct item *item, bool is_taken)
{
	struct pile *pile = pile_find(queue, message_account(item->message));

	list_remove(&item->link);
	if (!is_taken) {
		pile_put_back(pile, item);
		return;
	}
	queue_count_parked(queue, (uint64_t)-1);
	pile_count(pile, (uint64_t)-1, -message_size(item->message));
	message_unref(queue_take_out(queue, item));
	if (pile->messages == 0)
		pile_destroy(pile);
}

/* Frees all messages of one pile, and so the pile. */
static void pile_drop(struct pile *pile)
{
	struct queue *queue = pile->queue;

	list_join(&pile->sent, &pile->items);
	for (bool is_last = false; !is_last;) {
		struct list *first = pile->sent.next;

		is_last = first->next == &pile->sent;
		queue_settle_dead(queue, container_of(first, struct item, link), true);
	}
}

void queue_drop_dead(struct queue *queue)
{
	struct pile *pile;

	while ((pile = pile_of_node(table_any(&queue->piles))) != NULL)
		pile_drop(pile);
	table_finish(&queue->piles);
}
