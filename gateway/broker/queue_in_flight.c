/*
 * The items in flight to a consumer, in the order of their deliveries. An offset is
 * looked for at both ends. Only a client that settles in another order pays for an
 * index: a table of references, which lasts as long as the consumer.
 */
#include "gateway/broker/queue_internal.h"

#include "protocol/xmalloc.h"

#include <stdlib.h>

enum { NEAR = 16 };

struct ref {
	struct table_node node; /* its key is the offset */
	uint64_t offset;
	struct item *item;
};

void in_flight_init(struct in_flight *in_flight)
{
	*in_flight = (struct in_flight){0};
	list_init(&in_flight->items);
}

static struct slice offset_key(const uint64_t *offset)
{
	return (struct slice){(const char *)offset, sizeof(*offset)};
}

static void ref_add(struct in_flight *in_flight, struct item *item)
{
	struct ref *ref = xcalloc(1, sizeof(*ref));

	ref->offset = item_offset(item);
	ref->item = item;
	table_insert(in_flight->refs, &ref->node, offset_key(&ref->offset));
}

static struct ref *ref_find(const struct in_flight *in_flight, uint64_t offset)
{
	struct table_node *node = table_find(in_flight->refs, offset_key(&offset));

	return node == NULL ? NULL : container_of(node, struct ref, node);
}

static void ref_remove(struct in_flight *in_flight, struct ref *ref)
{
	table_remove(in_flight->refs, &ref->node);
	free(ref);
}

void in_flight_finish(struct in_flight *in_flight)
{
	struct table_node *node;

	if (in_flight->refs == NULL)
		return;
	while ((node = table_any(in_flight->refs)) != NULL)
		ref_remove(in_flight, container_of(node, struct ref, node));
	table_finish(in_flight->refs);
	free(in_flight->refs);
	in_flight->refs = NULL;
}

void in_flight_add(struct in_flight *in_flight, struct item *item)
{
	list_append(&in_flight->items, &item->link);
	if (in_flight->refs != NULL)
		ref_add(in_flight, item);
}

void in_flight_remove(struct in_flight *in_flight, struct item *item)
{
	list_remove(&item->link);
	if (in_flight->refs != NULL)
		ref_remove(in_flight, ref_find(in_flight, item_offset(item)));
}

static void in_flight_make_refs(struct in_flight *in_flight, const struct hash_key *key)
{
	in_flight->refs = xcalloc(1, sizeof(*in_flight->refs));
	table_init(in_flight->refs, key);
	list_for_each (link, &in_flight->items) {
		in_flight->looks++;
		ref_add(in_flight, container_of(link, struct item, link));
	}
}

static bool in_flight_is(
	struct in_flight *in_flight, const struct item *item, uint64_t offset)
{
	in_flight->looks++;
	return item_offset(item) == offset;
}

struct item *in_flight_find(
	struct in_flight *in_flight, const struct hash_key *key, uint64_t offset)
{
	struct list *old = in_flight->items.next, *young = in_flight->items.previous;

	for (int i = 0; i < NEAR && old != &in_flight->items; i++) {
		struct item *first = container_of(old, struct item, link);
		struct item *last = container_of(young, struct item, link);

		if (in_flight_is(in_flight, first, offset))
			return first;
		if (in_flight_is(in_flight, last, offset))
			return last;
		if (old == young || old->next == young)
			return NULL;
		old = old->next;
		young = young->previous;
	}
	if (old == &in_flight->items)
		return NULL;
	if (in_flight->refs == NULL)
		in_flight_make_refs(in_flight, key);
	const struct ref *ref = ref_find(in_flight, offset);
	return ref == NULL ? NULL : ref->item;
}
