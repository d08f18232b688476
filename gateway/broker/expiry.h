/*
 * When a message of a queue expires, as its SEND says: RabbitMQ's `expiration` counts
 * milliseconds from now, ActiveMQ's `expires` from the beginning of 1970, 0 for never.
 * The earlier one counts. On topics both are headers like any other.
 */
#ifndef GATEWAY_BROKER_EXPIRY_H
#define GATEWAY_BROKER_EXPIRY_H

#include "gateway/broker/broker.h"

struct target;

/*
 * The time of loop_now() at which the message of that SEND expires, or 0 for never.
 * `now` is that of the loop, `wall` that of the calendar, both in milliseconds. False,
 * with *refusal filled in and *at unchanged, when a header is no number of 63 bits.
 */
bool expiry_read(const struct stomp_frame *frame, uint64_t now, uint64_t wall,
	uint64_t *at, struct broker_refusal *refusal);

/*
 * Sets target->expires_at for a SEND that comes now, if the target is a queue. False,
 * with *refusal filled in, as expiry_read().
 */
bool target_set_expiry(struct target *target, const struct broker *broker,
	const struct stomp_frame *frame, struct broker_refusal *refusal);

#endif
