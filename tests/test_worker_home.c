/* The home of a name: all workers agree on it, and share the names evenly. */
#include "gateway/worker/worker.h"
#include "tests/support/still_workers.h"
#include "tests/support/unit.h"

#include <stdio.h>

START_TEST(all_workers_agree_where_a_name_is_at_home)
{
	struct workers *workers = still_workers_create_of(5, "");
	unsigned homes[5] = {0};

	for (int i = 0; i < 1000; i++) {
		char name[32];
		snprintf(name, sizeof(name), "/topic/%d", i);
		unsigned home = worker_home(workers->all[0], slice_of(name));

		ck_assert_uint_lt(home, 5);
		homes[home]++;
		for (unsigned j = 1; j < 5; j++)
			ck_assert_uint_eq(
				worker_home(workers->all[j], slice_of(name)), home);
	}
	/* Nearly even: 200 each, and 12.6 is the standard deviation. */
	for (unsigned j = 0; j < 5; j++)
		ck_assert(homes[j] > 140 && homes[j] < 260);
	still_workers_destroy(workers);
}
END_TEST

START_TEST(everything_is_at_home_with_a_worker_that_is_alone)
{
	struct workers *workers = still_workers_create_of(1, "");

	for (int i = 0; i < 100; i++) {
		char name[32];

		snprintf(name, sizeof(name), "/topic/%d", i);
		ck_assert_uint_eq(worker_home(workers->all[0], slice_of(name)), 0);
	}
	still_workers_destroy(workers);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("worker_home");
	TCase *tcase = unit_case(suite, "homes");

	tcase_add_test(tcase, all_workers_agree_where_a_name_is_at_home);
	tcase_add_test(tcase, everything_is_at_home_with_a_worker_that_is_alone);
	return unit_run(suite);
}
