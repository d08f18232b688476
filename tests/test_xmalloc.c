#include "protocol/xmalloc.h"
#include "tests/support/unit.h"

#include <malloc.h>
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

START_TEST(what_is_allocated_is_counted_until_it_is_freed)
{
	const int64_t before = xmalloc_bytes();
	char *one = xmalloc(100000), *two = xcalloc(10, 1000);
	const int64_t first = xmalloc_bytes() - before;
	one = xrealloc(one, 300000);
	const int64_t second = xmalloc_bytes() - before;
	one = xrealloc(one, 10);
	free(one);
	free(two);
	free(NULL);
	const int64_t last = xmalloc_bytes() - before;

	ck_assert_int_ge(first, 110000);
	ck_assert_int_lt(first, 120000);
	ck_assert_int_ge(second, 310000);
	ck_assert_int_lt(second, 330000);
	ck_assert_int_eq(last, 0);
}
END_TEST

/* Of a sanitizer's allocator, mallinfo2() knows nothing: then this shows nothing. */
START_TEST(small_freed_pieces_are_joined_some_at_a_time)
{
	enum { PIECES = 100000, SIZE = 80, MIB = 1 << 20 };
	char **pieces = xmalloc(PIECES * sizeof(*pieces));

	for (size_t i = 0; i < PIECES; i++)
		pieces[i] = xmalloc(SIZE);
	for (size_t i = 0; i < PIECES; i++) {
		free(pieces[i]);
		ck_assert(i % 1000 != 0 || mallinfo2().fsmblks < MIB);
	}
	free(pieces);
}
END_TEST

START_TEST(what_a_library_has_allocated_is_counted_once_it_is_ours)
{
	const int64_t before = xmalloc_bytes();
	char *text = xmalloc_adopt(strdup("a text of a library"));
	const int64_t first = xmalloc_bytes() - before;
	free(text);
	const int64_t last = xmalloc_bytes() - before;

	ck_assert_int_gt(first, 0);
	ck_assert_int_eq(last, 0);
	ck_assert_ptr_null(xmalloc_adopt(NULL));
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
	tcase_add_test(tcase, what_is_allocated_is_counted_until_it_is_freed);
	tcase_add_test(tcase, small_freed_pieces_are_joined_some_at_a_time);
	tcase_add_test(tcase, what_a_library_has_allocated_is_counted_once_it_is_ours);
	tcase_add_test_raise_signal(tcase, what_cannot_be_had_aborts, SIGABRT);
	return unit_run(suite);
}
