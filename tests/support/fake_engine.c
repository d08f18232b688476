/* What each worker has of the fake engine: the broker's requests become the line's. */
#include "tests/support/fake_engine.h"

#include "gateway/broker/commit.h"
#include "gateway/broker/subscription.h"
#include "protocol/xmalloc.h"
#include "tests/support/fake_engine_internal.h"

#include <stdlib.h>

struct fake_engine fake_engine;

static struct fake_part *fake_part_of(struct engine *engine)
{
	return container_of(engine, struct fake_part, engine);
}

/* Its requests. */

static struct fake_request *fake_request_about(
	void (*arrive)(struct fake_part *from, struct fake_request *request),
	const struct subscription *subscription, uint64_t number)
{
	struct fake_request *request = fake_request_create(
		arrive, subscription->participant->entry.number, number);

	request->subscription = subscription->entry.number;
	buf_append(&request->address, subscription_address(subscription));
	buf_append(&request->shown, name_text(subscription->destination));
	return request;
}

static size_t fake_subscribe(struct engine *engine, struct subscription *subscription,
	const struct stomp_frame *frame, uint64_t prefetch, uint64_t number)
{
	struct fake_request *request =
		fake_request_about(fake_center_subscribe, subscription, number);

	(void)frame;
	request->prefetch = prefetch;
	fake_request_send(fake_part_of(engine), request);
	return 1;
}

static size_t fake_unsubscribe(struct engine *engine, struct subscription *subscription,
	size_t lost, uint64_t number)
{
	struct fake_request *request =
		fake_request_about(fake_center_unsubscribe, subscription, number);

	request->lost = lost;
	fake_request_send(fake_part_of(engine), request);
	return 1;
}

static void fake_send(struct engine *engine, struct message *message,
	struct handle participant, uint64_t number)
{
	struct fake_request *request =
		fake_request_create(fake_center_act, participant.number, number);

	message_set_sent_at(message, loop_now(engine->broker->worker->loop));
	request->actions = xcalloc(1, sizeof(*request->actions));
	request->actions[request->count++].message = message;
	fake_request_send(fake_part_of(engine), request);
}

static size_t fake_settle(struct engine *engine,
	const struct subscription *subscription, const struct place *places,
	size_t count, enum outcome outcome, uint64_t number)
{
	struct fake_request *request =
		fake_request_about(fake_center_act, subscription, number);

	request->actions = xcalloc(count, sizeof(*request->actions));
	for (size_t i = 0; i < count; i++)
		request->actions[request->count++] = (struct fake_action){
			.subscription = subscription->entry.number,
			.offset = places[i].offset,
			.outcome = outcome,
		};
	fake_request_send(fake_part_of(engine), request);
	return 1;
}

/* COMMIT: its part takes effect when it arrives, or is refused as a whole. */

static void fake_request_add(const struct broker *broker, struct fake_request *request,
	const struct commit *commit, const struct action *action)
{
	struct fake_action *added = &request->actions[request->count];
	const struct subscription *subscription =
		action->message != NULL ? NULL
					: commit_subscription(broker, commit, action);

	if (action->message != NULL) {
		added->message = message_copy(action->message);
		message_set_sent_at(added->message, loop_now(broker->worker->loop));
	} else if (subscription != NULL) {
		added->subscription = subscription->entry.number;
		added->offset = action->place.offset;
		added->outcome = action->outcome;
		if (request->shown.len == 0)
			buf_append(
				&request->shown, name_text(subscription->destination));
	} else {
		return;
	}
	request->count++;
}

static void fake_decided(
	struct fake_part *part, uint64_t number, const struct broker_refusal *refusal)
{
	struct broker *broker = part->engine.broker;
	struct commit *commit = container_of(
		registry_find(&broker->commits, number), struct commit, entry);
	size_t at = 0;

	for (const struct action *action;
		refusal == NULL &&
		(action = commit_next(commit, &part->engine, &at)) != NULL;) {
		if (action->message == NULL)
			commit_settled(broker, commit, action);
	}
	commit_prepared(&part->engine, commit, refusal);
}

void fake_decided_run(struct worker *worker, struct post *post)
{
	struct fake_reply *reply = container_of(post, struct fake_reply, post);

	(void)worker;
	fake_decided(reply->part, reply->commit, reply->refusal);
	fake_reply_free(reply);
}

static void fake_prepare(struct fake_part *part, struct commit *commit)
{
	struct fake_request *request = fake_request_create(fake_center_act, 0, 0);
	struct broker_refusal refusal;
	size_t at = 0;

	fake_engine.asked++;
	request->commit = commit->entry.number;
	request->actions = xcalloc(commit->count, sizeof(*request->actions));
	for (const struct action *action;
		(action = commit_next(commit, &part->engine, &at)) != NULL;)
		fake_request_add(part->engine.broker, request, commit, action);
	if (!fake_engine.decides_within) {
		fake_request_send(part, request);
		return;
	}
	const bool is_taken = fake_center_try(part, request, &refusal);
	fake_decided(part, commit->entry.number, is_taken ? NULL : &refusal);
	fake_request_free(request);
}

static size_t fake_commit(
	struct engine *engine, struct commit *commit, enum commit_step step)
{
	if (step == COMMIT_PREPARE)
		fake_prepare(fake_part_of(engine), commit);
	return 0;
}

static const struct slice fake_headers[] = {
	SLICE_INIT("prefetch-count"), SLICE_INIT("selector"), SLICE_INIT("")};

static const struct engine_ops fake_ops = {
	.headers = fake_headers,
	.subscribe = fake_subscribe,
	.unsubscribe = fake_unsubscribe,
	.send = fake_send,
	.settle = fake_settle,
	.commit = fake_commit,
};

/* Its life. */

static bool fake_end_turn(struct resident *resident)
{
	return fake_line_turn(container_of(resident, struct fake_part, resident));
}

static const struct resident_ops fake_resident_ops = {.end_turn = fake_end_turn};

static struct engine *fake_start(struct broker *broker)
{
	struct fake_part *part = xcalloc(1, sizeof(*part));

	part->engine = (struct engine){&fake_ops, &fake_engine_life, broker};
	part->resident.ops = &fake_resident_ops;
	list_init(&part->up);
	list_init(&part->down);
	fake_center_enter(part);
	worker_add_resident(broker->worker, &part->resident);
	return &part->engine;
}

static void fake_stop(struct engine *engine)
{
	struct fake_part *part = fake_part_of(engine);

	fake_line_finish(part);
	fake_center_leave(part);
	free(part);
}

static bool fake_is_ready(const struct engine *engine, struct buf *why)
{
	(void)engine;
	if (fake_engine.unready == NULL)
		return true;
	buf_append(why, slice_of(fake_engine.unready));
	return false;
}

static size_t fake_sync(
	struct engine *engine, struct handle participant, uint64_t number)
{
	fake_request_send(fake_part_of(engine),
		fake_request_create(fake_center_sync, participant.number, number));
	return 1;
}

/* Its queues, all of them by the first worker's part. */
static void fake_describe(const struct engine *engine,
	void (*visit)(const struct engine_destination *destination, void *context),
	void *context)
{
	list_for_each (link, &fake_center->destinations) {
		const struct fake_destination *one =
			container_of(link, struct fake_destination, link);
		struct engine_destination description;

		if (!one->is_queue || !fake_destination_is_used(one) ||
			engine->broker->worker->index != 0)
			continue;
		fake_queue_describe(one, &description);
		visit(&description, context);
	}
}

const struct engine_life fake_engine_life = {
	.start = fake_start,
	.stop = fake_stop,
	.ready = fake_is_ready,
	.sync = fake_sync,
	.describe = fake_describe,
};

const struct engine_share fake_engine_owns_all[] = {
	{SLICE_INIT(""), &fake_engine_life}, {SLICE_INIT(""), NULL}};
