#include "protocol/utf8.h"
#include "tests/support/unit.h"

/* Each row once alone, and once after more ASCII than one step skips. */
static const struct {
	struct slice bytes;
	bool utf8;          /* strictly valid */
	struct slice clean; /* result of utf8_append_clean() */
} texts[] = {
	{SLICE_INIT(""), true, SLICE_INIT("")},
	{SLICE_INIT("plain ASCII, and a NUL: \0."), true,
		SLICE_INIT("plain ASCII, and a NUL: \0.")},
	{SLICE_INIT("\x7f\xc2\x80\xdf\xbf"), true, SLICE_INIT("\x7f\xc2\x80\xdf\xbf")},
	{SLICE_INIT("\xe0\xa0\x80\xef\xbf\xbf"), true,
		SLICE_INIT("\xe0\xa0\x80\xef\xbf\xbf")},
	{SLICE_INIT("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"), true,
		SLICE_INIT("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf")},
	{SLICE_INIT("\xed\x9f\xbf\xee\x80\x80"), true,
		SLICE_INIT("\xed\x9f\xbf\xee\x80\x80")}, /* beside the surrogates */
	{SLICE_INIT("\xed\xa0\x80"), false, SLICE_INIT("\xef\xbf\xbd")},
	{SLICE_INIT("\xed\xbf\xbf!"), false, SLICE_INIT("\xef\xbf\xbd!")},
	{SLICE_INIT("\xed\xa0\xbd\xed\xb8\x80"), false,
		SLICE_INIT("\xf0\x9f\x98\x80")}, /* a pair as six bytes */
	{SLICE_INIT("\xed\xb8\x80\xed\xa0\xbd"), false,
		SLICE_INIT("\xef\xbf\xbd\xef\xbf\xbd")}, /* the wrong way round */
	{SLICE_INIT("\xed\xa0\xbd\xed\xa0\xbd\xed\xb8\x80"), false,
		SLICE_INIT("\xef\xbf\xbd\xf0\x9f\x98\x80")},
	{SLICE_INIT("\xed\xa0\xbd\xed\xb8"), false,
		SLICE_INIT("\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd")},
	{SLICE_INIT("\x80"), false, SLICE_INIT("\xef\xbf\xbd")},
	{SLICE_INIT("\xc0\x80"), false, SLICE_INIT("\xef\xbf\xbd\xef\xbf\xbd")},
	{SLICE_INIT("\xc1\xbf"), false, SLICE_INIT("\xef\xbf\xbd\xef\xbf\xbd")},
	{SLICE_INIT("\xe0\x9f\xbf"), false,
		SLICE_INIT("\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd")},
	{SLICE_INIT("\xf0\x8f\xbf\xbf"), false,
		SLICE_INIT("\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd")},
	{SLICE_INIT("\xf4\x90\x80\x80"), false,
		SLICE_INIT("\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd")},
	{SLICE_INIT("\xc3"), false, SLICE_INIT("\xef\xbf\xbd")}, /* cut short */
	{SLICE_INIT("\xe2\x82"), false, SLICE_INIT("\xef\xbf\xbd\xef\xbf\xbd")},
	{SLICE_INIT("\xe2\x82x"), false, SLICE_INIT("\xef\xbf\xbd\xef\xbf\xbdx")},
	{SLICE_INIT("\xff\xfe"), false, SLICE_INIT("\xef\xbf\xbd\xef\xbf\xbd")},
};

static const struct slice padding =
	SLICE_INIT("more than 32 bytes, and some that are left ");

static struct buf padded(struct slice bytes)
{
	struct buf text = {0};

	buf_append(&text, padding);
	buf_append(&text, bytes);
	return text;
}

START_TEST(strict_utf8_is_told_from_the_rest)
{
	struct buf behind = padded(texts[_i].bytes);

	ck_assert(utf8_is_valid(texts[_i].bytes) == texts[_i].utf8);
	ck_assert(utf8_is_valid(buf_slice(&behind)) == texts[_i].utf8);
	buf_finish(&behind);
}
END_TEST

START_TEST(cleaning_replaces_what_is_not_utf8)
{
	struct buf behind = padded(texts[_i].bytes), clean = {0};

	utf8_append_clean(&clean, texts[_i].bytes);
	ck_assert_slice_eq(buf_slice(&clean), texts[_i].clean);
	ck_assert(utf8_is_valid(buf_slice(&clean)));
	ck_assert_uint_eq(utf8_clean_len(texts[_i].bytes), clean.len);

	buf_clear(&clean);
	utf8_append_clean(&clean, buf_slice(&behind));
	ck_assert_slice_eq(slice_from(buf_slice(&clean), padding.len), texts[_i].clean);
	buf_finish(&clean);
	buf_finish(&behind);
}
END_TEST

START_TEST(every_code_point_survives_its_encoding)
{
	struct buf text = {0};
	uint32_t wrong = 0;

	/* One assert per code point would take longer than all the rest. */
	for (uint32_t code = 0; code <= 0x10ffff; code++) {
		bool surrogate = code >= 0xd800 && code <= 0xdfff;
		uint32_t read = ~code;

		buf_clear(&text);
		utf8_append(&text, code);
		if (utf8_decode(buf_slice(&text), &read) != text.len || read != code ||
			utf8_is_valid(buf_slice(&text)) == surrogate)
			wrong++;
	}
	ck_assert_uint_eq(wrong, 0);
	buf_finish(&text);
}
END_TEST

START_TEST(decoding_takes_one_code_point_only)
{
	uint32_t code = 0;

	ck_assert_uint_eq(utf8_decode(SLICE("\xe2\x82\xac and more"), &code), 3);
	ck_assert_uint_eq(code, 0x20ac);
	ck_assert_uint_eq(utf8_decode(SLICE("\xed\xa0\x80"), &code), 3);
	ck_assert_uint_eq(code, 0xd800);
}
END_TEST

START_TEST(what_is_no_wtf8_is_not_decoded)
{
	static const struct slice bad[] = {SLICE_INIT("\x80"), SLICE_INIT("\xc1\x81"),
		SLICE_INIT("\xe2\x82"), SLICE_INIT("\xf5\x80\x80\x80"),
		SLICE_INIT("\xe0\x80\x80"), SLICE_INIT("\xc3(")};
	uint32_t code = 4711;

	for (size_t i = 0; i < COUNT(bad); i++)
		ck_assert_uint_eq(utf8_decode(bad[i], &code), 0);
	ck_assert_uint_eq(code, 4711);
}
END_TEST

#define HIGH "\xed\xa0\xbd"
#define LOW  "\xed\xb8\x80"
#define PAIR "\xf0\x9f\x98\x80"

/* Pieces of a text, and the output after the last one. */
static const struct {
	const char *pieces[4];
	const char *whole;
} cuts[] = {
	{{"a" HIGH, LOW "b"}, "a" PAIR "b"},
	{{HIGH, LOW}, PAIR},
	{{HIGH, "", LOW}, PAIR},
	{{"a" HIGH, "b"}, "a" HIGH "b"},
	{{HIGH, HIGH, LOW}, HIGH PAIR},
	{{HIGH, LOW HIGH, LOW}, PAIR PAIR},
	{{HIGH, LOW, LOW}, PAIR LOW},
	{{HIGH, PAIR}, HIGH PAIR},
	{{"a", LOW "b"}, "a" LOW "b"},
	{{"a" HIGH}, "a"}, /* the half waits */
	{{"\xed\x9f\xbf", LOW}, "\xed\x9f\xbf" LOW},
	{{PAIR, PAIR}, PAIR PAIR},
};
START_TEST(a_pair_that_is_cut_between_two_pieces_is_joined)
{
	struct utf8_joiner joiner = {0};
	struct buf whole = {0};

	for (size_t i = 0; i < COUNT(cuts[_i].pieces); i++) {
		char space[4];

		if (cuts[_i].pieces[i] == NULL)
			break;

		struct slice piece = slice_of(cuts[_i].pieces[i]);
		buf_append(&whole, utf8_join(&joiner, &piece, space));
		buf_append(&whole, piece);
	}
	ck_assert_slice_eq(buf_slice(&whole), slice_of(cuts[_i].whole));
	buf_finish(&whole);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("utf8");
	TCase *tcase = unit_case(suite, "text");

	unit_add_table(tcase, strict_utf8_is_told_from_the_rest, texts);
	unit_add_table(tcase, cleaning_replaces_what_is_not_utf8, texts);
	tcase_add_test(tcase, every_code_point_survives_its_encoding);
	tcase_add_test(tcase, decoding_takes_one_code_point_only);
	tcase_add_test(tcase, what_is_no_wtf8_is_not_decoded);
	unit_add_table(tcase, a_pair_that_is_cut_between_two_pieces_is_joined, cuts);
	return unit_run(suite);
}
