#include "gateway/session/outbound.h"

#include "tests/support/unit.h"

#include <stdio.h>

static struct names names;
static struct outbound queue;
static uint64_t next; /* number of the next push */

static void setup(void)
{
	names_init(&names, &(struct hash_key){1, 2}, 0);
	queue = (struct outbound){0};
	next = 0;
}

static void teardown(void)
{
	outbound_cut(&queue, 0, &names);
	ck_assert_uint_eq(queue.count + queue.bytes, 0);
	names_finish(&names);
}

/* Pushes messages "0", "1", ... under subscriptions of the same name. */
static void push(size_t count)
{
	char text[24];

	for (; count > 0; count--) {
		snprintf(text, sizeof(text), "%llu", (unsigned long long)next++);
		struct message *message =
			message_create_text(slice_of(text), PAYLOAD_TEXT);
		struct name *name = name_intern(&names, slice_of(text));

		outbound_push(&queue, &(struct delivery){.message = message,
					      .subscription = name,
					      .version = STOMP_1_1});
		message_unref(message); /* the queue has its own references */
		name_unref(&names, name);
	}
}

static void check(uint64_t first, size_t count)
{
	const struct view view = {STOMP_1_0, WIRE_PLAIN, NULL, 0, 0};
	uint64_t bytes = 0;
	char text[24];

	ck_assert_uint_eq(queue.count, count);
	for (size_t i = 0; i < count; i++) {
		const struct delivery *item = outbound_item(&queue, i);

		snprintf(text, sizeof(text), "%llu", (unsigned long long)(first + i));
		ck_assert_slice_eq(
			message_render(item->message, &view).bytes, slice_of(text));
		ck_assert_slice_eq(name_text(item->subscription), slice_of(text));
		ck_assert_int_eq(item->version, STOMP_1_1);
		bytes += message_size(item->message);
	}
	ck_assert_uint_eq(queue.bytes, bytes);
	ck_assert_uint_eq(names.table.count, count);
}

START_TEST(items_stand_in_order_however_many_there_are)
{
	for (size_t i = 1; i < 40; i++) {
		push(1);
		check(0, i);
	}
}
END_TEST

START_TEST(the_oldest_are_popped)
{
	push(10);
	outbound_pop(&queue, 3, &names);
	check(3, 7);
	outbound_pop(&queue, 0, &names);
	check(3, 7);
	outbound_pop(&queue, 7, &names);
	check(10, 0);
}
END_TEST

START_TEST(the_newest_are_cut)
{
	push(10);
	outbound_cut(&queue, 12, &names);
	check(0, 10);
	outbound_cut(&queue, 4, &names);
	check(0, 4);
	outbound_cut(&queue, 0, &names);
	check(0, 0);
}
END_TEST

START_TEST(it_goes_round_and_grows_in_the_middle_of_a_round)
{
	push(3);
	for (uint64_t i = 0; i < 20; i++) {
		outbound_pop(&queue, 1, &names);
		push(1);
		check(i + 1, 3);
	}
	push(30);
	check(20, 33);
}
END_TEST

START_TEST(an_empty_queue_keeps_no_memory)
{
	push(100);
	outbound_pop(&queue, 100, &names);
	ck_assert_ptr_null(queue.ring);
}
END_TEST

/* Pushes and pops so many. Returns the capacity of the ring at the first push. */
static uint32_t first_capacity(size_t count)
{
	push(1);
	uint32_t first = queue.capacity;
	push(count - 1);
	outbound_pop(&queue, count, &names);
	return first;
}

START_TEST(a_ring_begins_as_large_as_the_latest_was_needed)
{
	ck_assert_uint_eq(first_capacity(33), 4);
	for (int i = 0; i < 3; i++)
		ck_assert_uint_eq(first_capacity(33), 64);
	ck_assert_uint_eq(first_capacity(20), 64);
	for (int i = 0; i < 3; i++)
		ck_assert_uint_eq(first_capacity(20), 32);
}
END_TEST

START_TEST(a_ring_that_was_too_large_halves_and_one_that_grew_begins_bounded)
{
	first_capacity(1000);
	for (uint32_t capacity = 64; capacity > 4; capacity /= 2)
		ck_assert_uint_eq(first_capacity(2), capacity);
	ck_assert_uint_eq(first_capacity(2), 4);
	ck_assert_uint_eq(first_capacity(2), 4);
}
END_TEST

START_TEST(a_ring_that_has_come_round_is_as_large_as_before)
{
	first_capacity(6);
	push(3);
	for (int i = 0; i < 50; i++) {
		outbound_pop(&queue, 1, &names);
		push(1);
	}
	outbound_pop(&queue, 3, &names);
	ck_assert_uint_ge(first_capacity(1), 4);
	ck_assert_uint_le(queue.capacity, 8);
}
END_TEST

/*
 * The messages that are dropped for a slow reader. Each word of a row is an item: its
 * message.
 */

/*
 * "a1": a topic's message to the subscription 1, which sees gaps; "q1": a message in
 * flight to it from a queue; "t": a text, such as a receipt.
 */
static void push_words(const char *words)
{
	static const struct stomp_frame send = {.command = STOMP_SEND};
	uint64_t offset = 0;

	for (const char *at = words; *at != '\0'; at++) {
		struct slice topic = {at, 1};
		struct delivery item = {.version = STOMP_1_2};

		if (*at == ' ')
			continue;
		if (*at == 't') {
			item.message = message_create_text(SLICE("t"), PAYLOAD_TEXT);
		} else {
			item.message = message_create(&send, topic, topic);
			item.flags = *at == 'q' ? DELIVERY_FROM_QUEUE : 0;
			message_set_place(
				item.message, (struct place){1, ++offset}, *at != 'q');
			item.ordinal = (uint32_t)(*++at - '0');
		}
		outbound_push(&queue, &item);
		message_unref(item.message);
	}
}

static const char *left_words(void)
{
	static char words[256];
	size_t len = 0;

	words[0] = '\0';
	for (size_t i = 0; i < queue.count; i++) {
		const struct delivery *item = outbound_item(&queue, i);
		const struct slice topic = message_address(item->message);
		const bool is_text = topic.len == 0;

		ck_assert_int_eq(item->flags & ~DELIVERY_FROM_QUEUE, 0);
		len += (size_t)snprintf(words + len, sizeof(words) - len, "%s%.*s%.0u",
			i > 0 ? " " : "", SLICE_ARGS(is_text ? SLICE("t") : topic),
			item->ordinal);
	}
	return words;
}

static const struct {
	const char *words;
	size_t keep;
	uint64_t messages;
	const char *left;
} oldest[] = {
	{"a1 b1 c1 d1", 0, 4, "a1 b1 c1 d1"},
	{"a1 b1 c1 d1", 0, 3, "b1 c1 d1"},
	{"a1 b1 c1 d1", 0, 0, ""},
	{"a1 b1 c1 d1", 2, 3, "a1 b1 d1"},
	{"a1 b1 c1 d1", 2, 0, "a1 b1"},
	{"t a1 t b1", 0, 2, "t t"},
	{"t a1 t b1", 0, 0, "t t"},
	{"q1 a1 q1 b1", 0, 1, "q1 q1 b1"},
	{"q1 a1 q1 b1", 0, 0, "q1 q1"},
	{"q1 q1", 0, 0, "q1 q1"},
	{"", 0, 0, ""},
};

START_TEST(the_oldest_that_are_numbered_are_dropped)
{
	push_words(oldest[_i].words);
	size_t before = queue.count;
	size_t dropped = outbound_drop_oldest(
		&queue, oldest[_i].keep, oldest[_i].messages, UINT64_MAX, &names);

	ck_assert_str_eq(left_words(), oldest[_i].left);
	ck_assert_uint_eq(dropped, before - queue.count);
}
END_TEST

START_TEST(the_oldest_are_dropped_for_their_bytes_too)
{
	push_words("a1 b1 c1");
	uint64_t one = queue.bytes / 3;

	ck_assert_uint_eq(outbound_drop_oldest(&queue, 0, 3, 3 * one, &names), 0);
	ck_assert_uint_eq(outbound_drop_oldest(&queue, 0, 3, 3 * one - 1, &names), 1);
	ck_assert_str_eq(left_words(), "b1 c1");
}
END_TEST

static const struct {
	const char *words;
	size_t keep;
	const char *left;
} stale[] = {
	{"a1 b1 a1 b1 a1", 0, "b1 a1"},
	{"a1 a2 a1 a2", 0, "a1 a2"},
	{"a1 a1 a1", 1, "a1 a1"},
	{"a1 a1 a1", 2, "a1 a1 a1"},
	{"a1 b1 c1", 0, "a1 b1 c1"},
	{"t t a1 t a1", 0, "t t t a1"},
	{"q1 a1 q1 a1 q1", 0, "q1 q1 a1 q1"},
	{"a1", 0, "a1"},
	{"", 0, ""},
};

START_TEST(all_but_the_newest_of_each_destination_and_subscription_is_stale)
{
	push_words(stale[_i].words);
	size_t before = queue.count;
	size_t dropped = outbound_drop_stale(&queue, stale[_i].keep, &names);

	ck_assert_str_eq(left_words(), stale[_i].left);
	ck_assert_uint_eq(dropped, before - queue.count);
}
END_TEST

START_TEST(the_newest_are_found_among_many_wherever_the_ring_begins)
{
	for (int round = 0; round < 40; round++) {
		push_words("a1 b2 c3 a1 b2 c3 a1");
		outbound_drop_stale(&queue, 0, &names);
		ck_assert_str_eq(left_words(), "b2 c3 a1");
		outbound_pop(&queue, 1 + (size_t)round % 2, &names);
	}
}
END_TEST

START_TEST(an_item_may_have_no_subscription)
{
	struct message *message = message_create_text(SLICE("x"), PAYLOAD_TEXT);

	outbound_push(&queue, &(struct delivery){.message = message});
	message_unref(message);
	ck_assert_ptr_null(outbound_item(&queue, 0)->subscription);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("outbound");
	TCase *tcase = unit_case(suite, "outbound");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, items_stand_in_order_however_many_there_are);
	tcase_add_test(tcase, the_oldest_are_popped);
	tcase_add_test(tcase, the_newest_are_cut);
	tcase_add_test(tcase, it_goes_round_and_grows_in_the_middle_of_a_round);
	tcase_add_test(tcase, an_empty_queue_keeps_no_memory);
	tcase_add_test(tcase, a_ring_begins_as_large_as_the_latest_was_needed);
	tcase_add_test(tcase,
		a_ring_that_was_too_large_halves_and_one_that_grew_begins_bounded);
	tcase_add_test(tcase, a_ring_that_has_come_round_is_as_large_as_before);
	tcase_add_test(tcase, an_item_may_have_no_subscription);
	unit_add_table(tcase, the_oldest_that_are_numbered_are_dropped, oldest);
	tcase_add_test(tcase, the_oldest_are_dropped_for_their_bytes_too);
	unit_add_table(tcase,
		all_but_the_newest_of_each_destination_and_subscription_is_stale,
		stale);
	tcase_add_test(tcase, the_newest_are_found_among_many_wherever_the_ring_begins);
	return unit_run(suite);
}
