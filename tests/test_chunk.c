#include "protocol/chunk.h"

#include "tests/support/unit.h"

static struct buf buf;

static void teardown(void)
{
	buf_finish(&buf);
}

START_TEST(a_chunk_has_its_size_in_front)
{
	chunk_begin(&buf);
	buf_append(&buf, SLICE("a[\"hello\"]\n"));
	ck_assert_slice_eq(chunk_body(&buf), SLICE("a[\"hello\"]\n"));
	ck_assert_slice_eq(chunk_end(&buf), SLICE("b\r\na[\"hello\"]\n\r\n"));
}
END_TEST

static const struct {
	size_t size;
	const char *line;
} sizes[] = {
	{1, "1\r\n"},
	{15, "f\r\n"},
	{16, "10\r\n"},
	{255, "ff\r\n"},
	{4096, "1000\r\n"},
	{703710, "abcde\r\n"},
};

START_TEST(a_size_is_written_without_zeros_in_front)
{
	chunk_begin(&buf);
	memset(buf_reserve(&buf, sizes[_i].size), 'x', sizes[_i].size);
	buf.len += sizes[_i].size;
	struct slice chunk = chunk_end(&buf), line = slice_of(sizes[_i].line);

	ck_assert_slice_eq(slice_first(chunk, line.len), line);
	ck_assert_uint_eq(chunk.len, line.len + sizes[_i].size + 2);
	ck_assert(slice_ends_with(chunk, SLICE("x\r\n")));
}
END_TEST

START_TEST(a_buf_can_be_used_again)
{
	chunk_begin(&buf);
	buf_append(&buf, SLICE("something longer"));
	chunk_end(&buf);
	chunk_begin(&buf);
	ck_assert_uint_eq(chunk_body(&buf).len, 0);
	buf_append_char(&buf, 'x');
	ck_assert_slice_eq(chunk_end(&buf), SLICE("1\r\nx\r\n"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("chunk");
	TCase *tcase = unit_case(suite, "chunk");

	tcase_add_checked_fixture(tcase, NULL, teardown);
	tcase_add_test(tcase, a_chunk_has_its_size_in_front);
	unit_add_table(tcase, a_size_is_written_without_zeros_in_front, sizes);
	tcase_add_test(tcase, a_buf_can_be_used_again);
	return unit_run(suite);
}
