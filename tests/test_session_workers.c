/*
 * The common properties of the sessions of all workers: their bound, and their labels.
 */
#include "gateway/session/session.h"

#include "tests/support/still_workers.h"
#include "tests/support/unit.h"

START_TEST(all_workers_agree_where_an_id_is_at_home)
{
	struct workers *workers = still_workers_create_of(3, "");
	const struct endpoint *echo = still_workers_endpoint(workers, "/echo"),
			      *reply = still_workers_endpoint(workers, "/reply");
	unsigned homes[3] = {0}, apart = 0;

	for (int i = 0; i < 300; i++) {
		char id[16];
		snprintf(id, sizeof(id), "id%d", i);
		unsigned home = session_home(workers->all[0], echo, slice_of(id));

		ck_assert_uint_lt(home, 3);
		homes[home]++;
		for (unsigned j = 1; j < 3; j++)
			ck_assert_uint_eq(
				session_home(workers->all[j], echo, slice_of(id)),
				home);
		apart += session_home(workers->all[0], reply, slice_of(id)) != home;
	}
	for (unsigned j = 0; j < 3; j++)
		ck_assert_uint_gt(homes[j], 60);
	ck_assert_uint_gt(apart, 100); /* the endpoint counts too */
	still_workers_destroy(workers);
}
END_TEST

START_TEST(labels_are_unique_in_the_whole_workers)
{
	enum { EACH = 50, ALL = 3 * EACH };
	struct workers *workers = still_workers_create_of(3, "");
	struct session *sessions[ALL];

	for (int i = 0; i < ALL; i++) {
		sessions[i] = still_workers_open(
			workers->all[i % 3], "/echo", SESSION_RAW, "");
		for (int j = 0; j < i; j++)
			ck_assert(!slice_equal(session_label(sessions[j]),
				session_label(sessions[i])));
	}
	still_workers_destroy(workers);
}
END_TEST

START_TEST(the_limit_of_sessions_is_for_all_workers_together)
{
	struct workers *workers =
		still_workers_create_of(3, "'limits': {'sessions': 2, 'share': 100}");
	struct session *one =
		still_workers_open(workers->all[0], "/echo", SESSION_RAW, "");

	ck_assert_ptr_nonnull(
		still_workers_open(workers->all[1], "/echo", SESSION_RAW, ""));
	for (unsigned i = 0; i < 3; i++)
		ck_assert_ptr_null(
			still_workers_open(workers->all[i], "/echo", SESSION_RAW, ""));
	ck_assert_uint_eq(atomic_load(&workers->sessions), 2);

	session_lost(one, ENDING_INTERRUPTED);
	still_workers_settle(workers);
	ck_assert_ptr_nonnull(
		still_workers_open(workers->all[2], "/echo", SESSION_RAW, ""));
	ck_assert_ptr_null(
		still_workers_open(workers->all[0], "/echo", SESSION_RAW, ""));
	still_workers_destroy(workers);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("session workers");
	TCase *tcase = unit_case(suite, "workers");

	tcase_add_test(tcase, all_workers_agree_where_an_id_is_at_home);
	tcase_add_test(tcase, labels_are_unique_in_the_whole_workers);
	tcase_add_test(tcase, the_limit_of_sessions_is_for_all_workers_together);
	return unit_run(suite);
}
