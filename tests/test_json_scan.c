#include "protocol/json_scan.h"

#include "protocol/json_text.h"
#include "tests/support/unit.h"

/* Each kind of token as a letter; '!' for bad, '.' for the end. */
static struct buf kinds_of(struct slice text)
{
	static const char letters[] = "!.{}[]nsdw";
	struct json_scan scan = json_scan_of(text);
	struct buf kinds = {0};
	struct slice token;

	for (;;) {
		const enum json_scan_token kind = json_scan_next(&scan, &token);

		buf_append_char(&kinds, letters[kind]);
		if (kind == JSON_SCAN_BAD || kind == JSON_SCAN_END)
			return kinds;
	}
}

static const struct {
	const char *text, *kinds;
} texts[] = {
	{"1", "d."},
	{" \t\r\n\"a\" ", "s."},
	{"[]", "[]."},
	{"{}", "{}."},
	{"[ ]", "[]."},
	{"[true,false , null]", "[www]."},
	{"{\"a\":1,\"b\" : [ {} , [] ]}", "{ndn[{}[]]}."},
	{"{\"a\":{\"a\":{}}}", "{n{n{}}}."},
	{"[-0,0.5,-1e5,1E+5,1e-5,10]", "[dddddd]."},
	{"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00aF\\ud800\"", "s."},
	{"\"\x7f\xc3\xa9\"", "s."},

	{"", "!"},
	{" ", "!"},
	{"1 2", "d!"},
	{"1,", "d!"},
	{"[] ]", "[]!"},
	{"{} }", "{}!"},
	{"[", "[!"},
	{"[1", "[d!"},
	{"[1,", "[d!"},
	{"[1,]", "[d!"},
	{"[,1]", "[!"},
	{"[1 2]", "[d!"},
	{"[1}", "[d!"},
	{"{", "{!"},
	{"{1:1}", "{!"},
	{"{\"a\"", "{!"},
	{"{\"a\" 1}", "{!"},
	{"{\"a\":", "{n!"},
	{"{\"a\":}", "{n!"},
	{"{\"a\":1", "{nd!"},
	{"{\"a\":1]", "{nd!"},
	{"{\"a\":1,}", "{nd!"},
	{"{\"a\":1 \"b\":2}", "{nd!"},
	{"{,}", "{!"},
	{"[\"a\":1]", "[s!"},
	{"tru", "!"},
	{"nul", "!"},
	{"fals", "!"},
	{"truefalse", "w!"},
	{"True", "!"},
	{"NaN", "!"},
	{"-", "!"},
	{"+1", "!"},
	{"01", "!"},
	{"-01", "!"},
	{".5", "!"},
	{"1.", "!"},
	{"1.e5", "!"},
	{"1e", "!"},
	{"1e+", "!"},
	{"0x1", "d!"},
	{"'a'", "!"},
	{"\"", "!"},
	{"\"a", "!"},
	{"\"\\", "!"},
	{"\"\\\"", "!"},
	{"\"\\x\"", "!"},
	{"\"\\u12\"", "!"},
	{"\"\\u123g\"", "!"},
	{"\"\n\"", "!"},
	{"\"\x1f\"", "!"},
	{"/**/1", "!"},
	{"\xef\xbb\xbf"
	 "1",
		"!"},
	{"\v1", "!"},
};

START_TEST(a_text_is_read_token_by_token)
{
	struct buf kinds = kinds_of(slice_of(texts[_i].text));

	ck_assert_slice_eq(buf_slice(&kinds), slice_of(texts[_i].kinds));
	buf_finish(&kinds);
}
END_TEST

START_TEST(a_nul_is_no_blank_and_no_end)
{
	struct buf kinds = kinds_of(SLICE("1\0"));

	ck_assert_slice_eq(buf_slice(&kinds), SLICE("d!"));
	buf_finish(&kinds);
}
END_TEST

START_TEST(a_token_is_its_text)
{
	struct json_scan scan =
		json_scan_of(SLICE(" { \"a\\n\" : -1.5e3 , \"\":null}"));
	const struct slice expected[] = {SLICE("{"), SLICE("\"a\\n\""), SLICE("-1.5e3"),
		SLICE("\"\""), SLICE("null"), SLICE("}")};
	struct slice token;

	for (size_t i = 0; i < COUNT(expected); i++) {
		ck_assert_int_ne(json_scan_next(&scan, &token), JSON_SCAN_BAD);
		ck_assert_slice_eq(token, expected[i]);
	}
	ck_assert_int_eq(json_scan_next(&scan, &token), JSON_SCAN_END);
}
END_TEST

static const struct {
	const char *text;
	bool large;
} numbers[] = {
	{"9223372036854775807", false},
	{"9223372036854775808", true},
	{"-9223372036854775808", false},
	{"-9223372036854775809", true},
	{"999999999999999999", false},
	{"10000000000000000000", true},
	{"10000000000000000000.0", false},
	{"1e308", false},
	{"1e309", true},
	{"-1e309", true},
	{"1.7976931348623157e308", false},
	{"1.7976931348623158e308", false},
	{"1.7976931348623159e308", true},
	{"-179.76931348623159e306", true},
	{"0.00017976931348623157e312", false},
	{"0.00017976931348623159e312", true},
	{"0.0001e313", true},
	{"0e999", false},
	{"0.000e999999999999999999999", false},
	{"1e-999999999999999999999", false},
	{"1e999999999999999999999", true},
	{"1e00000000000000000000001", false},
};

START_TEST(a_number_that_64_bits_or_a_double_do_not_take_is_noted)
{
	struct json_scan scan = json_scan_of(slice_of(numbers[_i].text));
	struct slice token;

	ck_assert_int_eq(json_scan_next(&scan, &token), JSON_SCAN_NUMBER);
	ck_assert_int_eq(json_scan_next(&scan, &token), JSON_SCAN_END);
	ck_assert_msg(
		scan.has_large_number == numbers[_i].large, "%s", numbers[_i].text);
}
END_TEST

static struct buf nested(size_t depth, char open, char close)
{
	struct buf text = {0};

	for (size_t i = 0; i < depth; i++)
		buf_append_char(&text, open);
	for (size_t i = 0; i < depth; i++)
		buf_append_char(&text, close);
	return text;
}

START_TEST(the_depth_is_bounded)
{
	struct buf deep = nested(JSON_SCAN_DEPTH_MAX, '[', ']');
	struct buf deeper = nested(JSON_SCAN_DEPTH_MAX + 1, '[', ']');
	struct buf kinds = kinds_of(buf_slice(&deep));

	ck_assert_int_eq(kinds.data[kinds.len - 1], '.');
	buf_finish(&kinds);
	kinds = kinds_of(buf_slice(&deeper));
	ck_assert_uint_eq(kinds.len, JSON_SCAN_DEPTH_MAX + 1);
	ck_assert_int_eq(kinds.data[kinds.len - 1], '!');
	buf_finish(&kinds);
	buf_finish(&deep);
	buf_finish(&deeper);
}
END_TEST

START_TEST(an_array_or_object_is_skipped_whole)
{
	struct json_scan scan = json_scan_of(SLICE("[{\"a\":[{}]} ,2]"));
	struct slice token;

	json_scan_next(&scan, &token);
	ck_assert_int_eq(json_scan_next(&scan, &token), JSON_SCAN_OBJECT);
	ck_assert(json_scan_skip(&scan));
	ck_assert_uint_eq(scan.depth, 1);
	ck_assert_int_eq(json_scan_next(&scan, &token), JSON_SCAN_NUMBER);
	ck_assert_slice_eq(token, SLICE("2"));

	scan = json_scan_of(SLICE("[[1}]"));
	json_scan_next(&scan, &token);
	ck_assert(!json_scan_skip(&scan));
}
END_TEST

static const struct {
	const char *value, *compact;
} values[] = {
	{"1.50", "1.50"},
	{"[ ]", "[]"},
	{"[1 ,\t2\r\n, 3 ]", "[1,2,3]"},
	{"{ \"a b\" : \" c \" }", "{\"a b\":\" c \"}"},
	{"\"\\\\\\\"\"", "\"\\\\\\\"\""},
	{"[\"\\\\\", \"]\"]", "[\"\\\\\",\"]\"]"},
	{"\"\\/\"", "\"/\""},
	{"\"\\b\\f\\n\\r\\t\"", "\"\\b\\f\\n\\r\\t\""},
	{"\"\\u0008\\u000c\\u000a\\u000d\\u0009\"", "\"\\b\\f\\n\\r\\t\""},
	{"\"\\u0000\\u001f\\u007f\"", "\"\\u0000\\u001F\x7f\""},
	{"\"\\u0022\\u005c\\u002f\"", "\"\\\"\\\\/\""},
	{"\"x\\u00e9y\\u20acz\"", "\"x\xc3\xa9y\xe2\x82\xacz\""},
	{"\"\\uD83D\\ude00\"", "\"\xf0\x9f\x98\x80\""},
	{"\"\\ud83d\"", "\"\xef\xbf\xbd\""},
	{"\"\\ud83dx\\ude00\"", "\"\xef\xbf\xbdx\xef\xbf\xbd\""},
	{"\"\\ude00\\ud83d\"", "\"\xef\xbf\xbd\xef\xbf\xbd\""},
	{"\"\\ud83d\\ud83d\\ude00\"", "\"\xef\xbf\xbd\xf0\x9f\x98\x80\""},
	{"\"\\\\ud83d\"", "\"\\\\ud83d\""},
};

START_TEST(a_value_is_written_compactly)
{
	struct slice value = slice_of(values[_i].value);
	struct buf out = {0};

	json_text_append_compact(&out, value);
	ck_assert_slice_eq(buf_slice(&out), slice_of(values[_i].compact));
	ck_assert_uint_le(out.len, value.len);
	buf_finish(&out);
}
END_TEST

START_TEST(a_text_is_escaped)
{
	struct buf out = {0};

	json_text_append_escaped(
		&out, SLICE("a\"\\/\b\f\n\r\t\x01\x1f\x7f\xc3\xa9\0z"));
	ck_assert_slice_eq(buf_slice(&out),
		SLICE("a\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001F\x7f\xc3\xa9\\u0000z"));
	buf_finish(&out);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("json scan");
	TCase *scan = unit_case(suite, "scan");
	TCase *text = unit_case(suite, "text");

	unit_add_table(scan, a_text_is_read_token_by_token, texts);
	tcase_add_test(scan, a_nul_is_no_blank_and_no_end);
	tcase_add_test(scan, a_token_is_its_text);
	unit_add_table(
		scan, a_number_that_64_bits_or_a_double_do_not_take_is_noted, numbers);
	tcase_add_test(scan, the_depth_is_bounded);
	tcase_add_test(scan, an_array_or_object_is_skipped_whole);
	unit_add_table(text, a_value_is_written_compactly, values);
	tcase_add_test(text, a_text_is_escaped);
	return unit_run(suite);
}
