#include "transports/http/fair_queue.h"

#include "tests/support/unit.h"

enum { PLACES = 8 };

static struct fair_queue fair_queue;
static struct fair_queue_entry places[PLACES];

static void setup(void)
{
	fair_queue_init(&fair_queue);
	memset(places, 0, sizeof(places));
}

/* The numbers of all waiting entries, in the order of running; empties the queue. */
static const char *order(void)
{
	static char digits[PLACES + 1];
	struct fair_queue_entry *entry;
	size_t len = 0;

	while ((entry = fair_queue_take(&fair_queue)) != NULL)
		digits[len++] = (char)('0' + (entry - places));
	digits[len] = '\0';
	ck_assert(fair_queue_is_empty(&fair_queue));
	return digits;
}

START_TEST(the_others_come_in_their_order)
{
	ck_assert(fair_queue_is_empty(&fair_queue));
	for (int i = 0; i < 3; i++)
		fair_queue_add(&fair_queue, &places[i]);
	fair_queue_add(&fair_queue, &places[0]); /* he waits already */
	ck_assert(!fair_queue_is_empty(&fair_queue));
	ck_assert_str_eq(order(), "012");
}
END_TEST

START_TEST(newcomers_and_others_take_turns)
{
	for (int i = 0; i < 4; i++)
		fair_queue_add(&fair_queue, &places[i]);
	fair_queue_add_fresh(&fair_queue, &places[6]);
	fair_queue_add_fresh(&fair_queue, &places[5]);
	fair_queue_add_fresh(&fair_queue, &places[6]);
	ck_assert_str_eq(order(), "605123");
}
END_TEST

START_TEST(one_of_the_others_can_become_a_newcomer)
{
	for (int i = 0; i < 4; i++)
		fair_queue_add(&fair_queue, &places[i]);
	fair_queue_add_fresh(&fair_queue, &places[3]);
	fair_queue_add(&fair_queue, &places[3]);
	ck_assert_str_eq(order(), "3012");
	fair_queue_add(&fair_queue, &places[3]);
	fair_queue_add(&fair_queue, &places[2]);
	ck_assert_str_eq(order(), "32");
}
END_TEST

/* As many fresh entries as there are places come before each run. */
START_TEST(nobody_waits_for_ever_in_a_flood)
{
	unsigned waits[PLACES] = {0};

	for (int run = 0; run < 1000; run++) {
		for (int i = 0; i < PLACES / 2; i++)
			fair_queue_add_fresh(
				&fair_queue, &places[(run + i) % (PLACES / 2)]);
		for (int i = PLACES / 2; i < PLACES; i++)
			fair_queue_add(&fair_queue, &places[i]);
		waits[fair_queue_take(&fair_queue) - places] = 0;
		for (int i = 0; i < PLACES; i++)
			ck_assert_uint_le(++waits[i], PLACES + 1);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("fair queue");
	TCase *tcase = unit_case(suite, "fair queue");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, the_others_come_in_their_order);
	tcase_add_test(tcase, newcomers_and_others_take_turns);
	tcase_add_test(tcase, one_of_the_others_can_become_a_newcomer);
	tcase_add_test(tcase, nobody_waits_for_ever_in_a_flood);
	return unit_run(suite);
}
