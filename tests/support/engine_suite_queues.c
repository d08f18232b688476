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

START_TEST(what_is_settled_together_is_settled_at_all_its_places)
{
	customer_subscribe(ana, "q", "/queue/a", 3, 0);
	send_numbers(eva, 6);
	settle(ana, "q", 3, OUTCOME_ACCEPT);
	assert_gets(ana, "q:1 q:2 q:3 q:4 q:5 q:6");
	customer_leave(ana);
	settle_down();
	subscribe(ben, "q", "/queue/a");
	assert_gets(ben, "q:4+ q:5+ q:6+");
}
END_TEST

START_TEST(any_message_can_be_settled_by_itself)
{
	subscribe(ana, "q", "/queue/a");
	send_numbers(eva, 4);
	customer_settle_at(ana, "q", 2, OUTCOME_ACCEPT, 0);
	customer_settle_at(ana, "q", 1, OUTCOME_ACCEPT, 0);
	customer_unsubscribe(ana, "q", 0);
	settle_down();
	subscribe(ben, "q", "/queue/a");
	assert_gets(ben, "q:1+ q:4+");
}
END_TEST

START_TEST(what_needs_no_acknowledgement_is_settled_when_it_is_sent)
{
	customer_subscribe(ana, "q", "/queue/a", 2, 0);
	customer_find(ana, "q")->ack = ACK_AUTO;
	send_numbers(eva, 4);
	assert_gets(ana, "q:1 q:2");
	customer_was_sent(ana, "q", 1);
	settle_down();
	assert_gets(ana, "q:3");
	customer_leave(ana);
	settle_down();
	subscribe(ben, "q", "/queue/a");
	assert_gets(ben, "q:2+ q:3+ q:4");
}
END_TEST

START_TEST(an_attempt_counts_each_delivery_of_a_message)
{
	subscribe(ana, "q", "/queue/a");
	send_numbers(eva, 2);
	const struct unacked *unacked = &customer_find(ana, "q")->unacked;
	ck_assert_uint_eq(unacked_at(unacked, 0)->attempt, 1);
	customer_settle_at(ana, "q", 0, OUTCOME_REJECT, 0);
	settle_down();
	ck_assert_uint_eq(unacked_at(unacked, 0)->attempt, 1);
	ck_assert_uint_eq(unacked_at(unacked, 1)->attempt, 2);
	customer_leave(ana);
	subscribe(ben, "q", "/queue/a");
	unacked = &customer_find(ben, "q")->unacked;
	ck_assert_uint_eq(unacked_at(unacked, 0)->attempt, 3);
	ck_assert_uint_eq(unacked_at(unacked, 1)->attempt, 2);
}
END_TEST

START_TEST(two_subscriptions_of_one_session_are_two_consumers)
{
	customer_subscribe(ana, "1", "/queue/a", 1, 0);
	customer_subscribe(ana, "2", "/queue/a", 1, 0);
	send_numbers(eva, 3);
	assert_gets(ana, "1:1 2:2");
	settle(ana, "2", 1, OUTCOME_ACCEPT);
	assert_gets(ana, "2:3");
	customer_unsubscribe(ana, "2", 0);
	settle_down();
	assert_gets(ana, "");
	settle(ana, "1", 1, OUTCOME_ACCEPT);
	assert_gets(ana, "1:3+");
}
END_TEST

START_TEST(a_consumer_without_credit_leaves_messages_to_others)
{
	customer_subscribe(ana, "q", "/queue/a", 1, 0);
	settle_down();
	subscribe(ben, "q", "/queue/a");
	send_numbers(eva, 4);
	assert_gets(ana, "q:1");
	assert_gets(ben, "q:2 q:3 q:4");
}
END_TEST

START_TEST(a_sender_to_a_queue_is_told_its_place_and_the_consumers)
{
	customer_send(eva, "/queue/a", "1", 7);
	settle_down();
	const struct published first = customer_answer(eva, 7)->published;
	ck_assert_uint_eq(first.subscribers, 0);
	subscribe(ana, "q", "/queue/a");
	customer_send(eva, "/queue/a", "2", 8);
	settle_down();
	const struct published second = customer_answer(eva, 8)->published;
	const struct unacked *unacked = &customer_find(ana, "q")->unacked;
	ck_assert_uint_eq(second.subscribers, 1);
	ck_assert_uint_eq(first.place.epoch, unacked_at(unacked, 0)->place.epoch);
	ck_assert_uint_eq(first.place.offset, unacked_at(unacked, 0)->place.offset);
	ck_assert_uint_eq(second.place.offset, unacked_at(unacked, 1)->place.offset);
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

void engine_suite_add_queues(Suite *suite)
{
	TCase *tcase = unit_case(suite, "queues");

	tcase_add_checked_fixture(tcase, engine_setup, engine_teardown);
	tcase_add_test(tcase, a_queue_keeps_messages_until_a_consumer_comes);
	tcase_add_test(tcase, a_message_of_a_queue_goes_to_one_consumer_by_turns);
	tcase_add_test(tcase, a_consumer_has_no_more_than_its_prefetch);
	tcase_add_test(tcase, what_is_accepted_never_comes_again);
	tcase_add_test(tcase, what_is_settled_together_is_settled_at_all_its_places);
	tcase_add_test(tcase, any_message_can_be_settled_by_itself);
	tcase_add_test(tcase, what_needs_no_acknowledgement_is_settled_when_it_is_sent);
	tcase_add_test(tcase, an_attempt_counts_each_delivery_of_a_message);
	tcase_add_test(tcase, two_subscriptions_of_one_session_are_two_consumers);
	tcase_add_test(tcase, a_consumer_without_credit_leaves_messages_to_others);
	tcase_add_test(tcase, a_sender_to_a_queue_is_told_its_place_and_the_consumers);
	tcase_add_test(tcase, what_is_rejected_goes_to_another_consumer);
	tcase_add_test(tcase, what_is_rejected_too_often_is_a_dead_letter);
	tcase_add_test(tcase, what_is_discarded_is_a_dead_letter_the_first_time);
	tcase_add_test(tcase, what_is_lost_too_often_is_a_dead_letter);
	tcase_add_test(tcase, what_is_not_settled_comes_back_to_the_front_in_order);
	tcase_add_test(
		tcase, what_is_not_settled_is_back_when_an_unsubscription_is_answered);
}
