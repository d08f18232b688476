/*
 * One queue, /queue/a, and three consumers that may join it, for test_queue.c and
 * test_queue_settle.c. The fixture of their cases is queue_site_setup() and
 * queue_site_teardown().
 */
#ifndef TESTS_SUPPORT_QUEUE_SITE_H
#define TESTS_SUPPORT_QUEUE_SITE_H

#include "gateway/broker/queue.h"

struct queue_site {
	struct queue *queue;
	struct timers expiries;
	uint64_t now;
	struct metrics metrics; /* the queue's counters; its end is open */
};

extern struct queue_site queue_site;

/* The consumers: two of them are at the same worker. */
static const struct handle one = {1, 1}, two = {2, 1}, three = {2, 2};

/* A queue of 10 messages. A message is dead after three rejections or losses. */
void queue_site_setup(void);

/* Fails the test if a counter still has an object that is gone. */
void queue_site_teardown(void);

/* Makes the queue anew with other rules; destroy the present one first. */
void queue_site_begin(struct queue_rules rules);

/* A message to the queue; the caller has its only reference. */
struct message *queue_site_message(const char *body);

/* Puts a message that was sent and expires at these times; 0: never. */
void queue_site_put_expiring(const char *body, uint64_t sent_at, uint64_t expires_at);

/* Moves the time on; all that is due expires. */
void queue_site_advance(uint64_t milliseconds);

/* The last character of its body. */
char queue_site_body(struct message *message);

/* Puts a message for each character; its body is that character. */
void queue_site_put(const char *bodies);

/*
 * Delivers as much as possible. Returns it as "CONSUMER:BODY" with a blank between,
 * and a "+" after a redelivered one; the text lives until the next call.
 */
const char *queue_site_deliver_all(void);

#define assert_delivers(expected) ck_assert_str_eq(queue_site_deliver_all(), expected)

/*
 * Takes the dead messages out. Returns them as "rejected 3:BODY", "lost 3:BODY",
 * "discarded 0:BODY" or "expired 0:BODY" with a blank between, where the number is of
 * rejections or losses; the text lives until the next call.
 */
const char *queue_site_take_dead(void);

#define assert_dead(expected) ck_assert_str_eq(queue_site_take_dead(), expected)

/* The consumer settles the message of that offset. */
void queue_site_accept(struct handle consumer, uint64_t offset);
void queue_site_reject(struct handle consumer, uint64_t offset);
void queue_site_discard(struct handle consumer, uint64_t offset);

#endif
