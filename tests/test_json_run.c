/* Runs of plain bytes: found eight bytes at a time, as if byte by byte. */
#include "protocol/json_run.h"

#include "tests/support/unit.h"

#include <limits.h>

static size_t slow_run(struct slice text, bool narrow)
{
	size_t at = 0;

	while (at < text.len && json_is_plain(text.data[at]) &&
		!(narrow && json_is_wide(text.data[at])))
		at++;
	return at;
}

/* One assert for each text would take longer than all the rest. */
static size_t wrong_runs(char *text, size_t len)
{
	const struct slice all = {text, len};

	return (json_run(all, false) != slow_run(all, false)) +
	       (json_run(all, true) != slow_run(all, true));
}

START_TEST(only_what_json_escapes_is_not_plain)
{
	for (int byte = 0; byte <= UCHAR_MAX; byte++)
		ck_assert(json_is_plain((char)byte) ==
			  (byte >= 0x20 && byte != '"' && byte != '\\'));
}
END_TEST

START_TEST(a_run_ends_at_the_first_byte_that_stops_it)
{
	enum { LEN = 19 };
	size_t wrong = 0;

	for (size_t first = 0; first < LEN; first++) {
		for (size_t next = first; next < LEN; next++) {
			for (int byte = 0; byte <= UCHAR_MAX; byte++) {
				char text[LEN];

				memset(text, 'a', LEN);
				text[next] = '!'; /* one more than a quote */
				text[first] = (char)byte;
				wrong += wrong_runs(text, LEN);
				text[next] = '\\';
				wrong += wrong_runs(text, LEN);
			}
		}
	}
	ck_assert_uint_eq(wrong, 0);
}
END_TEST

START_TEST(a_run_may_be_all_of_the_text)
{
	static const struct slice texts[] = {SLICE_INIT(""), SLICE_INIT("short"),
		SLICE_INIT("eight by"), SLICE_INIT("more than eight bytes")};

	for (size_t i = 0; i < COUNT(texts); i++) {
		ck_assert_uint_eq(json_run(texts[i], false), texts[i].len);
		ck_assert_uint_eq(json_run(texts[i], true), texts[i].len);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("json_run");
	TCase *tcase = unit_case(suite, "runs");

	tcase_add_test(tcase, only_what_json_escapes_is_not_plain);
	tcase_add_test(tcase, a_run_ends_at_the_first_byte_that_stops_it);
	tcase_add_test(tcase, a_run_may_be_all_of_the_text);
	return unit_run(suite);
}
