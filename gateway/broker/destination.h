/*
 * The kinds of destinations, by the prefixes of the configuration; and the target of a
 * message, found by its destination.
 */
#ifndef GATEWAY_BROKER_DESTINATION_H
#define GATEWAY_BROKER_DESTINATION_H

#include "gateway/broker/broker.h"
#include "protocol/buf.h"

/*
 * The destination that the call's frame names, in the frame's memory. NULL, with the
 * call's refusal, when it is missing, empty or too long.
 */
const struct slice *destination_of(
	const struct broker *broker, const struct broker_call *call);

/* True below one of broker.prefixes, whether the topic exists or not. */
bool destination_is_topic(const struct broker *broker, struct slice destination);

/*
 * True for an address below one of broker.queues. Private queues do not count: their
 * addresses differ.
 */
bool destination_is_queue(const struct broker *broker, struct slice destination);

/*
 * True for an address with wildcards. A private address is never a pattern, because it
 * does not begin with a slash.
 */
bool destination_is_pattern(struct slice destination);

/*
 * True below one of app.prefixes; *rest is then the part after the prefix. A matching
 * route may be missing.
 */
bool destination_is_app(
	const struct broker *broker, struct slice destination, struct slice *rest);

/*
 * Counts one more destination, charged to that account, until destination_give(). The
 * account is that of the client that makes it, at this moment. It stays charged while
 * the destination lives, whoever uses that, and also when all sessions of the account
 * have ended: else a client could make as many as it likes by coming again.
 * False, counted, when limits.destinations or the account's share of it is reached:
 * *why is then the kind for destination_refuse(). With `is_promised` neither refuses.
 */
bool destination_take(const struct broker *broker, uint32_t account, bool is_promised,
	enum refusal_kind *why);

/* Ends what destination_take() has begun, for the same account. */
void destination_give(const struct broker *broker, uint32_t account);

/* Hints at limits.destinations and, if the kind is SHARE, at limits.share. */
void destination_hint_limit(
	const struct broker *broker, struct broker_refusal *refusal);

/*
 * Fills in a refusal of that destination, by its client's name, with the limit's
 * value. *refusal borrows the destination.
 */
void destination_refuse(const struct broker *broker, struct broker_refusal *refusal,
	enum refusal_kind kind, struct slice destination);

/* True for broker.dead_letter, where clients neither send nor, without leave, read. */
bool destination_is_dead_letter(const struct broker *broker, struct slice destination);

/* The target of a SEND. Zeroed at first; target_finish() frees its memory. */
struct target {
	struct slice shown;   /* the destination that receivers see */
	struct slice address; /* the address by which homes know it */
	struct buf made;      /* their bytes, if the SEND has others */
	bool is_queue;        /* a queue's, which keeps the message */
	bool is_reply;        /* to the temporary queue of a session at `worker` */
	unsigned worker;
	uint64_t expires_at; /* in a queue, by loop_now(); 0: never (expiry.h) */
};

/*
 * Finds the target of a SEND to that destination, and fills the zeroed *target, which
 * may borrow the bytes of the destination. Refused when no prefix owns the destination,
 * or it is a pattern or the dead-letter queue; *target is empty then. Not for /app,
 * which has no target of its own.
 */
enum broker_result target_aim(struct target *target, const struct broker *broker,
	struct slice destination, struct broker_refusal *refusal);

/* Fills the empty *target with copies of both names. */
void target_set(struct target *target, struct slice shown, struct slice address);

/* Frees both names and zeroes the target. */
void target_finish(struct target *target);

#endif
