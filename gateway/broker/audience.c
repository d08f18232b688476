/*
 * The subscribers of an address on this worker. A delivery is a walk along an array:
 * it pushes one reference into each session's queue. Each session renders when its
 * socket can take the output.
 */
#include "gateway/broker/audience.h"

#include "gateway/broker/destination.h"
#include "gateway/broker/internal.h"
#include "gateway/broker/subscription.h"
#include "gateway/session/session.h"
#include "gateway/worker/share.h"
#include "protocol/xmalloc.h"

#include <assert.h>
#include <stdlib.h>

/* As many deliveries are written first, as answers are. */
enum { FEW = 16 };

struct audience {
	struct table_node node; /* its key points to `address` */
	struct list unfinished; /* in audiences->unfinished during a fan-out */
	struct subscription **members;
	size_t count, capacity;
	size_t reached, end; /* of the fan-out: members served, members to serve */
	size_t leaving;      /* subscriptions that have left, and still name it */
	uint32_t account;    /* of a pattern: charged for its segments */
	char address[];
};

void audiences_init(
	struct audiences *audiences, const struct hash_key *key, char separator)
{
	table_init(&audiences->by_address, key);
	pattern_set_init(&audiences->patterns, key, separator);
	list_init(&audiences->unfinished);
}

void audiences_finish(struct audiences *audiences)
{
	pattern_set_finish(&audiences->patterns, NULL);
	table_finish(&audiences->by_address);
}

static struct audience *audience_find(const struct broker *broker, struct slice address)
{
	struct table_node *node = table_find(&broker->audiences.by_address, address);

	return node == NULL ? NULL : container_of(node, struct audience, node);
}

struct slice audience_address(const struct audience *audience)
{
	return audience->node.key;
}

/*
 * Patterns are counted by their segments, because these take the memory. Each account
 * is charged with all segments of its patterns: others that share some may leave.
 */

static void audience_add_pattern(
	struct broker *broker, struct audience *audience, uint32_t account)
{
	struct pattern_set *patterns = &broker->audiences.patterns;
	const size_t before = patterns->nodes;

	*pattern_add(patterns, audience_address(audience)) = audience;
	atomic_fetch_add(&broker->worker->workers->segments, patterns->nodes - before);
	audience->account = account;
	share_take_anyway(broker->worker, account, ACCOUNT_SEGMENTS,
		pattern_segments(patterns, audience_address(audience)));
}

static void audience_remove_pattern(
	struct broker *broker, const struct audience *audience)
{
	struct pattern_set *patterns = &broker->audiences.patterns;
	const size_t before = patterns->nodes;

	*pattern_find(patterns, audience_address(audience)) = NULL;
	pattern_remove(patterns, audience_address(audience));
	atomic_fetch_sub(&broker->worker->workers->segments, before - patterns->nodes);
	share_give(broker->worker, audience->account, ACCOUNT_SEGMENTS,
		pattern_segments(patterns, audience_address(audience)));
}

static struct audience *audience_create(
	struct broker *broker, struct slice address, uint32_t account)
{
	struct audience *audience = xcalloc(1, sizeof(*audience) + address.len);

	memcpy(audience->address, address.data, address.len);
	table_insert(&broker->audiences.by_address, &audience->node,
		(struct slice){audience->address, address.len});
	if (destination_is_pattern(address))
		audience_add_pattern(broker, audience, account);
	return audience;
}

void audience_add(
	struct broker *broker, struct slice address, struct subscription *subscription)
{
	struct audience *audience = audience_find(broker, address);

	if (audience == NULL)
		audience = audience_create(
			broker, address, subscription->participant->account);
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

/*
 * Fills the gap with the last member before *end. The gap is then there, and *end is
 * one less.
 */
static size_t audience_fill(struct audience *audience, size_t gap, size_t *end)
{
	const size_t last = --*end;

	if (gap != last) {
		audience->members[gap] = audience->members[last];
		audience->members[gap]->position = gap;
	}
	return last;
}

void audience_leave(struct subscription *subscription)
{
	struct audience *audience = subscription->audience;
	size_t gap = subscription->position;

	if (gap < audience->reached)
		gap = audience_fill(audience, gap, &audience->reached);
	if (gap < audience->end)
		gap = audience_fill(audience, gap, &audience->end);
	audience_fill(audience, gap, &audience->count);
	audience->leaving++;
}

void audience_forget(struct broker *broker, struct subscription *subscription)
{
	struct audience *audience = subscription->audience;

	subscription->audience = NULL;
	audience->leaving--;
	if (audience->count + audience->leaving > 0)
		return;
	list_remove(&audience->unfinished);
	if (destination_is_pattern(audience_address(audience)))
		audience_remove_pattern(broker, audience);
	table_remove(&broker->audiences.by_address, &audience->node);
	free(audience->members);
	free(audience);
}

void audience_remove(struct broker *broker, struct subscription *subscription)
{
	audience_leave(subscription);
	audience_forget(broker, subscription);
}

static void audience_schedule(void *value, void *context)
{
	struct audience *audience = value;
	struct broker *broker = context;

	audience->reached = 0;
	audience->end = audience->count;
	list_append(&broker->audiences.unfinished, &audience->unfinished);
}

void audience_start_fan_out(struct broker *broker, struct message *message)
{
	const struct slice address = message_address(message);
	struct table_node *node = table_find_hashed(&broker->audiences.by_address,
		address, message_hash(message, &broker->worker->key));

	assert(list_is_empty(&broker->audiences.unfinished));
	if (node != NULL)
		audience_schedule(container_of(node, struct audience, node), broker);
	if (slice_starts_with(address, SLICE("/")))
		pattern_start(&broker->audiences.patterns, address, audience_schedule,
			broker);
}

/*
 * Prefetches: most of 5,000 members are in no cache. Without it a message to all of
 * them costs 7 % more.
 */
static void audience_look_ahead(const struct audience *audience)
{
	enum { SESSION_AHEAD = 3, MEMBER_AHEAD = 8 };
	struct subscription **next = audience->members + audience->reached;

	if (audience->end - audience->reached <= MEMBER_AHEAD)
		return;
	__builtin_prefetch(next[MEMBER_AHEAD]);
	session_fetch(next[SESSION_AHEAD]->participant->session);
}

/* Returns how many members were served. */
static size_t audience_deliver(
	struct audience *audience, const struct fan_out *fan_out, size_t most)
{
	const bool to_few = audience->end * fan_out->count <= FEW;
	size_t reached = 0;

	/* subscription_deliver() only queues: no member joins or leaves meanwhile. */
	for (; reached < most && audience->reached < audience->end; reached++) {
		struct subscription *member = audience->members[audience->reached++];

		audience_look_ahead(audience);
		if (member->joining > 0)
			continue;
		for (size_t i = 0; i < fan_out->count; i++)
			subscription_deliver(member, fan_out->messages[i], 0, to_few);
	}
	return reached;
}

bool audience_fan_out_step(
	struct broker *broker, const struct fan_out *fan_out, size_t most)
{
	/* First find all audiences, so that each message has one order for all. */
	if (!broker_continue_match(broker, &broker->audiences.patterns))
		return false;
	while (most > 0 && !list_is_empty(&broker->audiences.unfinished)) {
		struct audience *audience = container_of(
			broker->audiences.unfinished.next, struct audience, unfinished);
		const size_t reached = audience_deliver(audience, fan_out, most);

		most -= reached;
		worker_spend(broker->worker, reached * fan_out->count);
		if (audience->reached < audience->end)
			continue;
		list_remove(&audience->unfinished);
		audience->reached = audience->end = 0;
	}
	return list_is_empty(&broker->audiences.unfinished);
}
