#include "gateway/route/route_match.h"

#include "tests/support/unit.h"

static const struct {
	const char *pattern, *destination;
	bool matches;
} matches[] = {
	{"/app/chat", "/app/chat", true},
	{"/app/chat", "/app/chats", false},
	{"/app/chat", "/app/cha", false},
	{"/app/chat", "/app/chat/", false},
	{"/app/chat", "/app/Chat", false},
	{"/app/chat", "", false},

	{"/app/?", "/app/a", true},
	{"/app/?", "/app/\xc3\xa9", true}, /* one character of two bytes */
	{"/app/?", "/app/ab", false},
	{"/app/?", "/app/", false},
	{"/a?p", "/a/p", false},

	{"/app/*", "/app/chat", true},
	{"/app/*", "/app/", false},
	{"/app/*", "/app", false},
	{"/app/*", "/app/chat/x", false},
	{"/app/c*t", "/app/chat", true},
	{"/app/c*t", "/app/ct", true},
	{"/app/c*t", "/app/chats", false},
	{"/app/*a*b*", "/app/xxaxxbxx", true},
	{"/app/*a*b*", "/app/xxbxxaxx", false},
	{"/app/*?", "/app/x", true},
	{"/app/*?", "/app/", false},
	{"/app/*ab", "/app/aab", true},
	{"/*/chat", "/app/chat", true},

	{"/app/**", "/app", true},
	{"/app/**", "/app/", true},
	{"/app/**", "/app/a/b/c", true},
	{"/app/**", "/apple", false},
	{"/**", "/", true},
	{"/**", "/a/b", true},
	{"/**/chat", "/chat", true},
	{"/**/chat", "/a/b/chat", true},
	{"/**/chat", "/a/b/chat/x", false},
	{"/a/**/z", "/a/z", true},
	{"/a/**/z", "/a/b/c/z", true},
	{"/a/**/z", "/a//z", true},
	{"/a/**/b/**/z", "/a/1/b/2/3/z", true},
	{"/a/**/b/**/z", "/a/1/2/3/z", false},
	{"/a/**/**", "/a", true},
	{"/a/**/b/?", "/a/b/b/b/x", true},

	{"/app/{room}", "/app/7", true},
	{"/app/{room}", "/app/", false},
	{"/app/{room}", "/app/7/8", false},
	{"/app/{room}/say", "/app/7/say", true},
};

START_TEST(a_pattern_matches_or_does_not)
{
	bool got = route_match(
		slice_of(matches[_i].pattern), slice_of(matches[_i].destination), NULL);

	ck_assert_msg(got == matches[_i].matches, "\"%s\" and \"%s\"",
		matches[_i].pattern, matches[_i].destination);
}
END_TEST

START_TEST(variables_get_their_segments)
{
	struct variables variables = {.count = 0};

	ck_assert(route_match(
		SLICE("/app/{room}/{verb}"), SLICE("/app/7/say"), &variables));
	ck_assert_uint_eq(variables.count, 2);
	ck_assert_slice_eq(*variables_find(&variables, SLICE("room")), SLICE("7"));
	ck_assert_slice_eq(*variables_find(&variables, SLICE("verb")), SLICE("say"));
	ck_assert_ptr_null(variables_find(&variables, SLICE("roo")));
}
END_TEST

START_TEST(variables_behind_a_star_are_those_of_the_final_match)
{
	struct variables variables = {.count = 0};

	ck_assert(route_match(
		SLICE("/{a}/**/{b}/end"), SLICE("/1/2/3/4/end"), &variables));
	ck_assert_uint_eq(variables.count, 2);
	ck_assert_slice_eq(*variables_find(&variables, SLICE("a")), SLICE("1"));
	ck_assert_slice_eq(*variables_find(&variables, SLICE("b")), SLICE("4"));
}
END_TEST

START_TEST(a_mismatch_leaves_the_variables_alone)
{
	struct variables variables = {.count = 0};

	ck_assert(!route_match(SLICE("/{a}/x"), SLICE("/1/y"), &variables));
	ck_assert_uint_eq(variables.count, 0);
}
END_TEST

/* Naive backtracking would take longer than the universe is old. */
START_TEST(many_stars_take_no_exponential_time)
{
	struct buf pattern = {0}, destination = {0};

	for (int i = 0; i < 60; i++)
		buf_append(&pattern, SLICE("/**/*a*a*a*a*a*b"));
	for (int i = 0; i < 2000; i++)
		buf_append(&destination, SLICE("/aaaaaaaaaa"));
	ck_assert(!route_match(buf_slice(&pattern), buf_slice(&destination), NULL));
	buf_finish(&pattern);
	buf_finish(&destination);
}
END_TEST

static const struct {
	const char *pattern;
	size_t count;
	const char *error; /* NULL: the pattern is fine */
} patterns[] = {
	{"/app/chat", 0, NULL},
	{"/app/{room}/{user-name}", 2, NULL},
	{"/app/**/*.txt", 0, NULL},
	{"app/chat", 0, "must begin with \"/\""},
	{"", 0, "must begin with \"/\""},
	{"/app/{room", 0, "a {name} must be a whole segment, not \"{room\""},
	{"/app/room}", 0, "a {name} must be a whole segment, not \"room}\""},
	{"/app/x{room}", 0, "a {name} must be a whole segment, not \"x{room}\""},
	{"/app/{}", 0, "a {name} must be a whole segment, not \"{}\""},
	{"/app/{a}{b}", 0, "{a}{b} may have letters, digits, '_' and '-' only"},
	{"/app/{id:[0-9]+}", 0,
		"{id:[0-9]+} may have letters, digits, '_' and '-' only"},
	{"/{a}/{a}", 0, "has the variable {a} twice"},
	{"/app/a**", 0, "** must be a whole segment, not \"a**\""},
	{"/{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i}/{j}/{k}/{l}/{m}/{n}/{o}/{p}", 16, NULL},
	{"/{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i}/{j}/{k}/{l}/{m}/{n}/{o}/{p}/{q}", 0,
		"has more than 16 variables"},
};

START_TEST(a_pattern_is_taken_or_refused_with_the_reason)
{
	struct variables variables = {.count = 0};
	struct buf error = {0};
	bool fine = route_variables(slice_of(patterns[_i].pattern), &variables, &error);

	ck_assert_msg(fine == (patterns[_i].error == NULL), "%s", patterns[_i].pattern);
	ck_assert_uint_eq(variables.count, patterns[_i].count);
	ck_assert_slice_eq(buf_slice(&error), slice_of(fine ? "" : patterns[_i].error));
	buf_finish(&error);
}
END_TEST

/* From the most specific to the least. */
static const char *const ordered[] = {
	"/app/room/say",
	"/app/chat",
	"/app/roo?/say",
	"/app/room/{verb}",
	"/app/room/*",
	"/app/{verb}",
	"/app/*",
	"/app/{room}/{verb}",
	"/*/*",
	"/**/say",
	"/app/{room}/**",
	"/app/**",
	"/**",
};

START_TEST(each_pattern_is_more_specific_than_all_below_it)
{
	struct slice here = slice_of(ordered[_i]);

	ck_assert_int_eq(route_compare(here, here), 0);
	for (size_t i = (size_t)_i + 1; i < COUNT(ordered); i++) {
		ck_assert_msg(route_compare(here, slice_of(ordered[i])) < 0,
			"%s is less specific than %s", ordered[_i], ordered[i]);
		ck_assert_msg(route_compare(slice_of(ordered[i]), here) > 0,
			"%s is more specific than %s", ordered[i], ordered[_i]);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("route_match");
	TCase *match = unit_case(suite, "match");
	TCase *pattern = unit_case(suite, "pattern");

	unit_add_table(match, a_pattern_matches_or_does_not, matches);
	tcase_add_test(match, variables_get_their_segments);
	tcase_add_test(match, variables_behind_a_star_are_those_of_the_final_match);
	tcase_add_test(match, a_mismatch_leaves_the_variables_alone);
	tcase_add_test(match, many_stars_take_no_exponential_time);
	unit_add_table(
		pattern, a_pattern_is_taken_or_refused_with_the_reason, patterns);
	unit_add_table(
		pattern, each_pattern_is_more_specific_than_all_below_it, ordered);
	return unit_run(suite);
}
