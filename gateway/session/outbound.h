/*
 * The outbound queue of a session: references to messages, with what a subscriber
 * needs to see them. A ring that exists only while something waits.
 */
#ifndef GATEWAY_SESSION_OUTBOUND_H
#define GATEWAY_SESSION_OUTBOUND_H

#include "gateway/session/message.h"

/* What a message may be for its receiver. */
enum delivery_flags {
	DELIVERY_ACK = 1,         /* an ack header is shown */
	DELIVERY_REDELIVERED = 2, /* somebody got it before */
	DELIVERY_FROM_QUEUE = 4,  /* a broker queue bounds what it has in flight */
	DELIVERY_TOLD = 8,        /* handler->sent() when the kernel has it */
	DELIVERY_STALE = 16,      /* for outbound.c alone: it is about to be dropped */
};

/* A message for one session. */
struct delivery {
	struct message *message;
	struct name *subscription; /* NULL: none */
	uint32_t ordinal;          /* the subscription's, in its session */
	uint8_t version;           /* enum stomp_version */
	uint8_t flags;             /* enum delivery_flags */
	uint8_t command;           /* enum stomp_command; 0: it is no STOMP frame */
};

/* A zeroed queue is empty. */
struct outbound {
	struct delivery *ring; /* NULL: `capacity` is that of the next one */
	uint32_t capacity, first, count;
	uint32_t bounded; /* those that are not from a broker queue */
	uint64_t bytes;   /* the sum of message_size() of those */
};

/*
 * Puts the delivery last and takes references of its own to the message and the name.
 */
void outbound_push(struct outbound *queue, const struct delivery *item);

/*
 * The `index`-th delivery, counted from the oldest with 0; `index` is below `count`.
 * Valid until the queue is changed. The message and the name are the queue's.
 */
const struct delivery *outbound_item(const struct outbound *queue, size_t index);

/*
 * Drops the `count` oldest, because the kernel has them. The queue must have as many.
 * `names` are those of the worker.
 */
void outbound_pop(struct outbound *queue, size_t count, struct names *names);

/*
 * Drops all but the `keep` oldest, which an outlet has under way. `names` are those of
 * the worker.
 */
void outbound_cut(struct outbound *queue, size_t keep, struct names *names);

/*
 * The following drop none of the `keep` oldest items. The first two say how many they
 * drop: only what is numbered, so that the receiver sees the gap.
 */

/*
 * Drops the oldest messages of topics beyond the `keep` oldest, until no more than
 * `messages` and `bytes` are left that count. Returns how many.
 */
size_t outbound_drop_oldest(struct outbound *queue, size_t keep, uint64_t messages,
	uint64_t bytes, struct names *names);

/*
 * Drops all but the newest message of each destination and subscription, beyond the
 * `keep` oldest. Returns how many.
 */
size_t outbound_drop_stale(struct outbound *queue, size_t keep, struct names *names);

/*
 * Drops, beyond the `keep` oldest, what a broker queue has delivered to that
 * subscription: the queue delivers it to another consumer.
 */
void outbound_withdraw(
	struct outbound *queue, size_t keep, uint32_t ordinal, struct names *names);

#endif
