#include "gateway/broker/transaction.h"

#include "gateway/broker/internal.h"
#include "gateway/worker/metrics.h"
#include "protocol/xmalloc.h"

#include <stdlib.h>

static struct transaction *participant_transaction(
	const struct participant *participant, struct slice id)
{
	list_for_each (link, &participant->transactions) {
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
		broker_refuse(call->refusal, REFUSAL_UNKNOWN_TRANSACTION,
			"header transaction",
			stomp_header(call->frame, SLICE("transaction")));
	return transaction == NULL;
}

bool transaction_of(const struct broker_call *call, struct transaction **transaction)
{
	const struct slice *id = stomp_header(call->frame, SLICE("transaction"));

	*transaction = NULL;
	if (id == NULL)
		return true;
	*transaction = participant_transaction(call->participant, *id);
	return !is_none(*transaction, call);
}

static void transaction_forget(
	struct participant *participant, struct transaction *transaction)
{
	list_remove(&transaction->link);
	participant->transaction_count--;
	participant->refused_transactions -= transaction->is_refused;
	free(transaction->doom);
	free(transaction);
}

static void transaction_drop(
	struct participant *participant, struct transaction *transaction)
{
	actions_free(transaction->actions, transaction->count);
	transaction_forget(participant, transaction);
}

void transactions_drop(struct participant *participant)
{
	while (!list_is_empty(&participant->transactions)) {
		transaction_drop(
			participant, container_of(participant->transactions.next,
					     struct transaction, link));
	}
}

static struct transaction *transaction_open(
	struct participant *participant, struct slice id)
{
	struct transaction *transaction = xcalloc(1, sizeof(*transaction) + id.len + 1);

	memcpy(transaction->id, id.data, id.len);
	list_append(&participant->transactions, &transaction->link);
	participant->transaction_count++;
	return transaction;
}

/*
 * Once `most` transactions with a refused BEGIN are kept, forgets the oldest of them.
 */
static void transaction_forget_refused(struct participant *participant, uint64_t most)
{
	list_for_each (link, &participant->transactions) {
		struct transaction *transaction =
			container_of(link, struct transaction, link);

		if (participant->refused_transactions >= most &&
			transaction->is_refused) {
			transaction_drop(participant, transaction);
			return;
		}
	}
}

/*
 * A client that continues may have sent the frames of this transaction already. These
 * are no mistakes, so the transaction is opened, and doomed.
 */
static enum broker_result transaction_refuse_begin(
	struct broker *broker, struct broker_call *call, struct slice id)
{
	const uint64_t most = broker->worker->config->limits.transactions;

	metrics_refuse(broker->worker->metrics, BOUND_TRANSACTIONS);
	broker_refuse(call->refusal, REFUSAL_TRANSACTIONS, "header transaction", &id);
	broker_refusal_hint(call->refusal, "limits.transactions is %llu.",
		(unsigned long long)most);

	transaction_forget_refused(call->participant, most);
	struct transaction *transaction = transaction_open(call->participant, id);
	transaction->is_refused = true;
	transaction->doom = broker_refusal_copy(call->refusal, SLICE(""));
	call->participant->refused_transactions++;
	return BROKER_REFUSED;
}

enum broker_result broker_begin(struct broker *broker, struct broker_call *call)
{
	const struct slice *id = broker_header(call, "transaction", false);
	struct participant *participant = call->participant;

	if (id == NULL)
		return BROKER_REFUSED;
	if (participant_transaction(participant, *id) != NULL)
		return broker_refuse(call->refusal, REFUSAL_TRANSACTION_OPEN,
			"header transaction",
			stomp_header(call->frame, SLICE("transaction")));
	if (participant->transaction_count - participant->refused_transactions >=
		broker->worker->config->limits.transactions)
		return transaction_refuse_begin(broker, call, *id);
	transaction_open(participant, *id);
	return BROKER_TAKEN;
}

bool transaction_add(struct broker *broker, struct transaction *transaction,
	const struct action *action, struct broker_refusal *refusal)
{
	const struct limits *limits = &broker->worker->config->limits;
	uint64_t bytes = action->message == NULL ? 0 : message_size(action->message);

	if (transaction->doom != NULL) {
		message_unref(action->message);
		return true;
	}
	if (transaction->count >= limits->transaction_actions ||
		transaction->bytes + bytes > limits->transaction_bytes) {
		metrics_refuse(broker->worker->metrics, BOUND_TRANSACTION);
		const struct slice id = slice_of(transaction->id);

		broker_refuse(
			refusal, REFUSAL_TRANSACTION_SIZE, "header transaction", &id);
		broker_refusal_hint(refusal,
			"limits.transaction_actions is %llu, limits.transaction_bytes "
			"%llu.",
			(unsigned long long)limits->transaction_actions,
			(unsigned long long)limits->transaction_bytes);
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

/* The transaction that an ABORT or COMMIT names. NULL after refusing. */
static struct transaction *transaction_to_end(struct broker_call *call)
{
	const struct slice *id = broker_header(call, "transaction", false);

	if (id == NULL)
		return NULL;
	struct transaction *transaction =
		participant_transaction(call->participant, *id);
	return is_none(transaction, call) ? NULL : transaction;
}

enum broker_result broker_abort(struct broker *broker, struct broker_call *call)
{
	struct transaction *transaction = transaction_to_end(call);

	(void)broker;
	if (transaction == NULL)
		return BROKER_REFUSED;
	actions_unmark(call->participant, transaction->actions, transaction->count);
	transaction_drop(call->participant, transaction);
	return BROKER_TAKEN;
}

/* Ends the transaction as ABORT would. */
static enum broker_result transaction_refuse(
	struct broker_call *call, struct transaction *transaction)
{
	call->kept = transaction->doom;
	*call->refusal = *transaction->doom;
	transaction->doom = NULL;
	actions_unmark(call->participant, transaction->actions, transaction->count);
	transaction_drop(call->participant, transaction);
	return BROKER_REFUSED;
}

enum broker_result transaction_conclude(
	const struct broker_call *call, enum broker_result result)
{
	if (result == BROKER_TAKEN)
		return result;

	const struct slice *id = stomp_header(call->frame, SLICE("transaction"));
	const struct slice *destination =
		stomp_header(call->frame, SLICE("destination"));
	struct transaction *transaction =
		id == NULL ? NULL : participant_transaction(call->participant, *id);

	if (transaction != NULL && transaction->doom == NULL &&
		refusal_class(call->refusal->kind) != REFUSAL_MALFORMED)
		transaction->doom = broker_refusal_copy(
			call->refusal, destination == NULL ? SLICE("") : *destination);
	return result;
}

enum broker_result broker_commit(struct broker *broker, struct broker_call *call)
{
	struct transaction *transaction = transaction_to_end(call);

	if (transaction == NULL)
		return BROKER_REFUSED;
	if (transaction->doom != NULL)
		return transaction_refuse(call, transaction);
	struct action *actions = transaction->actions;
	const size_t count = transaction->count;
	if (!actions_are_possible(call->participant, actions, count))
		return broker_refuse(call->refusal, REFUSAL_TRANSACTION_LOST,
			"header transaction",
			stomp_header(call->frame, SLICE("transaction")));
	transaction_forget(call->participant, transaction);
	return commit_start(broker, call, actions, count);
}
