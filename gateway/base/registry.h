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

/* The bytes of a handle, to find by. Borrowed. */
static inline struct slice handle_key(const struct handle *handle)
{
	return (struct slice){(const char *)handle, sizeof(*handle)};
}

void registry_init(struct registry *registry, const struct hash_key *key);
void registry_finish(struct registry *registry); /* must be empty */

void registry_add(struct registry *registry, struct entry *entry);
void registry_remove(struct registry *registry, struct entry *entry);

struct entry *registry_find(const struct registry *registry, uint64_t number);

#endif
