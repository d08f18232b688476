#include "gateway/base/backoff.h"

#include "tests/support/unit.h"

static uint64_t shortest(struct backoff *backoff)
{
	return backoff_next(backoff, 0);
}

START_TEST(waits_double_from_the_least_to_the_most)
{
	static const uint64_t expected[] = {100, 200, 400, 800, 1000, 1000};
	struct backoff backoff = {.least = 100, .most = 1000};

	for (size_t i = 0; i < COUNT(expected); i++)
		ck_assert_uint_eq(shortest(&backoff), expected[i] * 3 / 4);
}
END_TEST

START_TEST(a_reset_begins_with_the_least_again)
{
	struct backoff backoff = {.least = 100, .most = 1000};

	shortest(&backoff);
	shortest(&backoff);
	backoff_reset(&backoff);
	ck_assert_uint_eq(shortest(&backoff), 75);
	ck_assert_uint_eq(shortest(&backoff), 150);
}
END_TEST

START_TEST(a_wait_is_drawn_from_a_quarter_less_to_a_quarter_more)
{
	static const struct {
		uint64_t random, wait;
	} draws[] = {{0, 75}, {1, 76}, {25, 100}, {50, 125}, {51, 75},
		{UINT64_MAX, 75 + UINT64_MAX % 51}};

	for (size_t i = 0; i < COUNT(draws); i++) {
		struct backoff backoff = {.least = 100, .most = 100};

		ck_assert_uint_eq(
			backoff_next(&backoff, draws[i].random), draws[i].wait);
	}
}
END_TEST

START_TEST(the_draw_of_one_wait_does_not_change_the_next)
{
	struct backoff low = {.least = 100, .most = 1000}, high = low;

	ck_assert_uint_eq(backoff_next(&low, 0), 75);
	ck_assert_uint_eq(backoff_next(&high, 50), 125);
	ck_assert_uint_eq(backoff_next(&low, 50), backoff_next(&high, 50));
}
END_TEST

START_TEST(the_longest_wait_does_not_overflow)
{
	struct backoff backoff = {.least = 1, .most = UINT64_MAX / 2};

	for (int i = 0; i < 200; i++)
		ck_assert_uint_ge(shortest(&backoff), 1);
	ck_assert_uint_eq(backoff.last, UINT64_MAX / 2);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("backoff");
	TCase *tcase = unit_case(suite, "waits");

	tcase_add_test(tcase, waits_double_from_the_least_to_the_most);
	tcase_add_test(tcase, a_reset_begins_with_the_least_again);
	tcase_add_test(tcase, a_wait_is_drawn_from_a_quarter_less_to_a_quarter_more);
	tcase_add_test(tcase, the_draw_of_one_wait_does_not_change_the_next);
	tcase_add_test(tcase, the_longest_wait_does_not_overflow);
	return unit_run(suite);
}
