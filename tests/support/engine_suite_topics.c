/* The duties of an engine for topics, and for every request. */
#include "tests/support/engine_suite_internal.h"

static const char *const addresses[] = {
	"/topic/a", "/queue/a", "/topic/*/a", "user:3:ana/queue/a"};

START_TEST(a_subscription_gets_as_many_answers_as_it_was_told)
{
	size_t count = customer_subscribe(ana, "1", addresses[_i], 1, 7);

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
	subscribe(ana, "1", addresses[_i]);
	size_t count = customer_unsubscribe(ana, "1", 7);
	settle_down();
	ck_assert_uint_eq(customer_answered(ana, 7), count);
}
END_TEST

START_TEST(who_goes_before_it_has_joined_leaves_nothing_behind)
{
	customer_subscribe(ana, "1", addresses[_i], 10, 7);
	customer_unsubscribe(ana, "1", 0);
	settle_down();
	send(ben, "/topic/a", "x");
	assert_gets(ana, "");
}
END_TEST

START_TEST(a_message_is_answered_once_whoever_hears_it)
{
	customer_send(ana, addresses[_i], "x", 7);
	settle_down();
	ck_assert_uint_eq(customer_answered(ana, 7), 1);
}
END_TEST

START_TEST(request_0_hears_nothing_of_success)
{
	subscribe(ana, "t", addresses[_i]);
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

START_TEST(every_subscriber_of_a_topic_gets_a_copy)
{
	subscribe(ana, "1", "/topic/a");
	subscribe(ben, "1", "/topic/a");
	subscribe(ben, "2", "/topic/a");
	send(eva, "/topic/a", "x");
	assert_gets(ana, "1:x");
	assert_gets(ben, "1:x 2:x");
	assert_gets(eva, "");
}
END_TEST

START_TEST(what_was_sent_before_a_subscription_does_not_come)
{
	send(eva, "/topic/a", "before");
	subscribe(ana, "1", "/topic/a");
	send(eva, "/topic/a", "after");
	assert_gets(ana, "1:after");
}
END_TEST

START_TEST(a_topic_keeps_the_order_of_its_sender)
{
	subscribe(ben, "1", "/topic/a");
	for (int i = 1; i <= 5; i++)
		customer_send(ana, "/topic/a", (char[]){(char)('0' + i), '\0'}, 0);
	settle_down();
	assert_gets(ben, "1:1 1:2 1:3 1:4 1:5");
}
END_TEST

START_TEST(the_messages_of_a_topic_are_numbered_for_all_alike)
{
	subscribe(ana, "1", "/topic/a");
	subscribe(ben, "1", "/topic/a");
	for (int i = 0; i < 3; i++)
		send(eva, "/topic/a", "x");
	const struct unacked *mine = &customer_find(ana, "1")->unacked,
			     *yours = &customer_find(ben, "1")->unacked;
	ck_assert_uint_eq(mine->count, 3);
	for (size_t i = 0; i < 3; i++) {
		const struct place place = unacked_at(mine, i)->place;

		ck_assert_uint_eq(place.epoch, unacked_at(mine, 0)->place.epoch);
		ck_assert_uint_eq(place.offset, i + 1);
		ck_assert_uint_eq(place.epoch, unacked_at(yours, i)->place.epoch);
		ck_assert_uint_eq(place.offset, unacked_at(yours, i)->place.offset);
	}
}
END_TEST

/* The latest answer, which is one to a SEND. */
static struct published told(const struct customer *customer)
{
	ck_assert_uint_gt(customer->answer_count, 0);
	return customer->answers[customer->answer_count - 1].published;
}

START_TEST(a_sender_is_told_the_place_and_how_many_subscribe)
{
	subscribe(ana, "1", "/topic/a/x");
	subscribe(ben, "1", "/topic/a/x");
	subscribe(ben, "2", "/topic/*/x");
	customer_send(eva, "/topic/a/x", "x", 7);
	settle_down();
	const struct published published = told(eva);
	const struct place place =
		unacked_at(&customer_find(ana, "1")->unacked, 0)->place;

	ck_assert(!published.is_refused);
	ck_assert_uint_eq(published.subscribers, 3);
	ck_assert_uint_eq(published.place.epoch, place.epoch);
	ck_assert_uint_eq(published.place.offset, place.offset);
}
END_TEST

START_TEST(a_sender_is_told_that_nobody_subscribes)
{
	customer_send(eva, "/topic/a", "x", 7);
	settle_down();
	ck_assert_uint_eq(told(eva).subscribers, 0);
	ck_assert_uint_eq(told(eva).place.offset, 0);
}
END_TEST

START_TEST(a_pattern_gets_what_it_matches_and_no_queue)
{
	subscribe(ana, "1", "/topic/*/x");
	send(eva, "/topic/a/x", "a");
	send(eva, "/topic/a/y", "b");
	send(eva, "/queue/a/x", "c");
	send(eva, "/topic/b/x", "d");
	assert_gets(ana, "1:a 1:d");
}
END_TEST

START_TEST(nothing_comes_after_an_unsubscription_was_answered)
{
	subscribe(ana, "1", addresses[_i]);
	customer_unsubscribe(ana, "1", 7);
	settle_down();
	send(ben, "/topic/a", "x");
	send(ben, "/queue/a", "x");
	send(ben, "user:3:ana/queue/a", "x");
	assert_gets(ana, "");
}
END_TEST

void engine_suite_add_topics(Suite *suite)
{
	TCase *tcase = unit_case(suite, "topics");

	tcase_add_checked_fixture(tcase, engine_setup, engine_teardown);
	unit_add_table(
		tcase, a_subscription_gets_as_many_answers_as_it_was_told, addresses);
	unit_add_table(tcase, an_unsubscription_gets_as_many_answers_as_it_was_told,
		addresses);
	unit_add_table(
		tcase, who_goes_before_it_has_joined_leaves_nothing_behind, addresses);
	unit_add_table(
		tcase, nothing_comes_after_an_unsubscription_was_answered, addresses);
	tcase_add_loop_test(tcase, a_message_is_answered_once_whoever_hears_it, 0, 2);
	unit_add_table(tcase, request_0_hears_nothing_of_success, addresses);
	tcase_add_test(tcase, answers_for_one_destination_come_in_the_order_of_asking);
	tcase_add_test(tcase, every_subscriber_of_a_topic_gets_a_copy);
	tcase_add_test(tcase, what_was_sent_before_a_subscription_does_not_come);
	tcase_add_test(tcase, a_topic_keeps_the_order_of_its_sender);
	tcase_add_test(tcase, the_messages_of_a_topic_are_numbered_for_all_alike);
	tcase_add_test(tcase, a_sender_is_told_the_place_and_how_many_subscribe);
	tcase_add_test(tcase, a_sender_is_told_that_nobody_subscribes);
	tcase_add_test(tcase, a_pattern_gets_what_it_matches_and_no_queue);
}
