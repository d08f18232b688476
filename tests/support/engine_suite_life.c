/* An engine's life: draining, being ready, and what it tells of itself. */
#include "tests/support/engine_suite_internal.h"

START_TEST(a_sync_gets_as_many_answers_as_it_was_told)
{
	const size_t count = customer_sync(ana, 7);

	ck_assert_uint_gt(count, 0);
	ck_assert_uint_eq(customer_answered(ana, 7), 0);
	settle_down();
	ck_assert_uint_eq(customer_answered(ana, 7), count);
}
END_TEST

START_TEST(a_sync_is_answered_after_all_that_was_asked_before)
{
	customer_subscribe(ana, "t", "/topic/a", 10, 1);
	customer_subscribe(ana, "q", "/queue/a", 10, 2);
	customer_send(ana, "/topic/a", "1", 3);
	customer_send(ana, "/queue/a", "1", 4);
	run_turns(_i);
	const size_t count = customer_sync(ana, 5);
	settle_down();
	ck_assert_uint_eq(customer_answered(ana, 5), count);
	const struct answer *latest = customer_answer(ana, 5);
	for (uint64_t request = 1; request < 5; request++)
		ck_assert(customer_answer(ana, request) < latest);
	/* And what it had sent to itself had come. */
	ck_assert_uint_eq(latest->deliveries, 2);
}
END_TEST

START_TEST(a_sync_is_answered_after_what_others_had_sent)
{
	subscribe(ana, "t", "/topic/a");
	subscribe(ana, "q", "/queue/a");
	customer_send(ben, "/topic/a", "1", 1);
	customer_send(ben, "/queue/a", "1", 2);
	customer_send(eva, "/topic/a", "2", 1);
	customer_send(eva, "/queue/a", "2", 2);
	while (customer_answered(ben, 1) + customer_answered(ben, 2) +
			customer_answered(eva, 1) + customer_answered(eva, 2) <
		4)
		run_turns(1);
	customer_sync(ana, 7);
	settle_down();
	ck_assert_uint_eq(customer_answer(ana, 7)->deliveries, 4);
}
END_TEST

START_TEST(an_engine_that_is_ready_says_nothing)
{
	struct buf why = {0};

	for (unsigned i = 0; i < engine_stage.workers->count; i++)
		ck_assert(worker_is_ready(engine_stage.workers->all[i], &why));
	ck_assert_uint_eq(why.len, 0);
	buf_finish(&why);
}
END_TEST

/* Of "/queue/a". */
struct described {
	unsigned times;
	struct engine_destination destination;
};

static void note(const struct engine_destination *destination, void *context)
{
	struct described *described = context;

	if (!slice_equal(destination->destination, SLICE("/queue/a")))
		return;
	described->times++;
	described->destination = *destination;
}

static struct described describe_queue(void)
{
	struct described described = {.times = 0};

	for (unsigned i = 0; i < engine_stage.workers->count; i++)
		broker_for_each_destination(
			engine_stage.workers->all[i]->broker, note, &described);
	return described;
}

/* An engine may keep nothing that it could tell. */
START_TEST(a_queue_is_described_once_and_truly)
{
	customer_subscribe(ana, "1", "/queue/a", 1, 0);
	customer_subscribe(ben, "1", "/queue/a", 1, 0);
	send_numbers(eva, 5);
	settle(ana, "1", 1, OUTCOME_ACCEPT);
	struct described described = describe_queue();
	ck_assert_uint_le(described.times, 1);
	if (described.times == 0)
		return;
	ck_assert_uint_eq(described.destination.subscribers, 2);
	ck_assert_uint_eq(described.destination.messages, 5);
	ck_assert_uint_eq(described.destination.ready, 2);
	ck_assert_uint_eq(described.destination.unacknowledged, 2);
}
END_TEST

void engine_suite_add_life(Suite *suite)
{
	TCase *tcase = unit_case(suite, "life");

	tcase_add_checked_fixture(tcase, engine_setup, engine_teardown);
	tcase_add_test(tcase, a_sync_gets_as_many_answers_as_it_was_told);
	tcase_add_loop_test(
		tcase, a_sync_is_answered_after_all_that_was_asked_before, 0, 4);
	tcase_add_test(tcase, a_sync_is_answered_after_what_others_had_sent);
	tcase_add_test(tcase, an_engine_that_is_ready_says_nothing);
	tcase_add_test(tcase, a_queue_is_described_once_and_truly);
}
