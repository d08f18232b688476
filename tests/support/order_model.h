/*
 * What the clients of test_order_simulation.c may receive, and in which order. Each
 * client's output is one stream, and this model reads it frame by frame. It knows
 * nothing of workers. What must hold:
 *
 * - receipts come in the order of asking; the RECEIPT of DISCONNECT comes after all
 * that was taken before DISCONNECT was sent, and is the last frame;
 *
 * - a subscription gets nothing before the RECEIPT of its SUBSCRIBE, unless an earlier
 * receipt holds that one up; and nothing after the RECEIPT of its UNSUBSCRIBE, also
 * when the same id is subscribed again;
 *
 * - its messages of a topic have numbers without a hole. Two subscriptions of one
 * client to a topic have got the same messages since the later one's RECEIPT, and from
 * there on they get the same;
 *
 * - messages of one sender to one destination are in the order in which the sender's
 * frames took effect. Those of a transaction took effect at its COMMIT, with all its
 * acknowledgements; of one that was refused or aborted, nothing did.
 */
#ifndef TESTS_SUPPORT_ORDER_MODEL_H
#define TESTS_SUPPORT_ORDER_MODEL_H

#include "protocol/slice.h"
#include "tests/support/chance.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	ORDER_CLIENTS = 6,
	ORDER_TOPICS = 4,
	ORDER_QUEUES = 2,
	ORDER_OWN = ORDER_TOPICS + ORDER_QUEUES, /* the place /user/queue/x */
	ORDER_PLACES,
	ORDER_PATTERNS = 3,
	ORDER_IDS = 3,
	ORDER_SUBSCRIPTIONS = 24, /* of one connection, ever */
	ORDER_MESSAGES = 400,
	ORDER_ASKED = 256,
	ORDER_CONNECTIONS = 200,
	ORDER_TRANSACTIONS = 400,
	ORDER_NOBODY = -1,
};

struct order_message {
	unsigned place;  /* "/topic/a" and so on */
	unsigned owner;  /* of ORDER_OWN: the connection */
	unsigned sender; /* the connection */
	unsigned transaction;
	uint64_t said;          /* when it took effect; 0: it has not */
	bool is_taken;          /* its sender has the RECEIPT */
	bool is_refused;        /* it must never come */
	uint64_t epoch, offset; /* 0: nobody has received it */

	/* Of a queue. */
	int holder;        /* the client that must acknowledge it */
	unsigned consumer; /* the holder's subscription */
	char ack[64];
	unsigned settling; /* the open transaction that settles it; 0: none */
	bool is_accepted;  /* by the ACK of `settler`, its frame `settled_at` */
	bool is_accepting; /* the same, when `settling` is committed */
	unsigned settler;
	uint64_t settled_at;
	unsigned settled_in; /* the transaction */
	bool may_be_gone;    /* nobody knows whether it was accepted */
	unsigned unsure_in;  /* the transaction whose ACK may have no effect */
	bool is_left;        /* it was found in its queue at the end */
};

enum order_state { ORDER_ASKED_FOR, ORDER_JOINED, ORDER_ENDING, ORDER_ENDED };

struct order_subscription {
	enum order_state state;
	unsigned id;
	const char *destination;
	unsigned place; /* ORDER_PLACES: a pattern */
	unsigned prefetch;
	bool must_ack;
	uint64_t epoch[ORDER_PLACES], offset[ORDER_PLACES]; /* of the latest message */
	bool past[ORDER_MESSAGES];                          /* taken before it came */
	bool due[ORDER_MESSAGES];                           /* it must get them */
	bool owed[ORDER_MESSAGES]; /* and before the RECEIPT of DISCONNECT */
};

enum order_frame {
	ORDER_SEND,
	ORDER_SUBSCRIBE,
	ORDER_UNSUBSCRIBE,
	ORDER_COMMIT,
	ORDER_DISCONNECT,
	ORDER_OTHER,
};

/* A receipt that was asked for. */
struct order_receipt {
	enum order_frame frame;
	unsigned number;
	unsigned index;       /* of the message, subscription or transaction */
	uint64_t frames_said; /* its frame's number among the client's */
};

struct order_client {
	unsigned connection;
	struct order_subscription subscriptions[ORDER_SUBSCRIPTIONS];
	unsigned subscription_count;
	struct order_receipt asked[ORDER_ASKED]; /* [first_asked, asked_count) wait */
	unsigned first_asked, asked_count;
	unsigned transaction; /* the open one; 0: none */
	uint64_t frames_said, frames_sure;
	bool is_connected, is_disconnecting, has_failed, is_over;
	bool has_last; /* the RECEIPT of DISCONNECT */
};

struct order {
	struct chance chance;
	uint64_t seed;
	unsigned step;
	bool trace;
	bool may_refuse; /* queues are small */
	struct order_client clients[ORDER_CLIENTS];
	struct order_message messages[ORDER_MESSAGES];
	unsigned message_count, receipts, transactions, connections;
	bool is_unsure[ORDER_CONNECTIONS];  /* it ended without a DISCONNECT */
	bool is_undone[ORDER_TRANSACTIONS]; /* what it accepted has come again */
	uint64_t said;
	uint64_t heard, commits; /* for the test of the test */
};

extern const char *const order_places[ORDER_PLACES], *const order_patterns[];

void order_tell(const struct order *order, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void order_fail(const struct order *order, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#define order_must(order, kept, ...)                                                   \
	do {                                                                           \
		if (!(kept))                                                           \
			order_fail(order, __VA_ARGS__);                                \
	} while (0)

static inline bool order_is_queue(unsigned place)
{
	return place >= ORDER_TOPICS && place < ORDER_OWN;
}

/* Each records that the client sends a frame. */

void order_connects(struct order *order, unsigned client);

/* Returns the receipt's number. */
unsigned order_asks(
	struct order *order, unsigned client, enum order_frame frame, unsigned index);

/* Returns the message's number, which is its body. */
unsigned order_sends(struct order *order, unsigned client, unsigned place,
	unsigned owner, bool in_transaction);

/* Returns its index. `place` is ORDER_PLACES for a pattern. */
unsigned order_subscribes(struct order *order, unsigned client,
	const struct order_subscription *subscription);
void order_unsubscribes(struct order *order, unsigned client, unsigned index);

/* With a transaction, or 0. */
void order_settles(struct order *order, unsigned client, struct order_message *message,
	bool is_accepted, unsigned transaction);
void order_commits(struct order *order, unsigned client);
void order_aborts(struct order *order, unsigned client);
void order_disconnects(struct order *order, unsigned client);

/* The client's session has ended: by itself, or with the client's connection. */
void order_is_lost(struct order *order, unsigned client);

/* The subscription would get the message. */
bool order_matches(const struct order *order, unsigned client,
	const struct order_subscription *subscription,
	const struct order_message *message);

/* order_model_hears.c */

/* The output of the client's session since the last call, as an outlet has it. */
void order_hears(struct order *order, unsigned client, struct slice output);

/* Nothing is under way: what is due has come. */
void order_rests(const struct order *order);

/* A message was found in a queue after all clients had left. */
void order_finds(struct order *order, struct slice frame);

/* After that: no message is lost, and transactions are whole. */
void order_ends(const struct order *order);

#endif
