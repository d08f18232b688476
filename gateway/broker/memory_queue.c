/* The queues whose home is this worker, and their deliveries to consumers. */
#include "gateway/broker/memory.h"

#include "gateway/broker/destination.h"
#include "gateway/broker/internal.h"
#include "gateway/broker/subscription.h"
#include "gateway/worker/account.h"
#include "gateway/worker/metrics.h"
#include "gateway/worker/share.h"
#include "protocol/xmalloc.h"

#include <stdlib.h>

enum { EXPIRIES_PER_TURN = 64 };

/* What the dead messages of one account may take of a bound of a queue; 0: all. */
static uint64_t memory_dead_share(const struct config *config, uint64_t bound)
{
	return config->limits.share == 100 ? 0 : share_of(config, bound);
}

/* What the worker's configuration says of the queue of that address. */
static struct queue_rules memory_queue_rules(
	const struct broker *broker, struct slice address)
{
	const struct config *config = broker->worker->config;

	return (struct queue_rules){
		.messages = config->limits.backlog_messages,
		.bytes = config->limits.backlog_bytes,
		.in_flight_bytes = config->limits.queue_bytes / 16,
		.rejections = config->nacks,
		/*
		 * A consumer that is lost has not rejected the message. Without dead
		 * letters the message is not dropped.
		 */
		.losses = dead_letters_address(config, address).len > 0 ? config->losses
									: 0,
		.dead_messages =
			memory_dead_share(config, config->limits.backlog_messages),
		.dead_bytes = memory_dead_share(config, config->limits.backlog_bytes),
		.configuration = broker->worker->configured,
		.metrics = broker->worker->metrics,
		.workers = broker->worker->workers,
		.letters = &broker->memory->letters.room,
		.expiries = &broker->memory->expiries,
	};
}

struct queue *memory_queue(const struct broker *broker, struct slice address)
{
	struct table_node *node = table_find(&broker->memory->queues, address);

	if (node == NULL)
		return NULL;
	struct queue *queue = queue_of_node(node);
	/* There was a reload since the queue was used. */
	if (queue_configuration(queue) != broker->worker->configured) {
		const struct queue_rules rules = memory_queue_rules(broker, address);

		queue_set_rules(queue, &rules);
	}
	return queue;
}

struct queue *memory_open_queue(struct broker *broker, struct slice address,
	uint32_t account, enum refusal_kind *why)
{
	struct queue *queue = memory_queue(broker, address);

	if (queue != NULL)
		return queue;

	const struct queue_rules rules = memory_queue_rules(broker, address);
	/* The dead-letter queue takes its place even when all are taken. */
	const bool is_house = destination_is_dead_letter(broker, address);

	account = is_house ? ACCOUNT_HOUSE : account;
	if (!destination_take(broker, account, is_house, why))
		return NULL;
	queue = queue_create(address, ++broker->epoch, &rules, &broker->worker->key);
	queue_set_account(queue, account);
	table_insert(
		&broker->memory->queues, queue_node(queue), queue_destination(queue));
	return queue;
}

/*
 * What no consumer can take fills no more than the sender's share of a queue, so that
 * nobody stops a queue of others by messages that have expired. What it had sent before
 * they were dead exceeds the share, and does not count (queue_rules.dead_messages).
 */
static bool memory_has_dead_share(
	const struct broker *broker, const struct queue *queue, uint32_t account)
{
	const struct worker *worker = broker->worker;
	const struct limits *limits = &worker->config->limits;
	uint64_t bytes;
	const uint64_t messages = queue_parked_of(queue, account, &bytes);

	if (messages == 0 || account == ACCOUNT_HOUSE || limits->share == 100 ||
		account_is_exempt(worker->workers->accounts, account))
		return false;
	return messages >= share_of(worker->config, limits->backlog_messages) ||
	       bytes >= share_of(worker->config, limits->backlog_bytes);
}

bool memory_reserve(struct broker *broker, struct queue *queue,
	const struct keeping *keeping, enum refusal_kind *why)
{
	struct worker *worker = broker->worker;
	const int64_t bytes = (int64_t)keeping->bytes;

	if (memory_has_dead_share(broker, queue, keeping->account)) {
		*why = REFUSAL_PARKED;
		metrics_refuse(worker->metrics, BOUND_SHARE);
		return false;
	}
	if (!queue_reserve(queue, keeping->messages, keeping->bytes)) {
		*why = REFUSAL_QUEUE_FULL;
		metrics_refuse(worker->metrics, BOUND_BACKLOG);
		return false;
	}
	if (!keeping->is_owed && !budget_may_keep(worker, keeping->account, bytes)) {
		queue_unreserve(queue, keeping->messages, keeping->bytes);
		*why = REFUSAL_QUEUES_FULL;
		metrics_refuse(worker->metrics, BOUND_BACKLOG_TOTAL);
		return false;
	}
	budget_keep(worker->workers, keeping->account, bytes);
	return true;
}

void memory_unreserve(
	struct broker *broker, struct queue *queue, const struct keeping *keeping)
{
	queue_unreserve(queue, keeping->messages, keeping->bytes);
	budget_keep(
		broker->worker->workers, keeping->account, -(int64_t)keeping->bytes);
}

static void memory_destroy_queue(struct broker *broker, struct queue *queue)
{
	table_remove(&broker->memory->queues, queue_node(queue));
	timers_stop(&broker->memory->idles, queue_idle_timer(queue));
	destination_give(broker, queue_account(queue));
	queue_destroy(queue);
}

struct visit {
	void (*destination)(
		const struct engine_destination *destination, void *context);
	void *context;
};

static void memory_visit(struct table_node *node, void *context)
{
	const struct visit *visit = context;
	const struct queue *queue = queue_of_node(node);
	const uint64_t unacknowledged = queue_unacknowledged(queue);
	const uint64_t parked = queue_parked(queue);

	visit->destination(
		&(struct engine_destination){
			.destination = queue_destination(queue),
			.subscribers = queue_consumers(queue),
			.messages = queue_place(queue).offset,
			.ready = queue_messages(queue) - unacknowledged - parked,
			.unacknowledged = unacknowledged,
			.parked = parked,
		},
		visit->context);
}

void memory_describe(const struct engine *engine,
	void (*visit)(const struct engine_destination *destination, void *context),
	void *context)
{
	table_for_each(&engine->broker->memory->queues, memory_visit,
		&(struct visit){visit, context});
}

void memory_free_queues(struct broker *broker)
{
	struct table_node *node;

	while ((node = table_any(&broker->memory->queues)) != NULL)
		memory_destroy_queue(broker, queue_of_node(node));
}

struct queue_delivery_post {
	struct post post;
	uint64_t subscription;
	struct message *message;
	uint16_t attempt, home;
};

/*
 * Runs at the consumer. If the subscription has ended, its leave makes the home
 * deliver the message again.
 */
static void queue_delivery_run(struct worker *worker, struct post *post)
{
	struct queue_delivery_post *delivery =
		container_of(post, struct queue_delivery_post, post);
	struct entry *entry =
		registry_find(&worker->broker->subscriptions, delivery->subscription);

	if (entry != NULL) {
		subscription_deliver(container_of(entry, struct subscription, entry),
			delivery->message, delivery->attempt, true);
	}
	window_done(worker->broker, delivery->home, 1);
	message_unref(delivery->message);
	free(delivery);
}

void memory_await_first(
	struct memory *memory, const struct timers *timers, struct timer *timer)
{
	const struct timer *first = timers_first(timers);
	struct loop *loop = memory->engine.broker->worker->loop;

	if (first == NULL)
		return;
	const uint64_t due = timers_due(timers, first);
	if (timer_is_running(timer) && loop_timer_due(loop, timer) <= due)
		return;
	loop_timer_start(loop, timer, due > loop_now(loop) ? due - loop_now(loop) : 0);
}

static void memory_deliver(struct broker *broker, const struct queue_delivery *delivery)
{
	const unsigned to = (unsigned)delivery->consumer.worker;
	struct queue_delivery_post *post = xmalloc(sizeof(*post));

	*post = (struct queue_delivery_post){
		.post = {.size = sizeof(*post) + message_size(delivery->message),
			.run = queue_delivery_run},
		.subscription = delivery->consumer.number,
		/* A message never leaves its worker. */
		.message = to == broker->worker->index
				   ? message_ref(delivery->message)
				   : message_copy(delivery->message),
		.attempt = delivery->attempt,
		.home = (uint16_t)broker->worker->index,
	};
	window_dispatch(&broker->window, 1);
	worker_post(broker->worker, to, &post->post);
}

/* After a reload, letters may leave another queue, too. */
static bool memory_may_make_room(const struct broker *broker, const struct queue *queue)
{
	const struct letter_room *room = &broker->memory->letters.room;

	return room->waiting > 0 &&
	       (!list_is_empty(&room->changed) ||
		       destination_is_dead_letter(broker, queue_destination(queue)));
}

/* As memory_serve(). At most *expiries messages expire, which are subtracted. */
static size_t memory_serve_within(
	struct broker *broker, struct queue *queue, unsigned *expiries)
{
	const uint64_t now = loop_now(broker->worker->loop);
	struct queue_delivery delivery;
	size_t deliveries = 0;

	for (;;) {
		for (; queue_deliver(queue, now, &delivery); deliveries++)
			memory_deliver(broker, &delivery);
		if (*expiries == 0 || !queue_expire_first(queue, now))
			break;
		--*expiries;
	}
	if (queue_has_dead(queue))
		dead_letters_add(&broker->memory->letters, queue);
	if (memory_may_make_room(broker, queue))
		dead_letters_wake(&broker->memory->letters);
	if (queue_is_idle(queue))
		memory_destroy_queue(broker, queue);
	memory_await_first(
		broker->memory, &broker->memory->expiries, &broker->memory->expiry);
	return deliveries;
}

size_t memory_serve(struct broker *broker, struct queue *queue)
{
	unsigned expiries = EXPIRIES_PER_TURN;

	return memory_serve_within(broker, queue, &expiries);
}

void memory_expire(struct timer *timer)
{
	struct memory *memory = container_of(timer, struct memory, expiry);
	struct broker *broker = memory->engine.broker;
	const uint64_t now = loop_now(broker->worker->loop);
	unsigned expiries = EXPIRIES_PER_TURN;
	struct timer *first;

	/* Thousands may expire together. The rest waits for a later turn. */
	while (expiries > 0 && (first = timers_first(&memory->expiries)) != NULL &&
		timers_due(&memory->expiries, first) <= now) {
		expiries--;
		memory_serve_within(broker, queue_expire(first), &expiries);
	}
	memory_await_first(memory, &memory->expiries, &memory->expiry);
}
