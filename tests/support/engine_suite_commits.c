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
	ck_assert_uint_eq(ana->resumed, 1);
}
END_TEST

START_TEST(a_commit_of_nothing_is_answered_once)
{
	customer_commit(ana, 7, NULL, 0);
	settle_down();
	ck_assert_uint_eq(customer_answered(ana, 7), 1);
	ck_assert_uint_eq(ana->resumed, 1);
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
	for (int turns = 0; ana->resumed == 0 && turns < 100; turns++)
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

START_TEST(a_commit_whose_participant_has_gone_is_all_or_nothing)
{
	COMMIT(ana, 7, "/queue/a 1", "/queue/b 1");
	customer_leave(ana);
	settle_down();
	subscribe(ben, "a", "/queue/a");
	subscribe(ben, "b", "/queue/b");
	const char *got = memory_outlet_got(&ben->outlet);
	ck_assert_msg(strcmp(got, "") == 0 || strcmp(got, "a:1 b:1") == 0, "%s", got);
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
	tcase_add_test(tcase, a_commit_whose_participant_has_gone_is_all_or_nothing);

	tcase_add_checked_fixture(bounds, engine_setup_small, engine_teardown);
	tcase_add_test(bounds, a_commit_that_does_not_fit_does_nothing_and_says_so);
	tcase_add_test(bounds, a_commit_that_fails_gives_its_room_back);
}
