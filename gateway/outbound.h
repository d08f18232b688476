/*
 * The outbound queue of a session: references to messages, with what a subscriber
 * needs to see them. A ring that exists only while something waits.
 */
#ifndef GATEWAY_OUTBOUND_H
#define GATEWAY_OUTBOUND_H

#include "gateway/message.h"

struct outbound_item {
	struct message *message;
	struct name *subscription; /* NULL: none */
	enum stomp_version version;
};

/* A zeroed queue is empty. */
struct outbound {
	struct outbound_item *ring;
	uint32_t capacity, first, count;
	uint64_t bytes; /* the sum of message_size() */
};

/* Takes references of its own. */
void outbound_push(struct outbound *queue, const struct outbound_item *item);

const struct outbound_item *outbound_item(const struct outbound *queue, size_t index);

/* Drops the `count` oldest. The names belong to `names`. */
void outbound_pop(struct outbound *queue, size_t count, struct table *names);

/* Drops all but the `keep` oldest. */
void outbound_cut(struct outbound *queue, size_t keep, struct table *names);

#endif
