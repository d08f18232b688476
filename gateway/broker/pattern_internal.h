/* Shared by the files of a pattern set. */
#ifndef GATEWAY_BROKER_PATTERN_INTERNAL_H
#define GATEWAY_BROKER_PATTERN_INTERNAL_H

#include "gateway/base/list.h"
#include "gateway/broker/pattern.h"

struct glob_group;

/* A node of the trie: one segment, with its separator before it. */
struct pattern_node {
	struct table_node node; /* in its parent's `children`; its key is the segment */
	struct pattern_node *parent;
	struct table children;
	struct pattern_node *deep; /* the first child that is "**" */
	struct pattern_node
		*beside; /* the parent's next one; or the next dropped one */

	/* With wildcards, and not "**": where its parent finds it. */
	struct glob_group *group;
	struct list member; /* of the group */

	/* Of the literals that find its children: the bit n - 1 for length n. */
	uint64_t lengths[GLOB_KINDS];
	size_t globs; /* these children */

	uint64_t step; /* the latest one that reached this node */
	size_t users;  /* children, plus one if a pattern ends here */
	bool is_deep, ends;
	void *value;
	char segment[];
};

static inline struct pattern_node *pattern_node_of(struct table_node *node)
{
	return container_of(node, struct pattern_node, node);
}

/* Takes the next segment off *rest, with the separator before it. */
bool pattern_take_segment(struct slice *rest, char separator, struct slice *segment);

/* Children of one node that have the same literal at the same place. */
struct glob_group {
	struct table_node node; /* in set->groups, by `key` */
	struct list members;
	size_t count;
	uint64_t step; /* the latest one that compared the members */
	char key[];    /* the parent, the kind, the literal */
};

/* The parent finds the node, which has wildcards, from now on. */
void globs_add(struct pattern_set *set, struct pattern_node *node);

/* Takes the node out of its group. */
void globs_remove(struct pattern_set *set, struct pattern_node *node);

/*
 * Moves to the next place of the segment where a literal of the node's children may
 * stand. False when there is none left.
 */
bool glob_cursor_next(struct glob_cursor *cursor, const struct pattern_node *node,
	struct slice segment);

/* The children whose literal stands at the cursor's place, or NULL. */
struct glob_group *globs_at(const struct pattern_set *set,
	const struct pattern_node *node, const struct glob_cursor *cursor,
	struct slice segment);

/* Frees a node that has left the trie, at the end of a walk that may know it. */
void pattern_walk_drop(struct pattern_set *set, struct pattern_node *node);

/* The node leaves its group, which is freed when it `is_last`. */
void pattern_walk_forget(
	struct pattern_set *set, const struct pattern_node *node, bool is_last);

/* Ends the walk, and frees its memory. */
void pattern_walk_finish(struct pattern_set *set);

#endif
