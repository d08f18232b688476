/*
 * A customer of an engine, for engine_suite.c: a participant that makes requests like
 * the broker, by the functions of struct engine_ops, and records the answers. Its
 * outlet has the deliveries. Nothing here waits.
 */
#ifndef TESTS_SUPPORT_ENGINE_CUSTOMER_H
#define TESTS_SUPPORT_ENGINE_CUSTOMER_H

#include "gateway/broker/internal.h"
#include "gateway/broker/subscription.h"
#include "tests/support/memory_outlet.h"

enum { ANSWERS_MAX = 64 };

struct answer {
	uint64_t request;
	struct published published;
	char error[64];       /* empty: it was taken */
	char destination[64]; /* of the refusal */
	size_t deliveries;    /* what the customer had got by then, ever */
};

struct customer {
	struct participant participant;
	struct broker *broker; /* NULL: it has left */

	/* "ID:BODY" of each message, with a "+" after it when it was redelivered. */
	struct memory_outlet outlet;
	struct answer answers[ANSWERS_MAX];
	size_t answer_count;
	unsigned waited;  /* how often a call had to wait */
	unsigned resumed; /* how often resume() was called */
	size_t expected;  /* by expect() */
};

void customer_enter(struct customer *customer, struct worker *worker);
void customer_leave(struct customer *customer); /* also when it has left already */

/* How many good answers to that request have come. */
size_t customer_answered(const struct customer *customer, uint64_t request);

/* Its latest answer to that request; fails the test when there is none. */
const struct answer *customer_answer(const struct customer *customer, uint64_t request);

/* The sentence of its refusal; NULL when it was not refused. */
const char *customer_refused(const struct customer *customer, uint64_t request);

/* Its subscription of that id, or NULL. */
struct subscription *customer_find(struct customer *customer, const char *id);

/* These return how many answers will come. */
size_t customer_subscribe(struct customer *customer, const char *id,
	const char *address, uint64_t prefetch, uint64_t request);
size_t customer_unsubscribe(
	struct customer *customer, const char *id, uint64_t request);

void customer_send(struct customer *customer, const char *address, const char *body,
	uint64_t request);

/* Settles the `count` oldest messages that it has on that subscription, together. */
size_t customer_settle(struct customer *customer, const char *id, size_t count,
	enum outcome outcome, uint64_t request);

/* Settles one: the oldest has the index 0. */
size_t customer_settle_at(struct customer *customer, const char *id, size_t index,
	enum outcome outcome, uint64_t request);

/* The kernel has taken the next `count` deliveries of that subscription. */
void customer_was_sent(struct customer *customer, const char *id, size_t count);

/* As DISCONNECT does. */
size_t customer_sync(struct customer *customer, uint64_t request);

/*
 * Each action is "ADDRESS BODY", which sends, or "ack ID", "nack ID" or "drop ID",
 * which settles the oldest message of that subscription that no other action settles.
 * Returns how many answers it was told of; more may have been expected since.
 */
size_t customer_commit(struct customer *customer, uint64_t request,
	const char *const *actions, size_t count);

#endif
