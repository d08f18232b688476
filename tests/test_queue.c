/* A queue at its home: room, turns, credit, and what comes back. */
#include "gateway/broker/queue.h"
#include "tests/support/unit.h"

#include <stdio.h>

static struct queue *queue;
static char
	delivered[256]; /* what was lent: "CONSUMER:BODY", with a "+" for redelivered */

static const struct handle one = {1, 1}, two = {2, 1}, three = {2, 2};

static struct metrics metrics;

static void begin(struct queue_rules rules)
{
	const struct hash_key key = {1, 2};

	rules.metrics = &metrics;

	queue = queue_create(SLICE("/queue/a"), 5, &rules, &key);
}

static void setup(void)
{
	begin((struct queue_rules){.messages = 10,
		.bytes = 100000,
		.in_flight_bytes = 50000,
		.rejections = 3,
		.losses = 3});
}

static void teardown(void)
{
	queue_destroy(queue);
	/* Whatever a test has done, nothing is counted that is not there any more. */
	ck_assert_uint_eq(counter_read(&metrics.queue_messages), 0);
	ck_assert_uint_eq(counter_read(&metrics.queue_in_flight), 0);
}

static struct message *message_of(const char *body)
{
	const struct stomp_frame frame = {
		.command = STOMP_SEND, .body = slice_of(body)};

	return message_create(&frame, SLICE("/queue/a"), SLICE("/queue/a"));
}

/* Puts a message for each character; its body is that character. */
static void put(const char *bodies)
{
	for (; *bodies != '\0'; bodies++)
		queue_put(queue, message_of((char[]){*bodies, '\0'}));
}

static char body_of(struct message *message)
{
	const struct view view = {.version = STOMP_1_2};
	const struct slice bytes = message_render(message, &view).bytes;

	return bytes.data[bytes.len - 2];
}

/* Lends all that can be lent. */
static const char *deliver_all(void)
{
	struct queue_delivery delivery;
	size_t len = 0;

	delivered[0] = '\0';
	while (queue_deliver(queue, &delivery)) {
		const int who = delivery.consumer.worker == 1   ? 1
				: delivery.consumer.number == 1 ? 2
								: 3;
		len += (size_t)snprintf(delivered + len, sizeof(delivered) - len,
			"%s%d:%c%s", len > 0 ? " " : "", who, body_of(delivery.message),
			delivery.redelivered ? "+" : "");
	}
	return delivered;
}

#define assert_delivers(expected) ck_assert_str_eq(deliver_all(), expected)

static void accept(struct handle consumer, uint64_t offset)
{
	queue_settle(queue, consumer, offset, true);
}

static void reject(struct handle consumer, uint64_t offset)
{
	queue_settle(queue, consumer, offset, false);
}

/* Lending. */

START_TEST(nothing_is_lent_without_a_consumer_or_a_message)
{
	put("a");
	assert_delivers("");
	queue_join(queue, one, 10);
	assert_delivers("1:a");
	assert_delivers("");
}
END_TEST

START_TEST(consumers_take_turns)
{
	queue_join(queue, one, 10);
	queue_join(queue, two, 10);
	queue_join(queue, three, 10);
	put("abcdef");
	assert_delivers("1:a 2:b 3:c 1:d 2:e 3:f");
}
END_TEST

START_TEST(what_is_lent_is_counted_until_it_is_settled_or_comes_back)
{
	queue_join(queue, one, 10);
	queue_join(queue, two, 10);
	ck_assert_uint_eq(queue_unacknowledged(queue), 0);
	put("abcd");
	assert_delivers("1:a 2:b 1:c 2:d");
	ck_assert_uint_eq(queue_unacknowledged(queue), 4);
	accept(one, 1);
	reject(two, 2);
	ck_assert_uint_eq(queue_unacknowledged(queue), 2);
	queue_leave(queue, one, 0);
	ck_assert_uint_eq(queue_unacknowledged(queue), 1);
	queue_leave(queue, two, 1);
	ck_assert_uint_eq(queue_unacknowledged(queue), 0);
	ck_assert_uint_eq(queue_messages(queue), 3);
}
END_TEST

START_TEST(a_consumer_without_credit_is_passed_over)
{
	queue_join(queue, one, 1);
	queue_join(queue, two, 3);
	put("abcde");
	assert_delivers("1:a 2:b 2:c 2:d");
}
END_TEST

START_TEST(who_gets_credit_again_waits_for_its_turn)
{
	queue_join(queue, one, 1);
	queue_join(queue, two, 2);
	put("ab");
	assert_delivers("1:a 2:b");
	accept(one, 1);
	put("cd");
	assert_delivers("2:c 1:d");
}
END_TEST

START_TEST(credit_comes_back_by_rejecting_too)
{
	queue_join(queue, one, 1);
	put("ab");
	assert_delivers("1:a");
	reject(one, 1);
	assert_delivers("1:a+");
}
END_TEST

START_TEST(a_consumer_gets_few_bytes_but_always_one_message)
{
	char large[2000];

	queue_destroy(queue);
	begin((struct queue_rules){.messages = 10,
		.bytes = 100000,
		.in_flight_bytes = 1000,
		.rejections = 3,
		.losses = 3});
	memset(large, 'x', sizeof(large));
	large[sizeof(large) - 1] = '\0';
	queue_put(queue, message_of(large));
	queue_put(queue, message_of(large));
	queue_join(queue, one, 10);
	assert_delivers("1:x");
	accept(one, 1);
	assert_delivers("1:x");
}
END_TEST

/* What comes back. */

START_TEST(what_comes_back_stands_where_it_stood)
{
	queue_join(queue, one, 3);
	put("abcde");
	assert_delivers("1:a 1:b 1:c");
	accept(one, 2);
	ck_assert(queue_leave(queue, one, 0));
	queue_join(queue, two, 10);
	assert_delivers("2:a+ 2:c+ 2:d 2:e");
}
END_TEST

START_TEST(what_two_consumers_had_comes_back_in_one_order)
{
	queue_join(queue, one, 10);
	queue_join(queue, two, 10);
	put("abcd");
	deliver_all();
	queue_leave(queue, one, 0);
	queue_leave(queue, two, 0);
	queue_join(queue, three, 10);
	assert_delivers("3:a+ 3:b+ 3:c+ 3:d+");
}
END_TEST

START_TEST(what_was_not_lost_is_redelivered_for_ever)
{
	queue_join(queue, one, 1);
	put("a");
	deliver_all();
	for (int i = 0; i < 5; i++) {
		queue_leave(queue, one, 0);
		queue_join(queue, one, 1);
		assert_delivers("1:a+");
	}
}
END_TEST

START_TEST(who_is_no_consumer_cannot_leave)
{
	queue_join(queue, one, 1);
	ck_assert(!queue_leave(queue, two, 0));
	ck_assert(queue_leave(queue, one, 0));
	ck_assert(!queue_leave(queue, one, 0));
}
END_TEST

/* Rejecting. */

START_TEST(what_one_rejects_another_gets)
{
	queue_join(queue, one, 10);
	put("a");
	deliver_all();
	queue_join(queue, two, 10);
	reject(one, 1);
	assert_delivers("2:a+");
}
END_TEST

START_TEST(who_is_alone_gets_again_what_it_has_rejected)
{
	queue_join(queue, one, 10);
	put("a");
	deliver_all();
	reject(one, 1);
	assert_delivers("1:a+");
}
END_TEST

/* The dead, as "rejected 3:BODY" or "lost 3:BODY". */
static const char *dead(void)
{
	static char text[256];
	struct dead each;
	size_t len = 0;

	text[0] = '\0';
	while (queue_take_dead(queue, &each)) {
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s %d:%c",
			len > 0 ? " " : "", each.is_rejected ? "rejected" : "lost",
			(int)each.times, body_of(each.message));
		message_unref(each.message);
	}
	return text;
}

#define assert_dead(expected) ck_assert_str_eq(dead(), expected)

START_TEST(a_message_that_is_rejected_too_often_is_dead)
{
	queue_join(queue, one, 10);
	put("a");
	for (int i = 0; i < 3; i++) {
		assert_dead("");
		deliver_all();
		reject(one, 1);
	}
	assert_delivers("");
	ck_assert_uint_eq(queue_messages(queue), 1);
	assert_dead("rejected 3:a");
	queue_leave(queue, one, 0);
	ck_assert(queue_is_idle(queue));
}
END_TEST

START_TEST(a_consumer_that_goes_does_not_reject)
{
	put("a");
	for (int i = 0; i < 5; i++) {
		queue_join(queue, one, 10);
		deliver_all();
		queue_leave(queue, one, 0);
	}
	queue_join(queue, one, 10);
	assert_delivers("1:a+");
}
END_TEST

/* Losing. */

/* A consumer gets all, and is gone with so many of them. */
static void lose(uint64_t lost)
{
	queue_join(queue, one, 10);
	deliver_all();
	queue_leave(queue, one, lost);
}

START_TEST(a_message_that_is_lost_with_too_many_consumers_is_dead)
{
	put("ab");
	lose(1);
	lose(1);
	assert_dead("");
	lose(1);
	assert_dead("lost 3:a");
	queue_join(queue, two, 10);
	assert_delivers("2:b+");
}
END_TEST

START_TEST(the_dead_come_in_their_order)
{
	put("abcd");
	for (int i = 0; i < 3; i++)
		lose(3);
	assert_dead("lost 3:a lost 3:b lost 3:c");
}
END_TEST

START_TEST(who_loses_and_who_rejects_count_apart)
{
	put("a");
	for (int i = 0; i < 2; i++) {
		queue_join(queue, one, 10);
		deliver_all();
		reject(one, 1);
		deliver_all();
		queue_leave(queue, one, 1);
	}
	assert_dead("");
	lose(1);
	assert_dead("lost 3:a");
}
END_TEST

START_TEST(without_a_bound_a_message_is_lost_for_ever)
{
	queue_destroy(queue);
	begin((struct queue_rules){.messages = 10,
		.bytes = 100000,
		.in_flight_bytes = 50000,
		.rejections = 3});
	put("a");
	for (int i = 0; i < 100; i++)
		lose(1);
	assert_dead("");
	queue_join(queue, two, 10);
	assert_delivers("2:a+");
}
END_TEST

START_TEST(a_queue_takes_its_dead_along)
{
	put("ab");
	for (int i = 0; i < 3; i++)
		lose(1);
	ck_assert_uint_eq(queue_messages(queue), 2); /* leaks are found */
}
END_TEST

/* Settling what one has not. */

START_TEST(nobody_settles_what_another_has)
{
	queue_join(queue, one, 1);
	queue_join(queue, two, 1);
	put("ab");
	deliver_all();
	accept(two, 1);
	queue_leave(queue, one, 0);
	accept(two, 2);
	assert_delivers("2:a+");
}
END_TEST

START_TEST(a_message_is_settled_once)
{
	queue_join(queue, one, 10);
	put("ab");
	deliver_all();
	accept(one, 1);
	reject(one, 1);
	assert_delivers("");
}
END_TEST

/* Room. */

START_TEST(messages_have_a_bound)
{
	ck_assert(queue_reserve(queue, 9, 0));
	put("a");
	ck_assert(!queue_reserve(queue, 1, 0));
	queue_unreserve(queue, 9, 0);
	ck_assert(queue_reserve(queue, 9, 0));
	queue_unreserve(queue, 9, 0);
}
END_TEST

START_TEST(bytes_have_a_bound)
{
	ck_assert(queue_reserve(queue, 1, 100000));
	ck_assert(!queue_reserve(queue, 1, 1));
	queue_unreserve(queue, 1, 100000);
	ck_assert(!queue_reserve(queue, 1, UINT64_MAX));
}
END_TEST

START_TEST(what_is_lent_needs_its_room_until_it_is_accepted)
{
	queue_join(queue, one, 10);
	put("abcdefghij");
	deliver_all();
	ck_assert(!queue_reserve(queue, 1, 0));
	accept(one, 5);
	ck_assert(queue_reserve(queue, 1, 0));
	queue_unreserve(queue, 1, 0);
}
END_TEST

START_TEST(a_queue_is_idle_without_messages_consumers_and_reservations)
{
	ck_assert(queue_is_idle(queue));
	ck_assert(queue_reserve(queue, 1, 1));
	ck_assert(!queue_is_idle(queue));
	queue_unreserve(queue, 1, 1);
	queue_join(queue, one, 1);
	ck_assert(!queue_is_idle(queue));
	put("a");
	queue_leave(queue, one, 0);
	ck_assert(!queue_is_idle(queue));
	queue_join(queue, one, 1);
	deliver_all();
	accept(one, 1);
	queue_leave(queue, one, 0);
	ck_assert(queue_is_idle(queue));
}
END_TEST

START_TEST(messages_are_numbered_in_the_epoch_of_the_queue)
{
	struct queue_delivery delivery;

	queue_join(queue, one, 10);
	put("ab");
	for (uint64_t offset = 1; offset <= 2; offset++) {
		ck_assert(queue_deliver(queue, &delivery));
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
	TCase *settling = unit_case(suite, "settling");
	TCase *losing = unit_case(suite, "losing");
	TCase *room = unit_case(suite, "room");

	tcase_add_checked_fixture(lending, setup, teardown);
	tcase_add_test(lending, nothing_is_lent_without_a_consumer_or_a_message);
	tcase_add_test(lending, consumers_take_turns);
	tcase_add_test(
		lending, what_is_lent_is_counted_until_it_is_settled_or_comes_back);
	tcase_add_test(lending, a_consumer_without_credit_is_passed_over);
	tcase_add_test(lending, who_gets_credit_again_waits_for_its_turn);
	tcase_add_test(lending, credit_comes_back_by_rejecting_too);
	tcase_add_test(lending, a_consumer_gets_few_bytes_but_always_one_message);
	tcase_add_test(lending, messages_are_numbered_in_the_epoch_of_the_queue);

	tcase_add_checked_fixture(back, setup, teardown);
	tcase_add_test(back, what_comes_back_stands_where_it_stood);
	tcase_add_test(back, what_two_consumers_had_comes_back_in_one_order);
	tcase_add_test(back, what_was_not_lost_is_redelivered_for_ever);
	tcase_add_test(back, who_is_no_consumer_cannot_leave);

	tcase_add_checked_fixture(settling, setup, teardown);
	tcase_add_test(settling, what_one_rejects_another_gets);
	tcase_add_test(settling, who_is_alone_gets_again_what_it_has_rejected);
	tcase_add_test(settling, a_message_that_is_rejected_too_often_is_dead);
	tcase_add_test(settling, a_consumer_that_goes_does_not_reject);
	tcase_add_test(settling, nobody_settles_what_another_has);
	tcase_add_test(settling, a_message_is_settled_once);

	tcase_add_checked_fixture(losing, setup, teardown);
	tcase_add_test(losing, a_message_that_is_lost_with_too_many_consumers_is_dead);
	tcase_add_test(losing, the_dead_come_in_their_order);
	tcase_add_test(losing, who_loses_and_who_rejects_count_apart);
	tcase_add_test(losing, without_a_bound_a_message_is_lost_for_ever);
	tcase_add_test(losing, a_queue_takes_its_dead_along);

	tcase_add_checked_fixture(room, setup, teardown);
	tcase_add_test(room, messages_have_a_bound);
	tcase_add_test(room, bytes_have_a_bound);
	tcase_add_test(room, what_is_lent_needs_its_room_until_it_is_accepted);
	tcase_add_test(
		room, a_queue_is_idle_without_messages_consumers_and_reservations);
	return unit_run(suite);
}
