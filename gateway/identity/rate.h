/*
 * A rate: so many messages in a time, and so many in a row after a pause. A bucket is
 * one number, the time at which its next message may come. Threads share it without a
 * lock: each message takes a time of its own, so messages that must wait are let
 * through one after the other, at the rate.
 */
#ifndef GATEWAY_IDENTITY_RATE_H
#define GATEWAY_IDENTITY_RATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* As the configuration says it. */
struct rate {
	uint64_t messages; /* in `per`; 0: as many as come */
	uint64_t per;      /* milliseconds */
	uint64_t burst;    /* in a row after a pause; 0: as many as `messages` */
};

enum {
	RATES_MAX = 32, /* of a configuration: of users first, then of rules */
	RATE_MESSAGES_MAX = 1000000,
	RATE_PER_MAX = 3600000,
};

/* Nanoseconds of the workers' common clock; zeroed at first. */
struct rate_bucket {
	_Atomic int64_t next;
};

/* How many messages it lets through in a row. */
static inline uint64_t rate_burst(const struct rate *rate)
{
	return rate->burst > 0 ? rate->burst : rate->messages;
}

/*
 * Takes the time of one message, at `now` milliseconds, from a bucket of a rate that is
 * set. Returns the milliseconds until then, rounded down; 0: it may come now. From any
 * thread.
 */
uint64_t rate_take(struct rate_bucket *bucket, const struct rate *rate, uint64_t now);

/*
 * The same for a message that may not wait: takes nothing when it returns more than 0.
 */
uint64_t rate_try(struct rate_bucket *bucket, const struct rate *rate, uint64_t now);

/* The message does not come: gives back what rate_take() has taken. */
void rate_give(struct rate_bucket *bucket, const struct rate *rate);

#endif
