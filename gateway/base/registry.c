#include "gateway/base/registry.h"

#include "gateway/base/list.h"

static struct slice registry_number_key(const uint64_t *number)
{
	return (struct slice){(const char *)number, sizeof(*number)};
}

void registry_init(struct registry *registry, const struct hash_key *key)
{
	table_init(&registry->entries, key);
	registry->ever = 0;
}

void registry_finish(struct registry *registry)
{
	table_finish(&registry->entries);
}

void registry_add(struct registry *registry, struct entry *entry)
{
	entry->number = ++registry->ever;
	table_insert(
		&registry->entries, &entry->node, registry_number_key(&entry->number));
}

void registry_remove(struct registry *registry, struct entry *entry)
{
	table_remove(&registry->entries, &entry->node);
}

struct entry *registry_find(const struct registry *registry, uint64_t number)
{
	struct table_node *node =
		table_find(&registry->entries, registry_number_key(&number));

	return node == NULL ? NULL : container_of(node, struct entry, node);
}
