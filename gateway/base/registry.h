/*
 * Objects that posts can name. A post may arrive after its object has ended, so it
 * carries a number, which is never reused, and no pointer.
 */
#ifndef GATEWAY_BASE_REGISTRY_H
#define GATEWAY_BASE_REGISTRY_H

#include "gateway/base/table.h"

/* Embedded in the object. */
struct entry {
	uint64_t number; /* the table's key points here; from 1 */
	struct table_node node;
};

struct registry {
	struct table entries;
	uint64_t ever; /* the latest number */
};

/* Names an entry from anywhere in the server: its worker and number. */
struct handle {
	uint64_t worker, number;
};

/*
 * The bytes of a handle as the key of a table. They belong to the handle, which must
 * not move meanwhile.
 */
static inline struct slice handle_key(const struct handle *handle)
{
	return (struct slice){(const char *)handle, sizeof(*handle)};
}

/* Makes an empty registry. Copies the key. The first entry gets number 1. */
void registry_init(struct registry *registry, const struct hash_key *key);

/* Frees the table. Every entry must have been removed. */
void registry_finish(struct registry *registry);

/*
 * Gives the entry the next number and makes it findable. A number is never used again.
 * The entry's memory must not move until registry_remove().
 */
void registry_add(struct registry *registry, struct entry *entry);

/* Removes an entry, which must be in this registry. Its number is no longer found. */
void registry_remove(struct registry *registry, struct entry *entry);

/*
 * The entry of that number. NULL when it was removed, or never existed: posts may come
 * too late.
 */
struct entry *registry_find(const struct registry *registry, uint64_t number);

#endif
