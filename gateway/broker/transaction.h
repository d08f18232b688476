/*
 * Transactions: the messages and acknowledgements of a participant between BEGIN and
 * COMMIT wait here, at the participant. A commit is a transaction on its way to the
 * engine: all of it takes effect, in order, or nothing.
 */
#ifndef GATEWAY_BROKER_TRANSACTION_H
#define GATEWAY_BROKER_TRANSACTION_H

#include "gateway/broker/broker.h"
#include "gateway/broker/outcome.h"
#include "gateway/session/message.h"

/* A message to send, or a delivery to settle. */
struct action {
	struct message *message; /* owned; NULL: settles */
	bool is_reply;           /* to a temporary queue at `worker` */
	unsigned worker;

	uint32_t ordinal; /* the subscription's */
	struct place place;
	enum outcome outcome;
};

struct transaction {
	struct list link; /* in its participant */
	uint32_t number;  /* unique in its participant; never 0 */
	struct action *actions;
	size_t count, capacity;
	uint64_t bytes; /* of its messages */

	/* Why COMMIT will be refused: a frame was denied, or failed. NULL: none was. */
	struct broker_refusal *doom; /* owned */
	bool is_refused;             /* its BEGIN was refused: it takes nothing */
	char id[];                   /* ends with a NUL */
};

/* Room for messages in a queue. */
struct reservation {
	struct slice address; /* points into a message of the commit */
	uint64_t messages, bytes;
	bool is_granted;
	enum refusal_kind why; /* if it is not */
};

struct commit {
	struct entry entry; /* in broker->commits */
	uint64_t participant, request;
	struct action *actions;
	size_t count;

	/* The memory engine's. */
	struct reservation *reservations;
	size_t reservation_count, waiting;
};

/*
 * Finds the transaction that the call's frame names, which the participant owns;
 * *transaction is NULL when the frame names none. False, with the call's refusal, when
 * it is not open.
 */
bool transaction_of(const struct broker_call *call, struct transaction **transaction);

/*
 * Returns `result`. If that is a refusal which does not end the conversation, dooms
 * the transaction that the frame names: its COMMIT gets the same refusal, and nothing
 * of it takes effect.
 */
enum broker_result transaction_conclude(
	const struct broker_call *call, enum broker_result result);

/*
 * Appends a copy of the action and takes its message over, even when it returns false:
 * the transaction is too large, and *refusal is filled in. For a doomed transaction it
 * returns true and only drops the message.
 */
bool transaction_add(struct broker *broker, struct transaction *transaction,
	const struct action *action, struct broker_refusal *refusal);

/* The session ends: frees its transactions, without effect. */
void transactions_drop(struct participant *participant);

/*
 * Frees the array and the messages that are still in it. An action whose message was
 * sent has NULL there.
 */
void actions_free(struct action *actions, size_t count);

/* commit.c */

/*
 * True while everything that the actions acknowledge is still unacknowledged:
 * subscriptions may have ended since.
 */
bool actions_are_possible(const struct participant *participant,
	const struct action *actions, size_t count);

/*
 * The actions will not take effect: the deliveries that they would have acknowledged
 * can be acknowledged again.
 */
void actions_unmark(const struct participant *participant, const struct action *actions,
	size_t count);

/*
 * Takes the actions over and asks the engine. Sets call->answers. True while the
 * commit is under way; committed() then follows. False when it was decided within this
 * call.
 */
bool commit_start(struct broker *broker, struct broker_call *call,
	struct action *actions, size_t count);

/* The broker ends: frees the commits that still wait for homes. */
void commits_finish(struct broker *broker);

/*
 * True while the participant of the commit exists. If not, call commit_fail() instead
 * of commit_apply(), which needs the participant.
 */
bool commit_is_wanted(struct broker *broker, const struct commit *commit);

/*
 * As an engine's send(), for a message whose room is reserved. Takes the message over.
 */
typedef void commit_send(struct broker *broker, struct message *message,
	struct handle participant, uint64_t request);

/*
 * Sends the messages by `send`, which takes them over, and settles the deliveries that
 * the actions acknowledge, in their order. The homes answer the request; if nothing
 * was sent, it answers itself. Frees the commit.
 */
void commit_apply(struct broker *broker, struct commit *commit, commit_send *send);

/*
 * Answers the request with `refusal`, which names its destination, and frees the
 * commit, without effect. Not before the engine's commit() has returned.
 */
void commit_fail(struct broker *broker, struct commit *commit,
	const struct broker_refusal *refusal);

#endif
