/*
 * The witness records the frames that the clients of simulated workers send and
 * receive, and fails the test when a promise is broken:
 *
 * - a subscriber receives the messages of a topic as its home has numbered them,
 * without gap or repetition, and those of one sender in the order of sending;
 *
 * - a subscriber receives everything that is sent between the receipts of SUBSCRIBE
 * and UNSUBSCRIBE, unless the session ends; and nothing that its home took before
 * SUBSCRIBE;
 *
 * - after UNSUBSCRIBE a client receives only messages that were already queued for it;
 *
 * - receipts come in the order of asking, each once; when destinations run out, that
 * of a SUBSCRIBE may be missing, and nothing is then promised to it;
 *
 * - a session ends once, for a fitting reason, and its client receives nothing
 * afterwards.
 */
#ifndef TESTS_SUPPORT_WITNESS_H
#define TESTS_SUPPORT_WITNESS_H

#include "protocol/slice.h"

#include <stdbool.h>
#include <stdint.h>

enum { CLIENTS_MAX = 24, TOPICS_MAX = 5, IDS = 4, FINISHED_MAX = 32, DUE_MAX = 256 };

/* A client's knowledge of another's messages to the topic that it subscribes to. */
struct heard {
	bool any;
	unsigned next;             /* the next one, once there was any */
	unsigned earliest, latest; /* where the first must lie */
	unsigned owed; /* those before it come before the receipt of DISCONNECT */
};

struct witness_subscription {
	unsigned topic, id;
	bool ended, joined;
	uint64_t until; /* UNSUBSCRIBE came before the client's frame of that index */
	uint64_t epoch, offset; /* of the latest message; 0: none */
	struct heard heard[CLIENTS_MAX];
};

enum due_kind { DUE_SEND, DUE_SUBSCRIBE, DUE_DISCONNECT, DUE_OTHER };

/* A receipt that was asked for. */
struct due {
	enum due_kind kind;
	unsigned receipt;
	unsigned index; /* of the message or the subscription */
};

struct witness_client {
	uint64_t frames; /* received so far */
	struct witness_subscription subscriptions[FINISHED_MAX];
	unsigned subscription_count;
	struct due due[DUE_MAX]; /* [due_first, due_count) are still to come */
	unsigned due_first, due_count;
	unsigned said[TOPICS_MAX];  /* messages to each topic */
	unsigned taken[TOPICS_MAX]; /* those that homes have surely taken */
	bool connected;
	bool slow; /* its peer did not read for a time: it may be ended */
	bool disconnecting, failed, over;
};

/* A message by its number, which is its body. */
struct witness_message {
	unsigned sender;
	bool to[TOPICS_MAX];
	unsigned number[TOPICS_MAX]; /* among the sender's to that topic */
	uint64_t epoch[TOPICS_MAX], offset[TOPICS_MAX]; /* 0: none received yet */
};

struct witness {
	uint64_t seed;
	unsigned step; /* of the schedule, for reports */
	bool trace;    /* all frames go to stderr */

	unsigned topics, first_topic; /* "/topic/7" is number 0 when first_topic is 7 */
	bool destinations_run_out, queues_run_over, stopping; /* may happen */

	struct witness_client clients[CLIENTS_MAX];
	struct witness_message *messages;
	unsigned message_count, receipt_count;
	uint64_t heard_count;
	uint64_t digest; /* of everything received */
};

void witness_init(struct witness *witness, uint64_t seed);
void witness_finish(struct witness *witness);

/* Fails the test, with the seed. */
void witness_fail(const struct witness *witness, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#define promise(witness, kept, ...)                                                    \
	do {                                                                           \
		if (!(kept))                                                           \
			witness_fail(witness, __VA_ARGS__);                            \
	} while (0)

void witness_trace(const struct witness *witness, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Records a client's frame. A receipt that it asks for has the returned number. */

unsigned witness_says_send(struct witness *witness, unsigned client, bool to_all,
	unsigned topic); /* returns the message's number */
unsigned witness_asks_receipt(
	struct witness *witness, unsigned client, enum due_kind kind, unsigned index);
unsigned witness_says_subscribe(struct witness *witness, unsigned client, unsigned id,
	unsigned topic); /* returns the subscription's index */

/* `queued` frames are queued for the client at this moment. */
void witness_says_unsubscribe(
	struct witness *witness, unsigned client, unsigned id, size_t queued);
void witness_says_disconnect(struct witness *witness, unsigned client);
void witness_sees_lost(struct witness *witness, unsigned client);

/* The subscription that has not ended, or NULL. */
struct witness_subscription *witness_subscription(
	struct witness *witness, unsigned client, unsigned id);

/* The whole output of the client's session since the last call. */
void witness_hears(struct witness *witness, unsigned client, struct slice bytes);

/* Nothing is under way any more, and the client reads: it must have received all. */
void witness_rests(struct witness *witness, unsigned client);

#endif
