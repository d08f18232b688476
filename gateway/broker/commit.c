/* A commit: the actions of a transaction on their way to the engine, and back. */
#include "gateway/broker/transaction.h"

#include "gateway/broker/internal.h"
#include "gateway/broker/private.h"
#include "gateway/broker/subscription.h"
#include "protocol/xmalloc.h"

#include <stdlib.h>

/* The delivery that the action settles; NULL when its subscription has ended. */
static struct subscription *action_subscription(const struct participant *participant,
	const struct action *action, size_t *index)
{
	struct subscription *subscription =
		subscription_at(participant, action->ordinal);

	if (subscription == NULL)
		return NULL;
	*index = unacked_find(&subscription->unacked, action->place);
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
			unacked_at(&subscription->unacked, index)->transaction = 0;
	}
}

bool commit_start(struct broker *broker, struct broker_call *call,
	struct action *actions, size_t count)
{
	struct commit *commit = xcalloc(1, sizeof(*commit));

	commit->participant = call->participant->entry.number;
	commit->request = call->request;
	commit->actions = actions;
	commit->count = count;
	registry_add(&broker->commits, &commit->entry);

	call->answers = 0;
	for (size_t i = 0; i < count; i++)
		call->answers += actions[i].message != NULL;
	if (call->answers == 0)
		call->answers = 1; /* commit_apply() answers itself */

	const uint64_t number = commit->entry.number;
	broker->engine->commit(broker, commit);
	return registry_find(&broker->commits, number) != NULL;
}

static struct participant *commit_participant(
	struct broker *broker, const struct commit *commit)
{
	struct entry *entry = registry_find(&broker->participants, commit->participant);

	return entry == NULL ? NULL : container_of(entry, struct participant, entry);
}

bool commit_is_wanted(struct broker *broker, const struct commit *commit)
{
	return commit_participant(broker, commit) != NULL;
}

static void commit_free(struct broker *broker, struct commit *commit)
{
	registry_remove(&broker->commits, &commit->entry);
	actions_free(commit->actions, commit->count);
	free(commit->reservations);
	free(commit);
}

static void commit_settle(struct broker *broker, struct participant *participant,
	const struct action *action)
{
	size_t index = SIZE_MAX;
	struct subscription *subscription =
		action_subscription(participant, action, &index);

	if (subscription == NULL || index == SIZE_MAX)
		return;
	unacked_remove(&subscription->unacked, index);
	if (subscription->kind == SUBSCRIPTION_QUEUE) {
		broker->engine->settle(
			broker, subscription, &action->place, 1, action->outcome, 0);
	}
}

void commit_apply(struct broker *broker, struct commit *commit, commit_send *send)
{
	struct participant *participant = commit_participant(broker, commit);
	const struct handle handle = broker_handle(broker, participant);
	size_t sent = 0;

	for (size_t i = 0; i < commit->count; i++) {
		struct action *action = &commit->actions[i];

		if (action->message == NULL) {
			commit_settle(broker, participant, action);
			continue;
		}
		sent++;
		if (action->is_reply)
			private_reply(broker, action->worker, action->message, handle,
				commit->request);
		else
			send(broker, action->message, handle, commit->request);
		action->message = NULL;
	}
	if (sent == 0)
		broker_answer(broker, handle, commit->request, NULL);
	commit_free(broker, commit);
	participant->ops->committed(participant);
}

void commit_fail(struct broker *broker, struct commit *commit,
	const struct broker_refusal *refusal)
{
	const uint64_t number = commit->participant;

	broker_tell(broker, number, commit->request, refusal);
	struct participant *participant = commit_participant(broker, commit);
	if (participant != NULL)
		actions_unmark(participant, commit->actions, commit->count);
	commit_free(broker, commit);
	if (participant != NULL)
		participant->ops->committed(
			participant); /* unless the refusal has ended it */
}

void commits_finish(struct broker *broker)
{
	struct table_node *node;

	while ((node = table_any(&broker->commits.entries)) != NULL) {
		struct entry *entry = container_of(node, struct entry, node);

		commit_free(broker, container_of(entry, struct commit, entry));
	}
}
