/* Which time zone counts. */
#include "gateway/base/timezone.h"

#include "tests/support/unit.h"

#include <time.h>

static const struct {
	const char *variable, *name; /* TZ; the configuration's */
	const char *zone;            /* result of localtime_r() */
	const char *left;            /* TZ afterwards */
} zones[] = {
	{NULL, "", "UTC", "UTC0"}, /* and not the machine's own */
	{"ABC-1", "", "ABC", "ABC-1"},
	{"ABC-1", "XYZ2", "XYZ", "XYZ2"},
	{NULL, "XYZ2", "XYZ", "XYZ2"},
};

START_TEST(the_configuration_comes_first_then_tz_then_utc)
{
	const time_t now = 0;
	struct tm tm;

	if (zones[_i].variable != NULL)
		setenv("TZ", zones[_i].variable, 1);
	else
		unsetenv("TZ");
	timezone_set(slice_of(zones[_i].name));
	ck_assert_ptr_nonnull(localtime_r(&now, &tm));
	ck_assert_str_eq(tm.tm_zone, zones[_i].zone);
	ck_assert_str_eq(getenv("TZ"), zones[_i].left);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("timezone");
	TCase *tcase = unit_case(suite, "zones");

	unit_add_table(tcase, the_configuration_comes_first_then_tz_then_utc, zones);
	return unit_run(suite);
}
