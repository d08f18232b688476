/* A service manager is notified while all workers run, and not when one hangs. */
#include "gateway/worker/watchdog.h"

#include "gateway/worker/worker.h"
#include "tests/support/manager.h"
#include "tests/support/still_workers.h"
#include "tests/support/unit.h"

static const unsigned counts[] = {1, 2, 3};

static struct manager manager;
static struct watchdog watchdog;
static struct workers *workers;

static void begin(unsigned count)
{
	workers = still_workers_create_of(count, "");
	watchdog_start(&watchdog, workers);
}

static void setup(void)
{
	manager_listen(&manager);
	setenv("WATCHDOG_USEC", "20000000", 1);
}

static void teardown(void)
{
	still_workers_destroy(workers);
	manager_finish(&manager);
}

START_TEST(the_manager_hears_it_four_times_within_its_patience)
{
	int heard = 0;

	begin(counts[_i]);
	still_workers_advance(workers, 20000);
	while (*manager_hear(&manager) != '\0') {
		ck_assert_str_eq(manager.heard, "WATCHDOG=1");
		heard++;
	}
	ck_assert_int_eq(heard, 4);
}
END_TEST

START_TEST(the_manager_hears_nothing_while_one_worker_hangs)
{
	const unsigned hanging = (unsigned)_i;

	begin(3);
	for (int step = 0; step < 30; step++) {
		for (unsigned i = 0; i < 3; i++) {
			if (i != hanging)
				loop_advance(workers->all[i]->loop, 1000);
		}
	}
	ck_assert_str_eq(manager_hear(&manager), "");

	still_workers_advance(workers, 5000);
	ck_assert_str_eq(manager_hear(&manager), "WATCHDOG=1");
}
END_TEST

START_TEST(a_manager_that_does_not_ask_hears_nothing)
{
	unsetenv("WATCHDOG_USEC");
	begin(2);
	still_workers_advance(workers, 3600000);
	ck_assert_str_eq(manager_hear(&manager), "");
}
END_TEST

START_TEST(a_workers_may_end_while_the_token_is_on_its_way)
{
	begin(3);
	loop_advance(workers->all[0]->loop, 5000);
	loop_advance(workers->all[1]->loop, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("watchdog");
	TCase *tcase = unit_case(suite, "watchdog");

	tcase_add_checked_fixture(tcase, setup, teardown);
	unit_add_table(
		tcase, the_manager_hears_it_four_times_within_its_patience, counts);
	tcase_add_loop_test(
		tcase, the_manager_hears_nothing_while_one_worker_hangs, 0, 3);
	tcase_add_test(tcase, a_manager_that_does_not_ask_hears_nothing);
	tcase_add_test(tcase, a_workers_may_end_while_the_token_is_on_its_way);
	return unit_run(suite);
}
