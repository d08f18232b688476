#include "protocol/stomp.h"
#include "tests/support/unit.h"

#define NASTY "a:b\\c\rd\ne\0f"

static const struct {
	enum stomp_version version;
	struct slice name, value, line;
} headers[] = {
	{STOMP_1_2, SLICE_INIT("destination"), SLICE_INIT("/topic/a"),
		SLICE_INIT("destination:/topic/a\n")},
	{STOMP_1_2, SLICE_INIT("k"), SLICE_INIT(""), SLICE_INIT("k:\n")},
	{STOMP_1_2, SLICE_INIT("k"), SLICE_INIT(NASTY),
		SLICE_INIT("k:a\\cb\\\\c\\rd\\ne f\n")},
	{STOMP_1_1, SLICE_INIT("k"), SLICE_INIT(NASTY),
		SLICE_INIT("k:a\\cb\\\\c d\\ne f\n")},
	{STOMP_1_0, SLICE_INIT("k"), SLICE_INIT(NASTY), SLICE_INIT("k:a:b\\c d e f\n")},
	{STOMP_1_2, SLICE_INIT(NASTY), SLICE_INIT("v"),
		SLICE_INIT("a\\cb\\\\c\\rd\\ne f:v\n")},
	{STOMP_1_1, SLICE_INIT(NASTY), SLICE_INIT("v"),
		SLICE_INIT("a\\cb\\\\c d\\ne f:v\n")},
	{STOMP_1_0, SLICE_INIT(NASTY), SLICE_INIT("v"), SLICE_INIT("a b\\c d e f:v\n")},
	{STOMP_1_0, SLICE_INIT("::"), SLICE_INIT("::"), SLICE_INIT("  :::\n")},
	{STOMP_1_2, SLICE_INIT("k"), SLICE_INIT(" kept "), SLICE_INIT("k: kept \n")},
};

START_TEST(a_header_is_written_as_its_reader_unescapes)
{
	struct buf out = {0};

	stomp_write_header(
		&out, headers[_i].version, headers[_i].name, headers[_i].value);
	ck_assert_slice_eq(buf_slice(&out), headers[_i].line);
	buf_finish(&out);
}
END_TEST

START_TEST(a_plain_header_is_never_escaped)
{
	struct buf out = {0};

	stomp_write_header_plain(&out, SLICE("server"), SLICE("a\\b:c"));
	ck_assert_slice_eq(buf_slice(&out), SLICE("server:a\\b:c\n"));
	buf_finish(&out);
}
END_TEST

START_TEST(a_plain_value_cannot_end_its_line)
{
	struct buf out = {0};

	stomp_write_header_plain(&out, SLICE("message"), SLICE("a\r\nversion:9\0"));
	ck_assert_slice_eq(buf_slice(&out), SLICE("message:a  version:9 \n"));
	buf_finish(&out);
}
END_TEST

START_TEST(a_header_of_our_own_is_written_unchanged)
{
	struct buf out = {0};

	stomp_write_header_made(&out, SLICE("message-id"), SLICE("c0ffee-1"));
	stomp_write_header_number(&out, SLICE("content-length"), 128);
	ck_assert_slice_eq(
		buf_slice(&out), SLICE("message-id:c0ffee-1\ncontent-length:128\n"));
	buf_finish(&out);
}
END_TEST

START_TEST(a_frame_ends_with_its_body_and_a_nul)
{
	struct buf out = {0};

	stomp_write_begin(&out, STOMP_MESSAGE);
	stomp_write_header_number(&out, SLICE("content-length"), 3);
	stomp_write_end(&out, SLICE("a\0b"));
	stomp_write_begin(&out, STOMP_RECEIPT);
	stomp_write_end(&out, SLICE(""));
	ck_assert_slice_eq(buf_slice(&out),
		SLICE("MESSAGE\ncontent-length:3\n\na\0b\0RECEIPT\n\n\0"));
	buf_finish(&out);
}
END_TEST

START_TEST(the_parser_reads_back_what_was_written)
{
	const struct stomp_limits limits = {1024, 16, 256};
	struct stomp_parser *parser = stomp_parser_create(&limits, NULL);
	struct stomp_frame frame;
	struct buf out = {0};

	stomp_parser_set(parser, STOMP_1_2, &limits);
	stomp_write_begin(&out, STOMP_SEND);
	stomp_write_header(
		&out, STOMP_1_2, SLICE("a:\r\n\\"), SLICE(" \\c\\\\:\r\r\n\n "));
	stomp_write_end(&out, SLICE("body"));

	struct slice input = buf_slice(&out);
	ck_assert_int_eq(stomp_parse(parser, &input, &frame), STOMP_PARSE_DONE);
	ck_assert_slice_eq(frame.headers[0].name, SLICE("a:\r\n\\"));
	ck_assert_slice_eq(frame.headers[0].value, SLICE(" \\c\\\\:\r\r\n\n "));
	ck_assert_slice_eq(frame.body, SLICE("body"));
	buf_finish(&out);
	stomp_parser_destroy(parser);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("stomp_write");
	TCase *tcase = unit_case(suite, "frames");

	unit_add_table(tcase, a_header_is_written_as_its_reader_unescapes, headers);
	tcase_add_test(tcase, a_plain_header_is_never_escaped);
	tcase_add_test(tcase, a_plain_value_cannot_end_its_line);
	tcase_add_test(tcase, a_header_of_our_own_is_written_unchanged);
	tcase_add_test(tcase, a_frame_ends_with_its_body_and_a_nul);
	tcase_add_test(tcase, the_parser_reads_back_what_was_written);
	return unit_run(suite);
}
