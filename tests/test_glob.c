/* Globs of one segment: what they match, and how long that takes. */
#include "gateway/route/glob.h"

#include "protocol/slice.h"
#include "tests/support/chance.h"
#include "tests/support/glob_model.h"
#include "tests/support/unit.h"

#include <stdio.h>

static const struct {
	const char *glob, *text;
	bool match;
} table[] = {
	{"", "", true},
	{"*", "", true},
	{"**", "", true},
	{"?", "", false},
	{"a*a", "a", false},
	{"a*a", "aa", true},
	{"*ab*b", "ab", false},
	{"*ab*b", "abb", true},
	{"a*?*b", "ab", false},
	{"a*?*b", "axb", true},
	{"*?", "\u00e9", true},
	{"??", "\u00e9", false},
	{"*?*?*", "\u00e9", false},
	{"*?b*", "\u20acb", true},
	{"a?c*", "abcd", true},
};

START_TEST(a_glob_matches_the_whole_text)
{
	ck_assert(glob_matches(slice_of(table[_i].glob), slice_of(table[_i].text)) ==
		  table[_i].match);
}
END_TEST

static struct slice invent(struct chance *chance, const char *letters, char *text)
{
	const unsigned len = chance_below(chance, 9);

	for (unsigned i = 0; i < len; i++)
		text[i] = letters[chance_below(chance, (unsigned)strlen(letters))];
	return (struct slice){text, len};
}

START_TEST(globs_match_as_their_model_does)
{
	struct chance chance = {0x91ab + (uint64_t)_i};
	char globs[16], texts[16];

	for (int i = 0; i < 20000; i++) {
		const struct slice glob = invent(&chance, "ab*?", globs);
		const struct slice text = invent(&chance, "ab", texts);

		if (glob_matches(glob, text) != glob_model_matches(glob, text))
			ck_abort_msg("seed %d: %.*s with %.*s", _i, SLICE_ARGS(glob),
				SLICE_ARGS(text));
	}
}
END_TEST

static const struct {
	const char *glob, *front, *back;
} ends[] = {
	{"/a*b", "/a", "b"},
	{"/?", "/", ""},
	{"*", "", ""},
	{"/a", "/a", "/a"},
	{"/a*b?c*", "/a", ""},
};

START_TEST(the_ends_of_a_glob_have_no_wildcard)
{
	ck_assert(slice_equal(
		glob_front(slice_of(ends[_i].glob)), slice_of(ends[_i].front)));
	ck_assert(slice_equal(
		glob_back(slice_of(ends[_i].glob)), slice_of(ends[_i].back)));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("glob");
	TCase *all = unit_case(suite, "all");

	unit_add_table(all, a_glob_matches_the_whole_text, table);
	unit_add_table(all, the_ends_of_a_glob_have_no_wildcard, ends);
	tcase_add_loop_test(all, globs_match_as_their_model_does, 0, 5);
	return unit_run(suite);
}
