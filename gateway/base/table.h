/*
 * A hash table of nodes that are embedded in their objects, keyed by bytes of the
 * objects. SipHash with the server's secret key, since clients choose the keys.
 */
#ifndef GATEWAY_BASE_TABLE_H
#define GATEWAY_BASE_TABLE_H

#include "protocol/hash.h"

struct table_node {
	struct table_node *next;
	uint64_t hash;
	struct slice key; /* borrowed from the object that holds the node */
};

/*
 * A large table that grows or shrinks moves its nodes step by step: each insert and
 * each remove moves those of TABLE_STEP old buckets. So no call takes long.
 */
enum { TABLE_STEP = 16 };

struct table {
	struct table_node **buckets;
	struct table_node **old; /* NULL: nothing is left to move */
	uint32_t bucket_count;   /* a power of two, or 0 before the first insert */
	uint32_t old_count;
	uint32_t moved;  /* so many old buckets are empty, from the first one on */
	uint32_t cursor; /* where table_any() begins to look */
	size_t count;
	struct hash_key key;
};

/*
 * Makes an empty table. Copies the key of its hash function; use a secret one if peers
 * choose the keys.
 */
void table_init(struct table *table, const struct hash_key *key);

/* Frees the buckets. The table must be empty: it does not own its nodes. */
void table_finish(struct table *table);

/* The node of that key, compared byte by byte, or NULL. */
struct table_node *table_find(const struct table *table, struct slice key);

/* The same; `hash` is hash_slice() of the key, by the key that table_init() got. */
struct table_node *table_find_hashed(
	const struct table *table, struct slice key, uint64_t hash);

/*
 * Adds a node. The table keeps node and key by reference, and owns neither. The key
 * must not be in the table yet, and must not change or move while it is.
 */
void table_insert(struct table *table, struct table_node *node, struct slice key);

/*
 * Removes a node; an assert finds one that is not in the table. Its memory is the
 * caller's again.
 */
void table_remove(struct table *table, struct table_node *node);

/*
 * Any node, or NULL when the table is empty: for freeing all nodes. It looks on where
 * the previous call has found one.
 */
struct table_node *table_any(struct table *table);

/* Calls `visit` for each node, in no order. `visit` must not insert or remove. */
void table_for_each(const struct table *table,
	void (*visit)(struct table_node *node, void *context), void *context);

#endif
