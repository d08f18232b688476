/*
 * A walk along a destination, segment by segment, at all nodes that patterns may still
 * match: a set of places instead of backtracking. It can stop after any piece of work,
 * and goes on later, though patterns have come and gone meanwhile.
 */
#include "gateway/broker/pattern_internal.h"

#include "gateway/route/glob.h"
#include "protocol/xmalloc.h"

#include <assert.h>
#include <stdlib.h>

/* The segments that "**" matches begin with a separator. */
static bool deep_takes(const struct pattern_node *node, struct slice segment)
{
	return node->node.key.data[0] == segment.data[0];
}

/*
 * Adds a node to the next step, once, with all nodes that are reached by matching
 * nothing: at most PATTERN_WILDCARDS_MAX in a row.
 */
static void walk_reach(struct pattern_set *set, struct pattern_node *node)
{
	struct pattern_walk *walk = &set->walk;

	if (node->step == walk->step)
		return;
	if (walk->next_count == walk->capacity) {
		walk->capacity = walk->capacity == 0 ? 16 : walk->capacity * 2;
		walk->now = xrealloc(walk->now, walk->capacity * sizeof(*walk->now));
		walk->next = xrealloc(walk->next, walk->capacity * sizeof(*walk->next));
	}
	node->step = walk->step;
	walk->next[walk->next_count++] = node;
	for (struct pattern_node *deep = node->deep; deep != NULL; deep = deep->beside)
		walk_reach(set, deep);
}

/* The next segment: what was reached last is now where the walk stands. */
static void walk_begin_step(struct pattern_set *set)
{
	struct pattern_walk *walk = &set->walk;
	struct pattern_node **places = walk->next;

	walk->next = walk->now;
	walk->now = places;
	walk->now_count = walk->next_count;
	walk->next_count = 0;
	walk->at = 0;
	walk->has_entered = false;
	walk->step++;
	set->visited += walk->now_count;
}

/* Arrives at a node: those children that no search is needed for. */
static void walk_enter(struct pattern_set *set, struct pattern_node *node)
{
	struct pattern_walk *walk = &set->walk;
	struct table_node *child = table_find(&node->children, walk->segment);

	if (child != NULL)
		walk_reach(set, pattern_node_of(child));
	if (node->is_deep && deep_takes(node, walk->segment))
		walk_reach(set, node);
	walk->has_entered = true;
	walk->cursor = (struct glob_cursor){.kind = GLOB_FRONT};
}

/* True when the work is used up. Else it counts one more piece of it. */
static bool walk_is_tired(struct pattern_set *set, size_t *work)
{
	if (*work == 0)
		return true;
	--*work;
	set->work++;
	return false;
}

/* Compares the group's members with the segment. False: there is more to do. */
static bool walk_compare(struct pattern_set *set, size_t *work)
{
	struct pattern_walk *walk = &set->walk;

	while (walk->group != NULL && walk->member != &walk->group->members) {
		struct pattern_node *node =
			container_of(walk->member, struct pattern_node, member);

		if (walk_is_tired(set, work))
			return false;
		walk->member = walk->member->next;
		if (glob_matches(node->node.key, walk->segment))
			walk_reach(set, node);
	}
	walk->group = NULL;
	return true;
}

/* Compares the segment with the node's children. False: there is more to do. */
static bool walk_step_at(
	struct pattern_set *set, struct pattern_node *node, size_t *work)
{
	struct pattern_walk *walk = &set->walk;

	if (!walk->has_entered) {
		if (walk_is_tired(set, work))
			return false;
		walk_enter(set, node);
	}
	for (;;) {
		if (!walk_compare(set, work) || *work == 0)
			return false;
		if (!glob_cursor_next(&walk->cursor, node, walk->segment))
			return true;
		walk_is_tired(set, work);
		struct glob_group *group =
			globs_at(set, node, &walk->cursor, walk->segment);

		/* A literal may stand at many places of a segment. */
		if (group != NULL && group->step != walk->step) {
			group->step = walk->step;
			walk->group = group;
			walk->member = group->members.next;
		}
	}
}

/* All nodes where the walk stands. False: there is more to do. */
static bool walk_step(struct pattern_set *set, size_t *work)
{
	struct pattern_walk *walk = &set->walk;

	for (; walk->at < walk->now_count; walk->at++) {
		if (!walk_step_at(set, walk->now[walk->at], work))
			return false;
		walk->has_entered = false;
	}
	return true;
}

/* The patterns that end where the walk has ended. False: there is more to do. */
static bool walk_tell(struct pattern_set *set, size_t *work)
{
	struct pattern_walk *walk = &set->walk;

	for (; walk->told < walk->next_count; walk->told++) {
		struct pattern_node *node = walk->next[walk->told];

		if (!node->ends)
			continue;
		if (walk_is_tired(set, work))
			return false;
		walk->match(node->value, walk->context);
	}
	return true;
}

static void walk_end(struct pattern_set *set)
{
	struct pattern_walk *walk = &set->walk;

	walk->is_active = false;
	walk->group = NULL;
	while (walk->dropped != NULL) {
		struct pattern_node *node = walk->dropped;

		walk->dropped = node->beside;
		free(node);
	}
}

void pattern_start(struct pattern_set *set, struct slice destination,
	void (*match)(void *value, void *context), void *context)
{
	struct pattern_walk *walk = &set->walk;

	assert(!walk->is_active);
	if (set->count == 0)
		return;
	set->visited = set->work = 0;
	walk->is_active = true;
	walk->rest = destination;
	walk->match = match;
	walk->context = context;
	walk->now_count = walk->next_count = walk->at = walk->told = 0;
	walk->step++;
	walk_reach(set, set->root);
}

bool pattern_continue(struct pattern_set *set, size_t *work)
{
	struct pattern_walk *walk = &set->walk;

	if (!walk->is_active)
		return true;
	for (;;) {
		if (!walk_step(set, work))
			return false;
		if (walk->next_count == 0 || !pattern_take_segment(&walk->rest,
						     set->separator, &walk->segment))
			break;
		walk_begin_step(set);
	}
	if (!walk_tell(set, work))
		return false;
	walk_end(set);
	return true;
}

void pattern_match(struct pattern_set *set, struct slice destination,
	void (*match)(void *value, void *context), void *context)
{
	size_t work = SIZE_MAX;

	pattern_start(set, destination, match, context);
	pattern_continue(set, &work);
}

void pattern_walk_drop(struct pattern_set *set, struct pattern_node *node)
{
	struct pattern_walk *walk = &set->walk;

	if (!walk->is_active) {
		free(node);
		return;
	}
	node->deep = NULL;
	node->beside = walk->dropped;
	walk->dropped = node;
}

void pattern_walk_forget(
	struct pattern_set *set, const struct pattern_node *node, bool is_last)
{
	struct pattern_walk *walk = &set->walk;

	if (walk->group != node->group)
		return;
	if (walk->member == &node->member)
		walk->member = node->member.next;
	if (is_last)
		walk->group = NULL;
}

void pattern_walk_finish(struct pattern_set *set)
{
	walk_end(set);
	free(set->walk.now);
	free(set->walk.next);
	set->walk = (struct pattern_walk){.is_active = false};
}
