/*
 * Things that posts name. A post may arrive when what it is meant for has ended, so
 * it carries a number, which is never given twice, and no pointer.
 */
#ifndef GATEWAY_BASE_REGISTRY_H
#define GATEWAY_BASE_REGISTRY_H

#include "gateway/base/table.h"

/* Lives inside the thing. */
struct entry {
	uint64_t number; /* the table's key points here; from 1 */
	struct table_node node;
};

struct registry {
	struct table entries;
	uint64_t ever; /* the latest number */
};

/* The same from anywhere in the server: a registry's entry on that worker. */
struct handle {
	uint64_t worker, number;
};

/*
 * The bytes of a handle as the key of a table. They are the handle's own, which must
 * not move meanwhile.
 */
static inline struct slice handle_key(const struct handle *handle)
{
	return (struct slice){(const char *)handle, sizeof(*handle)};
}

/* Makes an empty registry. Copies the key. The first entry will have number 1. */
void registry_init(struct registry *registry, const struct hash_key *key);

/* Frees the table. Every entry must have been removed. */
void registry_finish(struct registry *registry);

/*
 * Gives the entry the next number and makes it findable. A number is never used again.
 * The entry's memory must not move until registry_remove().
 */
void registry_add(struct registry *registry, struct entry *entry);

/*
 * Removes an entry, which must be in this registry. It keeps its number, which now
 * finds nothing.
 */
void registry_remove(struct registry *registry, struct entry *entry);

/*
 * The entry of that number. NULL when it was removed, or never was: posts may come too
 * late.
 */
struct entry *registry_find(const struct registry *registry, uint64_t number);

#endif
