/* Bounds: an engine refuses by the limits of the configuration, and names the queue. */
#include "tests/support/engine_suite_internal.h"

START_TEST(a_queue_that_is_full_refuses_the_sender)
{
	for (uint64_t request = 1; request <= 4; request++)
		customer_send(ana, "/queue/a", "x", request);
	settle_down();
	for (uint64_t request = 1; request <= 3; request++)
		ck_assert_uint_eq(customer_answered(ana, request), 1);
	ck_assert_ptr_nonnull(customer_refused(ana, 4));
	ck_assert_uint_eq(customer_answered(ana, 4), 0);
	ck_assert_str_eq(customer_answer(ana, 4)->destination, "/queue/a");
	subscribe(ben, "q", "/queue/a");
	assert_gets(ben, "q:x q:x q:x");
}
END_TEST

START_TEST(who_does_not_ask_hears_of_a_refusal_all_the_same)
{
	for (int i = 0; i < 4; i++)
		send(ana, "/queue/a", "x");
	ck_assert_ptr_nonnull(customer_refused(ana, 0));
}
END_TEST

START_TEST(what_consumers_have_counts_as_in_the_queue)
{
	subscribe(ben, "q", "/queue/a");
	for (uint64_t request = 1; request <= 4; request++)
		customer_send(ana, "/queue/a", "x", request);
	settle_down();
	ck_assert_ptr_nonnull(customer_refused(ana, 4));
	settle(ben, "q", 1, OUTCOME_ACCEPT);
	customer_send(ana, "/queue/a", "x", 5);
	settle_down();
	ck_assert_uint_eq(customer_answered(ana, 5), 1);
}
END_TEST

START_TEST(a_destination_too_many_is_refused)
{
	for (int i = 0; i < 4; i++) {
		char queue[] = {
			'/', 'q', 'u', 'e', 'u', 'e', '/', (char)('a' + i), '\0'};
		send(ana, queue, "x");
	}
	ck_assert_ptr_null(customer_refused(ana, 0));
	customer_send(ana, "/queue/z", "x", 7);
	const char *address = _i == 0 ? "/topic/z" : "/queue/z";
	customer_subscribe(ben, "1", address, 10, 8);
	settle_down();
	ck_assert_ptr_nonnull(customer_refused(ana, 7));
	ck_assert_ptr_nonnull(customer_refused(ben, 8));
	ck_assert_str_eq(customer_answer(ana, 7)->destination, "/queue/z");
	ck_assert_str_eq(customer_answer(ben, 8)->destination, address);
	/* It leaves like any other. */
	if (customer_find(ben, "1") != NULL)
		customer_unsubscribe(ben, "1", 0);
	settle_down();
}
END_TEST

START_TEST(a_destination_that_is_not_used_any_more_makes_room)
{
	for (int i = 0; i < 8; i++) {
		char queue[] = {
			'/', 'q', 'u', 'e', 'u', 'e', '/', (char)('a' + i), '\0'};

		customer_subscribe(ana, "1", queue, 10, 7);
		send(eva, queue, "x");
		settle(ana, "1", 1, OUTCOME_ACCEPT);
		customer_unsubscribe(ana, "1", 0);
		settle_down();
	}
	ck_assert_ptr_null(customer_refused(ana, 7));
	ck_assert_ptr_null(customer_refused(eva, 0));
}
END_TEST

void engine_suite_add_bounds(Suite *suite)
{
	TCase *tcase = unit_case(suite, "bounds");

	tcase_add_checked_fixture(tcase, engine_setup_small, engine_teardown);
	tcase_add_test(tcase, a_queue_that_is_full_refuses_the_sender);
	tcase_add_test(tcase, who_does_not_ask_hears_of_a_refusal_all_the_same);
	tcase_add_test(tcase, what_consumers_have_counts_as_in_the_queue);
	tcase_add_loop_test(tcase, a_destination_too_many_is_refused, 0, 2);
	tcase_add_test(tcase, a_destination_that_is_not_used_any_more_makes_room);
}
