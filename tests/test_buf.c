#include "protocol/buf.h"
#include "tests/support/unit.h"

START_TEST(a_zeroed_buf_is_empty_and_valid)
{
	struct buf buf = {0};

	ck_assert_slice_eq(buf_slice(&buf), SLICE(""));
	ck_assert_ptr_nonnull(buf_slice(&buf).data);
	buf_append(&buf, (struct slice){NULL, 0});
	ck_assert_uint_eq(buf.len, 0);
	buf_finish(&buf);
}
END_TEST

START_TEST(what_is_appended_follows_what_was_there)
{
	struct buf buf = {0};

	buf_append(&buf, SLICE("one"));
	buf_append_char(&buf, '\0');
	buf_append(&buf, SLICE("two"));
	ck_assert_slice_eq(buf_slice(&buf), SLICE("one\0two"));
	buf_finish(&buf);
}
END_TEST

START_TEST(many_bytes_one_by_one_all_arrive)
{
	struct buf buf = {0};
	int wrong = 0;

	for (int i = 0; i < 100000; i++)
		buf_append_char(&buf, (char)i);
	ck_assert_uint_eq(buf.len, 100000);
	for (int i = 0; i < 100000; i++)
		wrong += buf.data[i] != (char)i;
	ck_assert_int_eq(wrong, 0);
	buf_finish(&buf);
}
END_TEST

START_TEST(reserving_changes_nothing_but_the_room)
{
	struct buf buf = {0};

	buf_append(&buf, SLICE("ab"));
	memset(buf_reserve(&buf, 1000), 'x', 1000);
	ck_assert_slice_eq(buf_slice(&buf), SLICE("ab"));
	ck_assert_uint_ge(buf.capacity, 1002);
	buf_finish(&buf);
}
END_TEST

static const struct {
	uint64_t number;
	const char *text;
} numbers[] = {
	{0, "0"},
	{7, "7"},
	{10, "10"},
	{18446744073709551615u, "18446744073709551615"},
};

START_TEST(numbers_are_written_in_decimal)
{
	struct buf buf = {0};

	buf_append_number(&buf, numbers[_i].number);
	ck_assert_slice_eq(buf_slice(&buf), slice_of(numbers[_i].text));
	buf_finish(&buf);
}
END_TEST

static const struct {
	struct slice bytes, quoted;
} quotes[] = {
	{SLICE_INIT(""), SLICE_INIT("\"\"")},
	{SLICE_INIT("a b"), SLICE_INIT("\"a b\"")},
	{SLICE_INIT("a\"b\\"), SLICE_INIT("\"a\\\"b\\\\\"")},
	{SLICE_INIT("a\0\n"), SLICE_INIT("\"a\0\n\"")},
};

START_TEST(a_quoted_text_ends_where_its_quotation_mark_stands)
{
	struct buf buf = {0};

	buf_append_quoted(&buf, quotes[_i].bytes);
	ck_assert_slice_eq(buf_slice(&buf), quotes[_i].quoted);
	buf_finish(&buf);
}
END_TEST

START_TEST(printf_appends_without_a_terminator)
{
	struct buf buf = {0};

	buf_append(&buf, SLICE("<"));
	buf_printf(&buf, "%s=%d", "x", 42);
	buf_printf(&buf, "%0200d", 0); /* more than was reserved */
	ck_assert_uint_eq(buf.len, 205);
	ck_assert_slice_eq(slice_first(buf_slice(&buf), 7), SLICE("<x=4200"));
	buf_finish(&buf);
}
END_TEST

START_TEST(a_finished_buf_is_empty_again)
{
	struct buf buf = {0};

	buf_append(&buf, SLICE("x"));
	buf_finish(&buf);
	ck_assert_ptr_null(buf.data);
	ck_assert_uint_eq(buf.capacity, 0);
	buf_append(&buf, SLICE("y"));
	ck_assert_slice_eq(buf_slice(&buf), SLICE("y"));
	buf_finish(&buf);
	buf_finish(NULL);
}
END_TEST

START_TEST(room_for_many_bytes_is_no_larger_than_they_are)
{
	struct buf buf = {0};

	buf_append(&buf, SLICE("ab"));
	buf_reserve_exactly(&buf, 1000);
	ck_assert_uint_eq(buf.capacity, 1002);
	ck_assert_slice_eq(buf_slice(&buf), SLICE("ab"));
	buf_reserve_exactly(&buf, 999); /* there is room */
	ck_assert_uint_eq(buf.capacity, 1002);
	buf_finish(&buf);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("buf");
	TCase *tcase = unit_case(suite, "bytes");

	tcase_add_test(tcase, a_zeroed_buf_is_empty_and_valid);
	tcase_add_test(tcase, what_is_appended_follows_what_was_there);
	tcase_add_test(tcase, many_bytes_one_by_one_all_arrive);
	tcase_add_test(tcase, reserving_changes_nothing_but_the_room);
	tcase_add_test(tcase, room_for_many_bytes_is_no_larger_than_they_are);
	unit_add_table(tcase, numbers_are_written_in_decimal, numbers);
	unit_add_table(
		tcase, a_quoted_text_ends_where_its_quotation_mark_stands, quotes);
	tcase_add_test(tcase, printf_appends_without_a_terminator);
	tcase_add_test(tcase, a_finished_buf_is_empty_again);
	return unit_run(suite);
}
