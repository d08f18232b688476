#include "gateway/session/tombstones.h"

#include "tests/support/unit.h"

#include <stdio.h>

enum { TWO_MINUTES = 120000, TOMBSTONES_MAX = 16384 };

static struct tombstones *tombstones;

static void setup(void)
{
	tombstones = tombstones_create(&(struct hash_key){1, 2}, TOMBSTONES_MAX);
}

static void teardown(void)
{
	tombstones_destroy(tombstones);
}

START_TEST(a_tombstone_tells_the_ending)
{
	char key[] = "key";

	tombstones_add(tombstones, slice_of(key), ENDING_HANDLER, 5);
	key[0] = 'X'; /* a copy is kept */
	const struct tombstone *tombstone =
		tombstones_find(tombstones, SLICE("key"), 5);
	ck_assert_ptr_nonnull(tombstone);
	ck_assert_int_eq(tombstone->ending, ENDING_HANDLER);
	ck_assert_ptr_null(tombstones_find(tombstones, SLICE("ke"), 5));
	ck_assert_ptr_null(tombstones_find(tombstones, SLICE(""), 5));
}
END_TEST

START_TEST(a_key_may_be_empty)
{
	tombstones_add(tombstones, SLICE(""), ENDING_DISCONNECT, 5);
	ck_assert_ptr_nonnull(tombstones_find(tombstones, SLICE(""), 5));
}
END_TEST

START_TEST(a_tombstone_lasts_two_minutes)
{
	tombstones_add(tombstones, SLICE("key"), ENDING_HANDLER, 1000);
	ck_assert_ptr_nonnull(
		tombstones_find(tombstones, SLICE("key"), 1000 + TWO_MINUTES));
	ck_assert_ptr_null(
		tombstones_find(tombstones, SLICE("key"), 1001 + TWO_MINUTES));
}
END_TEST

START_TEST(the_latest_end_of_an_id_counts)
{
	tombstones_add(tombstones, SLICE("key"), ENDING_HANDLER, 0);
	tombstones_add(tombstones, SLICE("other"), ENDING_CLOSED, 50000);
	tombstones_add(tombstones, SLICE("key"), ENDING_NO_PONG, 100000);
	const struct tombstone *tombstone =
		tombstones_find(tombstones, SLICE("key"), 100000 + TWO_MINUTES);
	ck_assert_ptr_nonnull(tombstone);
	ck_assert_int_eq(tombstone->ending, ENDING_NO_PONG);
}
END_TEST

static bool has(int number, uint64_t now)
{
	char key[16];

	snprintf(key, sizeof(key), "%d", number);
	return tombstones_find(tombstones, slice_of(key), now) != NULL;
}

START_TEST(the_oldest_tombstones_go_when_there_are_too_many)
{
	char key[16];

	for (int i = 0; i < TOMBSTONES_MAX + 2; i++) {
		snprintf(key, sizeof(key), "%d", i);
		ck_assert(tombstones_add(tombstones, slice_of(key), ENDING_HANDLER,
				  7) == (i < TOMBSTONES_MAX));
	}
	ck_assert(!has(0, 7) && !has(1, 7));
	ck_assert(has(2, 7) && has(TOMBSTONES_MAX + 1, 7));
}
END_TEST

START_TEST(old_tombstones_make_room_without_a_loss)
{
	char key[16];

	for (int i = 0; i < 2 * TOMBSTONES_MAX; i++) {
		snprintf(key, sizeof(key), "%d", i);
		ck_assert(tombstones_add(tombstones, slice_of(key), ENDING_HANDLER,
			i < TOMBSTONES_MAX ? 7 : 8 + TWO_MINUTES));
	}
	ck_assert(has(TOMBSTONES_MAX, 8 + TWO_MINUTES));
}
END_TEST

START_TEST(a_tombstone_counts_its_visits)
{
	tombstones_add(tombstones, SLICE("a"), ENDING_HANDLER, 7);
	for (unsigned i = 1; i <= 3; i++)
		ck_assert_uint_eq(
			tombstones_find(tombstones, SLICE("a"), 7)->visits, i);
	tombstones_add(tombstones, SLICE("a"), ENDING_HANDLER, 8);
	ck_assert_uint_eq(tombstones_find(tombstones, SLICE("a"), 8)->visits, 1);
}
END_TEST

START_TEST(no_tombstones_is_fine)
{
	tombstones_destroy(NULL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tombstones");
	TCase *tcase = unit_case(suite, "tombstones");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_tombstone_tells_the_ending);
	tcase_add_test(tcase, a_key_may_be_empty);
	tcase_add_test(tcase, a_tombstone_lasts_two_minutes);
	tcase_add_test(tcase, the_latest_end_of_an_id_counts);
	tcase_add_test(tcase, the_oldest_tombstones_go_when_there_are_too_many);
	tcase_add_test(tcase, old_tombstones_make_room_without_a_loss);
	tcase_add_test(tcase, a_tombstone_counts_its_visits);
	tcase_add_test(tcase, no_tombstones_is_fine);
	return unit_run(suite);
}
