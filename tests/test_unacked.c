/* The deliveries of a subscription that are not acknowledged. */
#include "gateway/broker/unacked.h"
#include "tests/support/unit.h"

static struct unacked unacked;

static void setup(void)
{
	unacked = (struct unacked){0};
}

static void teardown(void)
{
	unacked_finish(&unacked);
}

static struct place at(uint64_t offset)
{
	return (struct place){7, offset};
}

/* Offsets from `first` to `last`, without bound. */
static void push(uint64_t first, uint64_t last)
{
	for (uint64_t offset = first; offset <= last; offset++)
		unacked_push(&unacked, at(offset), 1, 0);
}

static uint64_t offset_at(size_t index)
{
	return unacked_at(&unacked, index)->place.offset;
}

START_TEST(items_stand_in_the_order_of_delivery)
{
	push(1, 20);
	ck_assert_uint_eq(unacked.count, 20);
	for (size_t i = 0; i < 20; i++)
		ck_assert_uint_eq(offset_at(i), i + 1);
}
END_TEST

START_TEST(a_new_item_belongs_to_no_transaction)
{
	push(1, 1);
	unacked_at(&unacked, 0)->in_transaction = true;
	unacked_remove(&unacked, 0);
	push(2, 2);
	ck_assert(!unacked_at(&unacked, 0)->in_transaction);
}
END_TEST

START_TEST(a_place_is_found_by_epoch_and_offset)
{
	push(1, 5);
	ck_assert_uint_eq(unacked_find_near(&unacked, at(4), 20), 3);
	ck_assert_uint_eq(unacked_find_near(&unacked, at(6), 20), SIZE_MAX);
	ck_assert_uint_eq(
		unacked_find_near(&unacked, (struct place){8, 4}, 20), SIZE_MAX);
}
END_TEST

START_TEST(an_item_knows_the_attempt_to_deliver_it)
{
	unacked_push(&unacked, at(1), 1, 0);
	unacked_push(&unacked, at(2), UINT16_MAX, 0);
	ck_assert_uint_eq(unacked_at(&unacked, 0)->attempt, 1);
	ck_assert_uint_eq(unacked_at(&unacked, 1)->attempt, UINT16_MAX);
}
END_TEST

START_TEST(of_two_deliveries_of_one_message_the_younger_is_found)
{
	push(1, 3);
	push(1, 1);
	ck_assert_uint_eq(unacked_find_near(&unacked, at(1), 20), 3);
}
END_TEST

START_TEST(any_item_can_be_removed_and_the_others_keep_their_order)
{
	push(1, 5);
	unacked_remove(&unacked, (size_t)_i);
	ck_assert_uint_eq(unacked.count, 4);
	for (size_t i = 0; i < 4; i++)
		ck_assert_uint_eq(offset_at(i), i + 1 + (i >= (size_t)_i));
}
END_TEST

START_TEST(all_up_to_one_are_taken_except_those_in_a_transaction)
{
	struct place places[10];

	push(1, 10);
	unacked_at(&unacked, 0)->in_transaction = true;
	unacked_at(&unacked, 3)->in_transaction = true;
	ck_assert_uint_eq(unacked_take_up_to(&unacked, 6, places), 5);
	static const uint64_t taken[] = {2, 3, 5, 6, 7}, left[] = {1, 4, 8, 9, 10};
	for (size_t i = 0; i < 5; i++) {
		ck_assert_uint_eq(places[i].offset, taken[i]);
		ck_assert_uint_eq(offset_at(i), left[i]);
	}
	ck_assert(unacked_at(&unacked, 1)->in_transaction);
	ck_assert_uint_eq(unacked.count, 5);
	for (size_t i = 0; i < 2; i++)
		unacked_at(&unacked, i)->in_transaction = false;
	ck_assert_uint_eq(unacked_take_up_to(&unacked, 4, places), 5);
	ck_assert_uint_eq(unacked.count, 0);
	push(11, 12);
	ck_assert_uint_eq(offset_at(1), 12);
}
END_TEST

START_TEST(the_oldest_is_forgotten_when_there_are_too_many)
{
	for (uint64_t offset = 1; offset <= 5; offset++)
		unacked_push(&unacked, at(offset), 1, 3);
	ck_assert_uint_eq(unacked.count, 3);
	ck_assert_uint_eq(offset_at(0), 3);
	ck_assert(unacked.has_forgotten);
}
END_TEST

START_TEST(nothing_is_forgotten_before_that)
{
	for (uint64_t offset = 1; offset <= 3; offset++)
		unacked_push(&unacked, at(offset), 1, 3);
	ck_assert(!unacked.has_forgotten);
}
END_TEST

START_TEST(a_steady_flow_needs_no_more_room)
{
	push(1, 4);
	const size_t capacity = unacked.capacity;
	for (uint64_t offset = 5; offset < 10000; offset++) {
		push(offset, offset);
		unacked_remove(&unacked, 0);
		ck_assert_uint_eq(offset_at(3), offset);
	}
	ck_assert_uint_le(unacked.capacity, capacity * 2);
}
END_TEST

static void tell_sent(int count)
{
	for (; count > 0; count--)
		unacked_tell_sent(&unacked);
}

START_TEST(the_kernel_has_the_oldest)
{
	push(1, 5);
	ck_assert_uint_eq(unacked_count_sent(&unacked), 0);
	tell_sent(3);
	ck_assert_uint_eq(unacked_count_sent(&unacked), 3);
	unacked_remove(&unacked, 1);
	ck_assert_uint_eq(unacked_count_sent(&unacked), 2);
	tell_sent(2);
	ck_assert_uint_eq(unacked_count_sent(&unacked), 4);
}
END_TEST

/* A pooled connection may be on another worker, and its ACK faster than its report. */
START_TEST(what_is_removed_before_it_was_told_of_counts_for_no_other)
{
	push(1, 3);
	unacked_remove(&unacked, 1);
	tell_sent(2);
	ck_assert_uint_eq(unacked_count_sent(&unacked), 1);
}
END_TEST

START_TEST(deliveries_may_be_more_than_can_be_counted)
{
	unacked.pushed = unacked.sent = UINT32_MAX;
	push(1, 3);
	tell_sent(2);
	ck_assert_uint_eq(unacked_count_sent(&unacked), 2);
}
END_TEST

START_TEST(a_finished_one_is_empty)
{
	push(1, 4);
	unacked_finish(&unacked);
	ck_assert_uint_eq(unacked.count, 0);
	ck_assert_uint_eq(unacked_find_near(&unacked, at(1), 20), SIZE_MAX);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("unacked");
	TCase *tcase = unit_case(suite, "items");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, items_stand_in_the_order_of_delivery);
	tcase_add_test(tcase, a_new_item_belongs_to_no_transaction);
	tcase_add_test(tcase, a_place_is_found_by_epoch_and_offset);
	tcase_add_test(tcase, an_item_knows_the_attempt_to_deliver_it);
	tcase_add_test(tcase, of_two_deliveries_of_one_message_the_younger_is_found);
	tcase_add_loop_test(
		tcase, any_item_can_be_removed_and_the_others_keep_their_order, 0, 5);
	tcase_add_test(tcase, all_up_to_one_are_taken_except_those_in_a_transaction);
	tcase_add_test(tcase, the_oldest_is_forgotten_when_there_are_too_many);
	tcase_add_test(tcase, nothing_is_forgotten_before_that);
	tcase_add_test(tcase, a_steady_flow_needs_no_more_room);
	tcase_add_test(tcase, the_kernel_has_the_oldest);
	tcase_add_test(
		tcase, what_is_removed_before_it_was_told_of_counts_for_no_other);
	tcase_add_test(tcase, deliveries_may_be_more_than_can_be_counted);
	tcase_add_test(tcase, a_finished_one_is_empty);
	return unit_run(suite);
}
