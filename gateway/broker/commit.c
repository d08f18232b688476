#include "gateway/broker/commit.h"

#include "gateway/broker/delivery_index.h"
#include "gateway/broker/internal.h"
#include "gateway/broker/memory.h"
#include "gateway/broker/private.h"
#include "gateway/broker/subscription.h"
#include "protocol/xmalloc.h"

#include <assert.h>
#include <stdlib.h>

/* Actions. */

void actions_free(struct action *actions, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		message_unref(actions[i].message);
		free(actions[i].named);
	}
	free(actions);
}

/* The delivery that the action settles; NULL when its subscription has ended. */
static struct subscription *action_subscription(const struct participant *participant,
	const struct action *action, size_t *index)
{
	struct subscription *subscription =
		subscription_at(participant, action->ordinal);

	if (subscription == NULL)
		return NULL;
	*index = delivery_find(subscription, action->place);
	/* A topic remembers nothing; messages in flight from a queue stay. */
	return *index == SIZE_MAX && subscription->kind == SUBSCRIPTION_QUEUE
		       ? NULL
		       : subscription;
}

bool actions_are_possible(const struct participant *participant,
	const struct action *actions, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t index;

		if (actions[i].message == NULL &&
			action_subscription(participant, &actions[i], &index) == NULL)
			return false;
	}
	return true;
}

void actions_unmark(const struct participant *participant, const struct action *actions,
	size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t index = SIZE_MAX;
		struct subscription *subscription =
			actions[i].message != NULL
				? NULL
				: action_subscription(participant, &actions[i], &index);

		if (subscription != NULL && index != SIZE_MAX)
			unacked_at(&subscription->unacked, index)->in_transaction =
				false;
	}
}

static struct engine *action_engine(const struct broker *broker,
	const struct participant *participant, const struct action *action)
{
	const struct subscription *subscription;
	size_t index;

	if (action->is_reply)
		return NULL;
	if (action->message != NULL)
		return broker_engine(broker, message_address(action->message));
	subscription = action_subscription(participant, action, &index);
	return subscription->kind == SUBSCRIPTION_QUEUE
		       ? subscription_engine(broker, subscription)
		       : NULL;
}

/* The engines' side. */

struct action *commit_next(
	struct commit *commit, const struct engine *engine, size_t *at)
{
	while (*at < commit->count) {
		struct action *action = &commit->actions[(*at)++];

		if (action->engine == engine)
			return action;
	}
	return NULL;
}

static struct participant *commit_participant(
	const struct broker *broker, const struct commit *commit)
{
	return broker_participant(broker, commit->participant);
}

/* *index is SIZE_MAX when the delivery was forgotten. */
static struct subscription *commit_find(const struct broker *broker,
	const struct commit *commit, const struct action *action, size_t *index)
{
	const struct participant *participant = commit_participant(broker, commit);

	*index = SIZE_MAX;
	return participant == NULL ? NULL
				   : action_subscription(participant, action, index);
}

struct subscription *commit_subscription(const struct broker *broker,
	const struct commit *commit, const struct action *action)
{
	size_t index;
	struct subscription *subscription = commit_find(broker, commit, action, &index);

	return index != SIZE_MAX && subscription->kind == SUBSCRIPTION_QUEUE
		       ? subscription
		       : NULL;
}

struct subscription *commit_settled(
	struct broker *broker, const struct commit *commit, const struct action *action)
{
	size_t index;
	struct subscription *subscription = commit_find(broker, commit, action, &index);

	if (subscription == NULL || index == SIZE_MAX)
		return NULL;
	unacked_remove(&subscription->unacked, index);
	return subscription->kind == SUBSCRIPTION_QUEUE ? subscription : NULL;
}

/* The steps. */

static bool commit_has_part(struct commit *commit, const struct engine *engine)
{
	size_t at = 0;

	return commit_next(commit, engine, &at) != NULL;
}

static void commit_free(struct broker *broker, struct commit *commit)
{
	registry_remove(&broker->commits, &commit->entry);
	/* Those that no engine has taken out. */
	for (size_t i = 0; i < commit->count; i++) {
		if (commit->actions[i].message != NULL)
			credit_give(broker, commit->actions[i].message);
	}
	actions_free(commit->actions, commit->count);
	free(commit);
}

/* If the COMMIT's call has returned, the participant waits; unless it has ended. */
static void commit_end(struct broker *broker, struct commit *commit)
{
	const uint64_t number = commit->participant;
	const bool waits = commit->call == NULL;

	commit_free(broker, commit);
	if (waits)
		broker_resume(broker, number);
}

/*
 * Replies have no engine, and neither have acknowledgements on topics, which mean
 * nothing. Returns how many replies were sent.
 */
static size_t commit_apply_others(
	struct broker *broker, struct commit *commit, struct handle participant)
{
	size_t sent = 0;

	for (size_t i = 0; i < commit->count; i++) {
		struct action *action = &commit->actions[i];

		if (action->engine != NULL)
			continue;
		if (action->message == NULL) {
			commit_settled(broker, commit, action);
			continue;
		}
		private_reply(broker, action->worker, action->message, participant,
			commit->request);
		action->message = NULL;
		sent++;
	}
	return sent;
}

/* The COMMIT's receipt, which waits for one answer, learns how many will come. */
static void commit_expect(struct broker *broker, struct commit *commit, size_t answers)
{
	if (commit->call != NULL)
		commit->call->answers = answers;
	else
		broker_expect(
			broker, commit->participant, commit->request, answers - 1);
}

static void commit_apply(struct broker *broker, struct commit *commit)
{
	const struct handle handle = {broker->worker->index, commit->participant};
	size_t answers = 0;

	for (size_t i = 0; i < broker->engines.count; i++) {
		struct engine *engine = broker->engines.all[i];

		if (commit_has_part(commit, engine))
			answers += engine->ops->commit(engine, commit, COMMIT_APPLY);
	}
	answers += commit_apply_others(broker, commit, handle);
	worker_spend(broker->worker, commit->count); /* it is one post, or none */
	if (answers == 0) {
		answers = 1;
		broker_answer(broker, handle, commit->request, NULL);
	}
	commit_expect(broker, commit, answers);
	commit_end(broker, commit);
}

/* Those that were asked before are prepared. */
static void commit_release(struct broker *broker, struct commit *commit)
{
	while (commit->asked > 0) {
		struct engine *engine = broker->engines.all[--commit->asked];

		if (commit_has_part(commit, engine))
			engine->ops->commit(engine, commit, COMMIT_RELEASE);
	}
}

/* `refusal` is NULL when nobody is there to hear it. */
static void commit_fail(struct broker *broker, struct commit *commit,
	const struct broker_refusal *refusal)
{
	struct broker_call *call = commit->call;

	commit_release(broker, commit);
	if (call != NULL) {
		assert(refusal != NULL); /* the participant is there, and calls */
		call->kept = broker_refusal_copy(refusal, refusal->destination);
		*call->refusal = *call->kept;
	} else if (refusal != NULL) {
		broker_tell(broker, commit->participant, commit->request, refusal);
	}
	struct participant *participant = commit_participant(broker, commit);
	if (participant != NULL)
		actions_unmark(participant, commit->actions, commit->count);
	commit_end(broker, commit);
}

static void commit_continue(struct broker *broker, struct commit *commit)
{
	for (; commit->asked < broker->engines.count; commit->asked++) {
		struct engine *engine = broker->engines.all[commit->asked];

		if (commit_has_part(commit, engine)) {
			engine->ops->commit(engine, commit, COMMIT_PREPARE);
			return;
		}
	}
	commit_apply(broker, commit);
}

void commit_prepared(struct engine *engine, struct commit *commit,
	const struct broker_refusal *refusal)
{
	struct broker *broker = engine->broker;

	if (refusal != NULL) {
		commit_fail(broker, commit, refusal);
		return;
	}
	commit->asked++;
	commit->must_follow = commit->must_follow || !engine->ops->can_reserve;
	if (!commit->must_follow && commit_participant(broker, commit) == NULL)
		commit_fail(broker, commit, NULL);
	else
		commit_continue(broker, commit);
}

static struct commit *commit_create(struct broker *broker,
	const struct participant *participant, uint64_t request, struct action *actions,
	size_t count)
{
	struct commit *commit = xcalloc(1, sizeof(*commit));

	for (size_t i = 0; i < count; i++)
		actions[i].engine = action_engine(broker, participant, &actions[i]);
	commit->participant = participant->entry.number;
	commit->request = request;
	commit->actions = actions;
	commit->count = count;
	registry_add(&broker->commits, &commit->entry);
	return commit;
}

enum broker_result commit_start(struct broker *broker, struct broker_call *call,
	struct action *actions, size_t count)
{
	struct commit *commit =
		commit_create(broker, call->participant, call->request, actions, count);
	const uint64_t number = commit->entry.number;

	commit->call = call;
	commit_continue(broker, commit);
	call->waits = registry_find(&broker->commits, number) != NULL;
	if (call->waits) {
		commit->call = NULL;
		call->answers = 1; /* commit_expect() */
	}
	return call->kept != NULL ? BROKER_REFUSED : BROKER_TAKEN;
}

void commit_start_late(struct broker *broker, const struct participant *participant,
	uint64_t request, struct action *actions, size_t count)
{
	commit_continue(
		broker, commit_create(broker, participant, request, actions, count));
}

void commits_finish(struct broker *broker)
{
	struct table_node *node;

	while ((node = table_any(&broker->commits.entries)) != NULL) {
		struct entry *entry = container_of(node, struct entry, node);

		commit_free(broker, container_of(entry, struct commit, entry));
	}
}
