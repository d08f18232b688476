#include "gateway/base/standstill.h"

#include "tests/support/unit.h"

enum { LOOPS = 3, LATE = 500, CATCH_UP = 500 };

static struct standstill *standstill;

static void setup(void)
{
	standstill = standstill_create(LOOPS);
}

static void teardown(void)
{
	standstill_destroy(standstill);
}

START_TEST(a_turn_in_time_loses_nothing)
{
	standstill_expect(standstill, 0, 10000);
	ck_assert(!standstill_turn(standstill, 0, 9000));
	ck_assert(!standstill_turn(standstill, 0, 10000));
	ck_assert(!standstill_turn(standstill, 0, 10000 + LATE - 1));
	ck_assert_uint_eq(standstill_lost(standstill), 0);
}
END_TEST

START_TEST(a_late_turn_loses_all_the_time_since_it_was_expected)
{
	standstill_expect(standstill, 0, 10000);
	ck_assert(standstill_turn(standstill, 0, 10000 + LATE));
	ck_assert_uint_eq(standstill_lost(standstill), LATE + CATCH_UP);
	ck_assert(!standstill_turn(standstill, 0, 10001 + LATE));
	standstill_expect(standstill, 0, 20000);
	ck_assert(standstill_turn(standstill, 0, 32000));
	ck_assert_uint_eq(
		standstill_lost(standstill), LATE + CATCH_UP + 12000 + CATCH_UP);
}
END_TEST

/* What peers have sent is read after several turns, perhaps at another loop. */
START_TEST(the_time_to_catch_up_is_lost_too_and_once)
{
	standstill_expect(standstill, 0, 10000);
	standstill_expect(standstill, 1, 10000);
	ck_assert(standstill_turn(standstill, 0, 20000));
	ck_assert(standstill_turn(standstill, 1, 20100));
	ck_assert_uint_eq(standstill_lost(standstill), 10100 + CATCH_UP);
	standstill_expect(standstill, 2, 10000);
	standstill_look(standstill, 20200); /* within that time */
	ck_assert_uint_eq(standstill_lost(standstill), 10100 + CATCH_UP);
}
END_TEST

START_TEST(nothing_is_expected_of_a_loop_that_does_not_run)
{
	ck_assert(!standstill_turn(standstill, 0, 1000000));
	standstill_look(standstill, 1000000);
	standstill_expect(standstill, 1, 1000000);
	standstill_expect(standstill, 1, UINT64_MAX);
	standstill_look(standstill, 2000000);
	ck_assert_uint_eq(standstill_lost(standstill), 0);
}
END_TEST

START_TEST(time_in_which_all_stood_still_is_lost_once)
{
	for (unsigned i = 0; i < LOOPS; i++)
		standstill_expect(standstill, i, 10000 + 100 * i);
	for (unsigned i = 0; i < LOOPS; i++)
		ck_assert(standstill_turn(standstill, i, 22000 + i));
	ck_assert_uint_eq(standstill_lost(standstill), 12002 + CATCH_UP);
}
END_TEST

START_TEST(a_loop_that_hangs_is_seen_by_the_others)
{
	standstill_expect(standstill, 1, 10000);
	standstill_look(standstill, 10000 + LATE - 1);
	ck_assert_uint_eq(standstill_lost(standstill), 0);
	standstill_look(standstill, 10000 + LATE);
	ck_assert_uint_eq(standstill_lost(standstill), LATE);
	standstill_look(standstill, 13000);
	ck_assert_uint_eq(standstill_lost(standstill), 3000);
	/* It counts the rest itself, and is in time again then. */
	ck_assert(standstill_turn(standstill, 1, 14000));
	ck_assert_uint_eq(standstill_lost(standstill), 4000 + CATCH_UP);
	standstill_look(standstill, 14100);
	ck_assert_uint_eq(standstill_lost(standstill), 4000 + CATCH_UP);
}
END_TEST

/* How long a turn takes, and the wait before it. */
static const struct {
	uint64_t late, wait;
} rows[] = {{LATE, 500}, {LATE, 1000}, {1000, 0}, {5000, 0}, {60000, 0}};

/* Else a peer that is gone would never be ended. */
START_TEST(a_loop_that_is_always_late_lets_some_time_pass)
{
	enum { TURNS = 100 };
	uint64_t now = 10000;

	for (int i = 0; i < TURNS; i++) {
		standstill_expect(standstill, 0, now += rows[_i].wait);
		/* Others see it meanwhile. */
		for (uint64_t at = LATE; at < rows[_i].late; at += 100)
			standstill_look(standstill, now + at);
		now += rows[_i].late;
		ck_assert(standstill_turn(standstill, 0, now));
		standstill_look(standstill, now);
	}
	const uint64_t passed = now - 10000 - standstill_lost(standstill);

	ck_assert_uint_ge(passed, (TURNS - 4) * 250);
	/* And no more where a turn takes long: its peers could not be heard. */
	ck_assert_uint_le(passed, TURNS * (250 + rows[_i].wait));
}
END_TEST

/* As where there is too much to do for all of them. */
START_TEST(loops_that_are_always_late_by_turns_let_some_time_pass)
{
	uint64_t now = 10000;

	for (unsigned i = 0; i < LOOPS; i++)
		standstill_expect(standstill, i, now + 300 * i);
	for (int i = 0; i < 100; i++) {
		for (unsigned loop = 0; loop < LOOPS; loop++) {
			now += 300;
			ck_assert(standstill_turn(standstill, loop, now + 600));
			standstill_look(standstill, now + 600);
		}
	}
	ck_assert_uint_ge(now - 10000 - standstill_lost(standstill), 94 * 250);
}
END_TEST

START_TEST(a_long_standstill_after_a_short_one_is_lost)
{
	standstill_expect(standstill, 0, 10000);
	ck_assert(standstill_turn(standstill, 0, 10600));
	standstill_expect(standstill, 0, 10700);
	ck_assert(standstill_turn(standstill, 0, 3610700));
	ck_assert_uint_ge(standstill_lost(standstill), 600 + 3600000);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("standstill");
	TCase *lost = unit_case(suite, "lost time");

	tcase_add_checked_fixture(lost, setup, teardown);
	tcase_add_test(lost, a_turn_in_time_loses_nothing);
	tcase_add_test(lost, a_late_turn_loses_all_the_time_since_it_was_expected);
	tcase_add_test(lost, the_time_to_catch_up_is_lost_too_and_once);
	tcase_add_test(lost, nothing_is_expected_of_a_loop_that_does_not_run);
	tcase_add_test(lost, time_in_which_all_stood_still_is_lost_once);
	tcase_add_test(lost, a_loop_that_hangs_is_seen_by_the_others);
	unit_add_table(lost, a_loop_that_is_always_late_lets_some_time_pass, rows);
	tcase_add_test(lost, loops_that_are_always_late_by_turns_let_some_time_pass);
	tcase_add_test(lost, a_long_standstill_after_a_short_one_is_lost);
	return unit_run(suite);
}
