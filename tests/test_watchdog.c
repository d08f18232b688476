/* A service manager hears that all workers turn, and nothing when one does not. */
#include "gateway/worker/watchdog.h"

#include "gateway/worker/worker.h"
#include "tests/support/manager.h"
#include "tests/support/still_crew.h"
#include "tests/support/unit.h"

static const unsigned counts[] = {1, 2, 3};

static struct manager manager;
static struct watchdog watchdog;
static struct crew *crew;

static void begin(unsigned count)
{
	crew = still_crew_create_of(count, "");
	watchdog_start(&watchdog, crew);
}

static void setup(void)
{
	manager_listen(&manager);
	setenv("WATCHDOG_USEC", "20000000", 1);
}

static void teardown(void)
{
	still_crew_destroy(crew);
	manager_finish(&manager);
}

START_TEST(the_manager_hears_it_four_times_within_its_patience)
{
	int heard = 0;

	begin(counts[_i]);
	still_crew_advance(crew, 20000);
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
				loop_advance(crew->workers[i]->loop, 1000);
		}
	}
	ck_assert_str_eq(manager_hear(&manager), "");

	still_crew_advance(crew, 5000);
	ck_assert_str_eq(manager_hear(&manager), "WATCHDOG=1");
}
END_TEST

START_TEST(a_manager_that_does_not_ask_hears_nothing)
{
	unsetenv("WATCHDOG_USEC");
	begin(2);
	still_crew_advance(crew, 3600000);
	ck_assert_str_eq(manager_hear(&manager), "");
}
END_TEST

START_TEST(a_crew_may_end_while_the_token_is_on_its_way)
{
	begin(3);
	loop_advance(crew->workers[0]->loop, 5000);
	loop_advance(crew->workers[1]->loop, 0);
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
	tcase_add_test(tcase, a_crew_may_end_while_the_token_is_on_its_way);
	return unit_run(suite);
}
