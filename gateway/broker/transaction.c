#include "gateway/broker/transaction.h"

#include "gateway/broker/internal.h"
#include "gateway/broker/permit.h"
#include "gateway/broker/sender.h"
#include "gateway/session/session.h"
#include "gateway/worker/metrics.h"
#include "protocol/xmalloc.h"

#include <stdlib.h>

static uint64_t transaction_hash(const struct participant *participant, struct slice id)
{
	return hash_slice(&session_worker(participant->session)->key, id);
}

static struct transaction *participant_transaction(
	const struct participant *participant, struct slice id)
{
	if (list_is_empty(&participant->transactions))
		return NULL;
	const uint64_t hash = transaction_hash(participant, id);

	list_for_each (link, &participant->transactions) {
		struct transaction *transaction =
			container_of(link, struct transaction, link);

		if (transaction->hash == hash &&
			(transaction->is_refused ||
				slice_equal(slice_of(transaction->id), id)))
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

/* Bytes of a transaction with an id of that length, and without any action. */
static size_t transaction_size(size_t id_len)
{
	return sizeof(struct transaction) + id_len + 1;
}

/* Its COMMIT gets that refusal. Without memory it does not name the destination. */
static void transaction_doom(struct transaction *transaction,
	const struct broker_refusal *refusal, struct slice destination)
{
	if (!session_may_hold(transaction->session, destination.len))
		destination = SLICE("");
	transaction->doom = broker_refusal_copy(refusal, destination);
	session_hold(transaction->session,
		(int64_t)(sizeof(*transaction->doom) + destination.len));
}

/* The caller frees it. NULL: it is not doomed. */
static struct broker_refusal *transaction_take_doom(struct transaction *transaction)
{
	struct broker_refusal *doom = transaction->doom;

	if (doom != NULL)
		session_hold(transaction->session,
			-(int64_t)(sizeof(*doom) + doom->destination.len));
	transaction->doom = NULL;
	return doom;
}

static void transaction_forget(
	struct participant *participant, struct transaction *transaction)
{
	free(transaction_take_doom(transaction));
	session_hold(transaction->session,
		-(int64_t)(transaction_size(strlen(transaction->id)) +
			   transaction->bytes + transaction->named +
			   transaction->capacity * sizeof(struct action)));
	list_remove(&transaction->link);
	participant->transaction_count--;
	participant->refused_transactions -= transaction->is_refused;
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
	participant->committing = NULL;
	while (!list_is_empty(&participant->transactions)) {
		transaction_drop(
			participant, container_of(participant->transactions.next,
					     struct transaction, link));
	}
}

/* Keeps `id`, which is empty where the hash alone is to be found. */
static struct transaction *transaction_open(
	struct participant *participant, struct slice id, uint64_t hash)
{
	struct transaction *transaction = xcalloc(1, transaction_size(id.len));

	transaction->session = participant->session;
	session_hold(transaction->session, (int64_t)transaction_size(id.len));
	transaction->hash = hash;
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
 * are no mistakes, so the transaction is opened, and doomed. It is charged whether or
 * not there is memory, so that without any the latest one is kept.
 */
static enum broker_result transaction_open_refused(
	struct broker *broker, struct broker_call *call, struct slice id)
{
	struct participant *participant = call->participant;
	const bool has_memory = session_may_hold(participant->session,
		transaction_size(0) + sizeof(struct broker_refusal));

	transaction_forget_refused(participant,
		has_memory ? broker->worker->config->limits.transactions : 1);
	struct transaction *transaction = transaction_open(
		participant, SLICE(""), transaction_hash(participant, id));
	transaction->is_refused = true;
	transaction_doom(transaction, call->refusal, SLICE(""));
	participant->refused_transactions++;
	return BROKER_REFUSED;
}

static enum broker_result transaction_refuse_begin(
	struct broker *broker, struct broker_call *call, struct slice id)
{
	metrics_refuse(broker->worker->metrics, BOUND_TRANSACTIONS);
	broker_refuse(call->refusal, REFUSAL_TRANSACTIONS, "header transaction", &id);
	broker_refusal_hint(call->refusal, "limits.transactions is %llu.",
		(unsigned long long)broker->worker->config->limits.transactions);
	return transaction_open_refused(broker, call, id);
}

static enum broker_result transaction_refuse_begin_memory(
	struct broker *broker, struct broker_call *call, struct slice id)
{
	metrics_refuse(broker->worker->metrics, BOUND_MEMORY);
	broker_refuse(
		call->refusal, REFUSAL_TRANSACTION_MEMORY, "header transaction", &id);
	return transaction_open_refused(broker, call, id);
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
	if (!session_may_hold(participant->session, transaction_size(id->len)))
		return transaction_refuse_begin_memory(broker, call, *id);
	transaction_open(participant, *id, transaction_hash(participant, *id));
	return BROKER_TAKEN;
}

/* The transaction has as many actions or bytes as one may have. */
static bool transaction_refuse_size(struct broker *broker,
	const struct transaction *transaction, struct broker_refusal *refusal)
{
	const struct limits *limits = &broker->worker->config->limits;
	const struct slice id = slice_of(transaction->id);

	metrics_refuse(broker->worker->metrics, BOUND_TRANSACTION);
	broker_refuse(refusal, REFUSAL_TRANSACTION_SIZE, "header transaction", &id);
	broker_refusal_hint(refusal,
		"limits.transaction_actions is %llu, limits.transaction_bytes %llu.",
		(unsigned long long)limits->transaction_actions,
		(unsigned long long)limits->transaction_bytes);
	return false;
}

static bool transaction_refuse_memory(struct broker *broker,
	const struct transaction *transaction, struct broker_refusal *refusal)
{
	const struct slice id = slice_of(transaction->id);

	metrics_refuse(broker->worker->metrics, BOUND_MEMORY);
	broker_refuse(refusal, REFUSAL_TRANSACTION_MEMORY, "header transaction", &id);
	broker_refusal_hint(refusal, "Its messages take %llu bytes so far.",
		(unsigned long long)transaction->bytes);
	return false;
}

/* How many bytes more the array takes for one more action. */
static size_t transaction_growth(const struct transaction *transaction)
{
	enum { FIRST_CAPACITY = 4 };
	const size_t capacity = transaction->capacity;

	if (transaction->count < capacity)
		return 0;
	return (capacity == 0 ? FIRST_CAPACITY : capacity) * sizeof(struct action);
}

/* A message takes room in the transaction, and an action in its array. */
static bool transaction_has_room(struct broker *broker,
	const struct transaction *transaction, uint64_t bytes, uint64_t named,
	struct broker_refusal *refusal)
{
	const struct limits *limits = &broker->worker->config->limits;
	const uint64_t more = bytes + named + transaction_growth(transaction);

	if (transaction->count >= limits->transaction_actions ||
		transaction->bytes + bytes > limits->transaction_bytes)
		return transaction_refuse_size(broker, transaction, refusal);
	if (more > 0 && !session_may_hold(transaction->session, more))
		return transaction_refuse_memory(broker, transaction, refusal);
	return true;
}

static void transaction_grow(struct transaction *transaction)
{
	const size_t growth = transaction_growth(transaction);

	transaction->capacity += growth / sizeof(struct action);
	transaction->actions = xrealloc(
		transaction->actions, transaction->capacity * sizeof(struct action));
	session_hold(transaction->session, (int64_t)growth);
}

bool transaction_add(struct broker *broker, struct transaction *transaction,
	const struct action *action, struct broker_refusal *refusal)
{
	uint64_t bytes = action->message == NULL ? 0 : message_size(action->message);
	uint64_t named = action->named == NULL ? 0 : strlen(action->named) + 1;
	const bool is_doomed = transaction->doom != NULL;

	if (is_doomed ||
		!transaction_has_room(broker, transaction, bytes, named, refusal)) {
		message_unref(action->message);
		free(action->named);
		return is_doomed;
	}
	if (transaction_growth(transaction) > 0)
		transaction_grow(transaction);
	transaction->actions[transaction->count++] = *action;
	transaction->bytes += bytes;
	transaction->named += named;
	session_hold(transaction->session, (int64_t)(bytes + named));
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
	call->kept = transaction_take_doom(transaction);
	*call->refusal = *call->kept;
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
		transaction_doom(transaction, call->refusal,
			destination == NULL ? SLICE("") : *destination);
	return result;
}

/* COMMIT. */

/* False when something that it acknowledges has gone. */
static bool transaction_is_possible(const struct participant *participant,
	const struct transaction *transaction, struct broker_refusal *refusal)
{
	const struct slice id = slice_of(transaction->id);

	if (actions_are_possible(participant, transaction->actions, transaction->count))
		return true;
	broker_refuse(refusal, REFUSAL_TRANSACTION_LOST, "header transaction", &id);
	return false;
}

/*
 * The client may have lost a right since its SEND, by a new token or by other rules.
 * Dooms the transaction then, and returns false.
 */
static bool transaction_is_permitted(const struct broker *broker,
	const struct participant *participant, struct transaction *transaction)
{
	const struct sender sender = sender_of(participant);
	struct broker_refusal refusal;

	for (size_t i = 0; i < transaction->count; i++) {
		const struct action *action = &transaction->actions[i];

		if (action->message == NULL ||
			permit_send(broker, &sender, slice_of(action->named), &refusal))
			continue;
		transaction_doom(transaction, &refusal, slice_of(action->named));
		return false;
	}
	return true;
}

/* False when the COMMIT must wait for credits. */
static bool transaction_take_credits(struct broker *broker,
	struct participant *participant, struct transaction *transaction)
{
	int64_t messages = 0;

	for (size_t i = 0; i < transaction->count; i++)
		messages += transaction->actions[i].message != NULL;
	if (credit_take_commit(
		    broker, participant, messages, (int64_t)transaction->bytes))
		return true;
	participant->committing = transaction;
	return false;
}

/* As transaction_refuse(), after the COMMIT's call has returned. */
static void transaction_refuse_late(struct broker *broker,
	struct participant *participant, struct transaction *transaction)
{
	const uint64_t number = participant->entry.number;
	const uint64_t request = transaction->request;
	struct broker_refusal *doom = transaction_take_doom(transaction);

	actions_unmark(participant, transaction->actions, transaction->count);
	transaction_drop(participant, transaction);
	broker_tell(broker, number, request, doom);
	broker_resume(broker, number);
	free(doom);
}

void transaction_resume(struct broker *broker, struct participant *participant)
{
	struct transaction *transaction = participant->committing;
	const uint64_t number = participant->entry.number;
	struct broker_refusal refusal;

	participant->committing = NULL;
	if (!transaction_is_permitted(broker, participant, transaction)) {
		transaction_refuse_late(broker, participant, transaction);
		return;
	}
	if (!transaction_is_possible(participant, transaction, &refusal)) {
		broker_tell(broker, number, transaction->request, &refusal);
		broker_resume(broker, number);
		return;
	}
	if (!transaction_take_credits(broker, participant, transaction))
		return;
	struct action *actions = transaction->actions;
	const size_t count = transaction->count;
	const uint64_t request = transaction->request;
	transaction_forget(participant, transaction);
	commit_start_late(broker, participant, request, actions, count);
}

enum broker_result broker_commit(struct broker *broker, struct broker_call *call)
{
	struct transaction *transaction = transaction_to_end(call);
	struct participant *participant = call->participant;

	if (transaction == NULL)
		return BROKER_REFUSED;
	if (transaction->doom != NULL ||
		!transaction_is_permitted(broker, participant, transaction))
		return transaction_refuse(call, transaction);
	if (!transaction_is_possible(participant, transaction, call->refusal))
		return BROKER_REFUSED;
	if (!transaction_take_credits(broker, participant, transaction)) {
		transaction->request = call->request;
		call->answers = 1; /* transaction_resume() corrects it */
		call->waits = true;
		return BROKER_TAKEN;
	}
	struct action *actions = transaction->actions;
	const size_t count = transaction->count;
	transaction_forget(participant, transaction);
	return credit_conclude(
		broker, call, commit_start(broker, call, actions, count));
}
