#include "tests/support/scripted_engine.h"

#include "gateway/broker/commit.h"
#include "gateway/broker/internal.h"
#include "gateway/broker/subscription.h"
#include "protocol/xmalloc.h"

#include <stdlib.h>

struct scripted_engine scripted_engine = {.refuse = REFUSALS};

static void scripted_answer(struct broker *broker, struct handle participant,
	uint64_t request, struct slice name)
{
	struct broker_refusal refusal;

	broker_refuse(&refusal, scripted_engine.refuse, "destination", &name);
	refusal.destination = name;
	broker_answer(broker, participant, request,
		scripted_engine.refuse == REFUSALS ? NULL : &refusal);
}

static size_t scripted_subscribe(struct engine *engine,
	struct subscription *subscription, const struct stomp_frame *frame,
	uint64_t prefetch, uint64_t request)
{
	struct broker *broker = engine->broker;

	(void)frame;
	(void)prefetch;
	scripted_answer(broker, broker_handle(broker, subscription->participant),
		request, name_text(subscription->destination));
	return 1;
}

static size_t scripted_unsubscribe(struct engine *engine,
	struct subscription *subscription, size_t lost, uint64_t request)
{
	struct broker *broker = engine->broker;

	(void)lost;
	broker_answer(broker, broker_handle(broker, subscription->participant), request,
		NULL);
	return 1;
}

static void scripted_send(struct engine *engine, struct message *message,
	struct handle participant, uint64_t request)
{
	struct broker *broker = engine->broker;

	scripted_engine.taken += scripted_engine.refuse == REFUSALS;
	scripted_answer(broker, participant, request, message_destination(message));
	message_unref(message);
}

static size_t scripted_settle(struct engine *engine,
	const struct subscription *subscription, const struct place *places,
	size_t count, enum outcome outcome, uint64_t request)
{
	struct broker *broker = engine->broker;

	(void)places;
	(void)count;
	(void)outcome;
	broker_answer(broker, broker_handle(broker, subscription->participant), request,
		NULL);
	return 1;
}

static size_t scripted_commit(
	struct engine *engine, struct commit *commit, enum commit_step step)
{
	const struct handle participant = {
		engine->broker->worker->index, commit->participant};
	size_t at = 0, answers = 0;

	if (step == COMMIT_PREPARE) {
		commit_prepared(engine, commit, NULL);
		return 0;
	}
	for (struct action *action; (action = commit_next(commit, engine, &at)) != NULL;
		answers++) {
		scripted_send(engine, action->message, participant, commit->request);
		action->message = NULL;
	}
	return answers;
}

static const struct slice scripted_headers[] = {SLICE_INIT("")};

static const struct engine_ops scripted_ops = {
	.headers = scripted_headers,
	.subscribe = scripted_subscribe,
	.unsubscribe = scripted_unsubscribe,
	.send = scripted_send,
	.settle = scripted_settle,
	.commit = scripted_commit,
};

static const struct engine_life scripted_life;

static struct engine *scripted_start(struct broker *broker)
{
	struct engine *engine = xmalloc(sizeof(*engine));

	*engine = (struct engine){&scripted_ops, &scripted_life, broker};
	return engine;
}

static void scripted_stop(struct engine *engine)
{
	free(engine);
}

static size_t scripted_sync(
	struct engine *engine, struct handle participant, uint64_t request)
{
	broker_answer(engine->broker, participant, request, NULL);
	return 1;
}

static const struct engine_life scripted_life = {
	.start = scripted_start,
	.stop = scripted_stop,
	.sync = scripted_sync,
};

const struct engine_share scripted_engine_share[] = {
	{SLICE_INIT(""), &scripted_life}, {SLICE_INIT(""), NULL}};
