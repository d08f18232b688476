/* A bucket lets messages through at its rate, and as many in a row as its burst. */
#include "gateway/identity/rate.h"

#include "tests/support/chance.h"
#include "tests/support/unit.h"

#include <pthread.h>

enum { START = 5000 };

static const struct rate ten = {.messages = 10, .per = 1000, .burst = 3};
static struct rate_bucket bucket;

static void setup(void)
{
	atomic_store(&bucket.next, 0);
}

START_TEST(a_burst_comes_at_once_and_then_one_after_the_other)
{
	for (int i = 0; i < 3; i++)
		ck_assert_uint_eq(rate_take(&bucket, &ten, START), 0);
	for (unsigned i = 1; i < 100; i++)
		ck_assert_uint_eq(rate_take(&bucket, &ten, START), i * 100);
}
END_TEST

START_TEST(a_pause_gives_back_no_more_than_a_burst)
{
	for (int i = 0; i < 3; i++)
		rate_take(&bucket, &ten, START);
	ck_assert_uint_eq(rate_take(&bucket, &ten, START + 100), 0);
	ck_assert_uint_eq(rate_take(&bucket, &ten, START + 100), 100);
	for (int i = 0; i < 3; i++)
		ck_assert_uint_eq(rate_take(&bucket, &ten, START + 3600000), 0);
	ck_assert_uint_eq(rate_take(&bucket, &ten, START + 3600000), 100);
}
END_TEST

START_TEST(without_a_burst_a_whole_time_may_come_in_a_row)
{
	const struct rate rate = {.messages = 10, .per = 1000};

	for (int i = 0; i < 10; i++)
		ck_assert_uint_eq(rate_take(&bucket, &rate, START), 0);
	ck_assert_uint_eq(rate_take(&bucket, &rate, START), 100);
}
END_TEST

START_TEST(what_may_not_wait_takes_nothing)
{
	for (int i = 0; i < 3; i++)
		ck_assert_uint_eq(rate_try(&bucket, &ten, START), 0);
	for (int i = 0; i < 100; i++)
		ck_assert_uint_eq(rate_try(&bucket, &ten, START), 100);
	ck_assert_uint_eq(rate_try(&bucket, &ten, START + 100), 0);
}
END_TEST

START_TEST(what_is_given_back_may_come)
{
	for (int i = 0; i < 4; i++)
		rate_take(&bucket, &ten, START);
	rate_give(&bucket, &ten);
	ck_assert_uint_eq(rate_take(&bucket, &ten, START), 100);
}
END_TEST

START_TEST(a_rate_above_that_of_the_clock_is_kept_too)
{
	const struct rate rate = {.messages = 10000, .per = 1000, .burst = 1};
	uint64_t taken = 0;

	for (uint64_t now = START; now < START + 1000; now++) {
		while (rate_try(&bucket, &rate, now) == 0)
			taken++;
	}
	ck_assert_uint_ge(taken, 10000);
	ck_assert_uint_le(taken, 10000 + 11);
}
END_TEST

START_TEST(the_slowest_and_the_fastest_rate_do_not_overflow)
{
	const struct rate slow = {
		.messages = 1, .per = RATE_PER_MAX, .burst = RATE_MESSAGES_MAX};
	const struct rate fast = {.messages = RATE_MESSAGES_MAX, .per = 1};
	uint64_t waits = 0;

	for (int i = 0; i < RATE_MESSAGES_MAX; i++)
		waits += rate_take(&bucket, &slow, START);
	ck_assert_uint_eq(waits, 0);
	ck_assert_uint_eq(rate_take(&bucket, &slow, START), RATE_PER_MAX);
	setup();
	for (int i = 0; i < 2 * RATE_MESSAGES_MAX - 1; i++) /* a ms of the future */
		waits += rate_take(&bucket, &fast, START);
	ck_assert_uint_eq(waits, 0);
}
END_TEST

/* In any time there are no more than a burst and the rate allow. */
START_TEST(at_random_times_no_more_comes_than_may)
{
	struct chance chance = {(uint64_t)_i + 1};
	const struct rate rate = {.messages = 1 + chance_below(&chance, 50),
		.per = 1 + chance_below(&chance, 2000),
		.burst = chance_below(&chance, 20)};
	uint64_t now = START, taken = 0;

	for (int i = 0; i < 2000; i++) {
		now += chance_below(&chance, 3) == 0 ? chance_below(&chance, 100) : 0;
		taken += rate_try(&bucket, &rate, now) == 0;
		ck_assert_uint_le(taken,
			rate_burst(&rate) +
				(now - START + 1) * rate.messages / rate.per + 1);
	}
}
END_TEST

enum { THREADS = 4, TAKES = 20000 };

static void *take_many(void *sum)
{
	const struct rate fast = {.messages = 1000, .per = 1000, .burst = 1};

	for (int i = 0; i < TAKES; i++)
		*(uint64_t *)sum += rate_take(&bucket, &fast, START);
	return NULL;
}

START_TEST(threads_take_times_of_their_own)
{
	const uint64_t all = THREADS * TAKES;
	uint64_t sums[THREADS] = {0}, sum = 0;
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, take_many, &sums[i]);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		sum += sums[i];
	}
	ck_assert_uint_eq(sum, all * (all - 1) / 2);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rate");
	TCase *tcase = unit_case(suite, "bucket");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, a_burst_comes_at_once_and_then_one_after_the_other);
	tcase_add_test(tcase, a_pause_gives_back_no_more_than_a_burst);
	tcase_add_test(tcase, without_a_burst_a_whole_time_may_come_in_a_row);
	tcase_add_test(tcase, what_may_not_wait_takes_nothing);
	tcase_add_test(tcase, what_is_given_back_may_come);
	tcase_add_test(tcase, a_rate_above_that_of_the_clock_is_kept_too);
	tcase_add_test(tcase, the_slowest_and_the_fastest_rate_do_not_overflow);
	tcase_add_loop_test(tcase, at_random_times_no_more_comes_than_may, 0, 50);
	tcase_add_test(tcase, threads_take_times_of_their_own);
	return unit_run(suite);
}
