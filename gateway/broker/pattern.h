/*
 * Patterns of destinations: '?' matches one character, '*' any run of characters
 * within a segment, and a segment "**" any number of segments, also none. Segments
 * begin at '/', and at '.' too if that is the configuration's separator.
 *
 * A set is a trie of segments. A match walks along the destination, segment by
 * segment, at all nodes that patterns may still match. Segments like "a*b" at one node
 * are found by a literal that they contain, in a table. Adding and removing a pattern
 * takes a time that grows with its own length only.
 *
 * What a match costs at most: for each segment of the destination, each node that it
 * reaches takes one look for its own child, at most 128 looks for literals at the ends
 * of the segment, and 8 for each octet of it; and each child with wildcards whose
 * literal was found is compared once. Each reached node counts once for each segment,
 * so nothing multiplies. A segment has at least one octet, so a destination has at
 * most limits.destination of them. pattern_continue() counts the work, and can stop
 * and go on later.
 */
#ifndef GATEWAY_BROKER_PATTERN_H
#define GATEWAY_BROKER_PATTERN_H

#include "gateway/base/list.h"
#include "gateway/base/table.h"
#include "protocol/buf.h"

enum { PATTERN_WILDCARDS_MAX = 8, PATTERN_SEGMENTS_MAX = 32 };

struct glob_group;
struct pattern_node;

/* Where a literal stands in the segments that have it. */
enum glob_kind {
	GLOB_FRONT,
	GLOB_BACK,
	GLOB_PIECE,
	GLOB_KINDS,
};

/* A place of a segment where a literal of `length` octets may stand. */
struct glob_cursor {
	enum glob_kind kind;
	size_t length, at, last; /* 0: no length yet; `last` is the last place for it */
};

/* A match that is under way. */
struct pattern_walk {
	bool is_active;
	struct slice rest, segment; /* of the destination */
	struct pattern_node **now;  /* where it stands, before the segment */
	struct pattern_node **next; /* and behind it */
	size_t now_count, next_count;
	size_t capacity;              /* of both */
	size_t at;                    /* the node of `now` that it is at */
	bool has_entered;             /* that node: all but its globs is done */
	struct glob_cursor cursor;    /* at that node */
	struct glob_group *group;     /* being compared, or NULL */
	struct list *member;          /* of the group: the next one */
	size_t told;                  /* nodes of `next` whose pattern was told */
	uint64_t step;                /* numbers the steps of all walks */
	struct pattern_node *dropped; /* have left the set: freed at the end */
	void (*match)(void *value, void *context);
	void *context;
};

struct pattern_set {
	struct hash_key key;
	char separator; /* '/' or '.' */
	struct pattern_node *root;
	struct table groups;  /* of nodes with wildcards, by parent and literal */
	size_t count;         /* patterns */
	size_t nodes;         /* segments; a shared one counts once */
	size_t visited, work; /* of the latest match: nodes; pieces of work */
	struct pattern_walk walk;
};

/*
 * Makes an empty set. Copies the key, which should be secret, since clients choose the
 * segments. An empty set has memory too: call pattern_set_finish().
 */
void pattern_set_init(
	struct pattern_set *set, const struct hash_key *key, char separator);

/*
 * Frees the set. Passes the value of each pattern that is left to `drop`, which may be
 * NULL when the set is empty.
 */
void pattern_set_finish(struct pattern_set *set, void (*drop)(void *value));

/*
 * True when the text has a '*' or a '?'. pattern_check() checks whether the pattern is
 * allowed.
 */
bool pattern_is(struct slice text);

/*
 * False, with a sentence appended to *error, for a pattern that would be ambiguous or
 * too expensive.
 */
bool pattern_check(struct slice text, char separator, struct buf *error);

/*
 * Adds the pattern if it is not in the set. Returns the place where the set's owner
 * keeps a value for it: NULL at first, and NULL again before pattern_remove(). Valid
 * until then.
 */
void **pattern_add(struct pattern_set *set, struct slice pattern);

/* How many segments the pattern has: pattern_add() adds no more nodes. */
size_t pattern_segments(const struct pattern_set *set, struct slice pattern);

/* How many nodes pattern_add() would add. Callers bound the set by its nodes. */
size_t pattern_growth(const struct pattern_set *set, struct slice pattern);

/*
 * The place that pattern_add() returned for the same text. NULL when the pattern is
 * not in the set.
 */
void **pattern_find(const struct pattern_set *set, struct slice pattern);

/*
 * Removes a pattern that is in the set. Its place must hold NULL again: the set frees
 * no value.
 */
void pattern_remove(struct pattern_set *set, struct slice pattern);

/*
 * Starts a match: pattern_continue() will call `match` once with the value of each
 * pattern that matches the destination, which is borrowed until then. A set has one
 * match at a time. Patterns may be added and removed meanwhile; one of these may be
 * told or not, a removed one never.
 */
void pattern_start(struct pattern_set *set, struct slice destination,
	void (*match)(void *value, void *context), void *context);

/*
 * Continues the match, if one is under way, for at most *work pieces of work, each far
 * below 1 us. Takes what it has done off *work. True when the match is over.
 */
bool pattern_continue(struct pattern_set *set, size_t *work);

/*
 * Both in one call. `match` must not change the set.
 */
void pattern_match(struct pattern_set *set, struct slice destination,
	void (*match)(void *value, void *context), void *context);

#endif
