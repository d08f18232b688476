/*
 * The children of a node that have wildcards, like "a*b". Whatever such a child
 * matches contains its literals: the part before its first wildcard, the part after
 * the last one, the pieces between. A table of the set finds the child by one of
 * them: by the one that the fewest other children of that node have. So a child is
 * only compared with a segment that contains this literal, at its place.
 *
 * A node knows the lengths of these literals, and looks for no others.
 */
#include "gateway/broker/pattern_internal.h"

#include "gateway/route/glob.h"
#include "protocol/xmalloc.h"

#include <assert.h>
#include <stdlib.h>

/* At most so many octets of a literal count: a bit of a mask for each length. */
static const size_t literal_most[GLOB_KINDS] = {
	[GLOB_FRONT] = 64, [GLOB_BACK] = 64, [GLOB_PIECE] = 8};

enum { LITERAL_MAX = 64, LITERALS_MAX = 8 };

struct literal {
	enum glob_kind kind;
	struct slice text;
};

/* A key of set->groups. */
struct glob_key {
	char octets[sizeof(struct pattern_node *) + 1 + LITERAL_MAX];
	size_t len;
};

static struct glob_key glob_key_of(
	const struct pattern_node *parent, enum glob_kind kind, struct slice literal)
{
	struct glob_key key;

	assert(literal.len <= LITERAL_MAX);
	memcpy(key.octets, &parent, sizeof(parent));
	key.octets[sizeof(parent)] = (char)kind;
	memcpy(key.octets + sizeof(parent) + 1, literal.data, literal.len);
	key.len = sizeof(parent) + 1 + literal.len;
	return key;
}

static struct glob_group *globs_find(
	const struct pattern_set *set, const struct glob_key *key)
{
	struct table_node *found =
		table_find(&set->groups, (struct slice){key->octets, key->len});

	return found == NULL ? NULL : container_of(found, struct glob_group, node);
}

/* Of a piece the end counts: numbers stand there. */
static struct literal literal_cut(enum glob_kind kind, struct slice text)
{
	const size_t most = literal_most[kind];

	if (text.len > most)
		text = kind == GLOB_FRONT ? slice_first(text, most)
					  : slice_from(text, text.len - most);
	return (struct literal){kind, text};
}

/* The first one is never empty: a segment begins with its separator. */
static size_t glob_literals(struct slice glob, struct literal found[LITERALS_MAX])
{
	const struct slice front = glob_front(glob), back = glob_back(glob);
	struct slice middle = slice_first(
		slice_from(glob, front.len), glob.len - front.len - back.len);
	size_t count = 0;

	found[count++] = literal_cut(GLOB_FRONT, front);
	if (back.len > 0)
		found[count++] = literal_cut(GLOB_BACK, back);
	while (middle.len > 0 && count < LITERALS_MAX) {
		const struct slice piece = glob_front(middle);

		if (piece.len > 0)
			found[count++] = literal_cut(GLOB_PIECE, piece);
		middle = slice_from(middle, piece.len + 1);
	}
	return count;
}

static struct glob_group *group_create(
	struct pattern_set *set, const struct glob_key *key)
{
	struct glob_group *group = xcalloc(1, sizeof(*group) + key->len);

	memcpy(group->key, key->octets, key->len);
	list_init(&group->members);
	table_insert(&set->groups, &group->node, (struct slice){group->key, key->len});
	return group;
}

void globs_add(struct pattern_set *set, struct pattern_node *node)
{
	struct pattern_node *parent = node->parent;
	struct literal literals[LITERALS_MAX];
	const size_t count = glob_literals(node->node.key, literals);
	size_t best = 0, fewest = SIZE_MAX;

	for (size_t i = 0; i < count && fewest > 0; i++) {
		const struct glob_key key =
			glob_key_of(parent, literals[i].kind, literals[i].text);
		struct glob_group *group = globs_find(set, &key);
		const size_t others = group == NULL ? 0 : group->count;

		if (others < fewest) {
			fewest = others;
			best = i;
			node->group = group;
		}
	}
	const struct literal *literal = &literals[best];
	if (node->group == NULL) {
		const struct glob_key key =
			glob_key_of(parent, literal->kind, literal->text);

		node->group = group_create(set, &key);
	}
	node->group->count++;
	list_append(&node->group->members, &node->member);
	assert(literal->text.len > 0 && literal->text.len <= LITERAL_MAX);
	parent->lengths[literal->kind] |= (uint64_t)1 << (literal->text.len - 1);
	parent->globs++;
}

void globs_remove(struct pattern_set *set, struct pattern_node *node)
{
	struct pattern_node *parent = node->parent;
	struct glob_group *group = node->group;
	const bool is_last = --group->count == 0;

	pattern_walk_forget(set, node, is_last);
	list_remove(&node->member);
	node->group = NULL;
	if (is_last) {
		table_remove(&set->groups, &group->node);
		free(group);
	}
	/* A length that nobody has any more costs a look, and no more. */
	if (--parent->globs == 0)
		memset(parent->lengths, 0, sizeof(parent->lengths));
}

/* The first length above `length` that the mask has; 0: none. */
static size_t length_after(uint64_t mask, size_t length)
{
	while (length < LITERAL_MAX) {
		if ((mask >> length++ & 1) != 0)
			return length;
	}
	return 0;
}

bool glob_cursor_next(struct glob_cursor *cursor, const struct pattern_node *node,
	struct slice segment)
{
	if (cursor->at < cursor->last) {
		cursor->at++;
		return true;
	}
	while (cursor->kind < GLOB_KINDS) {
		cursor->length =
			length_after(node->lengths[cursor->kind], cursor->length);
		if (cursor->length == 0 || cursor->length > segment.len) {
			cursor->kind++;
			cursor->length = 0;
			continue;
		}
		cursor->last =
			cursor->kind == GLOB_FRONT ? 0 : segment.len - cursor->length;
		cursor->at = cursor->kind == GLOB_BACK ? cursor->last : 0;
		return true;
	}
	return false;
}

struct glob_group *globs_at(const struct pattern_set *set,
	const struct pattern_node *node, const struct glob_cursor *cursor,
	struct slice segment)
{
	const struct glob_key key = glob_key_of(node, cursor->kind,
		slice_first(slice_from(segment, cursor->at), cursor->length));

	return globs_find(set, &key);
}
