/*
 * A subscription of a participant: its names, its way of acknowledging, and its
 * deliveries. It lives on the participant's worker.
 */
#ifndef GATEWAY_BROKER_SUBSCRIPTION_H
#define GATEWAY_BROKER_SUBSCRIPTION_H

#include "gateway/base/registry.h"
#include "gateway/broker/participant.h"
#include "gateway/broker/unacked.h"
#include "protocol/stomp.h"

struct audience;
struct broker;
struct engine;
struct message;

enum ack_mode { ACK_AUTO, ACK_CLIENT, ACK_INDIVIDUAL };

enum subscription_kind {
	SUBSCRIPTION_TOPIC,
	SUBSCRIPTION_PATTERN, /* for topics: all homes know it */
	SUBSCRIPTION_QUEUE,
	SUBSCRIPTION_LOCAL, /* no home: a temporary queue, or a reply */
};

struct subscription {
	struct entry entry;
	struct participant *participant;
	struct name *id;          /* NULL: STOMP 1.0 without one */
	struct name *destination; /* the client's name for it */
	bool is_alias;            /* its messages must show the client's name */
	uint8_t version;          /* enum stomp_version */
	uint8_t ack;              /* enum ack_mode */
	uint8_t kind;             /* enum subscription_kind */
	uint32_t ordinal;         /* unique in its participant */
	unsigned joining;         /* how many homes have not answered */
	uint32_t held; /* bytes that its account is charged, `unacked` not included */
	struct audience *audience; /* NULL: of a queue, or it gets no more messages */
	size_t position;           /* in the audience */
	struct unacked unacked;
};

/*
 * Bytes that a subscription of these names takes: also its entries in tables, and at
 * its home. `id` may be NULL. Names that several subscriptions share count for each.
 */
size_t subscription_size(const struct slice *id, struct slice destination);

/*
 * Makes a subscription of the participant, which owns it. Copies `id`, which may be
 * NULL, and the destination. It has neither a home nor an audience yet, so it gets
 * nothing. subscription_end() and subscriptions_end_left() free it. Its account is
 * charged subscription_size() until then: the caller has asked broker_may_subscribe().
 */
struct subscription *subscription_create(struct broker *broker,
	struct participant *participant, const struct slice *id,
	struct slice destination, enum stomp_version version);

/*
 * UNSUBSCRIBE: frees the subscription. Deliveries under way are dropped; its unsettled
 * messages of a queue are requeued. Returns how many answers to `request` will come
 * from homes.
 */
size_t subscription_end(
	struct broker *broker, struct subscription *subscription, uint64_t request);

/*
 * The participant's session ends: takes all its subscriptions over. From now on nothing
 * is delivered to them. They end by subscriptions_end_left(). The worker's `owing`
 * counts each participant until its last subscription has ended.
 */
void subscriptions_leave(struct broker *broker, struct participant *participant);

/*
 * Ends at most `most` of the subscriptions that subscriptions_leave() has taken over,
 * as subscription_end() does. A queue's messages that the kernel had taken count as
 * lost with their consumer. True when none is left.
 */
bool subscriptions_end_left(struct broker *broker, size_t most);

/*
 * The home refuses the subscription: frees it. The participant remembers its name
 * (refused.h).
 */
void subscription_refuse(struct broker *broker, struct subscription *subscription);

/*
 * The participant's subscription of that id or, if `id` is NULL, of that destination;
 * NULL when it has none.
 */
struct subscription *subscription_find(const struct participant *participant,
	const struct slice *id, const struct slice *destination);

/*
 * For STOMP 1.0, whose SUBSCRIBE may have no id: the subscription without an id to that
 * destination, or NULL. A NULL destination finds nothing.
 */
struct subscription *subscription_find_nameless(
	const struct participant *participant, const struct slice *destination);

/*
 * The participant's subscription of that ordinal, which ack ids and deliveries carry,
 * in logarithmic time. NULL: it has ended since.
 */
struct subscription *subscription_at(
	const struct participant *participant, uint32_t ordinal);

/*
 * The address by which the engine knows the subscription: its destination, or a private
 * address of the session's own. The bytes live as long as the subscription.
 */
struct slice subscription_address(const struct subscription *subscription);

/* The engine that owns that address. */
struct engine *subscription_engine(
	const struct broker *broker, const struct subscription *subscription);

/*
 * Queues the message for the session, under the destination that the client has
 * subscribed to. Takes a reference of its own. `attempt` counts the deliveries of a
 * message of a queue from 1, to whatever consumer; 0: it is from no queue. `to_few` is
 * true when few sessions get the message.
 */
void subscription_deliver(struct subscription *subscription, struct message *message,
	uint16_t attempt, bool to_few);

#endif
