/*
 * Routes of the configuration: two patterns, a destination and a send_to, a line each.
 * A route must match like a table of segments. Its variables, put back into the
 * pattern, must give one that matches the same. The patterns must have one order.
 */
#include "gateway/route/route_match.h"

#include "gateway/route/template.h"
#include "protocol/utf8.h"
#include "tests/support/fuzz.h"
#include "tests/support/glob_model.h"

enum { TEXT_MAX = GLOB_MODEL_MAX };

static bool is_variable(struct slice segment)
{
	return segment.len > 2 && segment.data[0] == '{';
}

static bool segment_matches(struct slice glob, struct slice text)
{
	if (glob.len == 0 || text.len == 0)
		return glob.len == text.len;
	return is_variable(glob) || glob_model_matches(glob, text);
}

/* The texts between slashes; n slashes make n + 1 segments. */
static size_t cut(struct slice text, struct slice segments[TEXT_MAX + 1])
{
	size_t count = 0;

	for (;;) {
		const size_t len = slice_find(text, '/');

		segments[count++] = slice_first(text, len);
		if (len == text.len)
			return count;
		text = slice_from(text, len + 1);
	}
}

static bool matches(struct slice pattern, struct slice destination)
{
	bool fits[TEXT_MAX + 2][TEXT_MAX + 2] = {{false}};
	struct slice globs[TEXT_MAX + 1], texts[TEXT_MAX + 1];
	const size_t wanted = cut(pattern, globs), given = cut(destination, texts);

	fits[wanted][given] = true;
	for (size_t p = wanted; p-- > 0;) {
		for (size_t t = given + 1; t-- > 0;) {
			const bool is_left = t < given;

			if (slice_equal(globs[p], SLICE("**")))
				fits[p][t] =
					fits[p + 1][t] || (is_left && fits[p][t + 1]);
			else
				fits[p][t] = is_left && fits[p + 1][t + 1] &&
					     segment_matches(globs[p], texts[t]);
		}
	}
	return fits[0][0];
}

/* The pattern with values in the place of its variables. */
static struct buf filled_in(struct slice pattern, const struct variables *variables)
{
	struct slice segments[TEXT_MAX + 1];
	const size_t count = cut(pattern, segments);
	struct buf filled = {0};
	size_t variable = 0;

	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			buf_append_char(&filled, '/');
		if (is_variable(segments[i]))
			buf_append(&filled, variables->items[variable++].value);
		else
			buf_append(&filled, segments[i]);
	}
	assert(variable == variables->count);
	return filled;
}

/* `names` are the result of route_variables(). */
static void check_variables(struct slice pattern, struct slice destination,
	const struct variables *names, const struct variables *variables)
{
	struct buf filled = filled_in(pattern, variables);

	assert(variables->count == names->count);
	for (size_t i = 0; i < names->count; i++) {
		const struct variable *one = &variables->items[i];

		assert(slice_equal(one->name, names->items[i].name));
		assert(one->value.len > 0);
		assert(slice_find(one->value, '/') == one->value.len);
		assert(variables_find(variables, one->name) == &one->value);
	}
	/* A value may have a '*' or a '?' itself, which then matches itself. */
	assert(route_match(buf_slice(&filled), destination, NULL));
	buf_finish(&filled);
}

static void check_send_to(struct slice text, const struct variables *names,
	const struct variables *variables)
{
	struct buf error = {0}, out = {0};

	buf_append_char(&out, '!');
	const struct template_input input = {
		.variables = variables, .user = SLICE("a/b"), .session = SLICE("s")};

	if (template_check_target(text, names, &error)) {
		/* Only a claim may have no value. */
		assert(template_render_target(text, &input, '/', &out, &error) ||
			(error.len > 0 && out.len == 1));
		assert(slice_find(text, '{') < text.len ||
			slice_find(text, '}') < text.len ||
			slice_equal(slice_from(buf_slice(&out), 1), text));
	} else {
		assert(error.len > 0);
		/* A target may be ambiguous, and can be filled in all the same. */
		template_render_target(text, &input, '/', &out, &error);
	}
	buf_finish(&error);
	buf_finish(&out);
}

/* False for a pattern that the configuration refuses. */
static bool pattern_is_fine(struct slice pattern, struct variables *names)
{
	struct buf error = {0};
	const bool is_fine =
		pattern.len <= TEXT_MAX && route_variables(pattern, names, &error);

	assert(is_fine || pattern.len > TEXT_MAX || error.len > 0);
	buf_finish(&error);
	return is_fine;
}

static int sign(int number)
{
	return (number > 0) - (number < 0);
}

static void check_order(struct slice a, struct slice b, struct slice c)
{
	const int ab = route_compare(a, b), bc = route_compare(b, c);

	assert(route_compare(a, a) == 0);
	assert(sign(ab) == -sign(route_compare(b, a)));
	if (ab <= 0 && bc <= 0)
		assert(route_compare(a, c) <= 0);
	if (ab >= 0 && bc >= 0)
		assert(route_compare(a, c) >= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = fuzz_slice(data, size);
	const struct slice pattern = fuzz_line(&rest), other = fuzz_line(&rest);
	const struct slice destination = fuzz_line(&rest);
	struct variables names, found = {.count = 0};

	check_order(pattern, other, destination);
	if (!pattern_is_fine(pattern, &names) || destination.len > TEXT_MAX ||
		!utf8_is_valid(pattern) || !utf8_is_valid(destination))
		return 0;
	const bool is_match = route_match(pattern, destination, &found);
	assert(is_match == matches(pattern, destination));
	assert(is_match == route_match(pattern, destination, NULL));
	if (!is_match)
		return 0;
	check_variables(pattern, destination, &names, &found);
	check_send_to(rest, &names, &found);
	return 0;
}
