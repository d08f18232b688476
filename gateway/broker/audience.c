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

static struct audience *audience_create(struct broker *broker, struct slice address)
{
	struct audience *audience = xcalloc(1, sizeof(*audience) + address.len);

	memcpy(audience->address, address.data, address.len);
	table_insert(&broker->audiences, &audience->node,
		(struct slice){audience->address, address.len});
	return audience;
}

struct slice audience_address(const struct audience *audience)
{
	return audience->node.key;
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
	if (audience->count == 0) {
		table_remove(&broker->audiences, &audience->node);
		free(audience->members);
		free(audience);
	}
}

void audience_deliver(struct broker *broker, struct message *message)
{
	struct audience *audience = audience_find(broker, message_address(message));

	if (audience == NULL)
		return;
	/* subscription_deliver() only queues: nobody joins or leaves during the walk. */
	for (size_t i = 0; i < audience->count; i++) {
		struct subscription *member = audience->members[i];

		if (member->joined || member->kind == SUBSCRIPTION_LOCAL)
			subscription_deliver(member, message, 0);
	}
	worker_spend(broker->worker, audience->count);
}
