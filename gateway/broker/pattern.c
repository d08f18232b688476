/*
 * The trie: which patterns are in the set. pattern_glob.c finds a node's children with
 * wildcards, pattern_walk.c walks along a destination.
 */
#include "gateway/broker/pattern_internal.h"

#include "gateway/route/glob.h"
#include "protocol/xmalloc.h"

#include <assert.h>
#include <stdlib.h>

static const struct slice deep_wildcard = SLICE_INIT("**");

bool pattern_take_segment(struct slice *rest, char separator, struct slice *segment)
{
	size_t len = 1;

	if (rest->len == 0)
		return false;
	while (len < rest->len && rest->data[len] != '/' &&
		rest->data[len] != separator)
		len++;
	*segment = slice_first(*rest, len);
	*rest = slice_from(*rest, len);
	return true;
}

static bool segment_is_deep(struct slice segment)
{
	return slice_equal(slice_from(segment, 1), deep_wildcard);
}

bool pattern_is(struct slice text)
{
	return glob_is(text);
}

/* NULL when the segment, with its separator before it, is valid. */
static const char *segment_mistake(struct slice segment)
{
	bool has_star = false, has_mark = false; /* and a '?' after the '*' */

	if (segment_is_deep(segment))
		return NULL;
	for (size_t i = 1; i < segment.len; i++) {
		bool is_star = segment.data[i] == '*';

		if (is_star && segment.data[i - 1] == '*')
			return "In a pattern \"**\" must be a whole segment";
		if (is_star && has_mark)
			return "In a pattern no \"?\" may stand between two \"*\" of "
			       "a segment";
		has_star = has_star || is_star;
		has_mark = has_star && (has_mark || segment.data[i] == '?');
	}
	return NULL;
}

bool pattern_check(struct slice text, char separator, struct buf *error)
{
	struct slice segment;
	size_t segments = 0, wildcards = 0;

	while (pattern_take_segment(&text, separator, &segment)) {
		const char *mistake = segment_mistake(segment);

		if (mistake != NULL) {
			buf_append(error, slice_of(mistake));
			return false;
		}
		segments++;
		wildcards += pattern_is(segment);
	}
	if (segments > PATTERN_SEGMENTS_MAX)
		buf_printf(error, "The pattern has more than %d segments",
			PATTERN_SEGMENTS_MAX);
	else if (wildcards > PATTERN_WILDCARDS_MAX)
		buf_printf(error,
			"The pattern has more than %d segments with wildcards",
			PATTERN_WILDCARDS_MAX);
	return segments <= PATTERN_SEGMENTS_MAX && wildcards <= PATTERN_WILDCARDS_MAX;
}

/* The trie. */

static struct pattern_node *node_create(const struct pattern_set *set,
	struct pattern_node *parent, struct slice segment)
{
	struct pattern_node *node = xcalloc(1, sizeof(*node) + segment.len);

	if (segment.len > 0)
		memcpy(node->segment, segment.data, segment.len);
	node->node.key = (struct slice){node->segment, segment.len};
	node->parent = parent;
	table_init(&node->children, &set->key);
	return node;
}

void pattern_set_init(
	struct pattern_set *set, const struct hash_key *key, char separator)
{
	*set = (struct pattern_set){.key = *key, .separator = separator};
	table_init(&set->groups, key);
	set->root = node_create(set, NULL, SLICE(""));
}

static struct pattern_node *node_child(
	const struct pattern_node *node, struct slice segment)
{
	struct table_node *found = table_find(&node->children, segment);

	return found == NULL ? NULL : pattern_node_of(found);
}

static struct pattern_node *node_add_child(
	struct pattern_set *set, struct pattern_node *parent, struct slice segment)
{
	struct pattern_node *node = node_create(set, parent, segment);

	set->nodes++;
	parent->users++;
	table_insert(&parent->children, &node->node, node->node.key);
	node->is_deep = segment_is_deep(segment);
	if (node->is_deep) {
		node->beside = parent->deep;
		parent->deep = node;
	} else if (pattern_is(segment)) {
		globs_add(set, node);
	}
	return node;
}

static void node_remove(struct pattern_set *set, struct pattern_node *node)
{
	struct pattern_node *parent = node->parent, **at = &parent->deep;

	set->nodes--;
	parent->users--;
	table_remove(&parent->children, &node->node);
	if (node->is_deep) {
		/* There are two at most: one for each separator. */
		while (*at != node)
			at = &(*at)->beside;
		*at = node->beside;
	} else if (node->group != NULL) {
		globs_remove(set, node);
	}
	table_finish(&node->children);
	pattern_walk_drop(set, node);
}

static struct pattern_node *pattern_set_find(
	const struct pattern_set *set, struct slice pattern)
{
	struct pattern_node *node = set->root;
	struct slice segment;

	while (node != NULL && pattern_take_segment(&pattern, set->separator, &segment))
		node = node_child(node, segment);
	return node != NULL && node->ends ? node : NULL;
}

void **pattern_find(const struct pattern_set *set, struct slice pattern)
{
	struct pattern_node *node = pattern_set_find(set, pattern);

	return node == NULL ? NULL : &node->value;
}

void **pattern_add(struct pattern_set *set, struct slice pattern)
{
	struct pattern_node *node = set->root;
	struct slice segment;

	while (pattern_take_segment(&pattern, set->separator, &segment)) {
		struct pattern_node *child = node_child(node, segment);

		node = child != NULL ? child : node_add_child(set, node, segment);
	}
	if (!node->ends) {
		node->ends = true;
		node->users++;
		set->count++;
	}
	return &node->value;
}

size_t pattern_segments(const struct pattern_set *set, struct slice pattern)
{
	struct slice segment;
	size_t segments = 0;

	while (pattern_take_segment(&pattern, set->separator, &segment))
		segments++;
	return segments;
}

size_t pattern_growth(const struct pattern_set *set, struct slice pattern)
{
	const struct pattern_node *node = set->root;
	struct slice segment;
	size_t growth = 0;

	while (pattern_take_segment(&pattern, set->separator, &segment)) {
		node = node == NULL ? NULL : node_child(node, segment);
		growth += node == NULL;
	}
	return growth;
}

void pattern_remove(struct pattern_set *set, struct slice pattern)
{
	struct pattern_node *node = pattern_set_find(set, pattern);

	assert(node != NULL && node->value == NULL);
	node->ends = false;
	node->users--;
	set->count--;
	while (node != set->root && node->users == 0) {
		struct pattern_node *parent = node->parent;

		node_remove(set, node);
		node = parent;
	}
}

void pattern_set_finish(struct pattern_set *set, void (*drop)(void *value))
{
	struct pattern_node *node = set->root;

	pattern_walk_finish(set);
	for (;;) {
		struct table_node *any = table_any(&node->children);
		struct pattern_node *child;

		if (any != NULL) {
			node = pattern_node_of(any);
			continue;
		}
		if (node == set->root)
			break;
		if (node->ends) {
			assert(drop != NULL);
			drop(node->value);
		}
		child = node;
		node = node->parent;
		node_remove(set, child);
	}
	table_finish(&set->root->children);
	table_finish(&set->groups);
	free(set->root);
}
