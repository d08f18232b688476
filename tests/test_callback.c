#include "tests/support/unit.h"
#include "transports/sockjs/callback.h"

#define LONGEST "abcdefghijklmnopqrstuvwxyz012345"

static const struct {
	const char *query;
	enum callback_verdict verdict;
	const char *callback;
} queries[] = {
	{"c=_jp.a1b-2", CALLBACK_GOOD, "_jp.a1b-2"},
	{"callback=name", CALLBACK_GOOD, "name"},
	{"x=1&c=first&callback=second", CALLBACK_GOOD, "first"},
	{"c=%61b", CALLBACK_GOOD, "ab"},
	{"c=" LONGEST, CALLBACK_GOOD, LONGEST},
	{"c=" LONGEST "6", CALLBACK_INVALID, ""},
	{"", CALLBACK_MISSING, ""},
	{"c=", CALLBACK_MISSING, ""},
	{"cc=name", CALLBACK_MISSING, ""},
	{"c=alert(1)", CALLBACK_INVALID, ""},
	{"c=%3Cscript%3E", CALLBACK_INVALID, ""},
	{"c=a+b", CALLBACK_INVALID, ""},
	{"c=a%00", CALLBACK_INVALID, ""},
	{"c=%zz", CALLBACK_INVALID, ""},
	{"c=\xc3\xa9", CALLBACK_INVALID, ""},
};

START_TEST(a_callback_is_a_name_and_nothing_else)
{
	char callback[CALLBACK_MAX + 1] = "";

	ck_assert_int_eq(callback_read(slice_of(queries[_i].query), callback),
		queries[_i].verdict);
	ck_assert_str_eq(callback, queries[_i].callback);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("callback");
	TCase *tcase = unit_case(suite, "query");

	unit_add_table(tcase, a_callback_is_a_name_and_nothing_else, queries);
	return unit_run(suite);
}
