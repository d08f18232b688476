#include "protocol/stomp_head.h"
#include "tests/support/unit.h"

static const struct {
	enum stomp_version version;
	enum stomp_command command;
	struct slice line;
	enum stomp_fault fault; /* NONE when the line is good: */
	struct slice name, value;
} lines[] = {
	{STOMP_1_2, STOMP_SEND, SLICE_INIT("a:b"), STOMP_FAULT_NONE, SLICE_INIT("a"),
		SLICE_INIT("b")},
	{STOMP_1_2, STOMP_SEND, SLICE_INIT("a:b:c"), STOMP_FAULT_NONE, SLICE_INIT("a"),
		SLICE_INIT("b:c")}, /* a raw colon belongs to the value */
	{STOMP_1_2, STOMP_SEND, SLICE_INIT("a:"), STOMP_FAULT_NONE, SLICE_INIT("a"),
		SLICE_INIT("")},
	{STOMP_1_2, STOMP_SEND, SLICE_INIT("a"), STOMP_FAULT_NO_COLON, SLICE_INIT(""),
		SLICE_INIT("")},
	{STOMP_1_0, STOMP_SEND, SLICE_INIT(":b"), STOMP_FAULT_NO_NAME, SLICE_INIT(""),
		SLICE_INIT("")},

	/* Blanks: 1.0 trims the front of a value, the others keep all. */
	{STOMP_1_0, STOMP_SEND, SLICE_INIT("a: \t b "), STOMP_FAULT_NONE,
		SLICE_INIT("a"), SLICE_INIT("b ")},
	{STOMP_1_0, STOMP_SEND, SLICE_INIT(" a :b"), STOMP_FAULT_NONE,
		SLICE_INIT(" a "), SLICE_INIT("b")},
	{STOMP_1_1, STOMP_SEND, SLICE_INIT("a: b "), STOMP_FAULT_NONE, SLICE_INIT("a"),
		SLICE_INIT(" b ")},
	{STOMP_1_2, STOMP_SEND, SLICE_INIT(" a : b "), STOMP_FAULT_NONE,
		SLICE_INIT(" a "), SLICE_INIT(" b ")},

	/* Escapes: none in 1.0, three in 1.1, four in 1.2. */
	{STOMP_1_0, STOMP_SEND, SLICE_INIT("a\\c:\\n\\x\\"), STOMP_FAULT_NONE,
		SLICE_INIT("a\\c"), SLICE_INIT("\\n\\x\\")},
	{STOMP_1_1, STOMP_SEND, SLICE_INIT("\\c\\n\\\\:\\\\\\n\\c"), STOMP_FAULT_NONE,
		SLICE_INIT(":\n\\"), SLICE_INIT("\\\n:")},
	{STOMP_1_2, STOMP_SEND, SLICE_INIT("x\\r:1\\r2\\n3\\c4\\\\5"), STOMP_FAULT_NONE,
		SLICE_INIT("x\r"), SLICE_INIT("1\r2\n3:4\\5")},
	{STOMP_1_1, STOMP_SEND, SLICE_INIT("a:\\r"), STOMP_FAULT_ESCAPE, SLICE_INIT(""),
		SLICE_INIT("")},
	{STOMP_1_2, STOMP_SEND, SLICE_INIT("a:\\t"), STOMP_FAULT_ESCAPE, SLICE_INIT(""),
		SLICE_INIT("")},
	{STOMP_1_2, STOMP_SEND, SLICE_INIT("\\t:a"), STOMP_FAULT_ESCAPE, SLICE_INIT(""),
		SLICE_INIT("")},
	{STOMP_1_2, STOMP_SEND, SLICE_INIT("a:b\\"), STOMP_FAULT_ESCAPE, SLICE_INIT(""),
		SLICE_INIT("")},
	{STOMP_1_2, STOMP_SEND, SLICE_INIT("a\\:b"), STOMP_FAULT_ESCAPE, SLICE_INIT(""),
		SLICE_INIT("")},

	/* The frames of the handshake are never escaped. */
	{STOMP_1_2, STOMP_CONNECT, SLICE_INIT("a:\\x\\"), STOMP_FAULT_NONE,
		SLICE_INIT("a"), SLICE_INIT("\\x\\")},
	{STOMP_1_2, STOMP_STOMP, SLICE_INIT("a:\\c"), STOMP_FAULT_NONE, SLICE_INIT("a"),
		SLICE_INIT("\\c")},
	{STOMP_1_1, STOMP_CONNECTED, SLICE_INIT("a:\\n"), STOMP_FAULT_NONE,
		SLICE_INIT("a"), SLICE_INIT("\\n")},
};

START_TEST(a_line_is_decoded_or_refused)
{
	struct stomp_head head = {0};
	const enum stomp_fault fault = stomp_head_add(
		&head, lines[_i].version, lines[_i].command, lines[_i].line);

	stomp_head_resolve(&head);
	if (lines[_i].fault != STOMP_FAULT_NONE) {
		ck_assert_int_eq(fault, lines[_i].fault);
		ck_assert_uint_eq(head.count, 0);
	} else {
		ck_assert_int_eq(fault, STOMP_FAULT_NONE);
		ck_assert_uint_eq(head.count, 1);
		ck_assert_slice_eq(head.headers[0].name, lines[_i].name);
		ck_assert_slice_eq(head.headers[0].value, lines[_i].value);
	}
	stomp_head_finish(&head);
}
END_TEST

START_TEST(a_bad_line_leaves_the_others_readable)
{
	struct stomp_head head = {0};

	stomp_head_add(&head, STOMP_1_2, STOMP_SEND, SLICE("receipt:r1"));
	stomp_head_add(&head, STOMP_1_2, STOMP_SEND, SLICE("ab\\nc:some\\c\\x"));
	stomp_head_add(&head, STOMP_1_2, STOMP_SEND, SLICE("id:0"));
	stomp_head_resolve(&head);
	ck_assert_uint_eq(head.count, 2);
	ck_assert_slice_eq(*stomp_head_find(&head, SLICE("receipt")), SLICE("r1"));
	ck_assert_slice_eq(*stomp_head_find(&head, SLICE("id")), SLICE("0"));
	stomp_head_finish(&head);
}
END_TEST

START_TEST(a_cleared_head_is_empty_and_small)
{
	struct stomp_head head = {0};

	for (int i = 0; i < 100; i++)
		stomp_head_add(
			&head, STOMP_1_2, STOMP_SEND, SLICE("some-name:some-value"));
	ck_assert_uint_eq(head.count, 100);
	stomp_head_clear(&head);
	ck_assert_uint_eq(head.count, 0);
	ck_assert_uint_eq(head.text.capacity, 0);
	ck_assert_uint_eq(head.capacity, 0);
	ck_assert_ptr_null(stomp_head_find(&head, SLICE("some-name")));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("stomp_head");
	TCase *tcase = unit_case(suite, "lines");

	unit_add_table(tcase, a_line_is_decoded_or_refused, lines);
	tcase_add_test(tcase, a_bad_line_leaves_the_others_readable);
	tcase_add_test(tcase, a_cleared_head_is_empty_and_small);
	return unit_run(suite);
}
