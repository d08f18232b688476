/* Random rules and random patterns of clients, against a plain reference. */
#include "gateway/broker/pattern.h"
#include "gateway/identity/access.h"
#include "gateway/route/glob.h"
#include "tests/support/unit.h"

#include <stdio.h>

enum { RULES_MAX = 4, S = 1u << ACCESS_SUBSCRIBE };

static struct access_rule items[RULES_MAX];
static struct access_rules rules = {.items = items};

static void add_rule(const char *match, bool allows)
{
	struct access_rule *rule = &items[rules.count++];

	*rule = (struct access_rule){
		.allows = allows ? S : 0, .denies = allows ? 0 : S};
	ck_assert(access_pattern_init(
		&rule->pattern, slice_of(match), rules.separator, NULL));
}

static void drop_rules(void)
{
	while (rules.count > 0)
		access_pattern_finish(&items[--rules.count].pattern);
}

static struct identity *make_ana(void)
{
	return identity_create(&(struct identity_facts){.user = SLICE("a")}, '/', NULL);
}

/*
 * Random rules, judged for every short destination by a plain reference, which
 * recurses. With the separator '.', any of the segments may begin with it.
 */

static uint32_t seed = 7;

static uint32_t draw(uint32_t below)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % below;
}

static void draw_path(
	char *text, const char *const *segments, uint32_t count, uint32_t least)
{
	uint32_t more = least + draw(4 - least);

	strcpy(text, "/t");
	while (more-- > 0) {
		strcat(text, rules.separator == '.' && draw(2) == 0 ? "." : "/");
		strcat(text, segments[draw(count)]);
	}
}

static char destinations[512][24];
static size_t destination_count;

static void make_destinations(void)
{
	static const char *const below[] = {
		"/a", "/b", "/ab", "/ba", "/aa", "/bb", "/abb"};
	static const char *const mixed[] = {"/a", "/b", "/ab", ".a", ".b", ".bb"};
	const char *const *words = rules.separator == '.' ? mixed : below;
	const size_t count = rules.separator == '.' ? COUNT(mixed) : COUNT(below);

	destination_count = 0;
	strcpy(destinations[destination_count++], "/t");
	for (size_t from = 0, a = 0; a < 3; a++) {
		const size_t end = destination_count;

		for (; from < end; from++) {
			for (size_t i = 0; i < count; i++) {
				char *made = destinations[destination_count++];

				strcpy(made, destinations[from]);
				strcat(made, words[i]);
			}
		}
	}
}

static size_t segment_len(const char *text)
{
	size_t len = 1;

	while (text[len] != '\0' && text[len] != '/' && text[len] != rules.separator)
		len++;
	return len;
}

/* {user} is "a" here. */
static bool reference_segment(const char *match, const char *text)
{
	struct slice glob = {match + 1, segment_len(match) - 1};

	if (slice_equal(glob, SLICE("{user}")))
		glob = SLICE("a");
	else if (glob.data[0] == '{')
		glob = SLICE("*");
	return match[0] == text[0] &&
	       glob_matches(glob, (struct slice){text + 1, segment_len(text) - 1});
}

/*
 * Of a rule; `is_client`: of a client, whose "**" takes only segments that begin as it
 * does. `has_taken`: the "**" that the match begins with has taken a segment.
 */
static bool reference_matches(
	const char *match, const char *text, bool is_client, bool has_taken)
{
	if (*match == '\0')
		return *text == '\0';
	if (strncmp(match + 1, "**", 2) == 0) {
		const bool takes = *text == *match || (*match == '/' && has_taken);

		if (reference_matches(match + 3, text, is_client, false))
			return true;
		return *text != '\0' && takes &&
		       reference_matches(
			       match, text + segment_len(text), is_client, !is_client);
	}
	return *text != '\0' && reference_segment(match, text) &&
	       reference_matches(match + segment_len(match), text + segment_len(text),
		       is_client, false);
}

static bool reference_allows(char (*match)[64], size_t count, const char *destination)
{
	for (size_t i = 0; i < count; i++) {
		if (reference_matches(match[i], destination, false, false))
			return items[i].allows != 0;
	}
	return false;
}

static size_t draw_rules(
	char (*match)[64], const char *const *words, uint32_t word_count)
{
	const size_t count = 1 + draw(4);

	for (size_t i = 0; i < count; i++) {
		draw_path(match[i], words, word_count, 0);
		add_rule(match[i], draw(2) == 0);
	}
	return count;
}

/* The separators of the loops below. */
static const char separators[] = {'/', '.'};

START_TEST(no_random_pattern_is_wrongly_allowed)
{
	static const char *const words[] = {"a", "b", "ab", "*", "a*", "*b", "?", "??",
		"**", "aa", "*a*", "{user}"};
	struct identity *a = make_ana();
	unsigned long allowed = 0, refused = 0, trials = 20000;
	char match[4][64], wish[64];

	if (getenv("POSTERN_TRIALS") != NULL)
		trials = strtoul(getenv("POSTERN_TRIALS"), NULL, 10);
	rules.separator = separators[_i];
	make_destinations();
	for (unsigned long trial = 0; trial < trials; trial++) {
		const size_t count = draw_rules(match, words, COUNT(words));

		draw_path(wish, words, COUNT(words) - 1, 1);
		const bool is_allowed =
			access_check(&rules, a, ACCESS_SUBSCRIBE, slice_of(wish))
				.is_allowed;
		bool should = true, has_any = false;

		for (size_t i = 0; i < destination_count && should; i++) {
			if (!reference_matches(wish, destinations[i], true, false))
				continue;
			has_any = true;
			should = reference_allows(match, count, destinations[i]);
		}
		ck_assert_msg(!is_allowed || should, "%s: %s %s %s %s", wish, match[0],
			match[1], match[2], match[3]);
		allowed += is_allowed;
		refused += !is_allowed && should && has_any;
		drop_rules();
	}
	printf("%lu random sets of rules with '%c': %lu patterns allowed, %lu too "
	       "carefully refused\n",
		trials, rules.separator, allowed, refused);
	ck_assert_uint_gt(allowed, trials / 40);
	ck_assert_uint_lt(refused, trials / 20);
	identity_unref(a);
}
END_TEST

START_TEST(a_destination_is_judged_as_the_reference_does)
{
	static const char *const words[] = {
		"a", "b", "ab", "*", "a*", "*b", "?", "**", "{user}", "{x}"};
	struct identity *a = make_ana();
	char match[4][64];

	rules.separator = separators[_i];
	make_destinations();
	for (int trial = 0; trial < 500; trial++) {
		const size_t count = draw_rules(match, words, COUNT(words));

		for (size_t i = 0; i < destination_count; i++) {
			const struct slice name = slice_of(destinations[i]);

			ck_assert_int_eq(access_check(&rules, a, ACCESS_SUBSCRIBE, name)
						 .is_allowed,
				reference_allows(match, count, destinations[i]));
		}
		drop_rules();
	}
	identity_unref(a);
}
END_TEST

static void count_match(void *value, void *context)
{
	(void)value;
	++*(int *)context;
}

/* The reference of a client's pattern is what the broker delivers. */
START_TEST(a_pattern_reaches_what_the_reference_says)
{
	static const char *const words[] = {
		"a", "b", "ab", "*", "a*", "*b", "?", "**", "*a*"};
	const struct hash_key key = {0};
	struct pattern_set set;
	char wish[64];

	rules.separator = separators[_i];
	make_destinations();
	for (int trial = 0; trial < 500; trial++) {
		draw_path(wish, words, COUNT(words), 1);
		pattern_set_init(&set, &key, rules.separator);
		void **place = pattern_add(&set, slice_of(wish));
		for (size_t i = 0; i < destination_count; i++) {
			int matches = 0;

			pattern_match(
				&set, slice_of(destinations[i]), count_match, &matches);
			ck_assert_msg(
				(matches > 0) == reference_matches(wish,
							 destinations[i], true, false),
				"%s %s", wish, destinations[i]);
		}
		*place = NULL;
		pattern_remove(&set, slice_of(wish));
		pattern_set_finish(&set, NULL);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("access_random");
	TCase *tcase = unit_case(suite, "rules");

	unit_add_table(tcase, no_random_pattern_is_wrongly_allowed, separators);
	unit_add_table(
		tcase, a_destination_is_judged_as_the_reference_does, separators);
	unit_add_table(tcase, a_pattern_reaches_what_the_reference_says, separators);
	return unit_run(suite);
}
