#include "gateway/broker/lanes.h"

#include "gateway/worker/account.h"
#include "protocol/xmalloc.h"

#include <assert.h>
#include <stdlib.h>

enum {
	QUANTUM = 512,  /* deliveries: some tenths of a millisecond */
	PER_TURN = 256, /* posts */
};

struct lane {
	struct table_node node; /* in lanes->by_publisher; its key is the publisher */
	struct handle publisher;
	struct lane_account *account;
	struct list link; /* in account->lanes */
	struct post *first, **last;
};

void lanes_init(struct lanes *lanes, struct worker *worker)
{
	*lanes = (struct lanes){
		.worker = worker, .quantum = QUANTUM, .per_turn = PER_TURN};
	table_init(&lanes->accounts, &worker->key);
	table_init(&lanes->by_publisher, &worker->key);
	list_init(&lanes->rotation);
}

void lanes_finish(struct lanes *lanes)
{
	assert(lanes->posts == 0 && list_is_empty(&lanes->rotation));
	table_finish(&lanes->by_publisher);
	table_finish(&lanes->accounts);
}

/* Accounts. */

static struct lane_account *lane_account_open(struct lanes *lanes, uint32_t number)
{
	struct table_node *node = table_find(&lanes->accounts, account_key(&number));

	if (node != NULL)
		return container_of(node, struct lane_account, node);
	struct lane_account *account = xcalloc(1, sizeof(*account));
	account->number = number;
	account->left = lanes->quantum;
	account->since = lanes->spent;
	list_init(&account->lanes);
	list_append(&lanes->rotation, &account->link);
	table_insert(&lanes->accounts, &account->node, account_key(&account->number));
	return account;
}

static void lane_account_close(struct lanes *lanes, struct lane_account *account)
{
	list_remove(&account->link);
	table_remove(&lanes->accounts, &account->node);
	free(account);
}

/* Its turn ends: it comes last, with another quantum. */
static void lane_account_pass(struct lanes *lanes, struct lane_account *account)
{
	account->left += lanes->quantum;
	account->since = lanes->spent;
	list_remove(&account->link);
	if (list_is_empty(&account->lanes) && account->left > 0) {
		table_remove(&lanes->accounts, &account->node);
		free(account);
		return;
	}
	list_append(&lanes->rotation, &account->link);
}

/* Nobody waits any more, so no debt matters. */
static void lanes_forgive(struct lanes *lanes)
{
	struct list *link;

	while ((link = lanes->rotation.next) != &lanes->rotation)
		lane_account_close(
			lanes, container_of(link, struct lane_account, link));
}

/* Lanes. */

static struct lane *lane_find(const struct lanes *lanes, struct handle publisher)
{
	struct table_node *node =
		table_find(&lanes->by_publisher, handle_key(&publisher));

	return node == NULL ? NULL : container_of(node, struct lane, node);
}

static struct lane *lane_open(
	struct lanes *lanes, struct handle publisher, uint32_t account)
{
	struct lane *lane = xcalloc(1, sizeof(*lane));

	lane->publisher = publisher;
	lane->last = &lane->first;
	lane->account = lane_account_open(lanes, account);
	list_append(&lane->account->lanes, &lane->link);
	table_insert(&lanes->by_publisher, &lane->node, handle_key(&lane->publisher));
	return lane;
}

static void lane_close(struct lanes *lanes, struct lane *lane)
{
	table_remove(&lanes->by_publisher, &lane->node);
	list_remove(&lane->link);
	free(lane);
}

static void lane_put(struct lanes *lanes, struct lane *lane, struct post *post,
	void (*run)(struct worker *worker, struct post *post))
{
	post->run = run;
	post->next = NULL;
	*lane->last = post;
	lane->last = &post->next;
	lanes->posts++;
	worker_keep_post(lanes->worker, post);
}

static struct post *lane_take(struct lanes *lanes, struct lane *lane)
{
	struct post *post = lane->first;

	lane->first = post->next;
	if (lane->first == NULL)
		lane->last = &lane->first;
	lanes->posts--;
	worker_release_post(lanes->worker, post);
	return post;
}

void lanes_put(struct lanes *lanes, struct handle publisher, uint32_t account,
	struct post *post, void (*run)(struct worker *worker, struct post *post))
{
	if (publisher.number == 0)
		publisher = (struct handle){account, 0};
	struct lane *lane = lane_find(lanes, publisher);

	lane_put(lanes, lane != NULL ? lane : lane_open(lanes, publisher, account),
		post, run);
}

bool lanes_put_behind(struct lanes *lanes, struct handle publisher, struct post *post,
	void (*run)(struct worker *worker, struct post *post))
{
	struct lane *lane = lanes->posts == 0 || publisher.number == 0
				    ? NULL
				    : lane_find(lanes, publisher);

	if (lane == NULL)
		return false;
	lane_put(lanes, lane, post, run);
	return true;
}

/* Turns. */

void lanes_charge(struct lanes *lanes, uint32_t account, uint64_t deliveries)
{
	if (list_is_empty(&lanes->rotation))
		return;
	lane_account_open(lanes, account)->left -= (int64_t)deliveries;
	lanes->spent += deliveries;
}

/* The account whose turn it is. */
static struct lane_account *lanes_next_account(struct lanes *lanes)
{
	for (;;) {
		struct lane_account *account =
			container_of(lanes->rotation.next, struct lane_account, link);

		if (account->left > 0 && !list_is_empty(&account->lanes))
			return account;
		lane_account_pass(lanes, account);
	}
}

void lanes_serve(struct lanes *lanes)
{
	struct lane_account *account = lanes_next_account(lanes);
	struct lane *lane = container_of(account->lanes.next, struct lane, link);
	struct post *post = lane_take(lanes, lane);

	lanes_charge(lanes, account->number, 1);
	post->run(lanes->worker, post);
	if (lane->first == NULL) {
		lane_close(lanes, lane);
	} else if (account->left <= 0) {
		list_remove(&lane->link);
		list_append(&account->lanes, &lane->link);
	}
	if (account->left <= 0)
		lane_account_pass(lanes, account);
	else if (list_is_empty(&account->lanes))
		lane_account_close(lanes, account);
	if (lanes->posts == 0)
		lanes_forgive(lanes);
}

void lanes_for_each_account(const struct lanes *lanes,
	void (*visit)(const struct lane_account *account, void *context), void *context)
{
	list_for_each (link, &lanes->rotation)
		visit(container_of(link, struct lane_account, link), context);
}

void lanes_for_each_post(const struct lanes *lanes,
	void (*visit)(const struct post *post, void *context), void *context)
{
	list_for_each (link, &lanes->rotation) {
		const struct lane_account *account =
			container_of(link, struct lane_account, link);

		list_for_each (at, &account->lanes) {
			for (const struct post *post =
					container_of(at, struct lane, link)->first;
				post != NULL; post = post->next)
				visit(post, context);
		}
	}
}
