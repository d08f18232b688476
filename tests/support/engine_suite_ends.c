/* Sessions end at any turn of what they have asked for. */
#include "protocol/xmalloc.h"
#include "tests/support/engine_suite_internal.h"

#include <stdlib.h>

START_TEST(who_ends_before_it_has_joined_leaves_nothing_behind)
{
	const int kind = _i % ADDRESSES, turns = _i / ADDRESSES;

	customer_subscribe(ana, "1", engine_suite_addresses[kind], 10, 7);
	run_turns(turns);
	customer_leave(ana);
	settle_down();
	send(eva, "/topic/a", "x");
	send(eva, "/queue/a", "x");
	subscribe(ben, "q", "/queue/a");
	assert_gets(ben, "q:x");
}
END_TEST

START_TEST(who_ends_at_any_turn_of_its_deliveries_loses_nothing)
{
	subscribe(ana, "q", "/queue/a");
	for (int i = 1; i <= 3; i++)
		customer_send(eva, "/queue/a", (char[]){(char)('0' + i), '\0'}, 0);
	run_turns(_i);
	customer_leave(ana);
	settle_down();
	subscribe(ben, "q", "/queue/a");
	char *got = xstrdup(slice_of(memory_outlet_got(&ben->outlet)));
	size_t len = 0;
	for (const char *at = got; *at != '\0'; at++) {
		if (*at != '+')
			got[len++] = *at;
	}
	got[len] = '\0';
	ck_assert_str_eq(got, "q:1 q:2 q:3");
	free(got);
}
END_TEST

START_TEST(a_settlement_under_way_at_the_end_of_its_session_counts)
{
	subscribe(ana, "q", "/queue/a");
	send_numbers(eva, 3);
	customer_settle(ana, "q", 2, OUTCOME_ACCEPT, 7);
	run_turns(_i);
	customer_leave(ana);
	settle_down();
	subscribe(ben, "q", "/queue/a");
	assert_gets(ben, "q:3+");
}
END_TEST

START_TEST(a_message_under_way_at_the_end_of_its_session_arrives)
{
	subscribe(ben, "t", "/topic/a");
	subscribe(ben, "q", "/queue/a");
	customer_send(ana, "/topic/a", "x", 7);
	customer_send(ana, "/queue/a", "x", 8);
	run_turns(_i);
	customer_leave(ana);
	settle_down();
	const char *got = memory_outlet_got(&ben->outlet);
	ck_assert_msg(
		strcmp(got, "t:x q:x") == 0 || strcmp(got, "q:x t:x") == 0, "%s", got);
}
END_TEST

START_TEST(a_commit_whose_session_ends_at_any_turn_is_all_or_nothing)
{
	customer_subscribe(ana, "q", "/queue/c", 1, 0);
	send(eva, "/queue/c", "1");
	COMMIT(ana, 7, "/queue/a 1", "ack q", "/queue/b 1");
	run_turns(_i);
	customer_leave(ana);
	settle_down();
	subscribe(ben, "a", "/queue/a");
	subscribe(ben, "b", "/queue/b");
	subscribe(ben, "c", "/queue/c");
	const char *got = memory_outlet_got(&ben->outlet);
	/*
	 * What the session had not acknowledged when it ended came back, though the
	 * rest of its commit took effect.
	 */
	ck_assert_msg(strcmp(got, "c:1+") == 0 || strcmp(got, "a:1 b:1") == 0 ||
			      strcmp(got, "a:1 b:1 c:1+") == 0,
		"%s", got);
}
END_TEST

START_TEST(a_commit_whose_session_ends_gives_its_room_back)
{
	COMMIT(ana, 7, "/queue/a x", "/queue/a x", "/queue/b x");
	run_turns(_i);
	customer_leave(ana);
	settle_down();
	subscribe(ben, "a", "/queue/a");
	if (*memory_outlet_got(&ben->outlet) != '\0')
		settle(ben, "a", 2, OUTCOME_ACCEPT);
	for (uint64_t request = 1; request <= 4; request++)
		customer_send(eva, "/queue/a", "y", request);
	settle_down();
	ck_assert_uint_eq(customer_answered(eva, 3), 1);
	ck_assert_ptr_nonnull(customer_refused(eva, 4));
}
END_TEST

START_TEST(an_end_with_everything_under_way_disturbs_nobody)
{
	subscribe(ben, "t", "/topic/a");
	customer_subscribe(ana, "q", "/queue/a", 2, 0);
	customer_subscribe(ana, "t", "/topic/a", 2, 1);
	customer_send(ana, "/topic/a", "1", 2);
	customer_send(ana, "/queue/a", "1", 3);
	COMMIT(ana, 4, "/topic/a 2", "/queue/a 2");
	customer_sync(ana, 5);
	run_turns(_i);
	customer_leave(ana);
	customer_send(ben, "/topic/a", "3", 6);
	settle_down();
	ck_assert_uint_eq(customer_answered(ben, 6), 1);
	const char *got = memory_outlet_got(&ben->outlet);
	ck_assert_msg(
		strcmp(got, "t:1 t:2 t:3") == 0 || strcmp(got, "t:1 t:3 t:2") == 0 ||
			strcmp(got, "t:1 t:3") == 0 || strcmp(got, "t:3 t:1") == 0 ||
			strcmp(got, "t:3 t:1 t:2") == 0,
		"%s", got);
}
END_TEST

void engine_suite_add_ends(Suite *suite)
{
	TCase *tcase = unit_case(suite, "ends of sessions");
	TCase *bounds = unit_case(suite, "ends and bounds");

	tcase_add_checked_fixture(tcase, engine_setup, engine_teardown);
	tcase_add_loop_test(tcase, who_ends_before_it_has_joined_leaves_nothing_behind,
		0, ADDRESSES * TURNS);
	tcase_add_loop_test(
		tcase, who_ends_at_any_turn_of_its_deliveries_loses_nothing, 0, TURNS);
	tcase_add_loop_test(tcase,
		a_settlement_under_way_at_the_end_of_its_session_counts, 0, TURNS);
	tcase_add_loop_test(
		tcase, a_message_under_way_at_the_end_of_its_session_arrives, 0, TURNS);
	tcase_add_loop_test(tcase,
		a_commit_whose_session_ends_at_any_turn_is_all_or_nothing, 0, TURNS);
	tcase_add_loop_test(
		tcase, an_end_with_everything_under_way_disturbs_nobody, 0, TURNS);

	tcase_add_checked_fixture(bounds, engine_setup_small, engine_teardown);
	tcase_add_loop_test(
		bounds, a_commit_whose_session_ends_gives_its_room_back, 0, TURNS);
}
