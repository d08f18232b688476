/* What is in flight is found, and comes back, without a walk along all of it. */
#include "gateway/broker/queue_internal.h"
#include "tests/support/chance.h"
#include "tests/support/queue_site.h"
#include "tests/support/unit.h"

#include <stdlib.h>

enum { MANY = 2000, NEAR_LOOKS = 2 * 16 };

static const struct hash_key key = {1, 2};
static struct in_flight in_flight;
static struct item *items[MANY + 1]; /* by offset */

static void add(uint64_t offset)
{
	struct item *item = calloc(1, sizeof(*item));

	item->message = queue_site_message("x");
	message_set_place(item->message, (struct place){1, offset}, false);
	items[offset] = item;
	in_flight_add(&in_flight, item);
}

static void drop(uint64_t offset)
{
	in_flight_remove(&in_flight, items[offset]);
	message_unref(items[offset]->message);
	free(items[offset]);
	items[offset] = NULL;
}

static void setup(void)
{
	queue_site_setup();
	in_flight_init(&in_flight);
	for (uint64_t offset = 1; offset <= MANY; offset++)
		add(offset);
}

static void teardown(void)
{
	for (uint64_t offset = 1; offset <= MANY; offset++) {
		if (items[offset] != NULL)
			drop(offset);
	}
	in_flight_finish(&in_flight);
	queue_site_teardown();
}

static struct item *find(uint64_t offset)
{
	return in_flight_find(&in_flight, &key, offset);
}

START_TEST(the_oldest_and_the_youngest_need_no_index)
{
	for (uint64_t i = 0; i < MANY / 2; i++) {
		ck_assert_ptr_eq(find(1 + i), items[1 + i]);
		ck_assert_ptr_eq(find(MANY - i), items[MANY - i]);
		drop(1 + i);
		drop(MANY - i);
	}
	ck_assert_ptr_null(find(1));
	ck_assert_ptr_null(in_flight.refs);
	ck_assert_uint_le(in_flight.looks, 3 * MANY);
}
END_TEST

START_TEST(any_other_is_found_by_an_index_that_is_made_once)
{
	for (uint64_t offset = 2; offset <= MANY; offset += 2) {
		ck_assert_ptr_eq(find(offset), items[offset]);
		drop(offset);
		ck_assert_ptr_null(find(offset));
	}
	ck_assert_uint_le(in_flight.looks, MANY + (uint64_t)MANY * NEAR_LOOKS);
	add(2);
	ck_assert_ptr_eq(find(2), items[2]);
	ck_assert_ptr_null(find(MANY + 1));
}
END_TEST

/* Messages with the numbers 1 to 10, delivered and requeued at random. */
START_TEST(whoever_gives_back_what_the_oldest_message_comes_first)
{
	struct chance chance = {(uint64_t)_i};
	bool is_lent[11] = {false};
	struct queue_delivery delivery;

	queue_site_put("0123456789");
	for (int step = 0; step < 200; step++) {
		uint64_t oldest = 1;

		queue_join(queue_site.queue, one, 1);
		while (oldest <= 10 && is_lent[oldest])
			oldest++;
		if (oldest <= 10) {
			ck_assert(queue_deliver(queue_site.queue, 0, &delivery));
			ck_assert_uint_eq(
				message_place(delivery.message).offset, oldest);
		}
		/* Some stay with a consumer of their own; any of these leaves. */
		const uint64_t other = 1 + chance_below(&chance, 10);
		const struct handle mine = {3, oldest}, its = {3, other};
		queue_leave(queue_site.queue, one, 0);
		if (oldest <= 10) {
			queue_join(queue_site.queue, mine, 1);
			ck_assert(queue_deliver(queue_site.queue, 0, &delivery));
			is_lent[oldest] = true;
		}
		if (is_lent[other] && chance_below(&chance, 3) > 0) {
			queue_leave(queue_site.queue, its, 0);
			is_lent[other] = false;
		}
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("queue_in_flight");
	TCase *found = unit_case(suite, "found");
	TCase *requeued = unit_case(suite, "requeued");

	tcase_add_checked_fixture(found, setup, teardown);
	tcase_add_test(found, the_oldest_and_the_youngest_need_no_index);
	tcase_add_test(found, any_other_is_found_by_an_index_that_is_made_once);
	tcase_add_checked_fixture(requeued, queue_site_setup, queue_site_teardown);
	tcase_add_loop_test(requeued,
		whoever_gives_back_what_the_oldest_message_comes_first, 1, 20);
	return unit_run(suite);
}
