/*
 * The outbound queue of a session: references to messages, with the fields that the
 * subscriber's rendering needs. The ring exists only while something is queued.
 */
#ifndef GATEWAY_SESSION_OUTBOUND_H
#define GATEWAY_SESSION_OUTBOUND_H

#include "gateway/session/message.h"

/* How one receiver gets a message. */
enum delivery_flags {
	DELIVERY_ACK = 1,        /* the frame has an ack header */
	DELIVERY_FROM_QUEUE = 2, /* a broker queue bounds the messages in flight */
	DELIVERY_TOLD = 4,       /* call handler->sent() when the kernel has it */
	DELIVERY_STALE = 8,      /* only in outbound.c: it is about to be dropped */
	DELIVERY_TO_FEW = 16, /* few sessions get it: it does not wait for a crowd's */
};

/* A message for one session. */
struct delivery {
	struct message *message;
	struct name *subscription; /* NULL: none */
	uint32_t ordinal;          /* the subscription's, in its session */
	uint16_t attempt;          /* of a broker queue, from 1; 0: not from one */
	uint8_t flags;             /* enum delivery_flags */
	unsigned version : 2;      /* enum stomp_version */
	unsigned command : 6;      /* enum stomp_command; 0: not a STOMP frame */
};

/* A slow session has thousands. */
_Static_assert(sizeof(struct delivery) <= 24, "a delivery has no byte to spare");

/* A zeroed queue is empty. */
struct outbound {
	struct delivery *ring; /* NULL: `capacity` is for the next ring */
	uint32_t capacity, first, count;
	uint32_t bounded; /* items that are not from a broker queue */
	uint64_t bytes;   /* sum of message_size() of the bounded items */
};

/* Appends the delivery. Takes references of its own to the message and the name. */
void outbound_push(struct outbound *queue, const struct delivery *item);

/*
 * The `index`-th delivery, counted from the oldest with 0; `index` is below `count`.
 * Valid until the queue changes. The queue owns the references to message and name.
 */
const struct delivery *outbound_item(const struct outbound *queue, size_t index);

/*
 * Drops the `count` oldest deliveries, which the kernel has taken. The queue must have
 * as many. `names` are those of the worker.
 */
void outbound_pop(struct outbound *queue, size_t count, struct names *names);

/*
 * Drops all but the `keep` oldest, which an outlet has pulled. `names` are those of
 * the worker.
 */
void outbound_cut(struct outbound *queue, size_t keep, struct names *names);

/*
 * The following functions never drop any of the `keep` oldest items. The first two
 * drop only numbered messages, whose gap the receiver can see, and return how many.
 */

/*
 * Drops the oldest messages of topics after the `keep` oldest items, until the bounded
 * items have no more than `messages` and `bytes`. Returns how many.
 */
size_t outbound_drop_oldest(struct outbound *queue, size_t keep, uint64_t messages,
	uint64_t bytes, struct names *names);

/*
 * Drops all but the newest message of each destination and subscription, after the
 * `keep` oldest items. Returns how many.
 */
size_t outbound_drop_stale(struct outbound *queue, size_t keep, struct names *names);

/*
 * Drops, after the `keep` oldest items, the messages that a broker queue has delivered
 * to that subscription, or to any if the ordinal is 0. The queue delivers them to
 * another consumer.
 */
void outbound_withdraw(
	struct outbound *queue, size_t keep, uint32_t ordinal, struct names *names);

#endif
