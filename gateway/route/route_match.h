/*
 * Ant patterns of destinations: segments between '/', in which '?' matches one
 * character, '*' any run within the segment, {name} one whole segment, and '**' any
 * number of segments, also none. Only an empty segment and '**' match an empty
 * segment.
 */
#ifndef GATEWAY_ROUTE_ROUTE_MATCH_H
#define GATEWAY_ROUTE_ROUTE_MATCH_H

#include "protocol/buf.h"

/* A variable of a route's pattern and what it matched. */
struct variable {
	struct slice name, value;
};

enum { VARIABLES_MAX = 16 };

struct variables {
	struct variable items[VARIABLES_MAX];
	size_t count;
};

/* The matched text of the variable, or NULL when none has that name. */
const struct slice *variables_find(
	const struct variables *variables, struct slice name);

/*
 * Checks a pattern and returns the names of its variables, with empty values. The
 * names point into the pattern. False, with the mistake appended to *error, when the
 * pattern does not begin with '/', a brace or '**' shares its segment, or a name is
 * empty, repeated or one too many.
 */
bool route_variables(
	struct slice pattern, struct variables *variables, struct buf *error);

/*
 * Matches a destination with a pattern. The time is at worst the product of both
 * lengths; nothing recurses. The variables point into both; they are written on
 * success only, and may be NULL. '**' takes as few segments as possible.
 */
bool route_match(
	struct slice pattern, struct slice destination, struct variables *variables);

/*
 * Orders patterns, negative when `a` is more specific than `b`, as Spring's
 * AntPathMatcher does: those without '**' first, those that end with it last;
 * then fewer wildcards; then longer (a variable counts as one character). Spring
 * has exceptions that make cycles (a < b < c < a); this is an order to sort by.
 */
int route_compare(struct slice a, struct slice b);

#endif
