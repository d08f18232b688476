#include "gateway/broker/pattern.h"

#include "gateway/base/list.h"
#include "protocol/xmalloc.h"

#include <assert.h>
#include <stdlib.h>

/* A node of the trie: one segment, with its separator before it. */
struct pattern_node {
	struct table_node node; /* in its parent's `literals`; its key is the segment */
	struct pattern_node *parent;
	struct table literals;
	struct pattern_node *globs;  /* the first child with wildcards */
	struct pattern_node *beside; /* the parent's next child with wildcards */
	struct pattern_node
		*deep; /* the same for children "**", which may match nothing */
	uint64_t walk; /* the latest step that reached this node */
	size_t users;  /* children, plus one if a pattern ends here */
	bool is_deep, ends;
	void *value;
	char segment[];
};

static const struct slice deep_wildcard = SLICE_INIT("**");

/* Takes the next segment off *rest, with the separator before it. */
static bool pattern_take_segment(
	struct slice *rest, char separator, struct slice *segment)
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
	return slice_find(text, '*') < text.len || slice_find(text, '?') < text.len;
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

/*
 * Globs: the part before the first '*', the part after the last one, the pieces
 * between.
 */

static bool pattern_is_continuation(char byte)
{
	return ((unsigned char)byte & 0xc0) == 0x80;
}

/* Takes equal characters off both fronts, up to a '*'. False at a difference. */
static bool pattern_take_front(struct slice *glob, struct slice *text)
{
	while (glob->len > 0 && glob->data[0] != '*') {
		size_t len = 1;

		if (text->len == 0)
			return false;
		if (glob->data[0] == '?') {
			while (len < text->len &&
				pattern_is_continuation(text->data[len]))
				len++;
		} else if (glob->data[0] != text->data[0]) {
			return false;
		}
		*glob = slice_from(*glob, 1);
		*text = slice_from(*text, len);
	}
	return true;
}

/* The same at the ends. The glob has a '*'. */
static bool pattern_take_end(struct slice *glob, struct slice *text)
{
	for (; glob->data[glob->len - 1] != '*'; glob->len--) {
		if (text->len == 0)
			return false;
		char byte = text->data[--text->len];

		if (glob->data[glob->len - 1] == '?') {
			while (pattern_is_continuation(byte) && text->len > 0)
				byte = text->data[--text->len];
		} else if (glob->data[glob->len - 1] != byte) {
			return false;
		}
	}
	return true;
}

/* Finds a piece that stands between two '*', and moves after it. */
static bool pattern_take_piece(struct slice piece, struct slice *text)
{
	const char *found;

	if (slice_find(piece, '?') == piece.len) {
		found = memmem(text->data, text->len, piece.data, piece.len);
		if (found != NULL)
			*text = slice_from(
				*text, (size_t)(found - text->data) + piece.len);
		return found != NULL;
	}
	/* A checked pattern has no such piece. */
	for (size_t at = 0; at < text->len; at++) {
		struct slice glob = piece, rest = slice_from(*text, at);

		if (pattern_take_front(&glob, &rest)) {
			*text = rest;
			return true;
		}
	}
	return false;
}

static bool segment_matches(struct slice glob, struct slice text)
{
	if (!pattern_take_front(&glob, &text))
		return false;
	if (glob.len == 0)
		return text.len == 0;
	if (!pattern_take_end(&glob, &text))
		return false;
	/* The leftmost match of each piece leaves the most text for the others. */
	while (glob.len > 0) {
		struct slice behind = slice_from(glob, 1);
		struct slice piece = slice_first(behind, slice_find(behind, '*'));

		if (!pattern_take_piece(piece, &text))
			return false;
		glob = slice_from(behind, piece.len);
	}
	return true;
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
	table_init(&node->literals, &set->key);
	return node;
}

void pattern_set_init(
	struct pattern_set *set, const struct hash_key *key, char separator)
{
	*set = (struct pattern_set){.key = *key, .separator = separator};
	set->root = node_create(set, NULL, SLICE(""));
}

static struct pattern_node *node_child(
	const struct pattern_node *node, struct slice segment)
{
	if (!pattern_is(segment)) {
		struct table_node *found = table_find(&node->literals, segment);

		return found == NULL ? NULL
				     : container_of(found, struct pattern_node, node);
	}
	struct pattern_node *one = segment_is_deep(segment) ? node->deep : node->globs;

	while (one != NULL && !slice_equal(one->node.key, segment))
		one = one->beside;
	return one;
}

static struct pattern_node *node_add_child(
	struct pattern_set *set, struct pattern_node *parent, struct slice segment)
{
	struct pattern_node *node = node_create(set, parent, segment);

	set->nodes++;
	parent->users++;
	node->is_deep = segment_is_deep(segment);
	if (!pattern_is(segment)) {
		table_insert(&parent->literals, &node->node, node->node.key);
		return node;
	}
	struct pattern_node **first = node->is_deep ? &parent->deep : &parent->globs;
	node->beside = *first;
	*first = node;
	return node;
}

static void node_remove(struct pattern_set *set, struct pattern_node *node)
{
	struct pattern_node *parent = node->parent;

	set->nodes--;
	if (!pattern_is(node->node.key)) {
		table_remove(&parent->literals, &node->node);
	} else {
		struct pattern_node **at =
			node->is_deep ? &parent->deep : &parent->globs;

		while (*at != node)
			at = &(*at)->beside;
		*at = node->beside;
	}
	parent->users--;
	table_finish(&node->literals);
	free(node);
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

static struct pattern_node *node_any_child(const struct pattern_node *node)
{
	struct table_node *literal = table_any(&node->literals);

	if (literal != NULL)
		return container_of(literal, struct pattern_node, node);
	return node->globs != NULL ? node->globs : node->deep;
}

void pattern_set_finish(struct pattern_set *set, void (*drop)(void *value))
{
	struct pattern_node *node = set->root;

	for (;;) {
		struct pattern_node *child = node_any_child(node);

		if (child != NULL) {
			node = child;
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
	table_finish(&set->root->literals);
	free(set->root);
	free(set->now);
	free(set->next);
}

/* Matching. */

/* The segments that "**" matches begin with a separator. */
static bool deep_takes(const struct pattern_node *node, struct slice segment)
{
	return node->node.key.data[0] == segment.data[0];
}

/*
 * Adds a node to the next step, once, with all nodes that are reached by matching
 * nothing: at most PATTERN_WILDCARDS_MAX in a row.
 */
static void pattern_set_reach(
	struct pattern_set *set, struct pattern_node *node, size_t *count)
{
	if (node->walk == set->walks)
		return;
	if (*count == set->capacity) {
		set->capacity = set->capacity == 0 ? 16 : set->capacity * 2;
		set->now = xrealloc(set->now, set->capacity * sizeof(*set->now));
		set->next = xrealloc(set->next, set->capacity * sizeof(*set->next));
	}
	node->walk = set->walks;
	set->next[(*count)++] = node;
	for (struct pattern_node *deep = node->deep; deep != NULL; deep = deep->beside)
		pattern_set_reach(set, deep, count);
}

static void pattern_set_step(struct pattern_set *set, struct pattern_node *node,
	struct slice segment, size_t *count)
{
	struct table_node *literal = table_find(&node->literals, segment);

	if (literal != NULL)
		pattern_set_reach(
			set, container_of(literal, struct pattern_node, node), count);
	for (struct pattern_node *one = node->globs; one != NULL; one = one->beside) {
		if (segment_matches(one->node.key, segment))
			pattern_set_reach(set, one, count);
	}
	if (node->is_deep && deep_takes(node, segment))
		pattern_set_reach(set, node, count);
}

void pattern_match(struct pattern_set *set, struct slice destination,
	void (*match)(void *value, void *context), void *context)
{
	size_t count = 0;
	struct slice segment;

	if (set->count == 0)
		return;
	set->visited = 0;
	set->walks++;
	pattern_set_reach(set, set->root, &count);
	while (count > 0 &&
		pattern_take_segment(&destination, set->separator, &segment)) {
		struct pattern_node **places = set->next;
		size_t here = count;

		set->next = set->now;
		set->now = places;
		set->walks++;
		set->visited += here;
		count = 0;
		for (size_t i = 0; i < here; i++)
			pattern_set_step(set, set->now[i], segment, &count);
	}
	for (size_t i = 0; i < count; i++) {
		if (set->next[i]->ends)
			match(set->next[i]->value, context);
	}
}
