#include "gateway/session/graveyard.h"

#include "gateway/base/list.h"
#include "gateway/base/table.h"
#include "protocol/xmalloc.h"

#include <assert.h>
#include <stdlib.h>

enum { GRAVE_AGE_MS = 120000 };

struct tomb {
	struct table_node node; /* its key points to `bytes` */
	struct list link;       /* from the oldest to the youngest */
	uint64_t buried_at;
	struct grave grave;
	char bytes[];
};

struct graveyard {
	struct table tombs;
	struct list by_age;
	size_t most;
};

struct graveyard *graveyard_create(const struct hash_key *key, size_t most)
{
	struct graveyard *graveyard = xcalloc(1, sizeof(*graveyard));

	assert(most > 0);
	graveyard->most = most;
	table_init(&graveyard->tombs, key);
	list_init(&graveyard->by_age);
	return graveyard;
}

static void tomb_remove(struct graveyard *graveyard, struct tomb *tomb)
{
	table_remove(&graveyard->tombs, &tomb->node);
	list_remove(&tomb->link);
	free(tomb);
}

static struct tomb *graveyard_oldest(struct graveyard *graveyard)
{
	if (list_is_empty(&graveyard->by_age))
		return NULL;
	return container_of(graveyard->by_age.next, struct tomb, link);
}

void graveyard_destroy(struct graveyard *graveyard)
{
	if (graveyard == NULL)
		return;
	for (struct tomb *tomb; (tomb = graveyard_oldest(graveyard)) != NULL;)
		tomb_remove(graveyard, tomb);
	table_finish(&graveyard->tombs);
	free(graveyard);
}

static struct tomb *tomb_find(const struct graveyard *graveyard, struct slice key)
{
	struct table_node *node = table_find(&graveyard->tombs, key);

	return node == NULL ? NULL : container_of(node, struct tomb, node);
}

/* False when that took one that was to stay. */
static bool graveyard_make_room(struct graveyard *graveyard, uint64_t now)
{
	struct tomb *tomb;
	bool roomy = true;

	while ((tomb = graveyard_oldest(graveyard)) != NULL) {
		bool is_old = now - tomb->buried_at > GRAVE_AGE_MS;

		if (!is_old && graveyard->tombs.count < graveyard->most)
			break;
		roomy = roomy && is_old;
		tomb_remove(graveyard, tomb);
	}
	return roomy;
}

bool graveyard_bury(
	struct graveyard *graveyard, struct slice key, enum ending ending, uint64_t now)
{
	struct tomb *tomb = tomb_find(graveyard, key);

	if (tomb != NULL)
		tomb_remove(graveyard, tomb);
	bool roomy = graveyard_make_room(graveyard, now);
	tomb = xcalloc(1, sizeof(*tomb) + key.len);
	memcpy(tomb->bytes, key.data, key.len);
	tomb->buried_at = now;
	tomb->grave = (struct grave){ending, 0};
	table_insert(
		&graveyard->tombs, &tomb->node, (struct slice){tomb->bytes, key.len});
	list_append(&graveyard->by_age, &tomb->link);
	return roomy;
}

const struct grave *graveyard_find(
	struct graveyard *graveyard, struct slice key, uint64_t now)
{
	struct tomb *tomb = tomb_find(graveyard, key);

	if (tomb == NULL || now - tomb->buried_at > GRAVE_AGE_MS)
		return NULL;
	tomb->grave.visits++;
	return &tomb->grave;
}
