/*
 * The queues whose home is this worker, their deliveries to consumers, and dead
 * letters.
 */
#include "gateway/broker/memory.h"

#include "gateway/base/log.h"
#include "gateway/broker/internal.h"
#include "gateway/broker/subscription.h"
#include "gateway/worker/metrics.h"
#include "protocol/xmalloc.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { EXPIRIES_PER_TURN = 64 };

struct queue *memory_queue(const struct broker *broker, struct slice address)
{
	struct table_node *node = table_find(&broker->memory->queues, address);

	return node == NULL ? NULL : queue_of_node(node);
}

/* The dead letter queue of that queue; empty: none. */
static struct slice dead_letter_address(
	const struct config *config, struct slice address)
{
	return slice_equal(config->dead_letter, address) ? SLICE("")
							 : config->dead_letter;
}

struct queue *memory_open_queue(struct broker *broker, struct slice address)
{
	const struct config *config = broker->worker->config;
	const struct queue_rules rules = {
		.messages = config->limits.backlog_messages,
		.bytes = config->limits.backlog_bytes,
		.in_flight_bytes = config->limits.queue_bytes / 16,
		.rejections = config->nacks,
		/*
		 * A consumer that is lost has not rejected the message. Without dead
		 * letters the message is not dropped.
		 */
		.losses = dead_letter_address(config, address).len > 0 ? config->losses
								       : 0,
		.metrics = broker->worker->metrics,
		.expiries = &broker->memory->expiries,
	};
	struct queue *queue = memory_queue(broker, address);

	if (queue != NULL)
		return queue;
	if (!workers_take(&broker->worker->workers->destinations,
		    config->limits.destinations)) {
		metrics_refuse(broker->worker->metrics, BOUND_DESTINATIONS);
		return NULL;
	}
	queue = queue_create(address, ++broker->epoch, &rules, &broker->worker->key);
	table_insert(
		&broker->memory->queues, queue_node(queue), queue_destination(queue));
	return queue;
}

bool memory_reserve(
	struct broker *broker, struct queue *queue, uint64_t messages, uint64_t bytes)
{
	if (queue_reserve(queue, messages, bytes))
		return true;
	metrics_refuse(broker->worker->metrics, BOUND_BACKLOG);
	return false;
}

static void memory_destroy_queue(struct broker *broker, struct queue *queue)
{
	table_remove(&broker->memory->queues, queue_node(queue));
	workers_give(&broker->worker->workers->destinations);
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

	visit->destination(
		&(struct engine_destination){
			.destination = queue_destination(queue),
			.subscribers = queue_consumers(queue),
			.messages = queue_place(queue).offset,
			.ready = queue_messages(queue) - unacknowledged,
			.unacknowledged = unacknowledged,
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
	uint16_t attempt;
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
			delivery->message, delivery->attempt);
	}
	message_unref(delivery->message);
	free(delivery);
}

/* For people, in the dead letter and in the log. */
static struct slice dead_reason_text(const struct dead *dead, char *text, size_t size)
{
	const char *what = "";

	switch (dead->reason) {
	case DEAD_REJECTED:
		what = "rejected";
		break;
	case DEAD_LOST:
		what = "lost with its consumer";
		break;
	case DEAD_DISCARDED:
		return SLICE("discarded by its consumer");
	case DEAD_EXPIRED:
		return SLICE("expired");
	case DEAD_REASONS:
		abort();
	}
	return (struct slice){text, (size_t)snprintf(text, size, "%s %" PRIu64 " times",
					    what, dead->times)};
}

/* Takes the message over. */
static void memory_send_dead_letter(
	struct broker *broker, const struct queue *queue, struct dead *dead)
{
	const struct slice from = queue_destination(queue);
	const struct slice to = dead_letter_address(broker->worker->config, from);
	char text[64];
	const struct slice reason = dead_reason_text(dead, text, sizeof(text));
	const struct stomp_header made[] = {
		{SLICE("x-postern-from"), from},
		{SLICE("x-postern-reason"), reason},
	};

	counter_add(&broker->worker->metrics->dead[dead->reason], 1);
	if (to.len > 0)
		broker_send_message(broker, message_forward(dead->message, to, made, 2),
			(struct handle){0, 0}, 0);
	else
		log_warn("queue %.*s: a message is dropped, %.*s", SLICE_ARGS(from),
			SLICE_ARGS(reason));
	message_unref(dead->message);
}

/* The loop's timer runs at the first expiry, or earlier, in vain. */
static void memory_await_expiry(struct memory *memory)
{
	const struct timer *first = timers_first(&memory->expiries);
	struct loop *loop = memory->engine.broker->worker->loop;

	if (first == NULL)
		return;
	const uint64_t due = timers_due(&memory->expiries, first);
	if (timer_is_running(&memory->expiry) &&
		loop_timer_due(loop, &memory->expiry) <= due)
		return;
	loop_timer_start(
		loop, &memory->expiry, due > loop_now(loop) ? due - loop_now(loop) : 0);
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
	};
	worker_post(broker->worker, to, &post->post);
}

static void memory_send_dead_letters(struct broker *broker, struct queue *queue)
{
	struct dead dead;

	while (queue_take_dead(queue, &dead))
		memory_send_dead_letter(broker, queue, &dead);
}

/* As memory_serve(). At most *expiries messages expire, which are subtracted. */
static void memory_serve_within(
	struct broker *broker, struct queue *queue, unsigned *expiries)
{
	const uint64_t now = loop_now(broker->worker->loop);
	struct queue_delivery delivery;

	for (;;) {
		memory_send_dead_letters(broker, queue);
		while (queue_deliver(queue, now, &delivery))
			memory_deliver(broker, &delivery);
		if (*expiries == 0 || !queue_expire_first(queue, now))
			break;
		--*expiries;
	}
	if (queue_is_idle(queue))
		memory_destroy_queue(broker, queue);
	memory_await_expiry(broker->memory);
}

void memory_serve(struct broker *broker, struct queue *queue)
{
	unsigned expiries = EXPIRIES_PER_TURN;

	memory_serve_within(broker, queue, &expiries);
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
	memory_await_expiry(memory);
}
