/* The duties of an engine for topics. */
#include "protocol/xmalloc.h"
#include "tests/support/engine_suite_internal.h"

#include <stdlib.h>

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

/* The places of its messages, in the order of delivery. */
static void assert_same_places(
	const struct subscription *a, const struct subscription *b)
{
	ck_assert_uint_eq(a->unacked.count, b->unacked.count);
	for (size_t i = 0; i < a->unacked.count; i++) {
		const struct place mine = unacked_at(&a->unacked, i)->place,
				   yours = unacked_at(&b->unacked, i)->place;

		ck_assert_uint_eq(mine.epoch, yours.epoch);
		ck_assert_uint_eq(mine.offset, yours.offset);
		ck_assert_uint_eq(mine.offset, i + 1);
	}
}

START_TEST(all_subscribers_of_a_topic_see_one_order_of_many_senders)
{
	subscribe(ana, "1", "/topic/a");
	subscribe(ben, "2", "/topic/a");
	subscribe(eva, "3", "/topic/*");
	for (int i = 0; i < 4; i++) {
		for (int j = 0; j < CUSTOMERS; j++)
			customer_send(&engine_stage.customers[j], "/topic/a",
				(char[]){(char)('a' + i * CUSTOMERS + j), '\0'}, 0);
		run_turns(i);
	}
	settle_down();
	ck_assert_uint_eq(customer_find(ana, "1")->unacked.count, 4 * CUSTOMERS);
	assert_same_places(customer_find(ana, "1"), customer_find(ben, "2"));
	assert_same_places(customer_find(ana, "1"), customer_find(eva, "3"));
	const char *got = memory_outlet_got(&ana->outlet);
	char *expected = xstrdup(slice_of(got));
	for (char *at = expected; *at != '\0'; at++)
		*at = *at == '1' ? '2' : *at;
	assert_gets(ben, expected);
	for (char *at = expected; *at != '\0'; at++)
		*at = *at == '2' ? '3' : *at;
	assert_gets(eva, expected);
	free(expected);
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

START_TEST(who_subscribes_by_name_and_by_pattern_gets_two_copies)
{
	subscribe(ana, "1", "/topic/a/x");
	subscribe(ana, "2", "/topic/a/*");
	subscribe(ben, "3", "/topic/**");
	send(eva, "/topic/a/x", "x");
	const char *got = memory_outlet_got(&ana->outlet);
	ck_assert_msg(
		strcmp(got, "1:x 2:x") == 0 || strcmp(got, "2:x 1:x") == 0, "%s", got);
	assert_gets(ben, "3:x");
}
END_TEST

START_TEST(a_user_s_own_destination_is_a_topic_of_its_own)
{
	subscribe(ana, "1", "user:3:ana/queue/a");
	subscribe(ben, "1", "user:3:ben/queue/a");
	subscribe(eva, "1", "/topic/**");
	send(eva, "user:3:ana/queue/a", "x");
	assert_gets(ana, "1:x");
	assert_gets(ben, "");
	assert_gets(eva, "");
}
END_TEST

START_TEST(an_acknowledgement_of_a_topic_changes_nothing)
{
	subscribe(ana, "1", "/topic/a");
	send(eva, "/topic/a", "x");
	const size_t promised = COMMIT(ana, 7, "nack 1", "/topic/a y");
	settle_down();
	assert_gets(ana, "1:x 1:y");
	ck_assert_uint_eq(customer_answered(ana, 7), promised + ana->expected);
}
END_TEST

void engine_suite_add_topics(Suite *suite)
{
	TCase *tcase = unit_case(suite, "topics");

	tcase_add_checked_fixture(tcase, engine_setup, engine_teardown);
	tcase_add_test(tcase, every_subscriber_of_a_topic_gets_a_copy);
	tcase_add_test(tcase, what_was_sent_before_a_subscription_does_not_come);
	tcase_add_test(tcase, a_topic_keeps_the_order_of_its_sender);
	tcase_add_test(tcase, all_subscribers_of_a_topic_see_one_order_of_many_senders);
	tcase_add_test(tcase, the_messages_of_a_topic_are_numbered_for_all_alike);
	tcase_add_test(tcase, a_sender_is_told_the_place_and_how_many_subscribe);
	tcase_add_test(tcase, a_sender_is_told_that_nobody_subscribes);
	tcase_add_test(tcase, a_pattern_gets_what_it_matches_and_no_queue);
	tcase_add_test(tcase, who_subscribes_by_name_and_by_pattern_gets_two_copies);
	tcase_add_test(tcase, a_user_s_own_destination_is_a_topic_of_its_own);
	tcase_add_test(tcase, an_acknowledgement_of_a_topic_changes_nothing);
}
