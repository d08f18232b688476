/*
 * The built-in engine: topics and queues in memory. The home of each is the worker
 * that its address hashes to. A post carries each request, and another its answer.
 * Posts from one worker to another keep their order. Every ordering guarantee depends
 * on this: a subscriber gets the answer to its SUBSCRIBE before the first message, and
 * it gets messages in the order of their home.
 */
#include "gateway/broker/memory.h"

#include "gateway/base/log.h"
#include "gateway/broker/destination.h"
#include "gateway/broker/internal.h"
#include "gateway/broker/subscription.h"
#include "gateway/worker/metrics.h"
#include "protocol/xmalloc.h"

#include <stdlib.h>

/* Sending. */

struct send_post {
	struct post post;
	struct message *message; /* the only reference, so it may change the worker */
	struct handle participant;
	uint64_t request;
	bool is_reserved; /* a COMMIT has reserved room for it in a queue */
};

/* The queue refuses: it is full, or there is no room for another destination. */
static void memory_refuse_send(
	struct broker *broker, const struct send_post *send, enum refusal_kind kind)
{
	const struct slice address = message_address(send->message);
	struct broker_refusal refusal;

	destination_refuse(broker, &refusal, kind, address);
	broker_answer(broker, send->participant, send->request, &refusal);
	if (send->participant.number == 0) /* the sender gets no answer */
		log_warn("queue %.*s: a message without a sender is lost: %s",
			SLICE_ARGS(address), refusal_sentence(refusal.kind).data);
	message_unref(send->message);
}

/* Answers before it delivers: receipts do not wait for readers. */
static void memory_send_to_queue(struct broker *broker, const struct send_post *send)
{
	const size_t size = message_size(send->message);
	struct queue *queue = memory_open_queue(broker, message_address(send->message));

	if (queue == NULL) {
		memory_refuse_send(broker, send, REFUSAL_DESTINATIONS);
		return;
	}
	if (!send->is_reserved && !memory_reserve(broker, queue, 1, size)) {
		memory_refuse_send(broker, send, REFUSAL_QUEUE_FULL);
		memory_serve(broker, queue); /* it may be new and empty */
		return;
	}
	counter_add(&broker->worker->metrics->messages, 1);
	queue_unreserve(queue, 1, size);
	queue_put(queue, send->message, loop_now(broker->worker->loop));
	broker_answer_published(broker, send->participant, send->request,
		&(struct published){.place = queue_place(queue),
			.subscribers = queue_consumers(queue)});
	memory_serve(broker, queue);
}

/* Runs at the home. A look-up among many patterns takes more than one turn. */
static void memory_run_send(struct worker *worker, struct post *post)
{
	struct send_post *send = container_of(post, struct send_post, post);
	const struct slice address = message_address(send->message);
	const bool is_for_queue = destination_is_queue(worker->broker, address);

	if (!is_for_queue && !topic_look_up(worker->broker, address)) {
		worker_return_post(worker, post);
		return;
	}
	if (is_for_queue)
		memory_send_to_queue(worker->broker, send);
	else
		topic_publish(worker->broker,
			&(struct topic_message){.message = send->message,
				.participant = send->participant,
				.request = send->request,
				.is_promised = send->is_reserved});
	free(send);
}

static void memory_post_send(struct broker *broker, struct message *message,
	struct handle participant, uint64_t request, bool is_reserved)
{
	const unsigned home = worker_home_of_hash(
		broker->worker, message_hash(message, &broker->worker->key));
	struct send_post *send = xmalloc(sizeof(*send));

	message_set_sent_at(message, loop_now(broker->worker->loop));
	*send = (struct send_post){
		.post = {.size = sizeof(*send) + message_size(message),
			.run = memory_run_send},
		.message = message,
		.participant = participant,
		.request = request,
		.is_reserved = is_reserved,
	};
	worker_post(broker->worker, home, &send->post);
}

void memory_send(struct engine *engine, struct message *message,
	struct handle participant, uint64_t request)
{
	memory_post_send(engine->broker, message, participant, request, false);
}

void memory_send_reserved(struct broker *broker, struct message *message,
	struct handle participant, uint64_t request)
{
	memory_post_send(broker, message, participant, request, true);
}

/* Settling. */

struct settle_post {
	struct post post;
	struct handle consumer;
	enum outcome outcome;
	uint64_t participant, request; /* at the consumer's worker */
	struct slice address;          /* after the offsets */
	size_t count;
	uint64_t offsets[];
};

/* Runs at the home. The queue may have gone: the consumer may have left before. */
static void memory_settle_run(struct worker *worker, struct post *post)
{
	struct settle_post *settle = container_of(post, struct settle_post, post);
	struct broker *broker = worker->broker;
	struct queue *queue = memory_queue(broker, settle->address);

	for (size_t i = 0; queue != NULL && i < settle->count; i++)
		queue_settle(
			queue, settle->consumer, settle->offsets[i], settle->outcome);
	broker_answer(broker,
		(struct handle){settle->consumer.worker, settle->participant},
		settle->request, NULL);
	if (queue != NULL)
		memory_serve(broker, queue);
	free(settle);
}

size_t memory_settle(struct engine *engine, const struct subscription *subscription,
	const struct place *places, size_t count, enum outcome outcome,
	uint64_t request)
{
	const struct broker *broker = engine->broker;
	const struct slice address = subscription_address(subscription);
	const size_t size =
		sizeof(struct settle_post) + count * sizeof(uint64_t) + address.len;
	struct settle_post *settle = xmalloc(size);
	char *text = (char *)(settle->offsets + count);

	*settle = (struct settle_post){
		.post = {.size = size, .run = memory_settle_run},
		.consumer = {broker->worker->index, subscription->entry.number},
		.outcome = outcome,
		.participant = subscription->participant->entry.number,
		.request = request,
		.address = {text, address.len},
		.count = count,
	};
	for (size_t i = 0; i < count; i++)
		settle->offsets[i] = places[i].offset;
	memcpy(text, address.data, address.len);
	worker_post(
		broker->worker, worker_home(broker->worker, address), &settle->post);
	return 1;
}

static const struct slice memory_headers[] = {
	SLICE_INIT("prefetch-count"), SLICE_INIT("")};

static const struct engine_ops memory_ops = {
	.can_reserve = true,
	.headers = memory_headers,
	.subscribe = memory_subscribe,
	.unsubscribe = memory_unsubscribe,
	.send = memory_send,
	.settle = memory_settle,
	.commit = memory_commit,
};

/* Its life. */

static struct engine *memory_start(struct broker *broker)
{
	struct memory *memory = xcalloc(1, sizeof(*memory));

	memory->engine = (struct engine){&memory_ops, &memory_life, broker};
	table_init(&memory->queues, &broker->worker->key);
	memory->expiry.fire = memory_expire;
	table_init(&memory->reserving, &broker->worker->key);
	broker->memory = memory;
	return &memory->engine;
}

static void memory_stop(struct engine *engine)
{
	struct memory *memory = container_of(engine, struct memory, engine);

	memory_free_reservations(memory);
	memory_free_queues(engine->broker);
	loop_timer_stop(engine->broker->worker->loop, &memory->expiry);
	timers_finish(&memory->expiries);
	table_finish(&memory->queues);
	free(memory);
}

static bool memory_is_ready(const struct engine *engine, struct buf *why)
{
	(void)engine;
	(void)why;
	return true;
}

/*
 * Posts from one worker to another keep their order. A sync makes the way to the home
 * and back, so it returns after everything that was posted before.
 */
struct sync_post {
	struct post post;
	struct handle participant;
	uint64_t request;
};

/* Runs at a home. */
static void memory_sync_run(struct worker *worker, struct post *post)
{
	struct sync_post *sync = container_of(post, struct sync_post, post);

	broker_answer(worker->broker, sync->participant, sync->request, NULL);
	free(sync);
}

static size_t memory_sync(
	struct engine *engine, struct handle participant, uint64_t request)
{
	const struct broker *broker = engine->broker;

	for (unsigned i = 0; i < broker->workers; i++) {
		struct sync_post *sync = xmalloc(sizeof(*sync));

		*sync = (struct sync_post){
			.post = {.size = sizeof(*sync), .run = memory_sync_run},
			.participant = participant,
			.request = request,
		};
		worker_post(broker->worker, i, &sync->post);
	}
	return broker->workers;
}

const struct engine_life memory_life = {
	.start = memory_start,
	.stop = memory_stop,
	.ready = memory_is_ready,
	.sync = memory_sync,
	.describe = memory_describe,
};
