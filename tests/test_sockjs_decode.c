#include "protocol/sockjs.h"
#include "tests/support/unit.h"

enum { AMPLE = 1 << 28 };

/* The expected messages are written one after the other, each ended by '|'. */
static const struct {
	struct slice json, messages;
} arrays[] = {
	{SLICE_INIT("[]"), SLICE_INIT("")},
	{SLICE_INIT(" [ \t\r\n] \n"), SLICE_INIT("")},
	{SLICE_INIT("[\"\"]"), SLICE_INIT("|")},
	{SLICE_INIT("[\"a\"]"), SLICE_INIT("a|")},
	{SLICE_INIT("[\"a\",\"bc\",\"\",\"d\"]"), SLICE_INIT("a|bc||d|")},
	{SLICE_INIT("\n[ \"a\" ,\t\"b\"\r\n]  "), SLICE_INIT("a|b|")},
	{SLICE_INIT("[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\"]"),
		SLICE_INIT("1|2|3|4|5|6|7|8|9|")},
	{SLICE_INIT("[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]"),
		SLICE_INIT("\"\\/\b\f\n\r\t|")},
	{SLICE_INIT("[\"a\\u0000b\"]"), SLICE_INIT("a\0b|")},
	{SLICE_INIT("[\"\\u0041\\u00e4\\u20AC\\u20ac\"]"),
		SLICE_INIT("A\xc3\xa4\xe2\x82\xac\xe2\x82\xac|")},
	{SLICE_INIT("[\"\xc3\xa4\xf0\x9f\x98\x80\x7f\"]"),
		SLICE_INIT("\xc3\xa4\xf0\x9f\x98\x80\x7f|")},
	{SLICE_INIT("[\"\\uD83D\\uDE00\"]"), SLICE_INIT("\xf0\x9f\x98\x80|")},
	{SLICE_INIT("[\"\\ud83d\"]"), SLICE_INIT("\xed\xa0\xbd|")}, /* half a pair */
	{SLICE_INIT("[\"\\ude00x\"]"), SLICE_INIT("\xed\xb8\x80x|")},
	{SLICE_INIT("[\"\\ude00\\ud83d\"]"), SLICE_INIT("\xed\xb8\x80\xed\xa0\xbd|")},
	{SLICE_INIT("[\"\\ud83d\\ud83d\\ude00\"]"),
		SLICE_INIT("\xed\xa0\xbd\xf0\x9f\x98\x80|")},
	{SLICE_INIT("[\"\\ud83d\\n\"]"), SLICE_INIT("\xed\xa0\xbd\n|")},
	{SLICE_INIT("[\"\\ud83d\\u0041\"]"), SLICE_INIT("\xed\xa0\xbd"
							"A|")},
	{SLICE_INIT("[\"\\ud83d\",\"\\ude00\"]"),
		SLICE_INIT("\xed\xa0\xbd|\xed\xb8\x80|")},
};

static const struct {
	struct slice json;
	enum sockjs_decode result;
} refused[] = {
	{SLICE_INIT(""), SOCKJS_DECODE_NO_ARRAY},
	{SLICE_INIT("\"a\""), SOCKJS_DECODE_NO_ARRAY},
	{SLICE_INIT("{}"), SOCKJS_DECODE_NO_ARRAY},
	{SLICE_INIT("{\"a\":[1]}"), SOCKJS_DECODE_NO_ARRAY},
	{SLICE_INIT("{ \"a\" : { } , \"\\n\" : [ [ ] , { \"b\" : null } ] }"),
		SOCKJS_DECODE_NO_ARRAY},
	{SLICE_INIT("[1,\"a\"]"), SOCKJS_DECODE_NO_ARRAY},
	{SLICE_INIT("[\"a\",1]"), SOCKJS_DECODE_NO_ARRAY},
	{SLICE_INIT("[[\"a\"]]"), SOCKJS_DECODE_NO_ARRAY},
	{SLICE_INIT("[[[]],[]]"), SOCKJS_DECODE_NO_ARRAY},
	{SLICE_INIT("[true, false, null]"), SOCKJS_DECODE_NO_ARRAY},
	{SLICE_INIT("0"), SOCKJS_DECODE_NO_ARRAY},
	{SLICE_INIT(" -0.5e+10 "), SOCKJS_DECODE_NO_ARRAY},
	{SLICE_INIT("12E-3"), SOCKJS_DECODE_NO_ARRAY},
	{SLICE_INIT("null"), SOCKJS_DECODE_NO_ARRAY},

	{SLICE_INIT(" "), SOCKJS_DECODE_BROKEN},
	{SLICE_INIT("["), SOCKJS_DECODE_BROKEN},
	{SLICE_INIT("]"), SOCKJS_DECODE_BROKEN},
	{SLICE_INIT("[\"a"), SOCKJS_DECODE_BROKEN},
	{SLICE_INIT("[\"a\""), SOCKJS_DECODE_BROKEN},
	{SLICE_INIT("[\"a\","), SOCKJS_DECODE_BROKEN},
	{SLICE_INIT("[\"a\",]"), SOCKJS_DECODE_BROKEN},
	{SLICE_INIT("[,\"a\"]"), SOCKJS_DECODE_BROKEN},
	{SLICE_INIT("[,]"), SOCKJS_DECODE_BROKEN},
	{SLICE_INIT("[\"a\" \"b\"]"), SOCKJS_DECODE_BROKEN},
	{SLICE_INIT("[\"a\"] x"), SOCKJS_DECODE_BROKEN},
	{SLICE_INIT("[\"a\"][\"b\"]"), SOCKJS_DECODE_BROKEN},
	{SLICE_INIT("[\"a\"]\0"), SOCKJS_DECODE_BROKEN},
	{SLICE_INIT("[\"a\"}"), SOCKJS_DECODE_BROKEN},
	{SLICE_INIT("[1}"), SOCKJS_DECODE_BROKEN},
	{SLICE_INIT("['a']"), SOCKJS_DECODE_BROKEN},
	{SLICE_INIT("\v[\"a\"]"), SOCKJS_DECODE_BROKEN},
	{SLICE_INIT("\xef\xbb\xbf[\"a\"]"), SOCKJS_DECODE_BROKEN}, /* a BOM */
	{SLICE_INIT("[\"a\nb\"]"), SOCKJS_DECODE_BROKEN},
	{SLICE_INIT("[\"a\0b\"]"), SOCKJS_DECODE_BROKEN},
	{SLICE_INIT("[\"\\x41\"]"), SOCKJS_DECODE_BROKEN},
	{SLICE_INIT("[\"\\'\"]"), SOCKJS_DECODE_BROKEN},
	{SLICE_INIT("[\"\\U0041\"]"), SOCKJS_DECODE_BROKEN},
	{SLICE_INIT("[\"\\u004\"]"), SOCKJS_DECODE_BROKEN},
	{SLICE_INIT("[\"\\u00g1\"]"), SOCKJS_DECODE_BROKEN},
	{SLICE_INIT("[\"\\ud83d\\u12\"]"), SOCKJS_DECODE_BROKEN},
	{SLICE_INIT("[\"\\"), SOCKJS_DECODE_BROKEN},
	{SLICE_INIT("[\"\\\0\"]"), SOCKJS_DECODE_BROKEN},
	{SLICE_INIT("[\"\xc3\"]"), SOCKJS_DECODE_BROKEN},
	{SLICE_INIT("[\"\xed\xa0\xbd\"]"), SOCKJS_DECODE_BROKEN}, /* raw half a pair */
	{SLICE_INIT("{"), SOCKJS_DECODE_BROKEN},
	{SLICE_INIT("{\"a\"}"), SOCKJS_DECODE_BROKEN},
	{SLICE_INIT("{\"a\":}"), SOCKJS_DECODE_BROKEN},
	{SLICE_INIT("{\"a\":1,}"), SOCKJS_DECODE_BROKEN},
	{SLICE_INIT("{a:1}"), SOCKJS_DECODE_BROKEN},
	{SLICE_INIT("{1:1}"), SOCKJS_DECODE_BROKEN},
	{SLICE_INIT("{\"a\":1]"), SOCKJS_DECODE_BROKEN},
	{SLICE_INIT("[1,]"), SOCKJS_DECODE_BROKEN},
	{SLICE_INIT("01"), SOCKJS_DECODE_BROKEN},
	{SLICE_INIT("-"), SOCKJS_DECODE_BROKEN},
	{SLICE_INIT("+1"), SOCKJS_DECODE_BROKEN},
	{SLICE_INIT("1."), SOCKJS_DECODE_BROKEN},
	{SLICE_INIT(".5"), SOCKJS_DECODE_BROKEN},
	{SLICE_INIT("1e"), SOCKJS_DECODE_BROKEN},
	{SLICE_INIT("1e+"), SOCKJS_DECODE_BROKEN},
	{SLICE_INIT("- 1"), SOCKJS_DECODE_BROKEN},
	{SLICE_INIT("nul"), SOCKJS_DECODE_BROKEN},
	{SLICE_INIT("truefalse"), SOCKJS_DECODE_BROKEN},
	{SLICE_INIT("True"), SOCKJS_DECODE_BROKEN},
	{SLICE_INIT("x"), SOCKJS_DECODE_BROKEN},
};

/* Decodes from memory of its own, so that reading beyond the end is noticed. */
static enum sockjs_decode decode(
	struct sockjs_messages *messages, struct slice json, bool string_too)
{
	char *copy = malloc(json.len > 0 ? json.len : 1);

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, json.data, json.len);
	enum sockjs_decode result = sockjs_decode(
		messages, (struct slice){copy, json.len}, string_too, AMPLE);
	free(copy);
	return result;
}

static void check_messages(
	const struct sockjs_messages *messages, struct slice expected)
{
	struct buf joined = {0};

	for (size_t i = 0; i < messages->count; i++) {
		buf_append(&joined, sockjs_message(messages, i));
		buf_append_char(&joined, '|');
	}
	ck_assert_slice_eq(buf_slice(&joined), expected);
	buf_finish(&joined);
}

START_TEST(an_array_of_strings_is_decoded)
{
	struct sockjs_messages messages = {0};

	ck_assert_int_eq(decode(&messages, arrays[_i].json, false), SOCKJS_DECODE_DONE);
	check_messages(&messages, arrays[_i].messages);
	sockjs_messages_finish(&messages);
}
END_TEST

START_TEST(everything_else_is_refused_with_its_reason)
{
	struct sockjs_messages messages = {0};

	ck_assert_int_eq(
		decode(&messages, refused[_i].json, false), refused[_i].result);
	ck_assert_uint_eq(messages.count, 0);
	sockjs_messages_finish(&messages);
}
END_TEST

START_TEST(a_part_of_an_array_is_broken)
{
	struct slice json = arrays[_i].json;
	struct sockjs_messages messages = {0};
	size_t end = json.len;

	while (json.data[end - 1] != ']')
		end--;
	for (size_t len = 1; len < end; len++)
		ck_assert_int_eq(decode(&messages, slice_first(json, len), false),
			SOCKJS_DECODE_BROKEN);
	sockjs_messages_finish(&messages);
}
END_TEST

START_TEST(a_websocket_may_send_a_single_string)
{
	struct sockjs_messages messages = {0};

	ck_assert_int_eq(
		decode(&messages, SLICE(" \"a\\u0000b\" "), true), SOCKJS_DECODE_DONE);
	check_messages(&messages, SLICE("a\0b|"));
	ck_assert_int_eq(
		decode(&messages, SLICE("\"a\"\"b\""), true), SOCKJS_DECODE_BROKEN);
	ck_assert_int_eq(decode(&messages, SLICE("\"a"), true), SOCKJS_DECODE_BROKEN);
	ck_assert_int_eq(decode(&messages, SLICE("1"), true), SOCKJS_DECODE_NO_ARRAY);
	ck_assert_int_eq(decode(&messages, SLICE("[\"a\"]"), true), SOCKJS_DECODE_DONE);
	sockjs_messages_finish(&messages);
}
END_TEST

START_TEST(decoding_replaces_what_was_there)
{
	struct sockjs_messages messages = {0};

	decode(&messages, SLICE("[\"one\",\"two\"]"), false);
	decode(&messages, SLICE("[\"three\"]"), false);
	check_messages(&messages, SLICE("three|"));
	decode(&messages, SLICE("[\"four\", 5]"), false);
	check_messages(&messages, SLICE(""));
	sockjs_messages_finish(&messages);
	sockjs_messages_finish(&messages);
	sockjs_messages_finish(NULL);
}
END_TEST

/* `count` times `open`, `middle`, `count` times `close`. */
static struct buf nested(
	size_t count, struct slice open, struct slice middle, struct slice close)
{
	struct buf json = {0};

	for (size_t i = 0; i < count; i++)
		buf_append(&json, open);
	buf_append(&json, middle);
	for (size_t i = 0; i < count; i++)
		buf_append(&json, close);
	return json;
}

START_TEST(room_is_given_back_that_many_messages_took)
{
	struct sockjs_messages messages = {0};

	decode(&messages, SLICE("[\"\",\"\",\"\",\"\"]"), false);
	sockjs_messages_shrink(&messages, 8 * sizeof(size_t));
	ck_assert_uint_eq(messages.count, 4);
	sockjs_messages_shrink(&messages, 8 * sizeof(size_t) - 1);
	ck_assert_ptr_null(messages.ends);
	ck_assert_uint_eq(messages.count, 0);
}
END_TEST

START_TEST(deep_nesting_is_bounded)
{
	struct sockjs_messages messages = {0};
	struct buf arrays_in = nested(512, SLICE("["), SLICE("1"), SLICE("]"));
	struct buf objects_in = nested(512, SLICE("{\"a\":"), SLICE("{}"), SLICE("}"));
	struct buf too_deep = nested(513, SLICE("["), SLICE("1"), SLICE("]"));
	struct buf endless = nested(1000000, SLICE("["), SLICE(""), SLICE(""));

	ck_assert_int_eq(sockjs_decode(&messages, buf_slice(&arrays_in), false, AMPLE),
		SOCKJS_DECODE_NO_ARRAY);
	ck_assert_int_eq(sockjs_decode(&messages, buf_slice(&objects_in), false, AMPLE),
		SOCKJS_DECODE_NO_ARRAY);
	ck_assert_int_eq(sockjs_decode(&messages, buf_slice(&too_deep), false, AMPLE),
		SOCKJS_DECODE_BROKEN);
	ck_assert_int_eq(sockjs_decode(&messages, buf_slice(&endless), false, AMPLE),
		SOCKJS_DECODE_BROKEN);
	buf_finish(&arrays_in);
	buf_finish(&objects_in);
	buf_finish(&too_deep);
	buf_finish(&endless);
	sockjs_messages_finish(&messages);
}
END_TEST

START_TEST(long_json_that_is_no_array_of_strings_is_not_read_to_its_end)
{
	enum { LONG = 65536 };
	struct sockjs_messages messages = {0};
	struct buf number = {0};

	buf_append_char(&number, '[');
	for (size_t i = 0; i < LONG - 2; i++)
		buf_append_char(&number, '1');
	buf_append_char(&number, ']');
	ck_assert_int_eq(sockjs_decode(&messages, buf_slice(&number), false, AMPLE),
		SOCKJS_DECODE_NO_ARRAY);
	number.data[LONG - 1] = ' ';
	buf_append_char(&number, ']');
	ck_assert_int_eq(sockjs_decode(&messages, buf_slice(&number), false, AMPLE),
		SOCKJS_DECODE_BROKEN);
	buf_finish(&number);
	sockjs_messages_finish(&messages);
}
END_TEST

/* Forty bytes of text in a message, eighty of an array: a message counts 32 more. */
#define TEN     "abcdefghij"
#define FORTY   TEN TEN TEN TEN
#define ESCAPED "\\u0001\\u0001\\u0001\\u0001\\u0001\\u0001\\u0001\\u0001\\u0001\\u0001"

enum { BOUND = 40 };

static const struct {
	struct slice json;
	enum sockjs_decode result;
} bounded[] = {
	{SLICE_INIT("[\"" FORTY "\"]"), SOCKJS_DECODE_DONE},
	{SLICE_INIT("\"" FORTY "\""), SOCKJS_DECODE_DONE},
	{SLICE_INIT("[\"" ESCAPED ESCAPED ESCAPED ESCAPED "\"]"), SOCKJS_DECODE_DONE},
	{SLICE_INIT("[\"" TEN TEN TEN "abcdef\\ud83d\\ude00\"]"), SOCKJS_DECODE_DONE},
	{SLICE_INIT("[\"a\",\"b\"]"), SOCKJS_DECODE_DONE},
	{SLICE_INIT("[\"" TEN "abcdef\",\"\"]"), SOCKJS_DECODE_DONE},
	{SLICE_INIT("[\"" FORTY "a\"]"), SOCKJS_DECODE_TOO_BIG},
	{SLICE_INIT("\"" FORTY "a\""), SOCKJS_DECODE_TOO_BIG},
	{SLICE_INIT("[\"" TEN TEN TEN "abcdefg\\ud83d\\ude00\"]"),
		SOCKJS_DECODE_TOO_BIG},
	{SLICE_INIT("[\"" TEN "abcdef\",\"g\"]"), SOCKJS_DECODE_TOO_BIG},
	{SLICE_INIT("[\"\",\"\",\"\"]"), SOCKJS_DECODE_TOO_BIG},
	{SLICE_INIT("[\"" FORTY "a\""),
		SOCKJS_DECODE_TOO_BIG}, /* it is looked at no further */
	{SLICE_INIT("[\"" FORTY), SOCKJS_DECODE_BROKEN},
	{SLICE_INIT("[12345678901234567890123456789012345678901]"),
		SOCKJS_DECODE_NO_ARRAY},
};

START_TEST(the_text_is_bounded_as_it_comes_out)
{
	struct sockjs_messages messages = {0};

	ck_assert_int_eq(sockjs_decode(&messages, bounded[_i].json, true, BOUND),
		bounded[_i].result);
	if (bounded[_i].result != SOCKJS_DECODE_DONE)
		check_messages(&messages, SLICE(""));
	sockjs_messages_finish(&messages);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sockjs_decode");
	TCase *tcase = unit_case(suite, "arrays");

	unit_add_table(tcase, an_array_of_strings_is_decoded, arrays);
	unit_add_table(tcase, everything_else_is_refused_with_its_reason, refused);
	unit_add_table(tcase, a_part_of_an_array_is_broken, arrays);
	tcase_add_test(tcase, a_websocket_may_send_a_single_string);
	tcase_add_test(tcase, decoding_replaces_what_was_there);
	tcase_add_test(tcase, deep_nesting_is_bounded);
	tcase_add_test(
		tcase, long_json_that_is_no_array_of_strings_is_not_read_to_its_end);
	tcase_add_test(tcase, room_is_given_back_that_many_messages_took);
	unit_add_table(tcase, the_text_is_bounded_as_it_comes_out, bounded);
	return unit_run(suite);
}
