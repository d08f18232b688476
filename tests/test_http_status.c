#include "protocol/http_head.h"
#include "tests/support/unit.h"

#include <stdio.h>

static const int statuses[] = {100, 101, 200, 204, 304, 400, 401, 403, 404, 405, 408,
	409, 411, 413, 414, 415, 417, 421, 426, 429, 431, 500, 501, 503, 505};

START_TEST(a_status_line_begins_with_its_status)
{
	char start[8];

	snprintf(start, sizeof(start), "%d ", statuses[_i]);
	ck_assert_int_eq(
		strncmp(http_status_line(statuses[_i]), start, strlen(start)), 0);
}
END_TEST

START_TEST(a_status_that_we_never_answer_is_our_mistake)
{
	ck_assert_str_eq(http_status_line(299), "500 Internal Server Error");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("http_status");
	TCase *tcase = unit_case(suite, "lines");

	unit_add_table(tcase, a_status_line_begins_with_its_status, statuses);
	tcase_add_test(tcase, a_status_that_we_never_answer_is_our_mistake);
	return unit_run(suite);
}
