/*
 * Transactions: the messages and acknowledgements of a participant between BEGIN and
 * COMMIT wait here, at the participant.
 */
#ifndef GATEWAY_BROKER_TRANSACTION_H
#define GATEWAY_BROKER_TRANSACTION_H

#include "gateway/base/list.h"
#include "gateway/broker/commit.h"

struct transaction {
	struct list link;        /* in its participant */
	struct session *session; /* that is charged for all of it */
	struct action *actions;
	size_t count, capacity;
	uint64_t bytes; /* of its messages */
	uint64_t named; /* bytes of where the client has sent them */
	uint64_t hash;  /* of its id */

	/* Why COMMIT will be refused: a frame was denied, or failed. NULL: none was. */
	struct broker_refusal *doom; /* owned */
	bool is_refused;  /* its BEGIN was refused: it takes nothing, and keeps no id */
	uint64_t request; /* of its COMMIT, while that waits for credits */
	char id[];        /* ends with a NUL */
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
 * Appends a copy of the action and takes its message and name over, even when it
 * returns false: the transaction is too large, or has no memory, and *refusal is filled
 * in. For a doomed transaction it returns true and only drops the message.
 */
bool transaction_add(struct broker *broker, struct transaction *transaction,
	const struct action *action, struct broker_refusal *refusal);

/* There are credits: begins again with the COMMIT of `participant->committing`. */
void transaction_resume(struct broker *broker, struct participant *participant);

/* The session ends: frees its transactions, without effect. */
void transactions_drop(struct participant *participant);

#endif
