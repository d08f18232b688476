/*
 * A loop over segments, which advances while they match. On a mismatch it returns to
 * the latest "**", which takes one segment more. Only the latest one can matter, so
 * the time is a product.
 */
#include "gateway/route/route_match.h"

#include "gateway/route/glob.h"

#include <ctype.h>

/* Walks through the segments of a path: "/a" has two, the first one empty. */
struct segments {
	struct slice rest;
	bool done;
};

static struct slice segment_first(const struct segments *at)
{
	return slice_first(at->rest, slice_find(at->rest, '/'));
}

static void segment_next(struct segments *at)
{
	size_t len = slice_find(at->rest, '/');

	at->done = len == at->rest.len;
	at->rest = slice_from(at->rest, len + 1);
}

static bool segment_is_star(struct slice segment)
{
	return slice_equal(segment, SLICE("**"));
}

static bool segment_is_variable(struct slice segment)
{
	return segment.len > 2 && segment.data[0] == '{' &&
	       segment.data[segment.len - 1] == '}';
}

static void variables_add(
	struct variables *variables, struct slice name, struct slice value)
{
	if (variables->count < VARIABLES_MAX)
		variables->items[variables->count++] = (struct variable){name, value};
}

static struct slice variable_name(struct slice segment)
{
	return (struct slice){segment.data + 1, segment.len - 2};
}

static bool segment_match(
	struct slice pattern, struct slice text, struct variables *variables)
{
	if (pattern.len == 0 || text.len == 0)
		return pattern.len == text.len;
	if (!segment_is_variable(pattern))
		return glob_matches(pattern, text);
	variables_add(variables, variable_name(pattern), text);
	return true;
}

bool route_match(
	struct slice pattern, struct slice destination, struct variables *variables)
{
	struct segments in = {pattern, false}, at = {destination, false};
	struct segments star = {{"", 0}, true}, retry = at; /* after the latest '**' */
	struct variables found = {.count = 0};
	size_t kept = 0; /* variables before the star */
	bool has_star = false;

	while (!at.done) {
		if (!in.done && segment_is_star(segment_first(&in))) {
			segment_next(&in);
			has_star = true;
			star = in;
			retry = at;
			kept = found.count;
		} else if (!in.done && segment_match(segment_first(&in),
					       segment_first(&at), &found)) {
			segment_next(&in);
			segment_next(&at);
		} else if (has_star) {
			segment_next(&retry);
			at = retry;
			in = star;
			found.count = kept;
		} else {
			return false;
		}
	}
	while (!in.done && segment_is_star(segment_first(&in)))
		segment_next(&in);
	if (in.done && variables != NULL)
		*variables = found;
	return in.done;
}

const struct slice *variables_find(const struct variables *variables, struct slice name)
{
	for (size_t i = 0; variables != NULL && i < variables->count; i++)
		if (slice_equal(variables->items[i].name, name))
			return &variables->items[i].value;
	return NULL;
}

static bool segment_has_braces(struct slice segment)
{
	return slice_find(segment, '{') < segment.len ||
	       slice_find(segment, '}') < segment.len;
}

static bool segment_has_star(struct slice segment)
{
	for (size_t i = 1; i < segment.len; i++)
		if (segment.data[i] == '*' && segment.data[i - 1] == '*')
			return true;
	return false;
}

/* Spring's {name:regex} is not supported here, so it is refused. */
static bool route_name_is_plain(struct slice name)
{
	for (size_t i = 0; i < name.len; i++) {
		unsigned char byte = (unsigned char)name.data[i];

		if (!isalnum(byte) && byte != '_' && byte != '-')
			return false;
	}
	return true;
}

static bool variable_check(
	struct slice name, const struct variables *variables, struct buf *error)
{
	if (!route_name_is_plain(name)) {
		buf_printf(error, "{%.*s} may have letters, digits, '_' and '-' only",
			SLICE_ARGS(name));
		return false;
	}
	if (variables_find(variables, name) != NULL) {
		buf_printf(error, "has the variable {%.*s} twice", SLICE_ARGS(name));
		return false;
	}
	if (variables->count == VARIABLES_MAX) {
		buf_printf(error, "has more than %d variables", VARIABLES_MAX);
		return false;
	}
	return true;
}

static bool segment_check(
	struct slice segment, struct variables *variables, struct buf *error)
{
	if (segment_is_variable(segment)) {
		struct slice name = variable_name(segment);

		if (!variable_check(name, variables, error))
			return false;
		variables_add(variables, name, SLICE(""));
		return true;
	}
	if (segment_has_braces(segment)) {
		buf_printf(error, "a {name} must be a whole segment, not \"%.*s\"",
			SLICE_ARGS(segment));
		return false;
	}
	if (segment_has_star(segment) && !segment_is_star(segment)) {
		buf_printf(error, "** must be a whole segment, not \"%.*s\"",
			SLICE_ARGS(segment));
		return false;
	}
	return true;
}

bool route_variables(
	struct slice pattern, struct variables *variables, struct buf *error)
{
	struct segments in = {pattern, false};
	struct variables found = {.count = 0};

	if (!slice_starts_with(pattern, SLICE("/"))) {
		buf_append(error, SLICE("must begin with \"/\""));
		return false;
	}
	for (; !in.done; segment_next(&in))
		if (!segment_check(segment_first(&in), &found, error))
			return false;
	*variables = found;
	return true;
}

/* What makes a pattern less specific; smaller is more specific, in this order. */
struct weight {
	int rank; /* 0 without '**', 1 with it, 2 with it at the end */
	size_t wildcards, len, stars;
};

static void route_weigh_segment(struct weight *weight, struct slice segment)
{
	weight->len++; /* the '/' */
	weight->rank = segment_is_star(segment) ? 2 : weight->rank == 0 ? 0 : 1;
	if (segment_is_star(segment)) {
		weight->wildcards += 2;
		weight->len += 2;
	} else if (segment_is_variable(segment)) {
		weight->wildcards++;
		weight->len++;
	} else {
		for (size_t i = 0; i < segment.len; i++) {
			weight->stars += segment.data[i] == '*';
			weight->wildcards +=
				segment.data[i] == '*' || segment.data[i] == '?';
		}
		weight->len += segment.len;
	}
}

static struct weight route_weigh(struct slice pattern)
{
	struct weight weight = {0, 0, 0, 0};

	for (struct segments in = {pattern, false}; !in.done; segment_next(&in))
		route_weigh_segment(&weight, segment_first(&in));
	return weight;
}

static int route_compare_weights(size_t a, size_t b)
{
	return (a > b) - (a < b);
}

int route_compare(struct slice a, struct slice b)
{
	struct weight one = route_weigh(a), other = route_weigh(b);

	if (one.rank != other.rank)
		return one.rank - other.rank;
	/* Of two that end with a double star, the longer is more specific. */
	if (one.rank == 2 && one.len != other.len)
		return route_compare_weights(other.len, one.len);
	if (one.wildcards != other.wildcards)
		return route_compare_weights(one.wildcards, other.wildcards);
	if (one.len != other.len)
		return route_compare_weights(other.len, one.len);
	return route_compare_weights(one.stars, other.stars);
}
