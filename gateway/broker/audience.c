/*
 * Who listens to an address on this worker. A delivery is a walk along an
 * array and a reference pushed into each session's queue; what is rendered, and
 * when, is decided when a socket can take it.
 */
#include "gateway/broker/internal.h"

#include "protocol/xmalloc.h"

#include <stdlib.h>

struct audience {
	struct table_node node; /* its key points to `address` */
	struct subscription **members;
	size_t count, capacity;
	char address[];
};

static struct audience *audience_find(const struct broker *broker, struct slice address)
{
	struct table_node *node = table_find(&broker->audiences, address);

	return node == NULL ? NULL : container_of(node, struct audience, node);
}

struct slice audience_address(const struct audience *audience)
{
	return audience->node.key;
}

/* Patterns are counted by their segments: these are what grows. */

static void audience_add_pattern(struct broker *broker, struct audience *audience)
{
	struct pattern_set *patterns = &broker->patterns;
	const size_t before = patterns->nodes;

	*pattern_add(patterns, audience_address(audience)) = audience;
	atomic_fetch_add(&broker->worker->crew->segments, patterns->nodes - before);
}

static void audience_remove_pattern(
	struct broker *broker, const struct audience *audience)
{
	struct pattern_set *patterns = &broker->patterns;
	const size_t before = patterns->nodes;

	*pattern_find(patterns, audience_address(audience)) = NULL;
	pattern_remove(patterns, audience_address(audience));
	atomic_fetch_sub(&broker->worker->crew->segments, before - patterns->nodes);
}

static struct audience *audience_create(struct broker *broker, struct slice address)
{
	struct audience *audience = xcalloc(1, sizeof(*audience) + address.len);

	memcpy(audience->address, address.data, address.len);
	table_insert(&broker->audiences, &audience->node,
		(struct slice){audience->address, address.len});
	if (broker_is_pattern(address))
		audience_add_pattern(broker, audience);
	return audience;
}

void audience_add(
	struct broker *broker, struct slice address, struct subscription *subscription)
{
	struct audience *audience = audience_find(broker, address);

	if (audience == NULL)
		audience = audience_create(broker, address);
	if (audience->count == audience->capacity) {
		audience->capacity =
			audience->capacity == 0 ? 2 : audience->capacity * 2;
		audience->members = xrealloc(audience->members,
			audience->capacity * sizeof(struct subscription *));
	}
	subscription->audience = audience;
	subscription->position = audience->count;
	audience->members[audience->count++] = subscription;
}

void audience_remove(struct broker *broker, struct subscription *subscription)
{
	struct audience *audience = subscription->audience;
	struct subscription *last = audience->members[--audience->count];

	audience->members[subscription->position] = last;
	last->position = subscription->position;
	subscription->audience = NULL;
	if (audience->count > 0)
		return;
	if (broker_is_pattern(audience_address(audience)))
		audience_remove_pattern(broker, audience);
	table_remove(&broker->audiences, &audience->node);
	free(audience->members);
	free(audience);
}

/* Messages for the members of an audience. */
struct delivering {
	struct broker *broker;
	struct message **messages;
	size_t count;
};

static void audience_hear(void *value, void *context)
{
	const struct audience *audience = value;
	const struct delivering *delivering = context;

	/* subscription_deliver() only queues: nobody joins or leaves during the walk. */
	for (size_t i = 0; i < audience->count; i++) {
		struct subscription *member = audience->members[i];

		if (member->joining > 0)
			continue;
		for (size_t j = 0; j < delivering->count; j++)
			subscription_deliver(member, delivering->messages[j], 0);
	}
	worker_spend(delivering->broker->worker, audience->count * delivering->count);
}

void audience_deliver(struct broker *broker, struct message **messages, size_t count)
{
	const struct slice address = message_address(messages[0]);
	struct audience *audience = audience_find(broker, address);
	struct delivering delivering = {broker, messages, count};

	if (audience != NULL)
		audience_hear(audience, &delivering);
	if (slice_starts_with(address, SLICE("/")))
		pattern_match(&broker->patterns, address, audience_hear, &delivering);
}
