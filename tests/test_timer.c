#include "gateway/base/timer.h"

#include "tests/support/unit.h"

enum { MANY = 500 };

static struct timers timers;
static struct timer many[MANY];

static void setup(void)
{
	timers = (struct timers){0};
	memset(many, 0, sizeof(many));
}

static void teardown(void)
{
	timers_finish(&timers);
}

/* Numbers that look random and are the same every time. */
static uint64_t scatter(uint64_t i)
{
	return i * 2654435761u % 1009;
}

/* Takes all timers out; they must come in order. Returns how many there were. */
static int drain(void)
{
	struct timer *first;
	uint64_t latest = 0;
	int count = 0;

	while ((first = timers_first(&timers)) != NULL) {
		ck_assert(timer_is_running(first));
		ck_assert_uint_ge(timers_due(&timers, first), latest);
		latest = timers_due(&timers, first);
		timers_stop(&timers, first);
		ck_assert(!timer_is_running(first));
		count++;
	}
	return count;
}

START_TEST(nothing_is_due_at_first)
{
	ck_assert_ptr_null(timers_first(&timers));
	timers_stop(&timers, &many[0]); /* a stopped timer */
	ck_assert(!timer_is_running(&many[0]));
}
END_TEST

START_TEST(timers_come_in_the_order_in_which_they_are_due)
{
	for (uint64_t i = 0; i < MANY; i++)
		timers_start(&timers, &many[i], scatter(i));
	ck_assert_int_eq(drain(), MANY);
}
END_TEST

START_TEST(a_running_timer_is_moved)
{
	for (uint64_t i = 0; i < MANY; i++)
		timers_start(&timers, &many[i], scatter(i));
	for (uint64_t i = 0; i < MANY; i++) {
		timers_start(&timers, &many[i], scatter(i + 77));
		ck_assert_uint_eq(timers_due(&timers, &many[i]), scatter(i + 77));
	}
	ck_assert_int_eq(drain(), MANY);
}
END_TEST

START_TEST(a_stopped_timer_does_not_come)
{
	for (uint64_t i = 0; i < MANY; i++)
		timers_start(&timers, &many[i], scatter(i));
	for (uint64_t i = 0; i < MANY; i += 3)
		timers_stop(&timers, &many[i]);
	for (uint64_t i = 0; i < MANY; i++)
		ck_assert(timer_is_running(&many[i]) == (i % 3 != 0));
	ck_assert_int_eq(drain(), MANY - (MANY + 2) / 3);
}
END_TEST

/* The case: how many there are. Each of them is stopped once, from all of them. */
START_TEST(whichever_is_stopped_the_others_come_in_order)
{
	for (int stopped = 0; stopped < _i; stopped++) {
		for (int i = 0; i < _i; i++)
			timers_start(&timers, &many[i], scatter((uint64_t)(i + _i)));
		timers_stop(&timers, &many[stopped]);
		ck_assert_int_eq(drain(), _i - 1);
	}
}
END_TEST

START_TEST(a_timer_may_be_due_at_any_time)
{
	timers_start(&timers, &many[0], UINT64_MAX);
	timers_start(&timers, &many[1], 0);
	ck_assert_ptr_eq(timers_first(&timers), &many[1]);
	timers_start(&timers, &many[1], UINT64_MAX);
	timers_start(&timers, &many[2], UINT64_MAX - 1);
	ck_assert_ptr_eq(timers_first(&timers), &many[2]);
	ck_assert_int_eq(drain(), 3);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("timer");
	TCase *tcase = unit_case(suite, "timer");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, nothing_is_due_at_first);
	tcase_add_test(tcase, timers_come_in_the_order_in_which_they_are_due);
	tcase_add_test(tcase, a_running_timer_is_moved);
	tcase_add_test(tcase, a_stopped_timer_does_not_come);
	tcase_add_loop_test(
		tcase, whichever_is_stopped_the_others_come_in_order, 1, 90);
	tcase_add_test(tcase, a_timer_may_be_due_at_any_time);
	return unit_run(suite);
}
