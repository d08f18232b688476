/*
 * What the files of the broker share: its state on one worker. broker.c routes,
 * topic.c is the home side of topics, audience.c the subscribers' side, app.c the
 * application routes. Each post of theirs runs on the worker where its data lives.
 */
#ifndef GATEWAY_BROKER_INTERNAL_H
#define GATEWAY_BROKER_INTERNAL_H

#include "gateway/broker/broker.h"
#include "gateway/message.h"

struct broker {
	struct worker *worker;
	unsigned workers; /* in the crew */
	struct registry parties;
	struct registry subscriptions;
	struct table audiences; /* by destination: who listens on this worker */
	struct table topics;    /* by destination: those that have their home here */
	uint64_t epoch;         /* of the latest topic */
};

struct subscription {
	struct entry entry;
	struct list link; /* in its party's list */
	struct party *party;
	struct name *id; /* NULL: STOMP 1.0 without one */
	enum stomp_version version;
	struct audience *audience;
	size_t position; /* in the audience */
	bool joined;     /* its home has answered */
};

/* broker.c: answers a request by a post to the party; `error` may be empty. */
void broker_answer(struct broker *broker, struct handle party, uint64_t request,
	struct slice error);

/* The same at once, on the party's own worker. */
void broker_tell(
	struct broker *broker, uint64_t party, uint64_t request, struct slice error);

/* The party as posts name it. */
struct handle broker_handle(const struct broker *broker, const struct party *party);

/* topic.c: what is asked of a topic's home. */
void topic_join(struct broker *broker, struct slice destination,
	const struct subscription *subscription, uint64_t request);

/* Only for a subscription that has joined. */
void topic_leave(struct broker *broker, struct slice destination);

/* Takes the caller's reference over. */
void topic_publish(struct broker *broker, struct message *message, struct handle party,
	uint64_t request);

/* The end of all topics with their broker. */
void topics_finish(struct broker *broker);

/* audience.c: the subscribers of this worker. */
void audience_add(struct broker *broker, struct slice destination,
	struct subscription *subscription);
void audience_remove(struct broker *broker, struct subscription *subscription);
struct slice audience_destination(const struct audience *audience);
void audience_deliver(struct broker *broker, struct message *message);

/* app.c: see broker_send(). `rest` is the destination behind the prefix. */
bool app_send(struct broker *broker, struct party *party,
	const struct stomp_frame *frame, struct slice destination, struct slice rest,
	uint64_t request, size_t *answers, struct buf *error);

/* broker.c: true when clients know this destination as a topic's. */
bool broker_is_topic(const struct broker *broker, struct slice destination);

#endif
