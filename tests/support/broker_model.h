/*
 * A plain model of the messages that clients of the broker may receive, for
 * test_broker_simulation.c, whose clients act at random. What must hold:
 *
 * - a message of a queue is with one consumer at a time, and never comes again after
 * it was accepted; if it comes again, it is marked as redelivered, with an id that no
 * earlier delivery had, and its consumer has no more than prefetch-count others;
 *
 * - the id of an earlier delivery settles nothing;
 *
 * - in the end each of those was accepted, is a dead letter (which was parked while
 * there was no room for it) or still there, in its order; those are dead that were
 * discarded, rejected too often, or lost with too many consumers;
 *
 * - a subscriber of topics receives each matching message that was sent since it has
 * joined, once, in the order of each sender; and none that was taken before it
 * subscribed, or after the receipt of its UNSUBSCRIBE;
 *
 * - of a transaction all of this holds or nothing, and of one that was aborted
 * nothing.
 */
#ifndef TESTS_SUPPORT_BROKER_MODEL_H
#define TESTS_SUPPORT_BROKER_MODEL_H

#include "gateway/broker/outcome.h"
#include "tests/support/chance.h"
#include "tests/support/stomp_peer.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	CLIENTS = 6,
	QUEUES = 3,
	TOPICS = 5,
	PATTERNS = 5,
	MESSAGES = 1000,
	NACKS = 3,
	LOSSES = 2,
	NOBODY = -1,
};

enum fate {
	SURE,     /* its destination has it, or will have */
	OPEN,     /* its transaction is */
	DROPPED,  /* its transaction was aborted, or ended with its client */
	PERHAPS,  /* COMMIT is sent, and not answered */
	ACCEPTED, /* for ever */
};

struct model_message {
	bool is_topic;
	unsigned place; /* which queue or topic */
	enum fate fate;
	unsigned transaction; /* that sends it; 0: none */

	/* Of a queue. */
	int holder;           /* the client that has it, or NOBODY */
	unsigned settling;    /* the transaction that settles it; 0: none */
	enum outcome outcome; /* which that transaction gives it */
	unsigned rejections, losses;
	bool heard, dead;
	unsigned attempt;       /* of the latest delivery whose id was heard */
	char ack[64], late[64]; /* of that delivery, and of an earlier one */

	/* Of a topic. */
	unsigned connection; /* that has sent it */
	uint64_t said; /* when it took effect, as its client knows it; 0: not yet */
	bool taken;    /* by its home, for sure */
};

enum listening { LISTENING_NOT, LISTENING_SOON, LISTENING, LISTENING_NO_MORE };

/* A client's subscription to topics. */
struct listener {
	enum listening state;
	bool left_early; /* before the RECEIPT of its SUBSCRIBE */
	unsigned id;
	const char *place;
	bool heard[MESSAGES];
	bool due[MESSAGES];  /* it must hear them */
	bool past[MESSAGES]; /* they were taken before it came */
};

struct model_client {
	struct stomp_peer *peer;
	unsigned connection;
	unsigned queue, prefetch; /* of its consumer */
	bool consuming, must_ack, cumulative;
	bool had_auto;          /* an unknown id is ignored */
	unsigned consumer;      /* its id */
	unsigned subscriptions; /* ever */
	unsigned transaction;   /* open; 0: none */
	unsigned committing;    /* COMMIT is sent, and not answered */
	uint64_t order;         /* received messages, for cumulative ACKs */
	struct listener listener;
};

/* The reader of a small dead-letter queue. */
struct model_letters {
	struct stomp_peer *peer; /* NULL: the queue is large, and nobody reads yet */
	unsigned parked;         /* how often some message was parked */
};

struct model {
	struct chance chance;
	uint64_t seed;
	unsigned step;
	bool trace;
	struct workers *workers;
	struct model_client clients[CLIENTS];
	struct model_message messages[MESSAGES];
	struct model_letters letters;
	uint64_t heard_order[MESSAGES];
	unsigned message_count, transactions, connections;
	uint64_t said;
	uint64_t heard_count, heard_topics;
	bool is_narrow;   /* little may be under way, and turns are short */
	unsigned quantum; /* of an account, in such a schedule */
	uint64_t waited;  /* steps at which something waited in lanes */
};

extern struct model model;

/* "/topic/a" and others; and patterns of them. */
extern const char *const model_topics[TOPICS], *const model_patterns[PATTERNS];

void model_tell(const char *format, ...) __attribute__((format(printf, 1, 2)));
void model_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

#define must(kept, ...)                                                                \
	do {                                                                           \
		if (!(kept))                                                           \
			model_fail(__VA_ARGS__);                                       \
	} while (0)

/* Everything that the client has received since the last call. */
void model_hear(int client);
void model_hear_all(void);

/* Nothing is on its way any more. */
void model_rest(void);

enum { ADDRESSES = 3 }; /* of clients: so many accounts, and the house */

/* Fails when an account waits at a home for more than the turns of the others. */
void model_look_at_lanes(void);

/* Nothing is read from the client: it waits for credits. */
bool model_is_paused(const struct model_client *client);

/* Requeues the client's messages, also those that a transaction has settled. */
void model_give_back(int client);

/* The same because the client has gone: counts one loss, no more. */
void model_lose(int client);

/* A message of a queue is settled. */
void model_settled(struct model_message *message, enum outcome outcome);

/* Drops the messages of the client's transaction and undoes what it has settled. */
void model_forget(struct model_client *client);

/* broker_model_letters.c */

/* Its reader comes. From then on it has room for one message. */
void model_letters_begin(void);

/* Counts whether some message is parked now. */
void model_letters_look(void);

/* Takes what the reader has got and acknowledges it. */
void model_letters_read(void);
void model_letters_end(void);

/* The end: the remaining messages of the queues come out, in order. */
void model_drain(void);

/* broker_model_topics.c */

/* A message to a topic takes effect, after all earlier frames of its sender. */
void model_says_topic(struct model_message *message);

void listener_joins(struct listener *listener, unsigned id, const char *place);
void listener_leaves(struct listener *listener);
void listener_hears(struct listener *listener, unsigned id, unsigned message);
void listener_hears_receipt(struct listener *listener);

#endif
