#include "gateway/outbound.h"

#include "tests/unit.h"

#include <stdio.h>

static struct table names;
static struct outbound queue;
static uint64_t next; /* what is pushed next */

static void setup(void)
{
	table_init(&names, &(struct hash_key){1, 2});
	queue = (struct outbound){0};
	next = 0;
}

static void teardown(void)
{
	outbound_cut(&queue, 0, &names);
	ck_assert_uint_eq(queue.count + queue.bytes, 0);
	table_finish(&names);
}

/* Pushes messages "0", "1", ... under subscriptions of the same name. */
static void push(size_t count)
{
	char text[24];

	for (; count > 0; count--) {
		snprintf(text, sizeof(text), "%llu", (unsigned long long)next++);
		struct message *message = message_create_text(slice_of(text), false);
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
	const struct view view = {STOMP_1_0, WIRE_PLAIN, NULL, 0, false};
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
	ck_assert_uint_eq(names.count, count);
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
	ck_assert_uint_eq(queue.capacity, 0);
}
END_TEST

START_TEST(an_item_may_have_no_subscription)
{
	struct message *message = message_create_text(SLICE("x"), false);

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
	tcase_add_test(tcase, an_item_may_have_no_subscription);
	return unit_run(suite);
}
