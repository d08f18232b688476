#include "gateway/broker/engine.h"

#include "gateway/broker/internal.h"
#include "gateway/broker/memory.h"
#include "protocol/xmalloc.h"

#include <assert.h>
#include <stdlib.h>

/* An engine starts once, however many shares it has. */
static struct engine *engines_start_one(
	struct broker *broker, const struct engine_life *life)
{
	struct engines *engines = &broker->engines;

	for (size_t i = 0; i < engines->count; i++) {
		if (engines->all[i]->life == life)
			return engines->all[i];
	}
	return engines->all[engines->count++] = life->start(broker);
}

/* A COMMIT asks the engine that cannot reserve at last. */
static void engines_sort(struct engines *engines)
{
	struct engine *last = engines->all[0];
	size_t count = 0;

	for (size_t i = 0; i < engines->count; i++) {
		if (engines->all[i]->ops->can_reserve)
			engines->all[count++] = engines->all[i];
		else
			last = engines->all[i];
	}
	assert(count + 1 >= engines->count); /* at most one cannot */
	if (count < engines->count)
		engines->all[count] = last;
}

void engines_start(struct broker *broker, const struct engine_share *shares)
{
	struct engines *engines = &broker->engines;
	size_t count = 0;

	while (shares[count].life != NULL)
		count++;
	engines->all = xcalloc(count + 1, sizeof(struct engine *));
	engines->owners = xcalloc(count + 1, sizeof(*engines->owners));
	/* The memory engine comes first: a COMMIT asks it first, too. */
	engines->owners[count].engine = engines_start_one(broker, &memory_life);
	for (size_t i = 0; i < count; i++)
		engines->owners[i] = (struct owner){
			shares[i].beginning, engines_start_one(broker, shares[i].life)};
	engines_sort(engines);
}

void engines_stop(struct broker *broker)
{
	struct engines *engines = &broker->engines;

	while (engines->count > 0) {
		struct engine *engine = engines->all[--engines->count];

		engine->life->stop(engine);
	}
	free(engines->all);
	free(engines->owners);
}

struct engine *broker_engine(const struct broker *broker, struct slice address)
{
	const struct owner *owner = broker->engines.owners;

	/* The last one owns what is left. */
	while (!slice_starts_with(address, owner->beginning))
		owner++;
	return owner->engine;
}

void broker_send_message(struct broker *broker, struct message *message,
	struct handle participant, uint64_t request)
{
	struct engine *engine = broker_engine(broker, message_address(message));

	engine->ops->send(engine, message, participant, request);
}

enum broker_result broker_sync(struct broker *broker, struct broker_call *call)
{
	const struct handle participant = broker_handle(broker, call->participant);

	call->answers = 0;
	for (size_t i = 0; call->request != 0 && i < broker->engines.count; i++) {
		struct engine *engine = broker->engines.all[i];

		call->answers += engine->life->sync(engine, participant, call->request);
	}
	return BROKER_TAKEN;
}

bool engines_are_ready(const struct worker *worker, struct buf *why)
{
	const struct engines *engines = &worker->broker->engines;

	for (size_t i = 0; i < engines->count; i++) {
		const struct engine *engine = engines->all[i];

		if (!engine->life->ready(engine, why))
			return false;
	}
	return true;
}

void broker_for_each_destination(const struct broker *broker,
	void (*visit)(const struct engine_destination *destination, void *context),
	void *context)
{
	for (size_t i = 0; i < broker->engines.count; i++) {
		const struct engine *engine = broker->engines.all[i];

		engine->life->describe(engine, visit, context);
	}
}
