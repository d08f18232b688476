/* Numbers: which texts each reader takes, and which it refuses. */
#include "protocol/number.h"

#include "tests/support/unit.h"

#include <inttypes.h>

/* Stands for a refusal, in place of a number. */
#define NONE UINT64_C(77777)

static const struct {
	const char *text;
	uint64_t most, plain, capped, canonical, hex;
} rows[] = {
	{"0", 9, 0, 0, 0, 0}, {"9", 9, 9, 9, 9, 9}, {"10", 9, NONE, 9, NONE, NONE},
	{"10", 16, 10, 10, 10, 16}, {"007", 9, 7, 7, NONE, 7}, {"00", 9, 0, 0, NONE, 0},
	{"0000000000000000000000000000001", 9, 1, 1, NONE, 1}, {"0", 0, 0, 0, 0, 0},
	{"1", 0, NONE, 0, NONE, NONE}, {"65535", 65535, 65535, 65535, 65535, NONE},
	{"65536", 65535, NONE, 65535, NONE, NONE},
	{"18446744073709551615", UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, NONE},
	{"18446744073709551616", UINT64_MAX, NONE, UINT64_MAX, NONE, NONE},
	{"99999999999999999999999999", UINT64_MAX, NONE, UINT64_MAX, NONE, NONE},
	{"9223372036854775807", INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX, NONE},
	{"9223372036854775808", INT64_MAX, NONE, INT64_MAX, NONE, NONE},
	{"ffffffffffffffff", UINT64_MAX, NONE, NONE, NONE, UINT64_MAX},
	{"10000000000000000", UINT64_MAX, 10000000000000000, 10000000000000000,
		10000000000000000, NONE},
	{"c0ffee", UINT64_MAX, NONE, NONE, NONE, 0xc0ffee},
	{"C0FFEE", UINT64_MAX, NONE, NONE, NONE, NONE},
	{"g", 99, NONE, NONE, NONE, NONE}, {"", 9, NONE, NONE, NONE, NONE},
	{" 1", 9, NONE, NONE, NONE, NONE}, {"1 ", 9, NONE, NONE, NONE, NONE},
	{"+1", 9, NONE, NONE, NONE, NONE}, {"-1", 9, NONE, NONE, NONE, NONE},
	{"-0", 9, NONE, NONE, NONE, NONE}, {"1.0", 9, NONE, NONE, NONE, NONE},
	{"1e1", 9, NONE, NONE, NONE, NONE}, {"0x1", 9, NONE, NONE, NONE, NONE},
	{"99x", 9, NONE, NONE, NONE, NONE},      /* too large already, and no number */
	{"\xd9\xa1", 9, NONE, NONE, NONE, NONE}, /* a digit of another script */
};

static void check(const char *reader,
	bool (*read)(struct slice digits, uint64_t most, uint64_t *number),
	const char *text, uint64_t most, uint64_t expected)
{
	uint64_t number = NONE;
	bool is_read = read(slice_of(text), most, &number);

	ck_assert_msg(number == expected && is_read == (expected != NONE),
		"%s of \"%s\" is %" PRIu64, reader, text, number);
}

START_TEST(a_number_is_read_or_refused_whole)
{
	const char *text = rows[_i].text;
	const uint64_t most = rows[_i].most;

	check("number_read", number_read, text, most, rows[_i].plain);
	check("number_read_capped", number_read_capped, text, most, rows[_i].capped);
	check("number_read_canonical", number_read_canonical, text, most,
		rows[_i].canonical);
	check("number_read_hex", number_read_hex, text, most, rows[_i].hex);
}
END_TEST

START_TEST(a_nul_is_no_digit)
{
	uint64_t number = NONE;

	ck_assert(!number_read(SLICE("1\0002"), 99, &number));
	ck_assert(!number_read(SLICE("1\0"), 99, &number));
	ck_assert_uint_eq(number, NONE);
}
END_TEST

static const struct {
	uint64_t number;
	const char *decimal, *hex;
} written[] = {
	{0, "0", "0"},
	{9, "9", "9"},
	{10, "10", "a"},
	{255, "255", "ff"},
	{256, "256", "100"},
	{UINT64_MAX, "18446744073709551615", "ffffffffffffffff"},
};

START_TEST(a_number_is_written_without_leading_zeros)
{
	char digits[NUMBER_DIGITS_MAX];
	size_t len = number_write(digits, written[_i].number);

	ck_assert_slice_eq(
		((struct slice){digits, len}), slice_of(written[_i].decimal));
	len = number_write_hex(digits, written[_i].number);
	ck_assert_slice_eq(((struct slice){digits, len}), slice_of(written[_i].hex));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("number");
	TCase *tcase = unit_case(suite, "reading");

	unit_add_table(tcase, a_number_is_read_or_refused_whole, rows);
	tcase_add_test(tcase, a_nul_is_no_digit);
	unit_add_table(tcase, a_number_is_written_without_leading_zeros, written);
	return unit_run(suite);
}
