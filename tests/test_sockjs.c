#include "protocol/sockjs.h"
#include "protocol/utf8.h"
#include "tests/support/unit.h"

static const struct {
	struct slice text, quoted;
} quotes[] = {
	{SLICE_INIT(""), SLICE_INIT("\"\"")},
	{SLICE_INIT("plain, and longer than a word"),
		SLICE_INIT("\"plain, and longer than a word\"")},
	{SLICE_INIT("\"\\/"), SLICE_INIT("\"\\\"\\\\/\"")},
	{SLICE_INIT("\b\t\n\f\r"), SLICE_INIT("\"\\b\\t\\n\\f\\r\"")},
	{SLICE_INIT("\0\x01\x0b\x1f\x20\x7f"),
		SLICE_INIT("\"\\u0000\\u0001\\u000b\\u001f \x7f\"")},
	{SLICE_INIT("SEND\na:b\n\nsome body\0"),
		SLICE_INIT("\"SEND\\na:b\\n\\nsome body\\u0000\"")},

	/* UTF-8 goes out as it is ... */
	{SLICE_INIT("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"),
		SLICE_INIT("\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"")},
	{SLICE_INIT("\xe2\x80\x8b\xe2\x80\x90\xe2\x80\xa7\xe2\x80\xb0"),
		SLICE_INIT("\"\xe2\x80\x8b\xe2\x80\x90\xe2\x80\xa7\xe2\x80\xb0\"")},
	{SLICE_INIT("\xe2\x81\x9f\xe2\x81\xb0\xef\xbf\xaf\xed\x9f\xbf\xee\x80\x80"),
		SLICE_INIT("\"\xe2\x81\x9f\xe2\x81\xb0\xef\xbf\xaf\xed\x9f\xbf"
			   "\xee\x80\x80\"")},

	/* ... but for these, at the ends of their ranges. */
	{SLICE_INIT("\xe2\x80\x8c\xe2\x80\x8f"), SLICE_INIT("\"\\u200c\\u200f\"")},
	{SLICE_INIT("\xe2\x80\xa8\xe2\x80\xaf"), SLICE_INIT("\"\\u2028\\u202f\"")},
	{SLICE_INIT("\xe2\x81\xa0\xe2\x81\xaf"), SLICE_INIT("\"\\u2060\\u206f\"")},
	{SLICE_INIT("\xef\xbf\xb0\xef\xbf\xbf"), SLICE_INIT("\"\\ufff0\\uffff\"")},
	{SLICE_INIT("\xed\xa0\x80\xed\xbf\xbf"), SLICE_INIT("\"\\ud800\\udfff\"")},
	{SLICE_INIT("a\xed\xa0\xbd\xed\xb8\x80z"), SLICE_INIT("\"a\\ud83d\\ude00z\"")},

	/* Bytes that are not WTF-8 at all. */
	{SLICE_INIT("a\x80z"), SLICE_INIT("\"a\\ufffdz\"")},
	{SLICE_INIT("\xff"), SLICE_INIT("\"\\ufffd\"")},
	{SLICE_INIT("\xc3"), SLICE_INIT("\"\\ufffd\"")},
	{SLICE_INIT("\xc3\xa4\xc3\"\xc3\xa4"),
		SLICE_INIT("\"\xc3\xa4\\ufffd\\\"\xc3\xa4\"")},
	{SLICE_INIT("\xe2\x82"), SLICE_INIT("\"\\ufffd\\ufffd\"")},
	{SLICE_INIT("\xf4\x90\x80\x80"),
		SLICE_INIT("\"\\ufffd\\ufffd\\ufffd\\ufffd\"")},
};

START_TEST(text_is_quoted_as_the_protocol_wants_it)
{
	struct buf out = {0};

	sockjs_quote(&out, quotes[_i].text);
	ck_assert_slice_eq(buf_slice(&out), quotes[_i].quoted);
	ck_assert_uint_eq(sockjs_quoted_len(quotes[_i].text), out.len);
	buf_finish(&out);
}
END_TEST

/* The sets of SockJS's own tests: these must be escaped, and no others are. */
static bool must_be_escaped(uint32_t code)
{
	return code < 0x20 || code == '"' || code == '\\' ||
	       (code >= 0x200c && code <= 0x200f) ||
	       (code >= 0x2028 && code <= 0x202f) ||
	       (code >= 0x2060 && code <= 0x206f) ||
	       (code >= 0xd800 && code <= 0xdfff) || (code >= 0xfff0 && code <= 0xffff);
}

START_TEST(exactly_the_listed_code_points_are_escaped)
{
	struct buf text = {0}, out = {0};
	uint32_t wrong = 0;

	for (uint32_t code = 0; code <= 0x10ffff; code++) {
		buf_clear(&text);
		buf_clear(&out);
		utf8_append(&text, code);
		sockjs_quote(&out, buf_slice(&text));
		bool escaped = slice_find(buf_slice(&out), '\\') < out.len;
		wrong += escaped != must_be_escaped(code);
	}
	ck_assert_uint_eq(wrong, 0);
	buf_finish(&text);
	buf_finish(&out);
}
END_TEST

START_TEST(a_bad_byte_is_found_wherever_it_stands)
{
	static const char bad[] = {'\n', '"', '\\', '\x1f', '\xff'};

	/* Clean runs are skipped by words, so try every place in one. */
	for (size_t at = 0; at < 20; at++) {
		for (size_t i = 0; i < COUNT(bad); i++) {
			char text[20];
			struct buf out = {0};

			memset(text, 'x', sizeof(text));
			text[at] = bad[i];
			sockjs_quote(&out, (struct slice){text, sizeof(text)});
			ck_assert_uint_eq(slice_find(buf_slice(&out), '\\'), at + 1);
			buf_finish(&out);
		}
	}
}
END_TEST

START_TEST(script_encoding_hides_what_ends_a_string_or_a_script)
{
	struct buf out = {0};

	sockjs_script(&out, SLICE("a[\"</script>\\u2028 100% \xc3\xa4\"]"));
	ck_assert_slice_eq(buf_slice(&out),
		SLICE("a[\\\"\\u003c/script>\\\\u2028 100% \xc3\xa4\\\"]"));
	buf_finish(&out);
}
END_TEST

START_TEST(percent_encoding_hides_only_what_ends_a_line)
{
	struct buf out = {0};

	sockjs_percent(&out, SLICE("a[\"100% \r\n\0\xc3\xa4+&\"]"));
	sockjs_percent(&out, SLICE(""));
	sockjs_percent(&out, SLICE("h"));
	ck_assert_slice_eq(
		buf_slice(&out), SLICE("a[\"100%25 %0D%0A%00\xc3\xa4+&\"]h"));
	buf_finish(&out);
}
END_TEST

START_TEST(a_close_frame_has_its_code_and_reason)
{
	struct buf out = {0};

	sockjs_close_frame(&out, 3000, SLICE("Go away!"));
	sockjs_close_frame(&out, 1002, SLICE("a \"b\""));
	ck_assert_slice_eq(
		buf_slice(&out), SLICE("c[3000,\"Go away!\"]c[1002,\"a \\\"b\\\"\"]"));
	buf_finish(&out);
}
END_TEST

/* Escapes of each kind, far apart and close together. */
static void append_much(struct buf *text, size_t least)
{
	while (text->len < least) {
		buf_append(text, SLICE("plain \x01\x01\n\"<%\\ \xc3\xa4"));
		buf_append(text, SLICE("\xe2\x80\xa8\xff\xed\xa0\x80"));
	}
}

START_TEST(a_large_text_takes_no_more_memory_than_its_form)
{
	static void (*const codes[])(struct buf *, struct slice) = {
		sockjs_quote, sockjs_percent, sockjs_script};
	enum { LARGE = 1 << 20, SLACK = 16 };
	struct buf text = {0};

	append_much(&text, LARGE);
	for (size_t i = 0; i < COUNT(codes); i++) {
		struct buf out = {0};

		codes[i](&out, buf_slice(&text));
		ck_assert_uint_gt(out.len, text.len);
		ck_assert_uint_le(out.capacity, out.len + SLACK);
		buf_finish(&out);
	}
	buf_finish(&text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sockjs");
	TCase *tcase = unit_case(suite, "frames");

	tcase_add_test(tcase, a_large_text_takes_no_more_memory_than_its_form);
	unit_add_table(tcase, text_is_quoted_as_the_protocol_wants_it, quotes);
	tcase_add_test(tcase, exactly_the_listed_code_points_are_escaped);
	tcase_add_test(tcase, a_bad_byte_is_found_wherever_it_stands);
	tcase_add_test(tcase, percent_encoding_hides_only_what_ends_a_line);
	tcase_add_test(tcase, script_encoding_hides_what_ends_a_string_or_a_script);
	tcase_add_test(tcase, a_close_frame_has_its_code_and_reason);
	return unit_run(suite);
}
