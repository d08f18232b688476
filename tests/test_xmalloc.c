#include "protocol/xmalloc.h"
#include "tests/support/unit.h"

#include <signal.h>
#include <stdint.h>

START_TEST(no_bytes_are_still_memory)
{
	void *none = xmalloc(0), *zeroed = xcalloc(0, 0), *grown = xrealloc(NULL, 0);

	ck_assert_ptr_nonnull(none);
	ck_assert_ptr_nonnull(zeroed);
	ck_assert_ptr_nonnull(grown);
	free(none);
	free(zeroed);
	free(grown);
}
END_TEST

START_TEST(xcalloc_gives_zeroes)
{
	char *zeroes = xcalloc(3, 7);

	for (size_t i = 0; i < 21; i++)
		ck_assert_int_eq(zeroes[i], 0);
	free(zeroes);
}
END_TEST

START_TEST(a_duplicate_is_terminated)
{
	char *copy = xstrdup(slice_first(SLICE("abcdef"), 3));

	ck_assert_str_eq(copy, "abc");
	free(copy);
}
END_TEST

START_TEST(an_empty_slice_without_data_can_be_duplicated)
{
	char *copy = xstrdup((struct slice){NULL, 0});

	ck_assert_str_eq(copy, "");
	free(copy);
}
END_TEST

START_TEST(what_cannot_be_had_aborts)
{
	free(xstrdup((struct slice){"", SIZE_MAX}));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("xmalloc");
	TCase *tcase = unit_case(suite, "memory");

	tcase_add_test(tcase, no_bytes_are_still_memory);
	tcase_add_test(tcase, xcalloc_gives_zeroes);
	tcase_add_test(tcase, a_duplicate_is_terminated);
	tcase_add_test(tcase, an_empty_slice_without_data_can_be_duplicated);
	tcase_add_test_raise_signal(tcase, what_cannot_be_had_aborts, SIGABRT);
	return unit_run(suite);
}
