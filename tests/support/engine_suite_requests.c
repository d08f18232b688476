/* What an engine answers, and when. */
#include "tests/support/engine_suite_internal.h"

const char *const engine_suite_addresses[ADDRESSES] = {
	"/topic/a", "/queue/a", "/topic/*/a", "user:3:ana/queue/a"};

START_TEST(a_subscription_gets_as_many_answers_as_it_was_told)
{
	size_t count = customer_subscribe(ana, "1", engine_suite_addresses[_i], 1, 7);

	ck_assert_uint_gt(count, 0);
	ck_assert_uint_eq(
		customer_answered(ana, 7), 0); /* all functions return immediately */
	settle_down();
	ck_assert_uint_eq(customer_answered(ana, 7), count);
	ck_assert_uint_eq(customer_find(ana, "1")->joining, 0);
}
END_TEST

START_TEST(an_unsubscription_gets_as_many_answers_as_it_was_told)
{
	subscribe(ana, "1", engine_suite_addresses[_i]);
	size_t count = customer_unsubscribe(ana, "1", 7);
	settle_down();
	ck_assert_uint_eq(customer_answered(ana, 7), count);
}
END_TEST

START_TEST(a_settlement_gets_as_many_answers_as_it_was_told)
{
	static const enum outcome outcomes[] = {
		OUTCOME_ACCEPT, OUTCOME_REJECT, OUTCOME_DISCARD};

	subscribe(ana, "q", "/queue/a");
	send_numbers(eva, 3);
	const size_t count = customer_settle(ana, "q", 2, outcomes[_i], 7);
	ck_assert_uint_gt(count, 0);
	ck_assert_uint_eq(customer_answered(ana, 7), 0);
	settle_down();
	ck_assert_uint_eq(customer_answered(ana, 7), count);
}
END_TEST

START_TEST(who_goes_before_it_has_joined_leaves_nothing_behind)
{
	customer_subscribe(ana, "1", engine_suite_addresses[_i], 10, 7);
	customer_unsubscribe(ana, "1", 0);
	settle_down();
	send(ben, "/topic/a", "x");
	assert_gets(ana, "");
}
END_TEST

START_TEST(the_answer_to_a_subscription_comes_before_its_first_message)
{
	static const char *const to[ADDRESSES] = {
		"/topic/a", "/queue/a", "/topic/b/a", "user:3:ana/queue/a"};

	for (int i = 0; i < 3; i++)
		customer_send(eva, to[_i], "before", 0);
	customer_subscribe(ana, "1", engine_suite_addresses[_i], 10, 7);
	for (int i = 0; i < TURNS; i++) {
		customer_send(eva, to[_i], "after", 0);
		customer_send(ana, to[_i], "after", 0);
		run_turns(1);
	}
	settle_down();
	ck_assert_uint_eq(customer_answer(ana, 7)->deliveries, 0);
	ck_assert_uint_gt(customer_find(ana, "1")->unacked.count, 0);
}
END_TEST

START_TEST(a_message_is_answered_once_whoever_hears_it)
{
	customer_send(ana, engine_suite_addresses[_i], "x", 7);
	settle_down();
	ck_assert_uint_eq(customer_answered(ana, 7), 1);
}
END_TEST

START_TEST(request_0_hears_nothing_of_success)
{
	subscribe(ana, "t", engine_suite_addresses[_i]);
	send(ana, "/topic/a", "x");
	send(ana, "/queue/a", "x");
	COMMIT(ana, 0, "/topic/a x", "/queue/a x");
	customer_unsubscribe(ana, "t", 0);
	settle_down();
	ck_assert_uint_eq(ana->answer_count, 0);
}
END_TEST

START_TEST(answers_for_one_destination_come_in_the_order_of_asking)
{
	customer_subscribe(ana, "1", "/topic/a", 10, 1);
	for (uint64_t request = 2; request < 10; request++)
		customer_send(ana, "/topic/a", "x", request);
	settle_down();
	ck_assert_uint_eq(ana->answer_count, 9);
	for (size_t i = 0; i < 9; i++)
		ck_assert_uint_eq(ana->answers[i].request, i + 1);
}
END_TEST

START_TEST(nothing_comes_after_an_unsubscription_was_answered)
{
	subscribe(ana, "1", engine_suite_addresses[_i]);
	customer_unsubscribe(ana, "1", 7);
	settle_down();
	send(ben, "/topic/a", "x");
	send(ben, "/queue/a", "x");
	send(ben, "user:3:ana/queue/a", "x");
	assert_gets(ana, "");
}
END_TEST

START_TEST(nothing_comes_after_the_answer_to_an_unsubscription_at_any_turn)
{
	subscribe(ana, "1", "/topic/a");
	subscribe(ana, "2", "/queue/a");
	for (int i = 0; i < 3; i++) {
		customer_send(eva, "/topic/a", "x", 0);
		customer_send(eva, "/queue/a", "x", 0);
	}
	run_turns(_i);
	customer_unsubscribe(ana, "1", 7);
	customer_unsubscribe(ana, "2", 8);
	memory_outlet_got(&ana->outlet);
	settle_down();
	assert_gets(ana, "");
	customer_subscribe(ben, "1", "/topic/a", 10, 9);
	settle_down();
	ck_assert_uint_ge(customer_answered(ben, 9), 1);
}
END_TEST

void engine_suite_add_requests(Suite *suite)
{
	TCase *tcase = unit_case(suite, "requests");

	tcase_add_checked_fixture(tcase, engine_setup, engine_teardown);
	unit_add_table(tcase, a_subscription_gets_as_many_answers_as_it_was_told,
		engine_suite_addresses);
	unit_add_table(tcase, an_unsubscription_gets_as_many_answers_as_it_was_told,
		engine_suite_addresses);
	tcase_add_loop_test(
		tcase, a_settlement_gets_as_many_answers_as_it_was_told, 0, 3);
	unit_add_table(tcase, who_goes_before_it_has_joined_leaves_nothing_behind,
		engine_suite_addresses);
	unit_add_table(tcase,
		the_answer_to_a_subscription_comes_before_its_first_message,
		engine_suite_addresses);
	unit_add_table(tcase, nothing_comes_after_an_unsubscription_was_answered,
		engine_suite_addresses);
	tcase_add_loop_test(tcase,
		nothing_comes_after_the_answer_to_an_unsubscription_at_any_turn, 0,
		TURNS);
	tcase_add_loop_test(tcase, a_message_is_answered_once_whoever_hears_it, 0, 2);
	unit_add_table(
		tcase, request_0_hears_nothing_of_success, engine_suite_addresses);
	tcase_add_test(tcase, answers_for_one_destination_come_in_the_order_of_asking);
}
