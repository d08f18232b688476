#include "gateway/session/tombstones.h"

#include "gateway/base/list.h"
#include "gateway/base/table.h"
#include "protocol/xmalloc.h"

#include <assert.h>
#include <stdlib.h>

enum { TOMBSTONE_AGE_MS = 120000 };

struct tombstone_entry {
	struct table_node node; /* its key points to `bytes` */
	struct list link;       /* from the oldest to the youngest */
	uint64_t ended_at;
	struct tombstone tombstone;
	char bytes[];
};

struct tombstones {
	struct table by_key;
	struct list by_age;
	size_t most;
};

struct tombstones *tombstones_create(const struct hash_key *key, size_t most)
{
	struct tombstones *tombstones = xcalloc(1, sizeof(*tombstones));

	assert(most > 0);
	tombstones->most = most;
	table_init(&tombstones->by_key, key);
	list_init(&tombstones->by_age);
	return tombstones;
}

static void tombstone_remove(
	struct tombstones *tombstones, struct tombstone_entry *entry)
{
	table_remove(&tombstones->by_key, &entry->node);
	list_remove(&entry->link);
	free(entry);
}

static struct tombstone_entry *tombstones_oldest(struct tombstones *tombstones)
{
	if (list_is_empty(&tombstones->by_age))
		return NULL;
	return container_of(tombstones->by_age.next, struct tombstone_entry, link);
}

void tombstones_destroy(struct tombstones *tombstones)
{
	if (tombstones == NULL)
		return;
	for (struct tombstone_entry *entry;
		(entry = tombstones_oldest(tombstones)) != NULL;)
		tombstone_remove(tombstones, entry);
	table_finish(&tombstones->by_key);
	free(tombstones);
}

static struct tombstone_entry *tombstone_find(
	const struct tombstones *tombstones, struct slice key)
{
	struct table_node *node = table_find(&tombstones->by_key, key);

	return node == NULL ? NULL : container_of(node, struct tombstone_entry, node);
}

/* False when a tombstone younger than two minutes had to go. */
static bool tombstones_make_room(struct tombstones *tombstones, uint64_t now)
{
	struct tombstone_entry *entry;
	bool roomy = true;

	while ((entry = tombstones_oldest(tombstones)) != NULL) {
		bool is_old = now - entry->ended_at > TOMBSTONE_AGE_MS;

		if (!is_old && tombstones->by_key.count < tombstones->most)
			break;
		roomy = roomy && is_old;
		tombstone_remove(tombstones, entry);
	}
	return roomy;
}

bool tombstones_add(struct tombstones *tombstones, struct slice key, enum ending ending,
	uint64_t now)
{
	struct tombstone_entry *entry = tombstone_find(tombstones, key);

	if (entry != NULL)
		tombstone_remove(tombstones, entry);
	bool roomy = tombstones_make_room(tombstones, now);
	entry = xcalloc(1, sizeof(*entry) + key.len);
	memcpy(entry->bytes, key.data, key.len);
	entry->ended_at = now;
	entry->tombstone = (struct tombstone){ending, 0};
	table_insert(&tombstones->by_key, &entry->node,
		(struct slice){entry->bytes, key.len});
	list_append(&tombstones->by_age, &entry->link);
	return roomy;
}

const struct tombstone *tombstones_find(
	struct tombstones *tombstones, struct slice key, uint64_t now)
{
	struct tombstone_entry *entry = tombstone_find(tombstones, key);

	if (entry == NULL || now - entry->ended_at > TOMBSTONE_AGE_MS)
		return NULL;
	entry->tombstone.visits++;
	return &entry->tombstone;
}
