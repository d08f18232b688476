/*
 * Many patterns with wildcards at one place: what a match looks at, counted in pieces
 * of work, so that no clock decides. Each piece is a look into a table, or a
 * comparison.
 *
 * POSTERN_BENCH=1 prints how long a match takes with 100,000 of them; it means
 * something in a release build.
 */
#include "gateway/broker/pattern.h"
#include "tests/support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { PATTERNS = 100000, FEWER = 20000 };

static struct pattern_set set;

static void setup(void)
{
	pattern_set_init(&set, &(struct hash_key){1, 2}, '/');
}

static void forget(void *value)
{
	(void)value;
}

static void teardown(void)
{
	pattern_set_finish(&set, forget);
}

static void count(void *value, void *context)
{
	(void)value;
	++*(unsigned *)context;
}

/* The form with a number in the place of its '#'. */
static struct slice numbered(const char *form, unsigned number, char text[64])
{
	const size_t at = slice_find(slice_of(form), '#');
	const int len =
		snprintf(text, 64, "%.*s%u%s", (int)at, form, number, form + at + 1);

	return (struct slice){text, (size_t)len};
}

static void add_numbered(const char *form, unsigned patterns)
{
	static int heard;
	char text[64];

	for (unsigned i = 0; i < patterns; i++)
		*pattern_add(&set, numbered(form, i, text)) = &heard;
}

static void remove_numbered(const char *form, unsigned patterns)
{
	char text[64];

	for (unsigned i = 0; i < patterns; i++) {
		*pattern_find(&set, numbered(form, i, text)) = NULL;
		pattern_remove(&set, numbered(form, i, text));
	}
}

static unsigned matches(const char *destination)
{
	unsigned all = 0;

	pattern_match(&set, slice_of(destination), count, &all);
	return all;
}

static void print_cost(const char *form, const char *destination)
{
	enum { ROUNDS = 2000 };
	struct timespec begun, over;

	if (getenv("POSTERN_BENCH") == NULL)
		return;
	clock_gettime(CLOCK_MONOTONIC, &begun);
	for (int i = 0; i < ROUNDS; i++)
		matches(destination);
	clock_gettime(CLOCK_MONOTONIC, &over);
	printf("%zu patterns %s: a match of %s takes %.2f us, %zu pieces of work\n",
		set.count, form, destination,
		((double)(over.tv_sec - begun.tv_sec) * 1e9 +
			(double)(over.tv_nsec - begun.tv_nsec)) /
			ROUNDS / 1000,
		set.work);
}

/* With many patterns that have this form. */
static const struct {
	const char *form, *other, *matched;
	unsigned found; /* patterns that match `matched` */
} forms[] = {
	{"/topic/a*#*", "/topic/abcdefghij", "/topic/ab7", 1},
	{"/topic/a#*", "/topic/abcdefghij", "/topic/a777", 3},
	{"/topic/a*#", "/topic/abcdefghij", "/topic/ab777", 3},
	{"/topic/*#*", "/topic/abcdefghij", "/topic/b7b", 1},
	{"/topic/customer-*-#", "/topic/customer-b-x", "/topic/customer-b-7", 1},
	{"/topic/?#?", "/topic/bcdefghij", "/topic/b7c", 1},
	{"/topic/**/*a*b*#*", "/topic/ab/ab/ab/ab/ab/ab/ab", "/topic/x/aab7", 1},
	{"/topic/*/#/*", "/topic/a/b/c", "/topic/b/7/c", 1},
};

START_TEST(of_many_globs_only_those_with_the_same_literal_are_compared)
{
	/* All forms with all patterns would take long with sanitizers. */
	const unsigned patterns =
		_i == 0 || getenv("POSTERN_BENCH") != NULL ? PATTERNS : FEWER;

	add_numbered(forms[_i].form, patterns);
	ck_assert_uint_eq(matches(forms[_i].other), 0);
	ck_assert_uint_le(set.work, 250);
	ck_assert_uint_eq(matches(forms[_i].matched), forms[_i].found);
	ck_assert_uint_le(set.work, 250);
	print_cost(forms[_i].form, forms[_i].other);
	remove_numbered(forms[_i].form, patterns);
	ck_assert_uint_eq(set.count + set.nodes + set.groups.count, 0);
}
END_TEST

/* All its literals are letters that many others have too. */
START_TEST(at_worst_each_glob_is_compared_once_for_a_segment)
{
	enum { LETTERS = 20 };
	static int heard;
	char pattern[] = "/topic/*a*a*a*0";
	char text[] =
		"/topic/abcdefghijklmnopqrstabcdefghijklmnopqrstabcdefghijklmnopqrst1";

	for (char a = 'a'; a < 'a' + LETTERS; a++) {
		for (char b = 'a'; b < 'a' + LETTERS; b++) {
			for (char c = 'a'; c < 'a' + LETTERS; c++) {
				pattern[8] = a;
				pattern[10] = b;
				pattern[12] = c;
				*pattern_add(&set, slice_of(pattern)) = &heard;
			}
		}
	}
	ck_assert_uint_eq(matches(text), 0);
	ck_assert_uint_le(set.work, set.count + 200);
	/* The fewest have one of the letters, not the common end. */
	ck_assert_uint_ge(set.groups.count, 20);
	print_cost(pattern, text);
}
END_TEST

START_TEST(a_destination_of_many_segments_costs_no_more_than_its_segments)
{
	char destination[256] = "/topic";

	add_numbered("/topic/**/*a*b*#*", 20 * 255);
	for (int i = 0; i < 123; i++)
		strcat(destination, "/a");
	ck_assert_uint_eq(matches(destination), 0);
	ck_assert_uint_le(set.work, 124 * 20);
	print_cost("/topic/**/*a*b*#*", destination);
}
END_TEST

START_TEST(without_its_last_glob_a_node_looks_for_none)
{
	add_numbered("/topic/a#*", 10);
	remove_numbered("/topic/a#*", 10);
	add_numbered("/topic/#", 1);
	matches("/topic/a1");
	const size_t alone = set.work;

	add_numbered("/topic/*#", 3);
	matches("/topic/a1");
	ck_assert_uint_gt(set.work, alone);
	remove_numbered("/topic/*#", 3);
	matches("/topic/a1");
	ck_assert_uint_eq(set.work, alone);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pattern glob");
	TCase *all = unit_case(suite, "all");

	tcase_add_checked_fixture(all, setup, teardown);
	unit_add_table(all, of_many_globs_only_those_with_the_same_literal_are_compared,
		forms);
	tcase_add_test(all, at_worst_each_glob_is_compared_once_for_a_segment);
	tcase_add_test(
		all, a_destination_of_many_segments_costs_no_more_than_its_segments);
	tcase_add_test(all, without_its_last_glob_a_node_looks_for_none);
	return unit_run(suite);
}
