/*
 * An engine owns the destinations of some prefixes: it knows who subscribes to them and
 * keeps what is sent to them. The one that is built in keeps them in memory, at
 * homes among the workers; another would relay to a broker elsewhere.
 *
 * All functions return at once. Who asked hears by broker_answer(), in the order in
 * which it asked for one destination; deliveries come by subscription_deliver(). An
 * answer may be a refusal that is denied, or has failed (refusal.h), and then names its
 * destination. A SUBSCRIBE that has failed stays: the engine serves it when it can
 * again, or gives it up by subscription_refuse().
 */
#ifndef GATEWAY_BROKER_ENGINE_H
#define GATEWAY_BROKER_ENGINE_H

#include "gateway/base/registry.h"
#include "gateway/session/message.h"

struct broker;
struct commit;
struct subscription;

struct engine {
	/*
	 * Headers of SUBSCRIBE that it understands, beyond those of STOMP: up to an
	 * empty one. Without "selector" a SUBSCRIBE that has one is denied.
	 */
	const struct slice *headers;

	/*
	 * Of what is taken after the answer to `request` the subscription gets its
	 * part, at most `prefetch` messages of a queue ahead of being settled. Returns
	 * how many answers will come; the last one counts.
	 */
	size_t (*subscribe)(struct broker *broker, struct subscription *subscription,
		uint64_t prefetch, uint64_t request);

	/*
	 * Just before the subscription is freed, unless its answers were missing. What
	 * it has not settled has come back when `request` is answered. The `lost`
	 * oldest messages of that were sent to a session that is over now: one that
	 * this happens to again and again may be dead. Returns how many answers will
	 * come.
	 */
	size_t (*unsubscribe)(struct broker *broker, struct subscription *subscription,
		size_t lost, uint64_t request);

	/* To message_address(). Takes the caller's reference over. */
	void (*send)(struct broker *broker, struct message *message,
		struct handle participant, uint64_t request);

	/* The subscription is done with `count` messages of a queue. */
	void (*settle)(struct broker *broker, const struct subscription *subscription,
		const struct place *places, size_t count, bool is_accepted);

	/*
	 * Makes sure that all of its messages will be taken, and calls commit_apply(),
	 * perhaps at once; or later commit_fail() with a refusal (transaction.h).
	 */
	void (*commit)(struct broker *broker, struct commit *commit);
};

extern const struct engine memory_engine;

#endif
