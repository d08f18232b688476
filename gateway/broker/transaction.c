#include "gateway/broker/transaction.h"

#include "protocol/xmalloc.h"

#include <stdlib.h>

/* Open transactions. */

static struct transaction *party_transaction(const struct party *party, struct slice id)
{
	list_for_each (link, &party->transactions) {
		struct transaction *transaction =
			container_of(link, struct transaction, link);

		if (slice_equal(slice_of(transaction->id), id))
			return transaction;
	}
	return NULL;
}

static bool is_none(struct transaction *transaction, const struct broker_call *call)
{
	if (transaction == NULL)
		buf_append(call->error, SLICE("There is no such transaction"));
	return transaction == NULL;
}

bool transaction_of(const struct broker_call *call, struct transaction **transaction)
{
	const struct slice *id = stomp_header(call->frame, SLICE("transaction"));

	*transaction = NULL;
	if (id == NULL)
		return true;
	*transaction = party_transaction(call->party, *id);
	return !is_none(*transaction, call);
}

/* BEGIN, COMMIT and ABORT must name theirs. */
static const struct slice *needed_id(const struct broker_call *call)
{
	const struct slice *id = stomp_header(call->frame, SLICE("transaction"));

	if (id != NULL && id->len > 0)
		return id;
	buf_printf(call->error, "%.*s needs a transaction",
		SLICE_ARGS(stomp_command_name(call->frame->command)));
	return NULL;
}

static void actions_free(struct action *actions, size_t count)
{
	for (size_t i = 0; i < count; i++)
		message_unref(actions[i].message);
	free(actions);
}

static void transaction_forget(struct party *party, struct transaction *transaction)
{
	list_remove(&transaction->link);
	party->transaction_count--;
	free(transaction);
}

static void transaction_drop(struct party *party, struct transaction *transaction)
{
	actions_free(transaction->actions, transaction->count);
	transaction_forget(party, transaction);
}

void transactions_drop(struct party *party)
{
	while (!list_is_empty(&party->transactions)) {
		transaction_drop(party, container_of(party->transactions.next,
						struct transaction, link));
	}
}

enum broker_result broker_begin(struct broker *broker, struct broker_call *call)
{
	const uint64_t most = broker->worker->config->limits.transactions;
	const struct slice *id = needed_id(call);
	struct party *party = call->party;

	if (id == NULL)
		return BROKER_REFUSED;
	if (party_transaction(party, *id) != NULL) {
		buf_append(call->error, SLICE("The transaction is open already"));
		return BROKER_REFUSED;
	}
	if (party->transaction_count >= most) {
		buf_printf(call->error, "More than %llu open transactions",
			(unsigned long long)most);
		return BROKER_REFUSED;
	}

	struct transaction *transaction =
		xcalloc(1, sizeof(*transaction) + id->len + 1);
	transaction->number = ++party->transactions_ever;
	memcpy(transaction->id, id->data, id->len);
	list_append(&party->transactions, &transaction->link);
	party->transaction_count++;
	return BROKER_TAKEN;
}

bool transaction_add(struct broker *broker, struct transaction *transaction,
	const struct action *action, struct buf *error)
{
	const struct limits *limits = &broker->worker->config->limits;
	uint64_t bytes = action->message == NULL ? 0 : message_size(action->message);

	if (transaction->count >= limits->transaction_actions ||
		bytes > limits->transaction_bytes - transaction->bytes) {
		buf_append(error, SLICE("The transaction is too large"));
		message_unref(action->message);
		return false;
	}
	if (transaction->count == transaction->capacity) {
		transaction->capacity =
			transaction->capacity == 0 ? 4 : transaction->capacity * 2;
		transaction->actions = xrealloc(
			transaction->actions, transaction->capacity * sizeof(*action));
	}
	transaction->actions[transaction->count++] = *action;
	transaction->bytes += bytes;
	return true;
}

/* What it has settled can be settled again. */
static void transaction_unmark(
	const struct party *party, const struct transaction *transaction)
{
	for (size_t i = 0; i < transaction->count; i++) {
		const struct action *action = &transaction->actions[i];
		struct subscription *subscription =
			action->message == NULL
				? subscription_at(party, action->ordinal)
				: NULL;
		size_t index =
			subscription == NULL
				? SIZE_MAX
				: unacked_find(&subscription->unacked, action->place);

		if (index != SIZE_MAX)
			unacked_at(&subscription->unacked, index)->transaction = 0;
	}
}

enum broker_result broker_abort(struct broker *broker, struct broker_call *call)
{
	const struct slice *id = needed_id(call);

	(void)broker;
	if (id == NULL)
		return BROKER_REFUSED;
	struct transaction *transaction = party_transaction(call->party, *id);
	if (is_none(transaction, call))
		return BROKER_REFUSED;
	transaction_unmark(call->party, transaction);
	transaction_drop(call->party, transaction);
	return BROKER_TAKEN;
}

/* Commits. */

/* The delivery that the action settles; NULL when its subscription has ended. */
static struct subscription *action_subscription(
	const struct party *party, const struct action *action, size_t *index)
{
	struct subscription *subscription = subscription_at(party, action->ordinal);

	if (subscription == NULL)
		return NULL;
	*index = unacked_find(&subscription->unacked, action->place);
	/* A topic forgets; what a queue has lent stays. */
	return *index == SIZE_MAX && subscription->kind == SUBSCRIPTION_QUEUE
		       ? NULL
		       : subscription;
}

static bool transaction_is_whole(
	const struct party *party, const struct transaction *transaction)
{
	for (size_t i = 0; i < transaction->count; i++) {
		size_t index;

		if (transaction->actions[i].message == NULL &&
			action_subscription(party, &transaction->actions[i], &index) ==
				NULL)
			return false;
	}
	return true;
}

enum broker_result broker_commit(
	struct broker *broker, struct broker_call *call, bool *waits)
{
	const struct slice *id = needed_id(call);

	if (id == NULL)
		return BROKER_REFUSED;
	struct transaction *transaction = party_transaction(call->party, *id);
	if (is_none(transaction, call))
		return BROKER_REFUSED;
	if (!transaction_is_whole(call->party, transaction)) {
		buf_append(call->error, SLICE("The transaction acknowledges what its "
					      "subscription took along"));
		return BROKER_REFUSED;
	}

	struct commit *commit = xcalloc(1, sizeof(*commit));
	commit->party = call->party->entry.number;
	commit->request = call->request;
	commit->actions = transaction->actions;
	commit->count = transaction->count;
	transaction_forget(call->party, transaction);
	registry_add(&broker->commits, &commit->entry);

	call->answers = 0;
	for (size_t i = 0; i < commit->count; i++)
		call->answers += commit->actions[i].message != NULL;
	if (call->answers == 0)
		call->answers = 1; /* commit_apply() answers itself */

	const uint64_t number = commit->entry.number;
	broker->backend->commit(broker, commit);
	*waits = registry_find(&broker->commits, number) != NULL;
	return BROKER_TAKEN;
}

static struct party *commit_party(struct broker *broker, const struct commit *commit)
{
	struct entry *entry = registry_find(&broker->parties, commit->party);

	return entry == NULL ? NULL : container_of(entry, struct party, entry);
}

bool commit_is_wanted(struct broker *broker, const struct commit *commit)
{
	return commit_party(broker, commit) != NULL;
}

static void commit_free(struct broker *broker, struct commit *commit)
{
	registry_remove(&broker->commits, &commit->entry);
	actions_free(commit->actions, commit->count);
	free(commit->reservations);
	free(commit);
}

static void commit_settle(
	struct broker *broker, struct party *party, const struct action *action)
{
	size_t index = SIZE_MAX;
	struct subscription *subscription = action_subscription(party, action, &index);

	if (subscription == NULL || index == SIZE_MAX)
		return;
	unacked_remove(&subscription->unacked, index);
	if (subscription->kind == SUBSCRIPTION_QUEUE) {
		broker->backend->settle(
			broker, subscription, &action->place, 1, action->is_accepted);
	}
}

void commit_apply(struct broker *broker, struct commit *commit, commit_send *send)
{
	struct party *party = commit_party(broker, commit);
	const struct handle handle = broker_handle(broker, party);
	size_t sent = 0;

	for (size_t i = 0; i < commit->count; i++) {
		struct action *action = &commit->actions[i];

		if (action->message == NULL) {
			commit_settle(broker, party, action);
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
		broker_answer(broker, handle, commit->request, SLICE(""));
	commit_free(broker, commit);
	party->committed(party);
}

void commit_fail(struct broker *broker, struct commit *commit, struct slice error)
{
	const uint64_t party = commit->party, request = commit->request;

	commit_free(broker, commit);
	broker_tell(broker, party, request, error);
}

void commits_finish(struct broker *broker)
{
	struct table_node *node;

	while ((node = table_any(&broker->commits.entries)) != NULL) {
		struct entry *entry = container_of(node, struct entry, node);

		commit_free(broker, container_of(entry, struct commit, entry));
	}
}
