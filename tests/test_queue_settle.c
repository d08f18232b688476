/* A queue at its home: accepted, rejected, lost and dead messages. */
#include "tests/support/queue_site.h"
#include "tests/support/unit.h"

/* Rejecting. */

START_TEST(what_one_rejects_another_gets)
{
	queue_join(queue_site.queue, one, 10);
	queue_site_put("a");
	queue_site_deliver_all();
	queue_join(queue_site.queue, two, 10);
	queue_site_reject(one, 1);
	assert_delivers("2:a+");
}
END_TEST

START_TEST(who_is_alone_gets_again_what_it_has_rejected)
{
	queue_join(queue_site.queue, one, 10);
	queue_site_put("a");
	queue_site_deliver_all();
	queue_site_reject(one, 1);
	assert_delivers("1:a+");
}
END_TEST

START_TEST(a_message_that_is_rejected_too_often_is_dead)
{
	queue_join(queue_site.queue, one, 10);
	queue_site_put("a");
	for (int i = 0; i < 3; i++) {
		assert_dead("");
		queue_site_deliver_all();
		queue_site_reject(one, 1);
	}
	assert_delivers("");
	ck_assert_uint_eq(queue_messages(queue_site.queue), 1);
	assert_dead("rejected 3:a");
	queue_leave(queue_site.queue, one, 0);
	ck_assert(queue_is_idle(queue_site.queue));
}
END_TEST

/* A message has been rejected, and lost, more often than new rules allow. */
START_TEST(new_rules_count_what_was_before)
{
	struct queue_rules rules = {.messages = 10,
		.bytes = 1 << 20,
		.in_flight_bytes = 1 << 20,
		.rejections = 1,
		.losses = 1,
		.metrics = &queue_site.metrics};

	queue_join(queue_site.queue, one, 1);
	queue_site_put("ab");
	for (int i = 0; i < 2; i++) {
		queue_site_deliver_all();
		queue_site_reject(one, 1);
	}
	queue_set_rules(queue_site.queue, &rules);
	queue_site_deliver_all();
	queue_site_reject(one, 1);
	assert_dead("rejected 3:a");
	queue_site_deliver_all();
	queue_leave(queue_site.queue, one, 1);
	assert_dead("lost 1:b");
}
END_TEST

START_TEST(a_message_that_is_discarded_is_dead_the_first_time)
{
	queue_join(queue_site.queue, one, 10);
	queue_site_put("abc");
	queue_site_deliver_all();
	queue_site_discard(one, 1);
	queue_site_discard(one, 1);
	queue_site_reject(one, 2);
	assert_delivers("1:b+");
	queue_site_discard(one, 2);
	queue_site_discard(two, 3); /* which does not have it */
	ck_assert_uint_eq(queue_messages(queue_site.queue), 3);
	ck_assert_uint_eq(queue_unacknowledged(queue_site.queue), 1);
	assert_dead("discarded 0:a discarded 1:b");
	assert_delivers("");
	ck_assert_uint_eq(queue_messages(queue_site.queue), 1);
}
END_TEST

START_TEST(a_consumer_that_discards_has_credit_again)
{
	queue_join(queue_site.queue, one, 1);
	queue_site_put("ab");
	assert_delivers("1:a");
	queue_site_discard(one, 1);
	assert_delivers("1:b");
	assert_dead("discarded 0:a");
}
END_TEST

START_TEST(a_consumer_that_goes_does_not_reject)
{
	queue_site_put("a");
	for (int i = 0; i < 5; i++) {
		queue_join(queue_site.queue, one, 10);
		queue_site_deliver_all();
		queue_leave(queue_site.queue, one, 0);
	}
	queue_join(queue_site.queue, one, 10);
	assert_delivers("1:a+");
}
END_TEST

/* Losing. */

/* A consumer gets all, and is lost with so many of them. */
static void lose(uint64_t lost)
{
	queue_join(queue_site.queue, one, 10);
	queue_site_deliver_all();
	queue_leave(queue_site.queue, one, lost);
}

START_TEST(a_message_that_is_lost_with_too_many_consumers_is_dead)
{
	queue_site_put("ab");
	lose(1);
	lose(1);
	assert_dead("");
	lose(1);
	assert_dead("lost 3:a");
	queue_join(queue_site.queue, two, 10);
	assert_delivers("2:b+");
}
END_TEST

START_TEST(the_dead_come_in_their_order)
{
	queue_site_put("abcd");
	for (int i = 0; i < 3; i++)
		lose(3);
	assert_dead("lost 3:a lost 3:b lost 3:c");
}
END_TEST

START_TEST(who_loses_and_who_rejects_count_apart)
{
	queue_site_put("a");
	for (int i = 0; i < 2; i++) {
		queue_join(queue_site.queue, one, 10);
		queue_site_deliver_all();
		queue_site_reject(one, 1);
		queue_site_deliver_all();
		queue_leave(queue_site.queue, one, 1);
	}
	assert_dead("");
	lose(1);
	assert_dead("lost 3:a");
}
END_TEST

START_TEST(without_a_bound_a_message_is_lost_for_ever)
{
	queue_destroy(queue_site.queue);
	queue_site_begin((struct queue_rules){.messages = 10,
		.bytes = 100000,
		.in_flight_bytes = 50000,
		.rejections = 3});
	queue_site_put("a");
	for (int i = 0; i < 100; i++)
		lose(1);
	assert_dead("");
	queue_join(queue_site.queue, two, 10);
	assert_delivers("2:a+");
}
END_TEST

START_TEST(a_queue_takes_its_dead_along)
{
	queue_site_put("ab");
	for (int i = 0; i < 3; i++)
		lose(1);
	ck_assert_uint_eq(queue_messages(queue_site.queue), 2); /* leaks are found */
}
END_TEST

/* Settling messages of another consumer. */

START_TEST(nobody_settles_what_another_has)
{
	queue_join(queue_site.queue, one, 1);
	queue_join(queue_site.queue, two, 1);
	queue_site_put("ab");
	queue_site_deliver_all();
	queue_site_accept(two, 1);
	queue_leave(queue_site.queue, one, 0);
	queue_site_accept(two, 2);
	assert_delivers("2:a+");
}
END_TEST

START_TEST(a_message_is_settled_once)
{
	queue_join(queue_site.queue, one, 10);
	queue_site_put("ab");
	queue_site_deliver_all();
	queue_site_accept(one, 1);
	queue_site_reject(one, 1);
	assert_delivers("");
}
END_TEST

/* Holding. */

/* "ab" are in flight to `one`, which leaves; "b" is held, and both were sent. */
static void leave_held(void)
{
	queue_join(queue_site.queue, one, 10);
	queue_site_put("abc");
	queue_site_deliver_all();
	queue_site_accept(one, 3);
	queue_set_held(queue_site.queue, one, 2, true);
	queue_leave(queue_site.queue, one, 2);
	queue_join(queue_site.queue, two, 10);
}

START_TEST(a_held_message_is_not_requeued_with_its_consumer)
{
	leave_held();
	assert_delivers("2:a+");
	ck_assert_uint_eq(queue_messages(queue_site.queue), 2);
	ck_assert_uint_eq(queue_unacknowledged(queue_site.queue), 2);
	queue_site_accept(two, 2); /* which does not have it */
	ck_assert_uint_eq(queue_messages(queue_site.queue), 2);
}
END_TEST

START_TEST(a_held_message_is_settled_for_the_consumer_that_has_left)
{
	leave_held();
	queue_settle(queue_site.queue, one, 2,
		(enum outcome[]){OUTCOME_ACCEPT, OUTCOME_REJECT, OUTCOME_DISCARD}[_i]);
	assert_delivers(_i == 1 ? "2:a+ 2:b+" : "2:a+");
	assert_dead(_i == 2 ? "discarded 0:b" : "");
	ck_assert_uint_eq(queue_messages(queue_site.queue), _i == 1 ? 2 : 1);
	ck_assert_uint_eq(queue_unacknowledged(queue_site.queue), _i == 1 ? 2 : 1);
}
END_TEST

START_TEST(a_message_that_is_held_no_longer_is_requeued_at_its_place)
{
	leave_held();
	queue_site_put("d");
	queue_set_held(queue_site.queue, one, 2, false);
	assert_delivers("2:a+ 2:b+ 2:d");
}
END_TEST

START_TEST(a_held_message_stays_with_its_consumer)
{
	queue_join(queue_site.queue, one, 1);
	queue_site_put("ab");
	assert_delivers("1:a");
	queue_set_held(queue_site.queue, one, 1, true);
	queue_set_held(queue_site.queue, one, 1, false);
	assert_delivers("");
	queue_set_held(queue_site.queue, one, 1, true);
	queue_site_reject(one, 1);
	assert_delivers("1:a+");
	queue_leave(queue_site.queue, one, 0); /* it was held for the first delivery */
	queue_join(queue_site.queue, two, 10);
	assert_delivers("2:a+ 2:b");
}
END_TEST

START_TEST(a_queue_takes_its_held_messages_along)
{
	leave_held();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("queue settling");
	TCase *settling = unit_case(suite, "settling");
	TCase *losing = unit_case(suite, "losing");
	TCase *holding = unit_case(suite, "holding");

	tcase_add_checked_fixture(settling, queue_site_setup, queue_site_teardown);
	tcase_add_test(settling, what_one_rejects_another_gets);
	tcase_add_test(settling, who_is_alone_gets_again_what_it_has_rejected);
	tcase_add_test(settling, a_message_that_is_rejected_too_often_is_dead);
	tcase_add_test(settling, new_rules_count_what_was_before);
	tcase_add_test(settling, a_message_that_is_discarded_is_dead_the_first_time);
	tcase_add_test(settling, a_consumer_that_discards_has_credit_again);
	tcase_add_test(settling, a_consumer_that_goes_does_not_reject);
	tcase_add_test(settling, nobody_settles_what_another_has);
	tcase_add_test(settling, a_message_is_settled_once);

	tcase_add_checked_fixture(losing, queue_site_setup, queue_site_teardown);
	tcase_add_test(losing, a_message_that_is_lost_with_too_many_consumers_is_dead);
	tcase_add_test(losing, the_dead_come_in_their_order);
	tcase_add_test(losing, who_loses_and_who_rejects_count_apart);
	tcase_add_test(losing, without_a_bound_a_message_is_lost_for_ever);
	tcase_add_test(losing, a_queue_takes_its_dead_along);

	tcase_add_checked_fixture(holding, queue_site_setup, queue_site_teardown);
	tcase_add_test(holding, a_held_message_is_not_requeued_with_its_consumer);
	tcase_add_loop_test(holding,
		a_held_message_is_settled_for_the_consumer_that_has_left, 0, 3);
	tcase_add_test(
		holding, a_message_that_is_held_no_longer_is_requeued_at_its_place);
	tcase_add_test(holding, a_held_message_stays_with_its_consumer);
	tcase_add_test(holding, a_queue_takes_its_held_messages_along);
	return unit_run(suite);
}
