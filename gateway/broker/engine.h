/*
 * An engine owns destinations: it knows their subscribers and keeps their messages.
 * The built-in engine keeps them in memory, at homes among the workers (memory.h).
 * Another engine could relay them to an external broker.
 *
 * Each worker has its own part of each engine, a struct engine. The beginning of an
 * address decides which engine owns it. The functions of engine_ops serve requests for
 * one address; those of engine_life concern the whole engine.
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
#include "gateway/broker/commit.h"
#include "gateway/broker/outcome.h"
#include "gateway/session/message.h"
#include "protocol/buf.h"

struct broker;
struct broker_refusal;
struct engine;
struct participant;
struct published;
struct stomp_frame;
struct subscription;

struct engine_ops {
	/*
	 * It can promise at a COMMIT's PREPARE that it will take its part, and take it
	 * later. At most one engine cannot.
	 */
	bool can_reserve;

	/*
	 * The headers of SUBSCRIBE that it understands, beyond those of STOMP; ends
	 * with an empty one. Without "selector" here, a SUBSCRIBE with that header is
	 * denied.
	 */
	const struct slice *headers;

	/*
	 * The subscription gets its part of the messages that are taken after the
	 * answer to `request`; of a queue at most `prefetch` messages that are not
	 * settled yet. It is borrowed, and may end before the answer. `frame` is the
	 * SUBSCRIBE, borrowed for the call. Returns how many answers will come; the
	 * last one counts.
	 */
	size_t (*subscribe)(struct engine *engine, struct subscription *subscription,
		const struct stomp_frame *frame, uint64_t prefetch, uint64_t request);

	/*
	 * Called just before the subscription is freed, also by subscription_refuse().
	 * An engine may count the missing answers to its subscribe() in
	 * subscription->joining. While some are missing, this is called for patterns
	 * only, and the engine forgets any other subscription when the answer comes
	 * and it has ended. When `request` is answered, the queue has requeued
	 * the messages that are not settled. The `lost` oldest of these were sent to a
	 * session that is over now: a message that is lost again and again may be
	 * dead. Returns how many answers will come.
	 */
	size_t (*unsubscribe)(struct engine *engine, struct subscription *subscription,
		size_t lost, uint64_t request);

	/*
	 * To message_address(). Takes over the caller's reference, the only one. One
	 * answer comes. When the engine has taken the message, or refused it, it gives
	 * the message's credits back (credit.h).
	 */
	void (*send)(struct engine *engine, struct message *message,
		struct handle participant, uint64_t request);

	/*
	 * The subscription has settled the messages at `count` places of a queue, all
	 * alike. Returns how many answers to `request` will come.
	 */
	size_t (*settle)(struct engine *engine, const struct subscription *subscription,
		const struct place *places, size_t count, enum outcome outcome,
		uint64_t request);

	/*
	 * Its part of a COMMIT (commit.h). PREPARE ends with commit_prepared(), perhaps
	 * within this call. APPLY returns how many answers to commit->request will
	 * come, or 0; the other steps return 0.
	 */
	size_t (*commit)(
		struct engine *engine, struct commit *commit, enum commit_step step);
};

/* What an engine tells of one of its queues. */
struct engine_destination {
	struct slice destination;
	uint64_t subscribers;
	uint64_t messages; /* ever */
	uint64_t ready, unacknowledged;
	uint64_t parked; /* dead, and not yet with the dead letters */
};

struct engine_life {
	/*
	 * Makes the engine's part on the broker's worker. An engine that must end
	 * politely, or works in turns, is also a resident of that worker.
	 */
	struct engine *(*start)(struct broker *broker);

	/* Frees the part. All participants have left. */
	void (*stop)(struct engine *engine);

	/*
	 * True when new clients may come to this process. Else appends to *why a short
	 * text without a line end, for whoever asks /ready.
	 */
	bool (*ready)(const struct engine *engine, struct buf *why);

	/*
	 * When `request`, never 0, is answered, the engine has taken all that the
	 * participant has sent. Returns how many answers will come.
	 */
	size_t (*sync)(
		struct engine *engine, struct handle participant, uint64_t request);

	/*
	 * Calls `visit` for each destination that this part keeps, in no order. Topics
	 * at their homes are not among these (topic.h). `visit` changes nothing.
	 */
	void (*describe)(const struct engine *engine,
		void (*visit)(
			const struct engine_destination *destination, void *context),
		void *context);
};

/* Of one worker. */
struct engine {
	const struct engine_ops *ops;
	const struct engine_life *life;
	struct broker *broker;
};

/* An engine owns the addresses that begin so: "/topic/", or "user:" (private.h). */
struct engine_share {
	struct slice beginning;
	const struct engine_life *life; /* NULL: ends an array of shares */
};

/*
 * Calls `visit` for each destination that engines keep on this worker (describe()), in
 * no order. `visit` changes nothing.
 */
void broker_for_each_destination(const struct broker *broker,
	void (*visit)(const struct engine_destination *destination, void *context),
	void *context);

/*
 * The engine that owns the address, on the broker's worker: that of the first share
 * that fits, else the memory engine. Never NULL; the broker owns it.
 */
struct engine *broker_engine(const struct broker *broker, struct slice address);

/* The send() of the engine that owns the message's address. */
void broker_send_message(struct broker *broker, struct message *message,
	struct handle participant, uint64_t request);

/* An engine's answers. */

/*
 * Answers `request` by a post to the participant. `refusal` is NULL when the request
 * is taken. Else the refusal names its destination as clients know it. Both are
 * copied.
 */
void broker_answer(struct broker *broker, struct handle participant, uint64_t request,
	const struct broker_refusal *refusal);

/* As broker_answer(), for a SEND that was taken. */
void broker_answer_published(struct broker *broker, struct handle participant,
	uint64_t request, const struct published *published);

/*
 * As broker_answer(), without a post: only on the participant's own worker. Does
 * nothing when the participant has gone.
 */
void broker_tell(struct broker *broker, uint64_t participant, uint64_t request,
	const struct broker_refusal *refusal);

/*
 * The participant as posts name it. The handle stays valid after the session has
 * ended; a post then does nothing.
 */
struct handle broker_handle(
	const struct broker *broker, const struct participant *participant);

#endif
