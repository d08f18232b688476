/*
 * The memory engine's part of a COMMIT, in two phases. First every queue reserves room
 * for its messages. If all can, everything is sent in order; else the reservations are
 * given back. While another engine is asked, the queues also hold the deliveries that
 * the COMMIT settles, since their consumer may end before the answer.
 */
#include "gateway/broker/memory.h"

#include "gateway/broker/destination.h"
#include "gateway/broker/internal.h"
#include "gateway/broker/subscription.h"
#include "protocol/xmalloc.h"

#include <assert.h>
#include <stdlib.h>

/* Room for messages in a queue. */
struct reservation {
	struct table_node node; /* while they are collected; its key is `address` */
	struct slice address;   /* points into a message of the commit */
	struct keeping keeping;
	bool is_granted;
	enum refusal_kind why; /* if it is not */
};

/* A delivery that is held. */
struct held {
	const struct action *action; /* that settles it */
	uint64_t subscription;
	struct buf address;
};

/* The reservations of a commit, at its participant, from PREPARE to the other step. */
struct reserving {
	struct table_node node; /* in memory->reserving; its key is the number */
	uint64_t number;        /* of the commit */
	struct commit *commit;
	struct reservation *all;
	size_t count, waiting;
	struct held *held;
	size_t held_count;
};

static struct slice reserving_key(const uint64_t *number)
{
	return (struct slice){(const char *)number, sizeof(*number)};
}

static struct reserving *reserving_find(const struct memory *memory, uint64_t number)
{
	struct table_node *node =
		table_find(&memory->reserving, reserving_key(&number));

	return node == NULL ? NULL : container_of(node, struct reserving, node);
}

static void reserving_free(struct memory *memory, struct reserving *reserving)
{
	table_remove(&memory->reserving, &reserving->node);
	for (size_t i = 0; i < reserving->held_count; i++)
		buf_finish(&reserving->held[i].address);
	free(reserving->held);
	free(reserving->all);
	free(reserving);
}

/* The queues end, too: what was granted has only to leave the budget. */
static void reserving_abandon(struct memory *memory, struct reserving *reserving)
{
	struct workers *workers = memory->engine.broker->worker->workers;

	for (size_t i = 0; i < reserving->count; i++) {
		const struct keeping *keeping = &reserving->all[i].keeping;

		if (reserving->all[i].is_granted)
			budget_keep(
				workers, keeping->account, -(int64_t)keeping->bytes);
	}
	reserving_free(memory, reserving);
}

void memory_free_reservations(struct memory *memory)
{
	struct table_node *node;

	while ((node = table_any(&memory->reserving)) != NULL)
		reserving_abandon(memory, container_of(node, struct reserving, node));
	table_finish(&memory->reserving);
}

/* The way to the homes and back. */

struct reserve_post {
	struct post post;
	struct handle commit;
	uint64_t participant; /* whose COMMIT it is, on the same worker */
	size_t index;         /* of the reservation */
	struct keeping keeping;
	bool is_granted;
	enum refusal_kind why; /* if the room is missing */
	struct slice address;
};

static void reserve_post_send(struct broker *broker, const struct reserving *reserving,
	size_t index, void (*run)(struct worker *worker, struct post *post))
{
	const struct reservation *reservation = &reserving->all[index];
	struct reserve_post reserve = {
		.post.run = run,
		.commit = {broker->worker->index, reserving->number},
		.participant = reserving->commit->participant,
		.index = index,
		.keeping = reservation->keeping,
		.address = reservation->address,
	};

	worker_post_copy(broker->worker, worker_home(broker->worker, reserve.address),
		&reserve.post, sizeof(reserve),
		(struct slice *[]){&reserve.address, NULL});
}

/* Runs at the home. */
static void unreserve_run(struct worker *worker, struct post *post)
{
	struct reserve_post *reserve = container_of(post, struct reserve_post, post);
	struct queue *queue = memory_queue(worker->broker, reserve->address);

	assert(queue != NULL);
	memory_unreserve(worker->broker, queue, &reserve->keeping);
	memory_serve(worker->broker, queue);
	free(reserve);
}

/* Held deliveries. */

struct held_post {
	struct post post;
	struct handle consumer;
	uint64_t offset;
	enum outcome outcome;
	struct slice address;
};

static void held_post_send(struct broker *broker, const struct held *held,
	void (*run)(struct worker *worker, struct post *post))
{
	struct held_post hold = {
		.post.run = run,
		.consumer = {broker->worker->index, held->subscription},
		.offset = held->action->place.offset,
		.outcome = held->action->outcome,
		.address = buf_slice(&held->address),
	};

	worker_post_copy(broker->worker, worker_home(broker->worker, hold.address),
		&hold.post, sizeof(hold), (struct slice *[]){&hold.address, NULL});
}

/* These run at the home, which has the queue, since the delivery is in flight. */

static void hold_run(struct worker *worker, struct post *post)
{
	struct held_post *hold = container_of(post, struct held_post, post);

	queue_set_held(memory_queue(worker->broker, hold->address), hold->consumer,
		hold->offset, true);
	free(hold);
}

static void unhold_run(struct worker *worker, struct post *post)
{
	struct held_post *hold = container_of(post, struct held_post, post);
	struct queue *queue = memory_queue(worker->broker, hold->address);

	queue_set_held(queue, hold->consumer, hold->offset, false);
	memory_serve(worker->broker, queue);
	free(hold);
}

static void held_settle_run(struct worker *worker, struct post *post)
{
	struct held_post *hold = container_of(post, struct held_post, post);
	struct queue *queue = memory_queue(worker->broker, hold->address);

	queue_settle(queue, hold->consumer, hold->offset, hold->outcome);
	memory_use_queue(worker->broker, queue);
	memory_serve(worker->broker, queue);
	free(hold);
}

static bool commit_is_shared(const struct commit *commit, const struct engine *engine)
{
	for (size_t i = 0; i < commit->count; i++) {
		if (commit->actions[i].engine != NULL &&
			commit->actions[i].engine != engine)
			return true;
	}
	return false;
}

static void reserving_hold(struct memory *memory, struct reserving *reserving)
{
	struct broker *broker = memory->engine.broker;
	struct commit *commit = reserving->commit;
	size_t at = 0;

	if (!commit_is_shared(commit, &memory->engine))
		return;
	reserving->held = xcalloc(commit->count, sizeof(*reserving->held));
	for (const struct action *action;
		(action = commit_next(commit, &memory->engine, &at)) != NULL;) {
		const struct subscription *subscription =
			action->message != NULL
				? NULL
				: commit_subscription(broker, commit, action);

		if (subscription == NULL)
			continue;
		struct held *held = &reserving->held[reserving->held_count++];
		held->action = action;
		held->subscription = subscription->entry.number;
		buf_append(&held->address, subscription_address(subscription));
		held_post_send(broker, held, hold_run);
	}
}

/* The subscription has ended meanwhile: nobody gets an answer. */
static void reserving_settle(struct memory *memory, const struct reserving *reserving,
	const struct action *action)
{
	for (size_t i = 0; i < reserving->held_count; i++) {
		if (reserving->held[i].action == action)
			held_post_send(memory->engine.broker, &reserving->held[i],
				held_settle_run);
	}
}

/* Gives back what was granted. */
static void reserving_release(struct memory *memory, struct reserving *reserving)
{
	for (size_t i = 0; i < reserving->held_count; i++)
		held_post_send(memory->engine.broker, &reserving->held[i], unhold_run);
	for (size_t i = 0; i < reserving->count; i++) {
		if (reserving->all[i].is_granted)
			reserve_post_send(
				memory->engine.broker, reserving, i, unreserve_run);
	}
	reserving_free(memory, reserving);
}

/* Runs at the participant: all queues have answered. */
static void reserving_decide(struct memory *memory, struct reserving *reserving)
{
	struct commit *commit = reserving->commit;
	const struct reservation *refused = NULL;
	struct broker_refusal refusal;

	for (size_t i = 0; refused == NULL && i < reserving->count; i++) {
		if (!reserving->all[i].is_granted)
			refused = &reserving->all[i];
	}
	if (refused == NULL) {
		commit_prepared(&memory->engine, commit, NULL);
		return;
	}
	destination_refuse(
		memory->engine.broker, &refusal, refused->why, refused->address);
	reserving_release(memory, reserving);
	commit_prepared(&memory->engine, commit, &refusal);
}

/* Runs at the participant. */
static void memory_reserved_run(struct worker *worker, struct post *post)
{
	struct reserve_post *reserve = container_of(post, struct reserve_post, post);
	struct memory *memory = worker->broker->memory;
	struct reserving *reserving = reserving_find(memory, reserve->commit.number);

	reserving->all[reserve->index].is_granted = reserve->is_granted;
	reserving->all[reserve->index].why = reserve->why;
	free(reserve);
	if (--reserving->waiting == 0)
		reserving_decide(memory, reserving);
}

/* Runs at the home, after the publisher's SENDs that wait there. */
static void reserve_run(struct worker *worker, struct post *post)
{
	struct reserve_post *reserve = container_of(post, struct reserve_post, post);
	struct queue *queue = memory_open_queue(worker->broker, reserve->address,
		reserve->keeping.account, &reserve->why);

	reserve->is_granted =
		queue != NULL &&
		memory_reserve(worker->broker, queue, &reserve->keeping, &reserve->why);
	if (queue != NULL)
		memory_serve(worker->broker, queue);
	reserve->post.run = memory_reserved_run;
	worker_post(worker, (unsigned)reserve->commit.worker, &reserve->post);
}

/* Runs at the home. */
static void reserve_arrive(struct worker *worker, struct post *post)
{
	const struct reserve_post *reserve =
		container_of(post, struct reserve_post, post);

	if (!lanes_put_behind(&worker->broker->memory->lanes,
		    (struct handle){reserve->commit.worker, reserve->participant}, post,
		    reserve_run))
		reserve_run(worker, post);
}

/* The steps. */

static struct reservation *reserving_at(struct reserving *reserving,
	struct table *by_address, const struct message *message)
{
	const struct slice address = message_address(message);
	struct table_node *node = table_find(by_address, address);

	if (node != NULL)
		return container_of(node, struct reservation, node);
	struct reservation *made = &reserving->all[reserving->count++];
	*made = (struct reservation){
		.address = address, .keeping.account = message_account(message)};
	table_insert(by_address, &made->node, address);
	return made;
}

/* A COMMIT may send to as many queues as it has actions. */
static void reserving_collect(
	struct reserving *reserving, const struct memory *memory, struct commit *commit)
{
	struct broker *broker = memory->engine.broker;
	struct table by_address;
	size_t at = 0;

	table_init(&by_address, &broker->worker->key);
	for (const struct action *action;
		(action = commit_next(commit, &memory->engine, &at)) != NULL;) {
		const struct message *message = action->message;

		if (message == NULL ||
			!destination_is_queue(broker, message_address(message)))
			continue;
		struct reservation *reservation =
			reserving_at(reserving, &by_address, message);
		reservation->keeping.messages++;
		reservation->keeping.bytes += message_size(message);
	}
	for (size_t i = 0; i < reserving->count; i++)
		table_remove(&by_address, &reserving->all[i].node);
	table_finish(&by_address);
}

/* What the queues must have room for. */
static struct reserving *reserving_create(struct memory *memory, struct commit *commit)
{
	struct reserving *reserving = xcalloc(1, sizeof(*reserving));

	reserving->number = commit->entry.number;
	reserving->commit = commit;
	reserving->all = xcalloc(commit->count + 1, sizeof(*reserving->all));
	table_insert(&memory->reserving, &reserving->node,
		reserving_key(&reserving->number));
	reserving_collect(reserving, memory, commit);
	return reserving;
}

static void memory_prepare(struct memory *memory, struct commit *commit)
{
	struct reserving *reserving = reserving_create(memory, commit);

	reserving_hold(memory, reserving);
	reserving->waiting = reserving->count;
	for (size_t i = 0; i < reserving->count; i++)
		reserve_post_send(memory->engine.broker, reserving, i, reserve_arrive);
	if (reserving->waiting == 0)
		reserving_decide(memory, reserving);
}

/* Returns how many answers will come. */
static size_t memory_apply(struct memory *memory, struct commit *commit)
{
	struct broker *broker = memory->engine.broker;
	const struct handle participant = {broker->worker->index, commit->participant};
	struct reserving *reserving = reserving_find(memory, commit->entry.number);
	size_t at = 0, answers = 0;

	for (struct action *action;
		(action = commit_next(commit, &memory->engine, &at)) != NULL;) {
		if (action->message != NULL) {
			memory_send_reserved(
				broker, action->message, participant, commit->request);
			action->message = NULL;
			answers++;
			continue;
		}
		const struct subscription *subscription =
			commit_settled(broker, commit, action);
		if (subscription != NULL)
			answers += memory_settle(&memory->engine, subscription,
				&action->place, 1, action->outcome, commit->request);
		else
			reserving_settle(memory, reserving, action);
	}
	reserving_free(memory, reserving);
	return answers;
}

size_t memory_commit(
	struct engine *engine, struct commit *commit, enum commit_step step)
{
	struct memory *memory = container_of(engine, struct memory, engine);

	switch (step) {
	case COMMIT_PREPARE:
		memory_prepare(memory, commit);
		break;
	case COMMIT_APPLY:
		return memory_apply(memory, commit);
	case COMMIT_RELEASE:
		reserving_release(memory, reserving_find(memory, commit->entry.number));
		break;
	}
	return 0;
}
