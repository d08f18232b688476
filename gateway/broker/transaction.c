#include "gateway/broker/transaction.h"

#include "gateway/metrics.h"
#include "protocol/xmalloc.h"

#include <stdlib.h>

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

void actions_free(struct action *actions, size_t count)
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
		metrics_refuse(broker->worker->metrics, BOUND_TRANSACTIONS);
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
		transaction->bytes + bytes > limits->transaction_bytes) {
		metrics_refuse(broker->worker->metrics, BOUND_TRANSACTION);
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

enum broker_result broker_commit(
	struct broker *broker, struct broker_call *call, bool *waits)
{
	const struct slice *id = needed_id(call);

	if (id == NULL)
		return BROKER_REFUSED;
	struct transaction *transaction = party_transaction(call->party, *id);
	if (is_none(transaction, call))
		return BROKER_REFUSED;

	struct action *actions = transaction->actions;
	const size_t count = transaction->count;
	if (!actions_are_possible(call->party, actions, count)) {
		buf_append(call->error, SLICE("The transaction acknowledges what its "
					      "subscription took along"));
		return BROKER_REFUSED;
	}
	transaction_forget(call->party, transaction);
	*waits = commit_start(broker, call, actions, count);
	return BROKER_TAKEN;
}
