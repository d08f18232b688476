/*
 * Patterns of destinations: '?' matches one character, '*' any run of characters
 * within a segment, and a segment "**" any number of segments, also none. Segments
 * begin at '/', and at '.' too if that is the configuration's separator.
 *
 * A set is a trie of segments. A match walks along the destination, segment by
 * segment, at all nodes that patterns may still match. Its cost grows with the length
 * of the destination and with the patterns that begin like it, not with the others.
 * Only segments like "a*" at the same node are compared one by one, each in a time
 * that grows with its length and not with a product.
 */
#ifndef GATEWAY_BROKER_PATTERN_H
#define GATEWAY_BROKER_PATTERN_H

#include "gateway/base/table.h"
#include "protocol/buf.h"

enum { PATTERN_WILDCARDS_MAX = 8, PATTERN_SEGMENTS_MAX = 32 };

struct pattern_node;

struct pattern_set {
	struct hash_key key;
	char separator; /* '/' or '.' */
	struct pattern_node *root;
	size_t count;   /* patterns */
	size_t nodes;   /* segments; a shared one counts once */
	uint64_t walks; /* numbers the steps, so that each visits a node once */
	size_t visited; /* nodes of the latest match */
	struct pattern_node **now, **next;
	size_t capacity;
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
 * Calls `match` once with the value of each pattern that matches the destination.
 * `match` must not change the set.
 */
void pattern_match(struct pattern_set *set, struct slice destination,
	void (*match)(void *value, void *context), void *context);

#endif
