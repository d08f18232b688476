/* A queue at its home: messages that expire while they wait. */
#include "tests/support/chance.h"
#include "tests/support/queue_site.h"
#include "tests/support/unit.h"

#include <stdio.h>

START_TEST(a_message_that_waits_expires_when_its_time_comes)
{
	queue_site_put_expiring("a", 1000, 1100);
	queue_site_put("b");
	queue_site_advance(99);
	assert_dead("");
	queue_site_advance(1);
	assert_dead("expired 0:a");
	ck_assert_uint_eq(queue_messages(queue_site.queue), 1);
	queue_join(queue_site.queue, one, 10);
	assert_delivers("1:b");
}
END_TEST

START_TEST(the_earliest_expires_first_wherever_it_stands)
{
	queue_site_put_expiring("a", 1000, 1300);
	queue_site_put_expiring("b", 1000, 1100);
	queue_site_put("c");
	queue_site_put_expiring("d", 1000, 1200);
	queue_site_advance(100);
	assert_dead("expired 0:b");
	queue_site_advance(200);
	assert_dead("expired 0:d expired 0:a");
}
END_TEST

START_TEST(a_message_in_flight_does_not_expire)
{
	queue_join(queue_site.queue, one, 10);
	queue_site_put_expiring("a", 1000, 1100);
	assert_delivers("1:a");
	queue_site_advance(1000);
	assert_dead("");
	queue_site_accept(one, 1);
	assert_dead("");
	ck_assert_uint_eq(queue_messages(queue_site.queue), 0);
}
END_TEST

START_TEST(a_message_that_comes_back_in_time_expires_at_its_time)
{
	queue_join(queue_site.queue, one, 10);
	queue_site_put_expiring("a", 1000, 1100);
	assert_delivers("1:a");
	queue_leave(queue_site.queue, one, 0);
	queue_site_advance(99);
	assert_dead("");
	queue_site_advance(1);
	assert_dead("expired 0:a");
}
END_TEST

START_TEST(a_message_that_comes_back_late_is_not_delivered_again)
{
	queue_join(queue_site.queue, one, 10);
	queue_site_put_expiring("a", 1000, 1100);
	assert_delivers("1:a");
	queue_site_advance(200);
	if (_i == 0)
		queue_site_reject(one, 1);
	else
		queue_leave(queue_site.queue, one, 1);
	queue_join(queue_site.queue, two, 10);
	assert_delivers("");
	queue_site_advance(0);
	assert_dead(_i == 0 ? "expired 1:a" : "expired 0:a");
}
END_TEST

/* The timers may be late; then what comes after the expired message waits too. */
START_TEST(an_expired_message_is_never_delivered)
{
	queue_site_put_expiring("a", 1000, 1100);
	queue_site_put("b");
	queue_site.now += 101;
	queue_join(queue_site.queue, one, 10);
	assert_delivers("");
	queue_site_advance(0);
	assert_dead("expired 0:a");
	assert_delivers("1:b");
}
END_TEST

START_TEST(only_the_first_message_is_looked_at)
{
	queue_site_put_expiring("a", 1000, 1100);
	queue_site_put_expiring("b", 1000, 1200);
	queue_site_put_expiring("c", 1000, 1100);
	ck_assert(!queue_expire_first(queue_site.queue, 1100));
	ck_assert(queue_expire_first(queue_site.queue, 1101));
	ck_assert(!queue_expire_first(queue_site.queue, 1101));
	assert_dead("expired 0:a");
	queue_site.now = 1101;
	queue_join(queue_site.queue, one, 10);
	assert_delivers("1:b");
	ck_assert(queue_expire_first(queue_site.queue, 1101));
	ck_assert(!queue_expire_first(queue_site.queue, 1101));
	assert_dead("expired 0:c");
}
END_TEST

START_TEST(a_message_whose_way_was_long_reaches_who_is_ready)
{
	queue_join(queue_site.queue, one, 1);
	queue_site_put_expiring("a", 900, 950);
	queue_site_put_expiring("b", 900, 900);
	assert_delivers("1:a");
	queue_site_advance(1);
	assert_dead("expired 0:b");
}
END_TEST

START_TEST(a_message_that_was_too_old_when_it_was_sent_reaches_nobody)
{
	queue_join(queue_site.queue, one, 10);
	queue_site_put_expiring("a", 1000, 999);
	assert_delivers("");
	queue_site_advance(0);
	assert_dead("expired 0:a");
}
END_TEST

START_TEST(a_message_dies_once)
{
	queue_join(queue_site.queue, one, 10);
	queue_site_put_expiring("a", 1000, 1100);
	assert_delivers("1:a");
	queue_site_discard(one, 1);
	queue_site_advance(1000);
	assert_dead("discarded 0:a");
	queue_site_put_expiring("b", 2000, 2100);
	queue_site_advance(1000);
	queue_site_advance(1000);
	assert_dead("expired 0:b");
}
END_TEST

START_TEST(what_has_expired_makes_room)
{
	for (int i = 0; i < 10; i++)
		queue_site_put_expiring("a", 1000, 1100);
	ck_assert(!queue_reserve(queue_site.queue, 1, 0));
	queue_site_advance(100);
	queue_site_take_dead();
	ck_assert(queue_is_idle(queue_site.queue));
	ck_assert(queue_reserve(queue_site.queue, 10, 0));
	queue_unreserve(queue_site.queue, 10, 0);
}
END_TEST

START_TEST(without_timers_nothing_expires)
{
	queue_destroy(queue_site.queue);
	struct queue_rules rules = {.messages = 10,
		.bytes = 100000,
		.in_flight_bytes = 1000,
		.rejections = 3,
		.metrics = &queue_site.metrics};
	queue_site.queue =
		queue_create(SLICE("/queue/a"), 5, &rules, &(struct hash_key){1, 2});
	queue_site_put_expiring("a", 1000, 1100);
	queue_site_advance(1000);
	queue_join(queue_site.queue, one, 10);
	assert_delivers("1:a");
}
END_TEST

/* Messages "a" to "j", some in flight now and then. */
START_TEST(each_expires_once_or_is_accepted)
{
	struct chance chance = {(uint64_t)_i + 1};
	uint64_t dues[10];
	char text[16];
	int dead = 0, accepted = 0;

	for (int i = 0; i < 10; i++) {
		dues[i] = 1001 + chance_below(&chance, 100);
		queue_site_put_expiring((char[]){(char)('a' + i), '\0'}, 1000, dues[i]);
	}
	queue_join(queue_site.queue, one, 2);
	for (int step = 0; step < 60; step++) {
		struct queue_delivery delivery;

		queue_site_advance(2);
		const char *gone = queue_site_take_dead();
		for (; *gone != '\0'; gone += gone[0] == ' ') {
			ck_assert_int_eq(sscanf(gone, "expired %15s", text), 1);
			ck_assert_uint_le(
				dues[text[strlen(text) - 1] - 'a'], queue_site.now);
			dead++;
			gone += strlen("expired ") + strlen(text);
		}
		if (!queue_deliver(queue_site.queue, queue_site.now, &delivery))
			continue;
		ck_assert_uint_ge(
			dues[queue_site_body(delivery.message) - 'a'], queue_site.now);
		const uint64_t offset = message_place(delivery.message).offset;
		if (chance_below(&chance, 4) == 0) {
			queue_site_accept(one, offset);
			accepted++;
		} else {
			queue_leave(queue_site.queue, one, 0);
			queue_join(queue_site.queue, one, 2);
		}
	}
	ck_assert_int_eq(dead + accepted, 10);
	ck_assert_uint_eq(queue_messages(queue_site.queue), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("queue expiry");
	TCase *tcase = unit_case(suite, "expiry");

	tcase_add_checked_fixture(tcase, queue_site_setup, queue_site_teardown);
	tcase_add_test(tcase, a_message_that_waits_expires_when_its_time_comes);
	tcase_add_test(tcase, the_earliest_expires_first_wherever_it_stands);
	tcase_add_test(tcase, a_message_in_flight_does_not_expire);
	tcase_add_test(tcase, a_message_that_comes_back_in_time_expires_at_its_time);
	tcase_add_loop_test(
		tcase, a_message_that_comes_back_late_is_not_delivered_again, 0, 2);
	tcase_add_test(tcase, an_expired_message_is_never_delivered);
	tcase_add_test(tcase, only_the_first_message_is_looked_at);
	tcase_add_test(tcase, a_message_whose_way_was_long_reaches_who_is_ready);
	tcase_add_test(
		tcase, a_message_that_was_too_old_when_it_was_sent_reaches_nobody);
	tcase_add_test(tcase, a_message_dies_once);
	tcase_add_test(tcase, what_has_expired_makes_room);
	tcase_add_test(tcase, without_timers_nothing_expires);
	tcase_add_loop_test(tcase, each_expires_once_or_is_accepted, 0, 50);
	return unit_run(suite);
}
