#include "gateway/route/clean_json.h"

#include "tests/support/unit.h"

static const struct {
	const char *json, *clean; /* NULL: nothing to replace */
} rows[] = {
	{"", NULL}, {"{\"a\": \"plain\"}", NULL},
	{"\"\\ud83d\\ude00\"", NULL}, /* a whole pair */
	{"\"\\uD83D\\uDE00\"", NULL}, {"\"\\ud83d b\"", "\"\\ufffd b\""},
	{"\"\\ude00\"", "\"\\ufffd\""}, {"\"\\ude00\\ud83d\"", "\"\\ufffd\\ufffd\""},
	{"\"\\ud83d\\ud83d\\ude00\"", "\"\\ufffd\\ud83d\\ude00\""},
	{"\"\\\\ud83d\"", NULL}, /* a backslash, then letters */
	{"\"\\\"\\ud83d\"", "\"\\\"\\ufffd\""},
	{"\"\\ud83", NULL}, /* broken: the JSON reader reports it */
	{"\\", NULL},
	{"\"\xed\xa0\xbd\"", "\"\xef\xbf\xbd\""}, /* raw, as old browsers send it */
	{"\"\xff\"", NULL},                       /* no text at all */
};

START_TEST(half_a_pair_becomes_a_replacement_character)
{
	struct buf out = {0};
	bool changed = clean_json(slice_of(rows[_i].json), &out);

	ck_assert_msg(changed == (rows[_i].clean != NULL), "%s", rows[_i].json);
	if (changed)
		ck_assert_slice_eq(buf_slice(&out), slice_of(rows[_i].clean));
	else
		ck_assert_uint_eq(out.len, 0);
	buf_finish(&out);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("clean json");
	TCase *tcase = unit_case(suite, "surrogates");

	unit_add_table(tcase, half_a_pair_becomes_a_replacement_character, rows);
	return unit_run(suite);
}
