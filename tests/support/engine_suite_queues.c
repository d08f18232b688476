/* The duties of an engine for queues. */
#include "tests/support/engine_suite_internal.h"

START_TEST(a_queue_keeps_messages_until_a_consumer_comes)
{
	send(ana, "/queue/a", "1");
	send(ana, "/queue/a", "2");
	subscribe(ben, "q", "/queue/a");
	assert_gets(ben, "q:1 q:2");
}
END_TEST

START_TEST(a_message_of_a_queue_goes_to_one_consumer_by_turns)
{
	subscribe(ana, "q", "/queue/a");
	subscribe(ben, "q", "/queue/a");
	send_numbers(eva, 4);
	assert_gets(ana, "q:1 q:3");
	assert_gets(ben, "q:2 q:4");
}
END_TEST

START_TEST(a_consumer_has_no_more_than_its_prefetch)
{
	customer_subscribe(ana, "q", "/queue/a", 2, 0);
	send_numbers(eva, 4);
	assert_gets(ana, "q:1 q:2");
	settle(ana, "q", 1, OUTCOME_ACCEPT);
	assert_gets(ana, "q:3");
}
END_TEST

START_TEST(what_is_accepted_never_comes_again)
{
	subscribe(ana, "q", "/queue/a");
	send_numbers(eva, 3);
	settle(ana, "q", 2, OUTCOME_ACCEPT);
	assert_gets(ana, "q:1 q:2 q:3");
	customer_unsubscribe(ana, "q", 0);
	subscribe(ben, "q", "/queue/a");
	assert_gets(ben, "q:3+");
}
END_TEST

START_TEST(what_is_rejected_goes_to_another_consumer)
{
	subscribe(ana, "q", "/queue/a");
	send(eva, "/queue/a", "1");
	subscribe(ben, "q", "/queue/a");
	settle(ana, "q", 1, OUTCOME_REJECT);
	assert_gets(ana, "q:1");
	assert_gets(ben, "q:1+");
}
END_TEST

START_TEST(what_is_rejected_too_often_is_a_dead_letter)
{
	subscribe(ben, "d", "/queue/dead-letter");
	subscribe(ana, "q", "/queue/a");
	send(eva, "/queue/a", "1");
	settle(ana, "q", 1, OUTCOME_REJECT);
	settle(ana, "q", 1, OUTCOME_REJECT);
	assert_gets(ana, "q:1 q:1+");
	assert_gets(ben, "d:1");
}
END_TEST

START_TEST(what_is_discarded_is_a_dead_letter_the_first_time)
{
	subscribe(ben, "d", "/queue/dead-letter");
	subscribe(ana, "q", "/queue/a");
	send_numbers(eva, 3);
	settle(ana, "q", 2, OUTCOME_DISCARD);
	assert_gets(ana, "q:1 q:2 q:3");
	assert_gets(ben, "d:1 d:2");
}
END_TEST

/* Sent to it, and lost with it. */
static void lose(struct customer *customer)
{
	subscribe(customer, "q", "/queue/a");
	broker_sent(customer->broker, &customer->participant,
		customer_find(customer, "q")->ordinal);
	customer_leave(customer);
	settle_down();
}

START_TEST(what_is_lost_too_often_is_a_dead_letter)
{
	subscribe(eva, "d", "/queue/dead-letter");
	send_numbers(eva, 2);
	lose(ana);
	lose(ben);
	assert_gets(eva, "d:1");
	subscribe(eva, "q", "/queue/a");
	assert_gets(eva, "q:2+");
}
END_TEST

START_TEST(what_is_not_settled_comes_back_to_the_front_in_order)
{
	customer_subscribe(ana, "q", "/queue/a", 2, 0);
	send_numbers(eva, 3);
	customer_leave(ana);
	settle_down();
	subscribe(ben, "q", "/queue/a");
	assert_gets(ben, "q:1+ q:2+ q:3");
}
END_TEST

START_TEST(what_is_not_settled_is_back_when_an_unsubscription_is_answered)
{
	subscribe(ana, "q", "/queue/a");
	subscribe(ben, "q", "/queue/a");
	send(eva, "/queue/a", "1");
	customer_unsubscribe(ana, "q", 7);
	settle_down();
	ck_assert_uint_ge(customer_answered(ana, 7), 1);
	assert_gets(ben, "q:1+");
}
END_TEST

/* Bounds. */

START_TEST(a_queue_that_is_full_refuses_the_sender)
{
	for (uint64_t request = 1; request <= 4; request++)
		customer_send(ana, "/queue/a", "x", request);
	settle_down();
	for (uint64_t request = 1; request <= 3; request++)
		ck_assert_uint_eq(customer_answered(ana, request), 1);
	ck_assert_ptr_nonnull(customer_refused(ana, 4));
	ck_assert_uint_eq(customer_answered(ana, 4), 0);
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
		char address[] = {
			'/', 'q', 'u', 'e', 'u', 'e', '/', (char)('a' + i), '\0'};
		send(ana, address, "x");
	}
	ck_assert_ptr_null(customer_refused(ana, 0));
	customer_send(ana, "/queue/z", "x", 7);
	customer_subscribe(ben, "1", _i == 0 ? "/topic/z" : "/queue/z", 10, 8);
	settle_down();
	ck_assert_ptr_nonnull(customer_refused(ana, 7));
	ck_assert_ptr_nonnull(customer_refused(ben, 8));
}
END_TEST

static void add_bounds(Suite *suite)
{
	TCase *tcase = unit_case(suite, "bounds");

	tcase_add_checked_fixture(tcase, engine_setup_small, engine_teardown);
	tcase_add_test(tcase, a_queue_that_is_full_refuses_the_sender);
	tcase_add_test(tcase, who_does_not_ask_hears_of_a_refusal_all_the_same);
	tcase_add_test(tcase, what_consumers_have_counts_as_in_the_queue);
	tcase_add_loop_test(tcase, a_destination_too_many_is_refused, 0, 2);
}

void engine_suite_add_queues(Suite *suite)
{
	TCase *tcase = unit_case(suite, "queues");

	tcase_add_checked_fixture(tcase, engine_setup, engine_teardown);
	tcase_add_test(tcase, a_queue_keeps_messages_until_a_consumer_comes);
	tcase_add_test(tcase, a_message_of_a_queue_goes_to_one_consumer_by_turns);
	tcase_add_test(tcase, a_consumer_has_no_more_than_its_prefetch);
	tcase_add_test(tcase, what_is_accepted_never_comes_again);
	tcase_add_test(tcase, what_is_rejected_goes_to_another_consumer);
	tcase_add_test(tcase, what_is_rejected_too_often_is_a_dead_letter);
	tcase_add_test(tcase, what_is_discarded_is_a_dead_letter_the_first_time);
	tcase_add_test(tcase, what_is_lost_too_often_is_a_dead_letter);
	tcase_add_test(tcase, what_is_not_settled_comes_back_to_the_front_in_order);
	tcase_add_test(
		tcase, what_is_not_settled_is_back_when_an_unsubscription_is_answered);
	add_bounds(suite);
}
