/* Slices: cutting them, and comparing two. */
#include "protocol/slice.h"

#include "tests/support/unit.h"

static const struct {
	struct slice text, blanks, front, both;
} trims[] = {
	{SLICE_INIT(""), SLICE_INIT(" \t"), SLICE_INIT(""), SLICE_INIT("")},
	{SLICE_INIT("a"), SLICE_INIT(" \t"), SLICE_INIT("a"), SLICE_INIT("a")},
	{SLICE_INIT(" \t a b \t "), SLICE_INIT(" \t"), SLICE_INIT("a b \t "),
		SLICE_INIT("a b")},
	{SLICE_INIT(" \t "), SLICE_INIT(" \t"), SLICE_INIT(""), SLICE_INIT("")},
	{SLICE_INIT(" \ta\t "), SLICE_INIT(" "), SLICE_INIT("\ta\t "),
		SLICE_INIT("\ta\t")},
	{SLICE_INIT("\n a \r"), SLICE_INIT(" \t"), SLICE_INIT("\n a \r"),
		SLICE_INIT("\n a \r")},
	{SLICE_INIT("\n a \r"), SLICE_INIT(" \t\n\r"), SLICE_INIT("a \r"),
		SLICE_INIT("a")},
	{SLICE_INIT("\0 a \0"), SLICE_INIT(" \t"), SLICE_INIT("\0 a \0"),
		SLICE_INIT("\0 a \0")},
	{SLICE_INIT("\xa0 a"), SLICE_INIT(" \t"), SLICE_INIT("\xa0 a"),
		SLICE_INIT("\xa0 a")},
	{SLICE_INIT(" a "), SLICE_INIT(""), SLICE_INIT(" a "), SLICE_INIT(" a ")},
};

START_TEST(only_the_blanks_that_are_named_are_cut_off)
{
	ck_assert_slice_eq(
		slice_trim_front(trims[_i].text, trims[_i].blanks), trims[_i].front);
	ck_assert_slice_eq(
		slice_trim(trims[_i].text, trims[_i].blanks), trims[_i].both);
}
END_TEST

static const struct {
	struct slice given, secret;
	bool is_equal;
} secrets[] = {
	{SLICE_INIT(""), SLICE_INIT(""), true},
	{SLICE_INIT("secret"), SLICE_INIT("secret"), true},
	{SLICE_INIT("secret"), SLICE_INIT("Secret"), false},
	{SLICE_INIT("secret"), SLICE_INIT("secreT"), false},
	{SLICE_INIT(""), SLICE_INIT("secret"), false},
	{SLICE_INIT("secret"), SLICE_INIT(""), false},
	{SLICE_INIT("secre"), SLICE_INIT("secret"), false},
	{SLICE_INIT("secrets"), SLICE_INIT("secret"), false},
	{SLICE_INIT("secret\0"), SLICE_INIT("secret"), false},
	{SLICE_INIT("secret"), SLICE_INIT("secret\0"), false},
	{SLICE_INIT("a\0b"), SLICE_INIT("a\0c"), false},
	{SLICE_INIT("\x80"), SLICE_INIT("\x81"), false},
};

START_TEST(a_comparison_in_constant_time_says_what_the_usual_one_says)
{
	const struct slice given = secrets[_i].given, secret = secrets[_i].secret;

	ck_assert(slice_equal_constant_time(given, secret) == secrets[_i].is_equal);
	ck_assert(slice_equal(given, secret) == secrets[_i].is_equal);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("slice");
	TCase *tcase = unit_case(suite, "slice");

	unit_add_table(tcase, only_the_blanks_that_are_named_are_cut_off, trims);
	unit_add_table(tcase,
		a_comparison_in_constant_time_says_what_the_usual_one_says, secrets);
	return unit_run(suite);
}
