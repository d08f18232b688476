/* A SEND on its way to the owner of its destination. */
#ifndef GATEWAY_BROKER_SEND_H
#define GATEWAY_BROKER_SEND_H

#include "gateway/broker/broker.h"
#include "gateway/broker/sender.h"

struct target;
struct transaction;

/* The way of a SEND's messages: to the engine immediately, or into a transaction. */
struct publication {
	struct broker *broker;
	const struct sender *sender;
	struct handle participant; /* gets the answers; zero: nobody does */
	uint32_t account;          /* the participant's; charged for the messages */
	uint64_t request;
	size_t answers; /* how many answers to the request will come */
	bool waits;     /* the participant's next frame must wait (broker_call) */
	struct transaction *transaction; /* NULL: none */
	struct slice named;              /* the frame's destination, for its COMMIT */
	const struct stomp_header *made; /* headers of ours, before the sender's */
	size_t made_count;
	size_t made_for_few; /* more of them, which no subscriber of a topic may see */
};

/*
 * Sends a message with the frame's headers and body to `target`, or adds it to the
 * transaction. False, with *refusal filled in, when the transaction is too large.
 */
bool broker_emit(struct publication *publication, const struct stomp_frame *frame,
	const struct target *target, struct broker_refusal *refusal);

#endif
