/* The duties of an engine for a COMMIT: all or nothing. */
#include "tests/support/engine_suite_internal.h"

START_TEST(a_commit_takes_all_in_order_and_answers_as_promised)
{
	subscribe(ben, "t", "/topic/a");
	subscribe(eva, "q", "/queue/a");
	const size_t promised =
		COMMIT(ana, 7, "/topic/a 1", "/queue/a 1", "/topic/a 2", "/queue/a 2");
	settle_down();
	ck_assert_uint_eq(customer_answered(ana, 7), promised + ana->expected);
	assert_gets(ben, "t:1 t:2");
	assert_gets(eva, "q:1 q:2");
	ck_assert_uint_eq(ana->resumed, ana->waited);
}
END_TEST

START_TEST(a_commit_of_nothing_is_answered_once)
{
	customer_commit(ana, 7, NULL, 0);
	settle_down();
	ck_assert_uint_eq(customer_answered(ana, 7), 1);
	ck_assert_uint_eq(ana->resumed, ana->waited);
}
END_TEST

START_TEST(a_commit_settles_too)
{
	customer_subscribe(ana, "q", "/queue/a", 1, 0);
	send(eva, "/queue/a", "1");
	send(eva, "/queue/a", "2");
	const size_t promised = COMMIT(ana, 7, "ack q", "/topic/a 1");

	settle_down();
	assert_gets(ana, "q:1 q:2");
	ck_assert_uint_eq(customer_answered(ana, 7), promised + ana->expected);
}
END_TEST

START_TEST(what_follows_a_commit_comes_behind_it)
{
	subscribe(ben, "q", "/queue/a");
	COMMIT(ana, 7, "/queue/a 1", "/queue/b 1");
	for (int turns = 0; ana->resumed < ana->waited && turns < 100; turns++)
		settle_down();
	send(ana, "/queue/a", "2");
	assert_gets(ben, "q:1 q:2");
}
END_TEST

START_TEST(a_commit_that_does_not_fit_does_nothing_and_says_so)
{
	subscribe(ben, "t", "/topic/a");
	send(eva, "/queue/a", "1");
	send(eva, "/queue/a", "2");
	COMMIT(ana, 7, "/topic/a x", "/queue/b x", "/queue/a x", "/queue/a y");
	settle_down();
	ck_assert_ptr_nonnull(customer_refused(ana, 7));
	ck_assert_uint_eq(customer_answered(ana, 7), 0);
	assert_gets(ben, "");
	subscribe(eva, "a", "/queue/a");
	subscribe(eva, "b", "/queue/b");
	assert_gets(eva, "a:1 a:2");
}
END_TEST

START_TEST(a_commit_that_fails_gives_its_room_back)
{
	send(eva, "/queue/a", "1");
	COMMIT(ana, 7, "/queue/a x", "/queue/a y", "/queue/a z", "/queue/b x");
	settle_down();
	ck_assert_ptr_nonnull(customer_refused(ana, 7));
	COMMIT(ben, 8, "/queue/a x", "/queue/a y", "/queue/b x", "/queue/b y",
		"/queue/b z");
	settle_down();
	ck_assert_uint_ge(customer_answered(ben, 8), 1);
	ck_assert_ptr_null(customer_refused(ben, 8));
}
END_TEST

START_TEST(a_commit_settles_by_all_three_outcomes)
{
	subscribe(ben, "d", "/queue/dead-letter");
	customer_subscribe(ana, "q", "/queue/a", 3, 0);
	send_numbers(eva, 4);
	assert_gets(ana, "q:1 q:2 q:3");
	const size_t promised = COMMIT(ana, 7, "ack q", "nack q", "drop q");
	settle_down();
	const char *got = memory_outlet_got(&ana->outlet);
	ck_assert_msg(strcmp(got, "q:4 q:2+") == 0 || strcmp(got, "q:2+ q:4") == 0,
		"%s", got);
	assert_gets(ben, "d:3");
	ck_assert_uint_eq(customer_answered(ana, 7), promised + ana->expected);
}
END_TEST

START_TEST(a_commit_that_is_refused_settles_nothing)
{
	customer_subscribe(ana, "q", "/queue/b", 1, 0);
	send(eva, "/queue/b", "1");
	send(eva, "/queue/b", "2");
	COMMIT(ana, 7, "ack q", "/queue/a x", "/queue/a x", "/queue/a x", "/queue/a x");
	settle_down();
	ck_assert_ptr_nonnull(customer_refused(ana, 7));
	ck_assert_str_eq(customer_answer(ana, 7)->destination, "/queue/a");
	ck_assert_uint_eq(ana->resumed, ana->waited);
	/* The delivery can be settled after all. */
	const struct unacked *unacked = &customer_find(ana, "q")->unacked;
	ck_assert_uint_eq(unacked->count, 1);
	ck_assert(!unacked_at(unacked, 0)->in_transaction);
	settle(ana, "q", 1, OUTCOME_ACCEPT);
	assert_gets(ana, "q:1 q:2");
}
END_TEST

START_TEST(commits_that_compete_for_room_take_it_at_most_once)
{
	for (uint64_t round = 1; round <= 3; round++) {
		COMMIT(ana, round, "/queue/a x", "/queue/b x", "/queue/a x",
			"/queue/b x");
		run_turns((int)round - 1);
		COMMIT(ben, round, "/queue/b y", "/queue/a y", "/queue/b y",
			"/queue/a y");
		settle_down();
		const bool is_mine = customer_answered(ana, round) > 0,
			   is_yours = customer_answered(ben, round) > 0;

		ck_assert(!is_mine || !is_yours);
		ck_assert(is_mine != (customer_refused(ana, round) != NULL));
		ck_assert(is_yours != (customer_refused(ben, round) != NULL));
		subscribe(eva, "a", "/queue/a");
		subscribe(eva, "b", "/queue/b");
		assert_gets(eva, is_mine    ? "a:x a:x b:x b:x"
				 : is_yours ? "a:y a:y b:y b:y"
					    : "");
		if (is_mine || is_yours) {
			settle(eva, "a", 2, OUTCOME_ACCEPT);
			settle(eva, "b", 2, OUTCOME_ACCEPT);
		}
		customer_unsubscribe(eva, "a", 0);
		customer_unsubscribe(eva, "b", 0);
		settle_down();
	}
}
END_TEST

START_TEST(a_commit_goes_on_while_others_send)
{
	subscribe(ben, "q", "/queue/a");
	customer_send(ana, "/queue/a", "before", 0);
	COMMIT(ana, 7, "/queue/a 1", "/topic/a x", "/queue/a 2");
	for (int i = 0; i < TURNS; i++) {
		customer_send(eva, "/queue/b", "x", 0);
		run_turns(1);
	}
	settle_down();
	assert_gets(ben, "q:before q:1 q:2");
}
END_TEST

void engine_suite_add_commits(Suite *suite)
{
	TCase *tcase = unit_case(suite, "commits");
	TCase *bounds = unit_case(suite, "bounds of commits");

	tcase_add_checked_fixture(tcase, engine_setup, engine_teardown);
	tcase_add_test(tcase, a_commit_takes_all_in_order_and_answers_as_promised);
	tcase_add_test(tcase, a_commit_of_nothing_is_answered_once);
	tcase_add_test(tcase, a_commit_settles_too);
	tcase_add_test(tcase, what_follows_a_commit_comes_behind_it);
	tcase_add_test(tcase, a_commit_settles_by_all_three_outcomes);
	tcase_add_test(tcase, a_commit_goes_on_while_others_send);

	tcase_add_checked_fixture(bounds, engine_setup_small, engine_teardown);
	tcase_add_test(bounds, a_commit_that_does_not_fit_does_nothing_and_says_so);
	tcase_add_test(bounds, a_commit_that_fails_gives_its_room_back);
	tcase_add_test(bounds, a_commit_that_is_refused_settles_nothing);
	tcase_add_test(bounds, commits_that_compete_for_room_take_it_at_most_once);
}
