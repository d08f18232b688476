/*
 * A topic at its home, which gives each message its place and posts it once to each
 * worker that has subscribers.
 */
#ifndef GATEWAY_BROKER_TOPIC_H
#define GATEWAY_BROKER_TOPIC_H

#include "gateway/base/registry.h"
#include "gateway/broker/audience.h"
#include "gateway/broker/participant.h"
#include "gateway/session/message.h"
#include "gateway/worker/refusal.h"

struct topic;

/* The topics whose home is this worker, and their common state. */
struct topics {
	struct table by_address;
	struct list idle; /* without subscribers of their own, the oldest first */
	uint64_t idle_count;
	struct pattern_set patterns; /* of all workers */
	/* For topic_publish(): what topic_look_up() has found. */
	bool is_looking;         /* it has begun */
	uint64_t *wanting;       /* subscribers by worker */
	struct fan_out fan_out;  /* under way on this worker */
	unsigned fan_out_home;   /* who has dispatched it */
	uint64_t fan_out_weight; /* of its deliveries, in the home's window */
};

/*
 * Makes the topics of one worker, none yet. Copies the key, which should be secret.
 * `separator` is the configuration's separator of patterns, `workers` the number of
 * workers.
 */
void topics_init(struct topics *topics, const struct hash_key *key, char separator,
	unsigned workers);

/*
 * The broker ends: frees all topics. The sessions of their subscribers have ended
 * before.
 */
void topics_finish(struct broker *broker);

/*
 * The topic of that address, or NULL: it has no subscribers here and no pattern keeps
 * it. Only at the address's home.
 */
struct topic *topic_find(const struct broker *broker, struct slice address);

/*
 * Finds the topic at its home, or makes it; the broker owns it. Before it makes one,
 * it frees some idle topics beyond limits.idle_topics. The topic is charged to the
 * account whose topic_open() comes first, until it has no subscribers, whoever these
 * are: a topic_join() must follow. Returns NULL, as destination_take(), when there is
 * no room.
 */
struct topic *topic_open(struct broker *broker, struct slice address, uint32_t account,
	enum refusal_kind *why);

/* Counts one more subscriber at that worker. An idle topic is then in use again. */
void topic_join(struct broker *broker, struct topic *topic, unsigned worker);

/*
 * Counts one subscriber less at that worker. Without any, the topic is freed; while
 * there are patterns it stays, idle, so that its numbers continue.
 */
void topic_leave(struct broker *broker, struct topic *topic, unsigned worker);

/*
 * Counts one more subscriber to a pattern at that worker. Every home counts them,
 * since any home may own a matching topic.
 */
void pattern_join(struct broker *broker, struct slice pattern, unsigned worker);

/*
 * Counts one subscriber less to a pattern at that worker. With the last pattern all
 * idle topics go, by topics_forget_unmatched().
 */
void pattern_leave(struct broker *broker, struct slice pattern, unsigned worker);

/*
 * When there is no pattern any more, frees at most `most` of the topics that only
 * patterns had kept. True when none is left to free. The broker calls it in each turn.
 */
bool topics_forget_unmatched(struct broker *broker, size_t most);

/* A message for the subscribers of its address. */
struct topic_message {
	struct message *message; /* the only reference; topic_publish() takes it over */
	struct handle
		participant; /* gets the answer to `request`, before any delivery */
	uint64_t request;
	struct place place; /* given by a log outside; zero: the topic's next one */
	bool is_promised;   /* a COMMIT has asked before: no limit refuses it */
};

/*
 * Finds the patterns that match the address of the next message, which is borrowed
 * until topic_publish(). False when this turn allows no more: call it again in the
 * next one, and publish nothing else at this home meanwhile. A post does so by
 * worker_return_post(). Without it topic_publish() looks up all in one call.
 */
bool topic_look_up(struct broker *broker, struct slice address);

/*
 * At the home of the message's address: numbers the message, posts one copy to each
 * worker that has subscribers, by name or by a pattern, and answers the request.
 * Returns what it did. Without subscribers the message is dropped, which is no
 * refusal: its place is then zero. Refused when the topic must be made, since only
 * patterns match it, and limits.destinations is reached.
 */
struct published topic_publish(
	struct broker *broker, const struct topic_message *publish);

/*
 * Calls `visit` for each topic whose home is this worker, in no order. `visit` must
 * not make or free topics.
 */
void topic_for_each(struct broker *broker,
	void (*visit)(const struct topic *topic, void *context), void *context);

/*
 * The topic's destination. The bytes live as long as the topic, which the next
 * topic_leave() may free.
 */
struct slice topic_destination(const struct topic *topic);

/*
 * How many subscribers the topic has on all workers. Subscribers by a pattern do not
 * count.
 */
uint64_t topic_subscribers(const struct broker *broker, const struct topic *topic);

/* The place of the topic's latest message; the offset is 0 before the first. */
struct place topic_place(const struct topic *topic);

#endif
