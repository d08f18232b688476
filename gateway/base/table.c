#include "gateway/base/table.h"

#include "protocol/xmalloc.h"

#include <assert.h>
#include <stdlib.h>

/*
 * A table shrinks when it has SPARSE buckets for each node. Up to AT_ONCE buckets are
 * moved in one call.
 */
enum { BUCKETS_FIRST = 16, SPARSE = 8, AT_ONCE = 256 };

/* A move is over before the next one begins, also while a table shrinks. */
_Static_assert(TABLE_STEP >= 2 * SPARSE, "shrinking must keep up with removes");

void table_init(struct table *table, const struct hash_key *key)
{
	*table = (struct table){.key = *key};
}

void table_finish(struct table *table)
{
	const struct hash_key key = table->key;

	assert(table->count == 0);
	free(table->buckets);
	free(table->old);
	*table = (struct table){.key = key};
}

static struct table_node **table_bucket(const struct table *table, uint64_t hash)
{
	return &table->buckets[hash & (table->bucket_count - 1)];
}

static struct table_node **table_old_bucket(const struct table *table, uint64_t hash)
{
	return &table->old[hash & (table->old_count - 1)];
}

struct table_node *table_find(const struct table *table, struct slice key)
{
	if (table->count == 0)
		return NULL;
	return table_find_hashed(table, key, hash_slice(&table->key, key));
}

static struct table_node *bucket_find(
	struct table_node *node, struct slice key, uint64_t hash)
{
	while (node != NULL && !(node->hash == hash && slice_equal(node->key, key)))
		node = node->next;
	return node;
}

struct table_node *table_find_hashed(
	const struct table *table, struct slice key, uint64_t hash)
{
	struct table_node *node;

	if (table->count == 0)
		return NULL;
	node = bucket_find(*table_bucket(table, hash), key, hash);
	if (node == NULL && table->old != NULL)
		node = bucket_find(*table_old_bucket(table, hash), key, hash);
	return node;
}

static void bucket_add(struct table_node **bucket, struct table_node *node)
{
	node->next = *bucket;
	*bucket = node;
}

/* False when the node is not in the bucket. */
static bool bucket_remove(struct table_node **at, const struct table_node *node)
{
	while (*at != NULL && *at != node)
		at = &(*at)->next;
	if (*at == NULL)
		return false;
	*at = node->next;
	return true;
}

/* Moves the nodes of so many old buckets, or of all that are left. */
static void table_move(struct table *table, size_t most)
{
	for (; table->old != NULL && most > 0; most--) {
		struct table_node *node = table->old[table->moved], *next;

		for (; node != NULL; node = next) {
			next = node->next;
			bucket_add(table_bucket(table, node->hash), node);
		}
		table->old[table->moved++] = NULL;
		if (table->moved < table->old_count)
			continue;
		free(table->old);
		table->old = NULL;
	}
}

static void table_resize(struct table *table, uint32_t bucket_count)
{
	table_move(table, SIZE_MAX);
	table->old = table->buckets;
	table->old_count = table->bucket_count;
	table->moved = table->cursor = 0;
	table->bucket_count = bucket_count;
	table->buckets = xcalloc(bucket_count, sizeof(struct table_node *));
	if (table->old_count <= AT_ONCE)
		table_move(table, SIZE_MAX);
}

void table_insert(struct table *table, struct table_node *node, struct slice key)
{
	if (table->old != NULL)
		table_move(table, TABLE_STEP);
	if (table->count >= table->bucket_count)
		table_resize(table, table->bucket_count == 0 ? BUCKETS_FIRST
							     : table->bucket_count * 2);

	node->key = key;
	node->hash = hash_slice(&table->key, key);
	bucket_add(table_bucket(table, node->hash), node);
	table->count++;
}

void table_remove(struct table *table, struct table_node *node)
{
	bool is_there = bucket_remove(table_bucket(table, node->hash), node);

	if (!is_there && table->old != NULL)
		is_there = bucket_remove(table_old_bucket(table, node->hash), node);
	assert(is_there);
	node->next = NULL;
	table->count--;
	if (table->old != NULL)
		table_move(table, TABLE_STEP);
	/* A sparse table costs table_for_each() and memory. */
	if (table->bucket_count > BUCKETS_FIRST &&
		table->count <= table->bucket_count / SPARSE)
		table_resize(table, table->bucket_count / 2);
}

struct table_node *table_any(struct table *table)
{
	if (table->count == 0)
		return NULL;
	for (size_t i = table->moved; table->old != NULL && i < table->old_count; i++) {
		if (table->old[i] != NULL)
			return table->old[i];
	}
	while (table->buckets[table->cursor] == NULL)
		table->cursor = (table->cursor + 1) & (table->bucket_count - 1);
	return table->buckets[table->cursor];
}

static void buckets_for_each(struct table_node *const *buckets, size_t count,
	void (*visit)(struct table_node *node, void *context), void *context)
{
	for (size_t i = 0; i < count; i++) {
		for (struct table_node *node = buckets[i]; node != NULL;
			node = node->next)
			visit(node, context);
	}
}

void table_for_each(const struct table *table,
	void (*visit)(struct table_node *node, void *context), void *context)
{
	buckets_for_each(table->buckets, table->bucket_count, visit, context);
	if (table->old != NULL)
		buckets_for_each(table->old, table->old_count, visit, context);
}
