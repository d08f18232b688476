#include "protocol/wsframe.h"
#include "tests/support/unit.h"

static const struct {
	enum wsframe_opcode opcode;
	size_t payload;
	struct slice head;
} heads[] = {
	{WSFRAME_TEXT, 0, SLICE_INIT("\x81\x00")},
	{WSFRAME_BINARY, 1, SLICE_INIT("\x82\x01")},
	{WSFRAME_CLOSE, 2, SLICE_INIT("\x88\x02")},
	{WSFRAME_PING, 0, SLICE_INIT("\x89\x00")},
	{WSFRAME_PONG, 4, SLICE_INIT("\x8a\x04")},
	{WSFRAME_TEXT, 125, SLICE_INIT("\x81\x7d")},
	{WSFRAME_TEXT, 126, SLICE_INIT("\x81\x7e\x00\x7e")},
	{WSFRAME_TEXT, 65535, SLICE_INIT("\x81\x7e\xff\xff")},
	{WSFRAME_TEXT, 65536, SLICE_INIT("\x81\x7f\0\0\0\0\0\x01\0\0")},
	{WSFRAME_BINARY, 0x123456789a,
		SLICE_INIT("\x82\x7f\0\0\0\x12\x34\x56\x78\x9a")},
};

START_TEST(a_length_takes_its_shortest_form)
{
	char head[WSFRAME_HEAD_MAX];
	size_t len = wsframe_head(head, heads[_i].opcode, heads[_i].payload);

	ck_assert_slice_eq(((struct slice){head, len}), heads[_i].head);
}
END_TEST

START_TEST(a_frame_is_its_head_and_its_payload)
{
	struct buf out = {0};

	wsframe_append(&out, WSFRAME_TEXT, SLICE("Hello"));
	wsframe_append(&out, WSFRAME_PING, SLICE(""));
	ck_assert_slice_eq(buf_slice(&out), SLICE("\x81\x05Hello\x89\x00"));
	buf_finish(&out);
}
END_TEST

static const struct {
	struct slice payload;
	unsigned fault;
} closes[] = {
	{SLICE_INIT(""), 0},
	{SLICE_INIT("\x03"), WSCLOSE_PROTOCOL},
	{SLICE_INIT("\x03\xe7"), WSCLOSE_PROTOCOL}, /* 999 */
	{SLICE_INIT("\x03\xe8"), 0},
	{SLICE_INIT("\x03\xeb"), 0},
	{SLICE_INIT("\x03\xec"), WSCLOSE_PROTOCOL}, /* 1004 to 1006 never travel */
	{SLICE_INIT("\x03\xee"), WSCLOSE_PROTOCOL},
	{SLICE_INIT("\x03\xef"), 0},
	{SLICE_INIT("\x03\xf6"), 0},
	{SLICE_INIT("\x03\xf7"), WSCLOSE_PROTOCOL},
	{SLICE_INIT("\x0b\xb7"), WSCLOSE_PROTOCOL},
	{SLICE_INIT("\x0b\xb8"), 0}, /* 3000 */
	{SLICE_INIT("\x13\x87"), 0}, /* 4999 */
	{SLICE_INIT("\x13\x88"), WSCLOSE_PROTOCOL},
	{SLICE_INIT("\xff\xff"), WSCLOSE_PROTOCOL},
	{SLICE_INIT("\x03\xe8\xc3\xa4"), 0},
	{SLICE_INIT("\x03\xe8\xc3"), WSCLOSE_NO_TEXT},
	{SLICE_INIT("\x03\xe8\xed\xa0\x80"), WSCLOSE_NO_TEXT},
};

START_TEST(a_close_is_checked_for_its_code_and_its_text)
{
	ck_assert_uint_eq(wsframe_close_fault(closes[_i].payload), closes[_i].fault);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("wsframe");
	TCase *tcase = unit_case(suite, "heads");

	unit_add_table(tcase, a_length_takes_its_shortest_form, heads);
	tcase_add_test(tcase, a_frame_is_its_head_and_its_payload);
	unit_add_table(tcase, a_close_is_checked_for_its_code_and_its_text, closes);
	return unit_run(suite);
}
