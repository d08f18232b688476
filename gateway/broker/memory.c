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
#include "gateway/worker/account.h"
#include "gateway/worker/metrics.h"
#include "protocol/xmalloc.h"

#include <stdlib.h>

/* Sending. */

struct send_post {
	struct post post;
	struct message *message; /* the only reference, so it may change the worker */
	struct handle participant;
	uint64_t request;
	enum send_kind {
		SEND_OF_PARTICIPANT,
		SEND_RESERVED, /* a COMMIT has reserved room for it in a queue */
		SEND_LETTER,   /* a dead letter: its worker waits if it is refused */
	} kind;
};

/* Its worker waits for room, and may hold up another one that was not woken then. */
static void memory_keep_waiting(
	struct broker *broker, const struct send_post *letter, enum refusal_kind kind)
{
	struct dead_letters *letters = &broker->memory->letters;

	letter_room_await(&letters->room,
		kind == REFUSAL_SHARE ? message_account(letter->message)
				      : ACCOUNT_HOUSE,
		(unsigned)letter->participant.worker);
	if (kind == REFUSAL_SHARE)
		dead_letters_wake(letters);
}

/* The queue refuses: it is full, or there is no room for another destination. */
static void memory_refuse_send(
	struct broker *broker, const struct send_post *send, enum refusal_kind kind)
{
	const struct slice address = message_address(send->message);
	struct broker_refusal refusal;

	destination_refuse(broker, &refusal, kind, address);
	if (send->kind == SEND_LETTER)
		memory_keep_waiting(broker, send, kind);
	broker_answer(broker, send->participant, send->request, &refusal);
	if (send->participant.number == 0) /* the sender gets no answer */
		log_warn("queue %.*s: a message without a sender is lost: %s",
			SLICE_ARGS(address), refusal_sentence(refusal.kind).data);
	message_unref(send->message);
}

/*
 * Takes the room, or says in *why what is missing. Clients cannot send to the
 * dead-letter queue, so it has no part in their bounds. A letter stays charged to the
 * sender of its message, and the budget must have room for it.
 */
static bool memory_take_room(struct broker *broker, const struct send_post *send,
	struct queue *queue, const struct keeping *keeping, enum refusal_kind *why)
{
	switch (send->kind) {
	case SEND_OF_PARTICIPANT:
		return memory_reserve(broker, queue, keeping, why);
	case SEND_RESERVED:
		return true;
	case SEND_LETTER:
		break;
	}
	*why = REFUSAL_SHARE;
	if (!letter_room_fits(
		    &broker->memory->letters.room, keeping->account, keeping->bytes))
		return false;
	*why = REFUSAL_QUEUE_FULL;
	/* It is larger than the message was: an empty queue always takes it. */
	if (!queue_reserve(queue, 1, keeping->bytes) &&
		!queue_reserve_empty(queue, keeping->bytes))
		return false;
	budget_keep(broker->worker->workers, keeping->account, (int64_t)keeping->bytes);
	letter_room_take(
		&broker->memory->letters.room, keeping->account, keeping->bytes);
	return true;
}

/* Answers before it delivers: receipts do not wait for readers. */
static void memory_send_to_queue(struct broker *broker, const struct send_post *send)
{
	const struct keeping keeping = {
		.account = message_account(send->message),
		.messages = 1,
		.bytes = message_size(send->message),
		.is_owed = send->kind != SEND_OF_PARTICIPANT ||
			   send->participant.number == 0,
	};
	enum refusal_kind why;
	/* No share may stop a dead letter. */
	struct queue *queue = memory_open_queue(broker, message_address(send->message),
		send->kind == SEND_LETTER ? ACCOUNT_HOUSE : keeping.account, &why);

	if (queue == NULL) {
		memory_refuse_send(broker, send, why);
		return;
	}
	if (!memory_take_room(broker, send, queue, &keeping, &why)) {
		memory_refuse_send(broker, send, why);
		/* A letter is only refused by a queue that has others. */
		if (send->kind != SEND_LETTER)
			memory_serve(broker, queue); /* it may be new and empty */
		return;
	}
	counter_add(&broker->worker->metrics->messages, 1);
	queue_unreserve(queue, keeping.messages, keeping.bytes);
	if (send->kind == SEND_LETTER)
		queue_put_letter(queue, send->message, loop_now(broker->worker->loop));
	else
		queue_put(queue, send->message, loop_now(broker->worker->loop));
	memory_use_queue(broker, queue);
	broker_answer_published(broker, send->participant, send->request,
		&(struct published){.place = queue_place(queue),
			.subscribers = queue_consumers(queue)});
	memory_serve(broker, queue);
}

/* Work of a look-up among patterns: a delivery costs so much, and this is little. */
enum { LOOK_UP_OF_DELIVERY = 4, LOOK_UP_LITTLE = 256 };

/* What the latest look-up has cost, in deliveries. */
static size_t memory_look_up_cost(const struct broker *broker)
{
	return broker->topics.patterns.work / LOOK_UP_OF_DELIVERY;
}

static void memory_send_to_topic(struct broker *broker, const struct send_post *send)
{
	const uint32_t account = message_account(send->message);
	const struct published published = topic_publish(
		broker, &(struct topic_message){.message = send->message,
				.participant = send->participant,
				.request = send->request,
				.is_promised = send->kind == SEND_RESERVED});

	lanes_charge(&broker->memory->lanes, account,
		published.subscribers + memory_look_up_cost(broker));
}

/*
 * Runs at the home, when the message's turn has come. A look-up among many patterns
 * takes more than one turn of the loop.
 */
static void memory_dispatch_send(struct worker *worker, struct post *post)
{
	struct send_post *send = container_of(post, struct send_post, post);
	struct broker *broker = worker->broker;
	const struct slice address = message_address(send->message);
	const bool is_for_queue = destination_is_queue(broker, address);

	if (!is_for_queue && !topic_look_up(broker, address)) {
		post->run = memory_dispatch_send;
		worker_return_post(worker, post);
		return;
	}
	credit_give(broker, send->message);
	if (is_for_queue)
		memory_send_to_queue(broker, send);
	else
		memory_send_to_topic(broker, send);
	free(send);
}

/*
 * Runs at the home. The lane takes a publisher's next message also when the window has
 * opened: it must not overtake. After a long look-up the next message stands in its
 * lane, since more of them would hold up all that comes behind.
 */
static void memory_run_send(struct worker *worker, struct post *post)
{
	const struct send_post *send = container_of(post, struct send_post, post);
	struct broker *broker = worker->broker;
	struct lanes *lanes = &broker->memory->lanes;

	if (lanes->posts == 0 && window_is_open(&broker->window) &&
		broker->topics.patterns.work <= LOOK_UP_LITTLE)
		memory_dispatch_send(worker, post);
	else
		lanes_put(lanes, send->participant,
			send->kind == SEND_LETTER ? ACCOUNT_HOUSE
						  : message_account(send->message),
			post, memory_dispatch_send);
}

static void memory_post_send(struct broker *broker, struct message *message,
	struct handle participant, uint64_t request, enum send_kind kind)
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
		.kind = kind,
	};
	worker_post(broker->worker, home, &send->post);
}

void memory_send(struct engine *engine, struct message *message,
	struct handle participant, uint64_t request)
{
	memory_post_send(
		engine->broker, message, participant, request, SEND_OF_PARTICIPANT);
}

void memory_send_reserved(struct broker *broker, struct message *message,
	struct handle participant, uint64_t request)
{
	memory_post_send(broker, message, participant, request, SEND_RESERVED);
}

void memory_send_letter(struct broker *broker, struct message *letter,
	struct handle participant, uint64_t request)
{
	memory_post_send(broker, letter, participant, request, SEND_LETTER);
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
	if (settle->count > 1)
		worker_spend(worker, settle->count - 1); /* the post counts as one */
	broker_answer(broker,
		(struct handle){settle->consumer.worker, settle->participant},
		settle->request, NULL);
	if (queue != NULL) {
		memory_use_queue(broker, queue);
		memory_serve(broker, queue);
	}
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

/*
 * True when what waits may be dispatched. A look-up that is under way comes first: its
 * message was dispatched before.
 */
static bool memory_may_serve(const struct memory *memory)
{
	const struct broker *broker = memory->engine.broker;

	return memory->lanes.posts > 0 && window_is_open(&broker->window) &&
	       !broker->topics.is_looking;
}

/* Where posts have used the turn up, lanes must still go on. */
enum { SERVED_LEAST = 16 };

static void memory_turn(struct resident *resident)
{
	struct memory *memory = container_of(resident, struct memory, resident);
	struct worker *worker = memory->engine.broker->worker;

	if (memory->configured != worker->configured) {
		memory->configured = worker->configured;
		memory_begin_idles(memory->engine.broker);
	}
	for (unsigned i = 0; i < memory->lanes.per_turn && memory_may_serve(memory) &&
			     (i < SERVED_LEAST || worker_allowance(worker) > 0);
		i++) {
		lanes_serve(&memory->lanes);
		worker_spend(worker, 1);
	}
}

static bool memory_end_turn(struct resident *resident)
{
	return memory_may_serve(container_of(resident, struct memory, resident));
}

static const struct resident_ops memory_resident_ops = {
	.turn = memory_turn, .end_turn = memory_end_turn};

static struct engine *memory_start(struct broker *broker)
{
	struct memory *memory = xcalloc(1, sizeof(*memory));

	memory->engine = (struct engine){&memory_ops, &memory_life, broker};
	memory->resident.ops = &memory_resident_ops;
	lanes_init(&memory->lanes, broker->worker);
	worker_add_resident(broker->worker, &memory->resident);
	table_init(&memory->queues, &broker->worker->key);
	memory->expiry.fire = memory_expire;
	memory->idle.fire = memory_end_idle;
	table_init(&memory->reserving, &broker->worker->key);
	broker->memory = memory;
	dead_letters_start(&memory->letters, broker);
	return &memory->engine;
}

static void memory_stop(struct engine *engine)
{
	struct memory *memory = container_of(engine, struct memory, engine);

	memory_free_reservations(memory);
	memory_free_queues(engine->broker);
	dead_letters_stop(&memory->letters);
	loop_timer_stop(engine->broker->worker->loop, &memory->expiry);
	timers_finish(&memory->expiries);
	loop_timer_stop(engine->broker->worker->loop, &memory->idle);
	timers_finish(&memory->idles);
	table_finish(&memory->queues);
	lanes_finish(&memory->lanes);
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

/* Runs at a home, after the participant's SENDs that wait there. */
static void memory_sync_run(struct worker *worker, struct post *post)
{
	struct sync_post *sync = container_of(post, struct sync_post, post);

	broker_answer(worker->broker, sync->participant, sync->request, NULL);
	free(sync);
}

/* Runs at a home. */
static void memory_sync_arrive(struct worker *worker, struct post *post)
{
	const struct sync_post *sync = container_of(post, struct sync_post, post);

	if (!lanes_put_behind(&worker->broker->memory->lanes, sync->participant, post,
		    memory_sync_run))
		memory_sync_run(worker, post);
}

static size_t memory_sync(
	struct engine *engine, struct handle participant, uint64_t request)
{
	const struct broker *broker = engine->broker;

	for (unsigned i = 0; i < broker->workers; i++) {
		struct sync_post *sync = xmalloc(sizeof(*sync));

		*sync = (struct sync_post){
			.post = {.size = sizeof(*sync), .run = memory_sync_arrive},
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
