#include "gateway/base/table.h"

#include "protocol/xmalloc.h"

#include <assert.h>
#include <stdlib.h>

/* A table shrinks when it has so many buckets for each node. */
enum { BUCKETS_FIRST = 16, SPARSE = 8 };

void table_init(struct table *table, const struct hash_key *key)
{
	*table = (struct table){.key = *key};
}

void table_finish(struct table *table)
{
	assert(table->count == 0);
	free(table->buckets);
	table->buckets = NULL;
	table->bucket_count = 0;
}

static struct table_node **table_bucket(const struct table *table, uint64_t hash)
{
	return &table->buckets[hash & (table->bucket_count - 1)];
}

struct table_node *table_find(const struct table *table, struct slice key)
{
	if (table->count == 0)
		return NULL;
	return table_find_hashed(table, key, hash_slice(&table->key, key));
}

struct table_node *table_find_hashed(
	const struct table *table, struct slice key, uint64_t hash)
{
	if (table->count == 0)
		return NULL;

	struct table_node *node = *table_bucket(table, hash);

	while (node != NULL && !(node->hash == hash && slice_equal(node->key, key)))
		node = node->next;
	return node;
}

static void table_resize(struct table *table, size_t bucket_count)
{
	struct table old = *table;

	table->bucket_count = bucket_count;
	table->buckets = xcalloc(table->bucket_count, sizeof(*table->buckets));
	for (size_t i = 0; i < old.bucket_count; i++) {
		while (old.buckets[i] != NULL) {
			struct table_node *node = old.buckets[i];
			struct table_node **bucket = table_bucket(table, node->hash);

			old.buckets[i] = node->next;
			node->next = *bucket;
			*bucket = node;
		}
	}
	free(old.buckets);
}

void table_insert(struct table *table, struct table_node *node, struct slice key)
{
	if (table->count >= table->bucket_count)
		table_resize(table, table->bucket_count == 0 ? BUCKETS_FIRST
							     : table->bucket_count * 2);

	node->key = key;
	node->hash = hash_slice(&table->key, key);

	struct table_node **bucket = table_bucket(table, node->hash);
	node->next = *bucket;
	*bucket = node;
	table->count++;
}

void table_remove(struct table *table, struct table_node *node)
{
	struct table_node **at = table_bucket(table, node->hash);

	while (*at != node) {
		assert(*at != NULL);
		at = &(*at)->next;
	}
	*at = node->next;
	node->next = NULL;
	table->count--;
	/* Shrinking also keeps table_any() fast. */
	if (table->bucket_count > BUCKETS_FIRST &&
		table->count <= table->bucket_count / SPARSE)
		table_resize(table, table->bucket_count / 2);
}

struct table_node *table_any(const struct table *table)
{
	for (size_t i = 0; table->count > 0 && i < table->bucket_count; i++) {
		if (table->buckets[i] != NULL)
			return table->buckets[i];
	}
	return NULL;
}

void table_for_each(const struct table *table,
	void (*visit)(struct table_node *node, void *context), void *context)
{
	for (size_t i = 0; i < table->bucket_count; i++) {
		for (struct table_node *node = table->buckets[i]; node != NULL;
			node = node->next)
			visit(node, context);
	}
}
