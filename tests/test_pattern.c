/* Patterns: their matches, and the cost of matching. */
#include "gateway/broker/pattern.h"
#include "tests/support/chance.h"
#include "tests/support/unit.h"

#include <stdio.h>

static struct pattern_set set;

static void setup(void)
{
	pattern_set_init(&set, &(struct hash_key){1, 2}, '/');
}

static void setup_dots(void)
{
	pattern_set_init(&set, &(struct hash_key){1, 2}, '.');
}

static void teardown(void)
{
	pattern_set_finish(&set, NULL);
}

/* A value is the address of a counter. */
static void count(void *value, void *context)
{
	++*(unsigned *)value;
	++*(unsigned *)context;
}

static void forget(void *value)
{
	(void)value;
}

static unsigned matches(const char *destination)
{
	unsigned all = 0;

	pattern_match(&set, slice_of(destination), count, &all);
	return all;
}

static bool alone_matches(const char *pattern, const char *destination)
{
	unsigned heard = 0;

	*pattern_add(&set, slice_of(pattern)) = &heard;
	matches(destination);
	*pattern_find(&set, slice_of(pattern)) = NULL;
	pattern_remove(&set, slice_of(pattern));
	ck_assert_uint_le(heard, 1);
	return heard == 1;
}

static const struct {
	const char *pattern, *destination;
	bool match;
} table[] = {
	{"/topic/*", "/topic/a", true},
	{"/topic/*", "/topic/a/b", false},
	{"/topic/*", "/topic", false},
	{"/topic/*", "/topic/", true},
	{"/topic/*", "/other/a", false},
	{"/topic/*/c", "/topic/b/c", true},
	{"/topic/*/c", "/topic/c", false},
	{"/topic/a?", "/topic/ab", true},
	{"/topic/a?", "/topic/a", false},
	{"/topic/?", "/topic//", false},
	{"/topic/a*c", "/topic/ac", true},
	{"/topic/a*c", "/topic/abbc", true},
	{"/topic/a*c", "/topic/abcb", false},
	{"/topic/*a*b*", "/topic/xaybz", true},
	{"/topic/*a*b*", "/topic/xbya", false},
	{"/topic/*a*a", "/topic/a", false},
	{"/topic/*ab*b", "/topic/ab", false},
	{"/topic/*ab*b", "/topic/abb", true},
	{"/topic/a*?", "/topic/a", false},
	{"/topic/a*?c", "/topic/abbc", true},
	{"/topic/?*", "/topic/", false},
	{"/topic/a?", "/topic/a\u00e9", true},
	{"/topic/*?b", "/topic/\u20acb", true},
	{"/topic/??", "/topic/\u00e9", false},
	{"/topic/**", "/topic/a", true},
	{"/topic/**", "/topic/a/b/c", true},
	{"/topic/**", "/topic", true},
	{"/topic/**", "/topicx", false},
	{"/topic/**/z", "/topic/z", true},
	{"/topic/**/z", "/topic/a/b/z", true},
	{"/topic/**/z", "/topic/a/b/z/y", false},
	{"/topic/**/a/**/b", "/topic/a/b", true},
	{"/topic/**/a/**/b", "/topic/x/a/y/a/z/b", true},
	{"/topic/**/a/**/b", "/topic/x/b/y/a", false},
	{"/topic/**/**/b", "/topic/b", true},
	{"/topic/a.b.*", "/topic/a.b.c", true},
	{"/topic/a.*", "/topic/a.b.c", true},
};

START_TEST(segments_are_matched_with_slashes)
{
	ck_assert(alone_matches(table[_i].pattern, table[_i].destination) ==
		  table[_i].match);
}
END_TEST

static const struct {
	const char *pattern, *destination;
	bool match;
} dots[] = {
	{"/topic/a.*", "/topic/a.b", true},
	{"/topic/a.*", "/topic/a.b.c", false},
	{"/topic/a.*", "/topic/a/b", false},
	{"/topic/a.*.c", "/topic/a.b.c", true},
	{"/topic/a.**", "/topic/a", true},
	{"/topic/a.**", "/topic/a.b.c", true},
	{"/topic/a.**", "/topic/a/b", false},
	{"/topic/**", "/topic/a/b", true},
	{"/topic/*.b", "/topic/a.b", true},
};

START_TEST(segments_are_matched_with_dots)
{
	ck_assert(alone_matches(dots[_i].pattern, dots[_i].destination) ==
		  dots[_i].match);
}
END_TEST

static const struct {
	const char *pattern;
	bool good;
} checked[] = {
	{"/topic/*", true},
	{"/topic/**", true},
	{"/topic/a**", false},
	{"/topic/**a", false},
	{"/topic/***", false},
	{"/topic/*a*", true},
	{"/topic/?a*b?", true},
	{"/topic/*a?*", false},
	{"/topic/*?/?*", true},
	{"/*/*/*/*/*/*/*/*", true},
	{"/*/*/*/*/*/*/*/*/*", false},
	{"////////////////////////////////", true},
	{"/////////////////////////////////", false},
};

START_TEST(patterns_are_checked)
{
	struct buf error = {0};

	ck_assert(pattern_check(slice_of(checked[_i].pattern), '/', &error) ==
		  checked[_i].good);
	ck_assert((error.len == 0) == checked[_i].good);
	buf_finish(&error);
}
END_TEST

/* The simplest correct matcher; `at` are whole segments. */
static bool naive_segment(const char *glob, const char *text)
{
	if (*glob == '\0')
		return *text == '\0';
	if (*glob == '*')
		return naive_segment(glob + 1, text) ||
		       (*text != '\0' && naive_segment(glob, text + 1));
	return *text != '\0' && (*glob == '?' || *glob == *text) &&
	       naive_segment(glob + 1, text + 1);
}

static bool naive(char (*glob)[8], int globs, char (*text)[8], int texts)
{
	if (globs == 0)
		return texts == 0;
	if (strcmp(glob[0], "**") == 0)
		return naive(glob + 1, globs - 1, text, texts) ||
		       (texts > 0 && naive(glob, globs, text + 1, texts - 1));
	return texts > 0 && naive_segment(glob[0], text[0]) &&
	       naive(glob + 1, globs - 1, text + 1, texts - 1);
}

static int invent(struct chance *chance, const char *letters, bool deep,
	char (*segments)[8], char *joined)
{
	int segment_count = 1 + (int)chance_below(chance, 5);

	*joined = '\0';
	for (int i = 0; i < segment_count; i++) {
		unsigned len = chance_below(chance, 4);

		for (unsigned j = 0; j < len; j++)
			segments[i][j] = letters[chance_below(
				chance, (unsigned)strlen(letters))];
		segments[i][len] = '\0';
		if (deep && chance_percent(chance, 25))
			strcpy(segments[i], "**");
		strcat(strcat(joined, "/"), segments[i]);
	}
	return segment_count;
}

START_TEST(the_trie_matches_as_the_plainest_matcher_does)
{
	enum { PATTERNS = 40 };
	struct chance chance = {0x5eed + (uint64_t)_i};
	char globs[PATTERNS][5][8], text[5][8], patterns[PATTERNS][48], joined[48];
	unsigned heard[PATTERNS] = {0};
	int glob_counts[PATTERNS];

	for (int i = 0; i < PATTERNS; i++) {
		glob_counts[i] = invent(&chance, "ab*?", true, globs[i], patterns[i]);
		void **place = pattern_add(&set, slice_of(patterns[i]));
		if (*place == NULL)
			*place = &heard[i];
	}
	for (int round = 0; round < 200; round++) {
		int texts = invent(&chance, "ab", false, text, joined);

		memset(heard, 0, sizeof(heard));
		matches(joined);
		for (int i = 0; i < PATTERNS; i++) {
			unsigned got =
				*(unsigned *)*pattern_find(&set, slice_of(patterns[i]));

			if (got != naive(globs[i], glob_counts[i], text, texts))
				ck_abort_msg("seed %d: %s with %s: %u", _i, patterns[i],
					joined, got);
		}
	}
	for (int i = 0; i < PATTERNS; i++) {
		void **place = pattern_find(&set, slice_of(patterns[i]));

		if (place == NULL)
			continue; /* its twin is gone */
		*place = NULL;
		pattern_remove(&set, slice_of(patterns[i]));
	}
	ck_assert_uint_eq(set.count, 0);
}
END_TEST

START_TEST(others_cost_nothing)
{
	static unsigned heard;
	char pattern[64];

	*pattern_add(&set, SLICE("/topic/mine/*")) = &heard;
	matches("/topic/mine/x");
	size_t alone = set.visited;
	for (int i = 0; i < 20000; i++) {
		snprintf(pattern, sizeof(pattern), "/topic/%d/*", i);
		*pattern_add(&set, slice_of(pattern)) = &heard;
	}
	matches("/topic/mine/x");
	ck_assert_uint_eq(set.visited, alone);
	pattern_set_finish(&set, forget);
	setup();
}
END_TEST

START_TEST(evil_patterns_cost_no_more_than_their_places)
{
	static unsigned heard;
	char destination[1024] = "/topic";

	*pattern_add(&set, SLICE("/topic/**/a/**/a/**/a/**/a/**/b")) = &heard;
	for (int i = 0; i < 200; i++)
		strcat(destination, "/a");
	ck_assert_uint_eq(matches(destination), 0);
	ck_assert_uint_lt(set.visited, 202 * 12);
	*pattern_find(&set, SLICE("/topic/**/a/**/a/**/a/**/a/**/b")) = NULL;
	pattern_remove(&set, SLICE("/topic/**/a/**/a/**/a/**/a/**/b"));
}
END_TEST

/* It would take minutes if each were compared at every place. */
START_TEST(evil_segments_cost_no_more_than_their_lengths)
{
	enum { PATTERNS = 200, LENGTH = 30000 };
	static unsigned heard;
	static char pattern[LENGTH + 32], text[2 * LENGTH + 32];

	memset(memcpy(text, "/topic/", 7) + 7, 'a', 2 * LENGTH);
	memset(memcpy(pattern, "/topic/*", 8) + 8, 'a', LENGTH);
	for (int i = 0; i < PATTERNS; i++) {
		snprintf(pattern + 8 + LENGTH, 16, "%d*", i);
		*pattern_add(&set, slice_of(pattern)) = &heard;
	}
	ck_assert_uint_eq(matches(text), 0);
	pattern_set_finish(&set, forget);
	setup();
}
END_TEST

START_TEST(a_set_tells_by_how_much_it_grows)
{
	static unsigned heard;

	ck_assert_uint_eq(pattern_growth(&set, SLICE("/topic/a/*")), 3);
	*pattern_add(&set, SLICE("/topic/a/*")) = &heard;
	ck_assert_uint_eq(set.nodes, 3);
	ck_assert_uint_eq(pattern_growth(&set, SLICE("/topic/a/*")), 0);
	ck_assert_uint_eq(pattern_growth(&set, SLICE("/topic/b/*/c")), 3);
	*pattern_find(&set, SLICE("/topic/a/*")) = NULL;
	pattern_remove(&set, SLICE("/topic/a/*"));
	ck_assert_uint_eq(set.nodes, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pattern");
	TCase *slashes = unit_case(suite, "slashes");
	TCase *with_dots = unit_case(suite, "dots");

	tcase_add_checked_fixture(slashes, setup, teardown);
	unit_add_table(slashes, segments_are_matched_with_slashes, table);
	unit_add_table(slashes, patterns_are_checked, checked);
	tcase_add_loop_test(
		slashes, the_trie_matches_as_the_plainest_matcher_does, 0, 100);
	tcase_add_test(slashes, others_cost_nothing);
	tcase_add_test(slashes, evil_patterns_cost_no_more_than_their_places);
	tcase_add_test(slashes, evil_segments_cost_no_more_than_their_lengths);
	tcase_add_test(slashes, a_set_tells_by_how_much_it_grows);
	tcase_add_checked_fixture(with_dots, setup_dots, teardown);
	unit_add_table(with_dots, segments_are_matched_with_dots, dots);
	return unit_run(suite);
}
