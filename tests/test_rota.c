#include "transports/http/rota.h"

#include "tests/support/unit.h"

enum { PLACES = 8 };

static struct rota rota;
static struct rota_place places[PLACES];

static void setup(void)
{
	rota_init(&rota);
	memset(places, 0, sizeof(places));
}

/* The numbers of all who wait, in the order in which they are run; empties the rota. */
static const char *order(void)
{
	static char digits[PLACES + 1];
	struct rota_place *place;
	size_t len = 0;

	while ((place = rota_take(&rota)) != NULL)
		digits[len++] = (char)('0' + (place - places));
	digits[len] = '\0';
	ck_assert(rota_is_empty(&rota));
	return digits;
}

START_TEST(the_others_come_in_their_order)
{
	ck_assert(rota_is_empty(&rota));
	for (int i = 0; i < 3; i++)
		rota_add(&rota, &places[i]);
	rota_add(&rota, &places[0]); /* he waits already */
	ck_assert(!rota_is_empty(&rota));
	ck_assert_str_eq(order(), "012");
}
END_TEST

START_TEST(newcomers_and_others_take_turns)
{
	for (int i = 0; i < 4; i++)
		rota_add(&rota, &places[i]);
	rota_welcome(&rota, &places[6]);
	rota_welcome(&rota, &places[5]);
	rota_welcome(&rota, &places[6]);
	ck_assert_str_eq(order(), "605123");
}
END_TEST

START_TEST(one_of_the_others_can_become_a_newcomer)
{
	for (int i = 0; i < 4; i++)
		rota_add(&rota, &places[i]);
	rota_welcome(&rota, &places[3]);
	rota_add(&rota, &places[3]);
	ck_assert_str_eq(order(), "3012");
	rota_add(&rota, &places[3]);
	rota_add(&rota, &places[2]);
	ck_assert_str_eq(order(), "32");
}
END_TEST

/* As many newcomers as there are places come before each run. */
START_TEST(nobody_waits_for_ever_in_a_flood)
{
	unsigned waits[PLACES] = {0};

	for (int run = 0; run < 1000; run++) {
		for (int i = 0; i < PLACES / 2; i++)
			rota_welcome(&rota, &places[(run + i) % (PLACES / 2)]);
		for (int i = PLACES / 2; i < PLACES; i++)
			rota_add(&rota, &places[i]);
		waits[rota_take(&rota) - places] = 0;
		for (int i = 0; i < PLACES; i++)
			ck_assert_uint_le(++waits[i], PLACES + 1);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rota");
	TCase *tcase = unit_case(suite, "rota");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, the_others_come_in_their_order);
	tcase_add_test(tcase, newcomers_and_others_take_turns);
	tcase_add_test(tcase, one_of_the_others_can_become_a_newcomer);
	tcase_add_test(tcase, nobody_waits_for_ever_in_a_flood);
	return unit_run(suite);
}
