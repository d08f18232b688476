#include "gateway/session/graveyard.h"

#include "tests/support/unit.h"

#include <stdio.h>

enum { TWO_MINUTES = 120000, GRAVES_MAX = 16384 };

static struct graveyard *graveyard;

static void setup(void)
{
	graveyard = graveyard_create(&(struct hash_key){1, 2}, GRAVES_MAX);
}

static void teardown(void)
{
	graveyard_destroy(graveyard);
}

START_TEST(a_grave_tells_the_ending)
{
	char key[] = "key";

	graveyard_bury(graveyard, slice_of(key), ENDING_HANDLER, 5);
	key[0] = 'X'; /* a copy is kept */
	const struct grave *grave = graveyard_find(graveyard, SLICE("key"), 5);
	ck_assert_ptr_nonnull(grave);
	ck_assert_int_eq(grave->ending, ENDING_HANDLER);
	ck_assert_ptr_null(graveyard_find(graveyard, SLICE("ke"), 5));
	ck_assert_ptr_null(graveyard_find(graveyard, SLICE(""), 5));
}
END_TEST

START_TEST(a_key_may_be_empty)
{
	graveyard_bury(graveyard, SLICE(""), ENDING_DISCONNECT, 5);
	ck_assert_ptr_nonnull(graveyard_find(graveyard, SLICE(""), 5));
}
END_TEST

START_TEST(a_grave_lasts_two_minutes)
{
	graveyard_bury(graveyard, SLICE("key"), ENDING_HANDLER, 1000);
	ck_assert_ptr_nonnull(
		graveyard_find(graveyard, SLICE("key"), 1000 + TWO_MINUTES));
	ck_assert_ptr_null(graveyard_find(graveyard, SLICE("key"), 1001 + TWO_MINUTES));
}
END_TEST

START_TEST(the_latest_end_of_an_id_counts)
{
	graveyard_bury(graveyard, SLICE("key"), ENDING_HANDLER, 0);
	graveyard_bury(graveyard, SLICE("other"), ENDING_CLOSED, 50000);
	graveyard_bury(graveyard, SLICE("key"), ENDING_NO_PONG, 100000);
	const struct grave *grave =
		graveyard_find(graveyard, SLICE("key"), 100000 + TWO_MINUTES);
	ck_assert_ptr_nonnull(grave);
	ck_assert_int_eq(grave->ending, ENDING_NO_PONG);
}
END_TEST

static bool has(int number, uint64_t now)
{
	char key[16];

	snprintf(key, sizeof(key), "%d", number);
	return graveyard_find(graveyard, slice_of(key), now) != NULL;
}

START_TEST(the_oldest_graves_go_when_there_are_too_many)
{
	char key[16];

	for (int i = 0; i < GRAVES_MAX + 2; i++) {
		snprintf(key, sizeof(key), "%d", i);
		ck_assert(graveyard_bury(graveyard, slice_of(key), ENDING_HANDLER, 7) ==
			  (i < GRAVES_MAX));
	}
	ck_assert(!has(0, 7) && !has(1, 7));
	ck_assert(has(2, 7) && has(GRAVES_MAX + 1, 7));
}
END_TEST

START_TEST(old_graves_make_room_without_a_loss)
{
	char key[16];

	for (int i = 0; i < 2 * GRAVES_MAX; i++) {
		snprintf(key, sizeof(key), "%d", i);
		ck_assert(graveyard_bury(graveyard, slice_of(key), ENDING_HANDLER,
			i < GRAVES_MAX ? 7 : 8 + TWO_MINUTES));
	}
	ck_assert(has(GRAVES_MAX, 8 + TWO_MINUTES));
}
END_TEST

START_TEST(a_grave_counts_its_visits)
{
	graveyard_bury(graveyard, SLICE("a"), ENDING_HANDLER, 7);
	for (unsigned i = 1; i <= 3; i++)
		ck_assert_uint_eq(graveyard_find(graveyard, SLICE("a"), 7)->visits, i);
	graveyard_bury(graveyard, SLICE("a"), ENDING_HANDLER, 8);
	ck_assert_uint_eq(graveyard_find(graveyard, SLICE("a"), 8)->visits, 1);
}
END_TEST

START_TEST(no_graveyard_is_fine)
{
	graveyard_destroy(NULL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("graveyard");
	TCase *tcase = unit_case(suite, "graveyard");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_grave_tells_the_ending);
	tcase_add_test(tcase, a_key_may_be_empty);
	tcase_add_test(tcase, a_grave_lasts_two_minutes);
	tcase_add_test(tcase, the_latest_end_of_an_id_counts);
	tcase_add_test(tcase, the_oldest_graves_go_when_there_are_too_many);
	tcase_add_test(tcase, old_graves_make_room_without_a_loss);
	tcase_add_test(tcase, a_grave_counts_its_visits);
	tcase_add_test(tcase, no_graveyard_is_fine);
	return unit_run(suite);
}
