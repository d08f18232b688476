/* A queue at its home: room, turns, credit, and requeued messages. */
#include "tests/support/queue_site.h"
#include "tests/support/unit.h"

/* Lending. */

START_TEST(nothing_is_lent_without_a_consumer_or_a_message)
{
	queue_site_put("a");
	assert_delivers("");
	queue_join(queue_site.queue, one, 10);
	assert_delivers("1:a");
	assert_delivers("");
}
END_TEST

START_TEST(consumers_take_turns)
{
	queue_join(queue_site.queue, one, 10);
	queue_join(queue_site.queue, two, 10);
	queue_join(queue_site.queue, three, 10);
	queue_site_put("abcdef");
	assert_delivers("1:a 2:b 3:c 1:d 2:e 3:f");
}
END_TEST

START_TEST(what_is_lent_is_counted_until_it_is_settled_or_comes_back)
{
	queue_join(queue_site.queue, one, 10);
	queue_join(queue_site.queue, two, 10);
	ck_assert_uint_eq(queue_unacknowledged(queue_site.queue), 0);
	queue_site_put("abcd");
	assert_delivers("1:a 2:b 1:c 2:d");
	ck_assert_uint_eq(queue_unacknowledged(queue_site.queue), 4);
	queue_site_accept(one, 1);
	queue_site_reject(two, 2);
	ck_assert_uint_eq(queue_unacknowledged(queue_site.queue), 2);
	queue_leave(queue_site.queue, one, 0);
	ck_assert_uint_eq(queue_unacknowledged(queue_site.queue), 1);
	queue_leave(queue_site.queue, two, 1);
	ck_assert_uint_eq(queue_unacknowledged(queue_site.queue), 0);
	ck_assert_uint_eq(queue_messages(queue_site.queue), 3);
}
END_TEST

START_TEST(a_consumer_without_credit_is_passed_over)
{
	queue_join(queue_site.queue, one, 1);
	queue_join(queue_site.queue, two, 3);
	queue_site_put("abcde");
	assert_delivers("1:a 2:b 2:c 2:d");
}
END_TEST

START_TEST(who_gets_credit_again_waits_for_its_turn)
{
	queue_join(queue_site.queue, one, 1);
	queue_join(queue_site.queue, two, 2);
	queue_site_put("ab");
	assert_delivers("1:a 2:b");
	queue_site_accept(one, 1);
	queue_site_put("cd");
	assert_delivers("2:c 1:d");
}
END_TEST

START_TEST(credit_comes_back_by_rejecting_too)
{
	queue_join(queue_site.queue, one, 1);
	queue_site_put("ab");
	assert_delivers("1:a");
	queue_site_reject(one, 1);
	assert_delivers("1:a+");
}
END_TEST

START_TEST(a_consumer_gets_few_bytes_but_always_one_message)
{
	char large[2000];

	queue_destroy(queue_site.queue);
	queue_site_begin((struct queue_rules){.messages = 10,
		.bytes = 100000,
		.in_flight_bytes = 1000,
		.rejections = 3,
		.losses = 3});
	memset(large, 'x', sizeof(large));
	large[sizeof(large) - 1] = '\0';
	queue_put(queue_site.queue, queue_site_message(large), 1000);
	queue_put(queue_site.queue, queue_site_message(large), 1000);
	queue_join(queue_site.queue, one, 10);
	assert_delivers("1:x");
	queue_site_accept(one, 1);
	assert_delivers("1:x");
}
END_TEST

/* Requeued messages. */

START_TEST(what_comes_back_stands_where_it_stood)
{
	queue_join(queue_site.queue, one, 3);
	queue_site_put("abcde");
	assert_delivers("1:a 1:b 1:c");
	queue_site_accept(one, 2);
	ck_assert(queue_leave(queue_site.queue, one, 0));
	queue_join(queue_site.queue, two, 10);
	assert_delivers("2:a+ 2:c+ 2:d 2:e");
}
END_TEST

START_TEST(what_two_consumers_had_comes_back_in_one_order)
{
	queue_join(queue_site.queue, one, 10);
	queue_join(queue_site.queue, two, 10);
	queue_site_put("abcd");
	queue_site_deliver_all();
	queue_leave(queue_site.queue, one, 0);
	queue_leave(queue_site.queue, two, 0);
	queue_join(queue_site.queue, three, 10);
	assert_delivers("3:a+ 3:b+ 3:c+ 3:d+");
}
END_TEST

START_TEST(what_was_not_lost_is_redelivered_for_ever)
{
	queue_join(queue_site.queue, one, 1);
	queue_site_put("a");
	queue_site_deliver_all();
	for (int i = 0; i < 5; i++) {
		queue_leave(queue_site.queue, one, 0);
		queue_join(queue_site.queue, one, 1);
		assert_delivers("1:a+");
	}
}
END_TEST

static uint16_t next_attempt(void)
{
	struct queue_delivery delivery;

	ck_assert(queue_deliver(queue_site.queue, 1000, &delivery));
	return delivery.attempt;
}

START_TEST(attempts_are_counted_for_all_consumers_together)
{
	queue_join(queue_site.queue, one, 1);
	queue_site_put("a");
	ck_assert_uint_eq(next_attempt(), 1);
	queue_join(queue_site.queue, two, 1);
	queue_site_reject(one, 1);
	ck_assert_uint_eq(next_attempt(), 2);
	queue_leave(queue_site.queue, two, 0);
	ck_assert_uint_eq(next_attempt(), 3);
	queue_site_accept(one, 1);
	queue_site_put("b");
	ck_assert_uint_eq(next_attempt(), 1);
}
END_TEST

START_TEST(a_redelivery_never_looks_like_a_first_delivery)
{
	queue_join(queue_site.queue, one, 1);
	queue_site_put("a");
	for (unsigned i = 1; i <= UINT16_MAX; i++) {
		ck_assert_uint_eq(next_attempt(), i);
		queue_leave(queue_site.queue, one, 0);
		queue_join(queue_site.queue, one, 1);
	}
	ck_assert_uint_eq(next_attempt(), 2);
}
END_TEST

START_TEST(who_is_no_consumer_cannot_leave)
{
	queue_join(queue_site.queue, one, 1);
	ck_assert(!queue_leave(queue_site.queue, two, 0));
	ck_assert(queue_leave(queue_site.queue, one, 0));
	ck_assert(!queue_leave(queue_site.queue, one, 0));
}
END_TEST

START_TEST(who_is_dismissed_gets_nothing_more)
{
	queue_join(queue_site.queue, one, 2);
	queue_site_put("a");
	assert_delivers("1:a");
	queue_dismiss(queue_site.queue, one);
	queue_dismiss(queue_site.queue, three); /* that has not joined */
	queue_site_put("bc");
	assert_delivers("");
	queue_site_accept(one, 1); /* it has what was in flight */
	assert_delivers("");
	queue_join(queue_site.queue, two, 2);
	assert_delivers("2:b 2:c");
	ck_assert(queue_leave(queue_site.queue, one, 0));
}
END_TEST

/* Room. */

START_TEST(messages_have_a_bound)
{
	ck_assert(queue_reserve(queue_site.queue, 9, 0));
	queue_site_put("a");
	ck_assert(!queue_reserve(queue_site.queue, 1, 0));
	queue_unreserve(queue_site.queue, 9, 0);
	ck_assert(queue_reserve(queue_site.queue, 9, 0));
	queue_unreserve(queue_site.queue, 9, 0);
}
END_TEST

START_TEST(what_new_rules_do_not_allow_stays_and_no_more_comes)
{
	struct queue_rules rules = {.messages = 2,
		.bytes = 1 << 20,
		.in_flight_bytes = 1 << 20,
		.rejections = 1,
		.metrics = &queue_site.metrics};

	queue_site_put("abc");
	queue_join(queue_site.queue, one, 1);
	assert_delivers("1:a");
	queue_set_rules(queue_site.queue, &rules);
	ck_assert(!queue_has_room(queue_site.queue));
	ck_assert(!queue_reserve(queue_site.queue, 1, 1));
	ck_assert_uint_eq(queue_messages(queue_site.queue), 3);
	rules.messages = 4;
	queue_set_rules(queue_site.queue, &rules);
	ck_assert(queue_reserve(queue_site.queue, 1, 1));
	queue_unreserve(queue_site.queue, 1, 1);
}
END_TEST

START_TEST(bytes_have_a_bound)
{
	ck_assert(queue_reserve(queue_site.queue, 1, 100000));
	ck_assert(!queue_reserve(queue_site.queue, 1, 1));
	queue_unreserve(queue_site.queue, 1, 100000);
	ck_assert(!queue_reserve(queue_site.queue, 1, UINT64_MAX));
}
END_TEST

START_TEST(what_is_lent_needs_its_room_until_it_is_accepted)
{
	queue_join(queue_site.queue, one, 10);
	queue_site_put("abcdefghij");
	queue_site_deliver_all();
	ck_assert(!queue_reserve(queue_site.queue, 1, 0));
	queue_site_accept(one, 5);
	ck_assert(queue_reserve(queue_site.queue, 1, 0));
	queue_unreserve(queue_site.queue, 1, 0);
}
END_TEST

START_TEST(a_queue_is_idle_without_messages_consumers_and_reservations)
{
	ck_assert(queue_is_idle(queue_site.queue));
	ck_assert(queue_reserve(queue_site.queue, 1, 1));
	ck_assert(!queue_is_idle(queue_site.queue));
	queue_unreserve(queue_site.queue, 1, 1);
	queue_join(queue_site.queue, one, 1);
	ck_assert(!queue_is_idle(queue_site.queue));
	queue_site_put("a");
	queue_leave(queue_site.queue, one, 0);
	ck_assert(!queue_is_idle(queue_site.queue));
	queue_join(queue_site.queue, one, 1);
	queue_site_deliver_all();
	queue_site_accept(one, 1);
	queue_leave(queue_site.queue, one, 0);
	ck_assert(queue_is_idle(queue_site.queue));
}
END_TEST

START_TEST(messages_are_numbered_in_the_epoch_of_the_queue)
{
	struct queue_delivery delivery;

	queue_join(queue_site.queue, one, 10);
	queue_site_put("ab");
	for (uint64_t offset = 1; offset <= 2; offset++) {
		ck_assert(queue_deliver(queue_site.queue, 1000, &delivery));
		ck_assert_uint_eq(message_place(delivery.message).epoch, 5);
		ck_assert_uint_eq(message_place(delivery.message).offset, offset);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("queue");
	TCase *lending = unit_case(suite, "lending");
	TCase *back = unit_case(suite, "back");
	TCase *room = unit_case(suite, "room");

	tcase_add_checked_fixture(lending, queue_site_setup, queue_site_teardown);
	tcase_add_test(lending, nothing_is_lent_without_a_consumer_or_a_message);
	tcase_add_test(lending, consumers_take_turns);
	tcase_add_test(
		lending, what_is_lent_is_counted_until_it_is_settled_or_comes_back);
	tcase_add_test(lending, a_consumer_without_credit_is_passed_over);
	tcase_add_test(lending, who_gets_credit_again_waits_for_its_turn);
	tcase_add_test(lending, credit_comes_back_by_rejecting_too);
	tcase_add_test(lending, a_consumer_gets_few_bytes_but_always_one_message);
	tcase_add_test(lending, messages_are_numbered_in_the_epoch_of_the_queue);

	tcase_add_checked_fixture(back, queue_site_setup, queue_site_teardown);
	tcase_add_test(back, what_comes_back_stands_where_it_stood);
	tcase_add_test(back, what_two_consumers_had_comes_back_in_one_order);
	tcase_add_test(back, what_was_not_lost_is_redelivered_for_ever);
	tcase_add_test(back, attempts_are_counted_for_all_consumers_together);
	tcase_add_test(back, a_redelivery_never_looks_like_a_first_delivery);
	tcase_add_test(back, who_is_no_consumer_cannot_leave);
	tcase_add_test(back, who_is_dismissed_gets_nothing_more);

	tcase_add_checked_fixture(room, queue_site_setup, queue_site_teardown);
	tcase_add_test(room, messages_have_a_bound);
	tcase_add_test(room, what_new_rules_do_not_allow_stays_and_no_more_comes);
	tcase_add_test(room, bytes_have_a_bound);
	tcase_add_test(room, what_is_lent_needs_its_room_until_it_is_accepted);
	tcase_add_test(
		room, a_queue_is_idle_without_messages_consumers_and_reservations);
	return unit_run(suite);
}
