/* The lines of the fake engine: what moves on them, and when. */
#include "protocol/xmalloc.h"
#include "tests/support/fake_engine_internal.h"

#include <stdlib.h>

static unsigned fake_line_turns(void)
{
	struct fake_engine *script = &fake_engine;

	return script->is_random ? chance_below(&script->chance, script->turns + 1)
				 : script->turns;
}

struct fake_request *fake_request_create(
	void (*arrive)(struct fake_part *from, struct fake_request *request),
	uint64_t participant, uint64_t number)
{
	struct fake_request *request = xcalloc(1, sizeof(*request));

	request->arrive = arrive;
	request->participant = participant;
	request->number = number;
	return request;
}

void fake_request_give_credits(
	struct fake_part *from, const struct fake_request *request)
{
	for (size_t i = 0; i < request->count && request->commit == 0; i++) {
		if (request->actions[i].message != NULL)
			credit_give(from->engine.broker, request->actions[i].message);
	}
}

void fake_request_free(struct fake_request *request)
{
	for (size_t i = 0; i < request->count; i++)
		message_unref(request->actions[i].message);
	free(request->actions);
	buf_finish(&request->shown);
	buf_finish(&request->address);
	free(request);
}

void fake_request_send(struct fake_part *part, struct fake_request *request)
{
	request->turns = fake_line_turns();
	list_append(&part->up, &request->link);
}

/* A worker that has nothing to do must look at its line again. */
static void fake_line_wake_run(struct worker *worker, struct post *post)
{
	(void)worker;
	free(post);
}

static void fake_line_wake(struct fake_part *part)
{
	struct post *post = xcalloc(1, sizeof(*post));

	post->run = fake_line_wake_run;
	worker_post(fake_center->current->engine.broker->worker,
		part->engine.broker->worker->index, post);
}

struct fake_reply *fake_reply_create(
	struct fake_part *part, void (*run)(struct worker *worker, struct post *post))
{
	struct fake_reply *reply = xcalloc(1, sizeof(*reply));

	reply->post = (struct post){.size = sizeof(*reply), .run = run};
	reply->part = part;
	reply->turns = fake_line_turns();
	list_append(&part->down, &reply->link);
	if (fake_center->current != NULL && fake_center->current != part)
		fake_line_wake(part);
	return reply;
}

void fake_reply_free(struct fake_reply *reply)
{
	message_unref(reply->message);
	free(reply->refusal);
	free(reply);
}

struct fake_reply *fake_reply_answer(struct fake_part *part,
	const struct fake_request *request, const struct broker_refusal *refusal)
{
	struct fake_reply *reply =
		fake_reply_create(part, request->commit == 0 ? NULL : fake_decided_run);

	reply->participant = request->participant;
	reply->number = request->number;
	reply->commit = request->commit;
	if (refusal != NULL)
		reply->refusal = broker_refusal_copy(refusal, refusal->destination);
	return reply;
}

/* Everything becomes one post to the worker, so the order of the line stays. */
static void fake_reply_leave(struct fake_part *part, struct fake_reply *reply)
{
	struct broker *broker = part->engine.broker;
	const struct handle participant = {broker->worker->index, reply->participant};

	if (reply->post.run != NULL) {
		worker_post(broker->worker, broker->worker->index, &reply->post);
		return;
	}
	if (reply->refusal == NULL && reply->published.place.epoch != 0)
		broker_answer_published(
			broker, participant, reply->number, &reply->published);
	else
		broker_answer(broker, participant, reply->number, reply->refusal);
	fake_reply_free(reply);
}

static bool fake_line_waits(unsigned *turns)
{
	if (*turns == 0)
		return false;
	--*turns;
	return true;
}

bool fake_line_turn(struct fake_part *part)
{
	if (fake_engine.is_away)
		return false;
	while (!list_is_empty(&part->up)) {
		struct fake_request *request =
			container_of(part->up.next, struct fake_request, link);

		if (fake_line_waits(&request->turns))
			break;
		list_remove(&request->link);
		fake_center->current = part;
		request->arrive(part, request);
		fake_center->current = NULL;
	}
	while (!list_is_empty(&part->down)) {
		struct fake_reply *reply =
			container_of(part->down.next, struct fake_reply, link);

		if (fake_line_waits(&reply->turns))
			break;
		list_remove(&reply->link);
		fake_reply_leave(part, reply);
	}
	return !list_is_empty(&part->up) || !list_is_empty(&part->down);
}

void fake_line_finish(struct fake_part *part)
{
	for (struct list *link; (link = list_take_first(&part->up)) != NULL;) {
		struct fake_request *request =
			container_of(link, struct fake_request, link);

		fake_request_give_credits(part, request);
		fake_request_free(request);
	}
	for (struct list *link; (link = list_take_first(&part->down)) != NULL;)
		fake_reply_free(container_of(link, struct fake_reply, link));
}
