/* Counters that all workers share, with a bound. */
#include "gateway/worker/workers.h"

#include "tests/support/unit.h"

#include <pthread.h>

enum { THREADS = 4, TIMES = 20000, MOST = 3 };

static _Atomic uint64_t counter;
static _Atomic unsigned holders, taken;

static void *take_and_give(void *unused)
{
	(void)unused;
	for (int i = 0; i < TIMES; i++) {
		if (!workers_take(&counter, MOST))
			continue;
		if (atomic_fetch_add(&holders, 1) >= MOST)
			abort(); /* the bound is broken */
		atomic_fetch_add(&taken, 1);
		atomic_fetch_sub(&holders, 1);
		workers_give(&counter);
	}
	return NULL;
}

static void *take_only(void *most)
{
	for (int i = 0; i < TIMES; i++) {
		if (workers_take(&counter, *(const uint64_t *)most))
			atomic_fetch_add(&taken, 1);
	}
	return NULL;
}

static void run_threads(void *(*run)(void *context), void *context)
{
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, run, context), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}

START_TEST(never_more_have_taken_than_may)
{
	run_threads(take_and_give, NULL);
	ck_assert_uint_gt(taken, 0);
	ck_assert_uint_eq(counter, 0);
}
END_TEST

START_TEST(as_many_can_take_as_may)
{
	uint64_t most = TIMES;

	run_threads(take_only, &most);
	ck_assert_uint_eq(taken, TIMES);
	ck_assert_uint_eq(counter, TIMES);
}
END_TEST

START_TEST(without_a_bound_all_can_take)
{
	uint64_t most = 0;

	run_threads(take_only, &most);
	ck_assert_uint_eq(taken, THREADS * TIMES);
}
END_TEST

START_TEST(what_is_given_back_can_be_taken_again)
{
	ck_assert(workers_take(&counter, 2));
	ck_assert(workers_take(&counter, 2));
	ck_assert(!workers_take(&counter, 2));
	ck_assert(!workers_take(&counter, 2));
	workers_give(&counter);
	ck_assert(workers_take(&counter, 2));
	ck_assert(!workers_take(&counter, 2));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("workers counters");
	TCase *tcase = unit_case(suite, "counters");

	tcase_add_test(tcase, never_more_have_taken_than_may);
	tcase_add_test(tcase, as_many_can_take_as_may);
	tcase_add_test(tcase, without_a_bound_all_can_take);
	tcase_add_test(tcase, what_is_given_back_can_be_taken_again);
	return unit_run(suite);
}
