/*
 * An engine owns the destinations of some prefixes: it knows their subscribers and
 * keeps their messages. The built-in engine keeps them in memory, at homes among the
 * workers. Another engine could relay to an external broker.
 *
 * All functions return immediately. The engine answers each request by
 * broker_answer(), the requests of one participant for one destination in their order.
 * It delivers by subscription_deliver(). An answer may be a refusal of the class
 * DENIED or FAILED (refusal.h), and then names its destination. A SUBSCRIBE that has
 * failed stays: the engine serves it when it can again, or gives it up by
 * subscription_refuse().
 */
#ifndef GATEWAY_BROKER_ENGINE_H
#define GATEWAY_BROKER_ENGINE_H

#include "gateway/base/registry.h"
#include "gateway/broker/outcome.h"
#include "gateway/session/message.h"

struct broker;
struct commit;
struct subscription;

struct engine {
	/*
	 * The headers of SUBSCRIBE that it understands, beyond those of STOMP; ends
	 * with an empty one. Without "selector" here, a SUBSCRIBE with that header is
	 * denied.
	 */
	const struct slice *headers;

	/*
	 * The subscription gets its part of the messages that are taken after the
	 * answer to `request`; of a queue at most `prefetch` messages that are not
	 * settled yet. It is borrowed, and may end before the answer. Returns how many
	 * answers will come; the last one counts.
	 */
	size_t (*subscribe)(struct broker *broker, struct subscription *subscription,
		uint64_t prefetch, uint64_t request);

	/*
	 * Called just before the subscription is freed, unless answers to its
	 * subscribe() are missing. When `request` is answered, the queue has requeued
	 * the messages that are not settled. The `lost` oldest of these were sent to a
	 * session that is over now: a message that is lost again and again may be
	 * dead. Returns how many answers will come.
	 */
	size_t (*unsubscribe)(struct broker *broker, struct subscription *subscription,
		size_t lost, uint64_t request);

	/* To message_address(). Takes over the caller's reference, the only one. */
	void (*send)(struct broker *broker, struct message *message,
		struct handle participant, uint64_t request);

	/*
	 * The subscription has settled the messages at `count` places of a queue, all
	 * alike. Returns how many answers to `request` will come.
	 */
	size_t (*settle)(struct broker *broker, const struct subscription *subscription,
		const struct place *places, size_t count, enum outcome outcome,
		uint64_t request);

	/*
	 * Takes the commit over. Makes sure that all its messages will be taken. Then
	 * calls commit_apply(), perhaps within this call; or later commit_fail() with
	 * a refusal (transaction.h). Both free the commit.
	 */
	void (*commit)(struct broker *broker, struct commit *commit);
};

extern const struct engine memory_engine;

#endif
