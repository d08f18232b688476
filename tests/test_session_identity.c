/* Which peer finds which session, and the number of sessions. */
/* tags: workers */
#include "gateway/session/session.h"
#include "gateway/worker/account.h"

#include "tests/support/memory_outlet.h"
#include "tests/support/recorder.h"
#include "tests/support/still_workers.h"
#include "tests/support/unit.h"

static struct worker *worker;
static struct memory_outlet outlet;

static void setup(void)
{
	worker =
		still_workers_create("'limits': {'sessions': 2, 'share': 100}")->all[0];
	recorder_told();
	outlet = (struct memory_outlet){.wire = WIRE_SOCKJS};
}

static void teardown(void)
{
	still_workers_destroy(worker->workers);
	memory_outlet_finish(&outlet);
}

static struct session *find(const char *path, const char *id)
{
	return session_find(
		worker, still_workers_endpoint(worker->workers, path), slice_of(id));
}

START_TEST(an_id_names_a_session_of_its_endpoint_only)
{
	struct session *one = still_workers_open(worker, "/echo", SESSION_SOCKJS, "id");

	ck_assert_ptr_eq(find("/echo", "id"), one);
	ck_assert_ptr_null(find("/reply", "id"));
	ck_assert_ptr_null(find("/echo", "i"));
	ck_assert_ptr_null(find("/echo", ""));

	struct session *two =
		still_workers_open(worker, "/reply", SESSION_SOCKJS, "id");
	ck_assert_ptr_eq(find("/reply", "id"), two);
	ck_assert_ptr_eq(find("/echo", "id"), one);
	ck_assert_ptr_eq(session_endpoint(two),
		still_workers_endpoint(worker->workers, "/reply"));
	ck_assert_ptr_eq(session_worker(two), worker);
	ck_assert(!slice_equal(session_label(one), session_label(two)));
}
END_TEST

START_TEST(the_whole_of_a_long_id_counts)
{
	char id[129];

	memset(id, 'x', sizeof(id) - 1);
	id[sizeof(id) - 1] = '\0';
	struct session *one = still_workers_open(worker, "/echo", SESSION_SOCKJS, id);
	id[sizeof(id) - 2] = 'y';
	ck_assert_ptr_null(find("/echo", id));
	struct session *two = still_workers_open(worker, "/echo", SESSION_SOCKJS, id);
	ck_assert_ptr_eq(find("/echo", id), two);
	ck_assert_ptr_ne(one, two);
}
END_TEST

START_TEST(a_session_without_id_is_never_found_and_has_no_tombstone)
{
	struct session *one = still_workers_open(worker, "/echo", SESSION_SOCKJS, "");
	struct session *two = still_workers_open(worker, "/echo", SESSION_SOCKJS, "");

	ck_assert_ptr_ne(one, two);
	ck_assert_ptr_null(find("/echo", ""));
	session_lost(one, ENDING_INTERRUPTED);
	ck_assert_ptr_null(session_find_tombstone(
		worker, still_workers_endpoint(worker->workers, "/echo"), SLICE("")));
	session_send_text(two, SLICE("x"), PAYLOAD_TEXT);
	memory_outlet_attach(&outlet, two);
	still_workers_settle(worker->workers);
	ck_assert_str_eq(memory_outlet_got(&outlet), "o a[\"x\"]");
}
END_TEST

static const struct {
	struct slice opened, asking;
	bool admitted;
} origins[] = {
	{SLICE_INIT("http://a"), SLICE_INIT("http://a"), true},
	{SLICE_INIT("http://a"), SLICE_INIT("http://b"), false},
	{SLICE_INIT("http://a"), SLICE_INIT(""),
		true}, /* a page of another site always sends its own */
	{SLICE_INIT("http://a"), SLICE_INIT("null"), false},
	{SLICE_INIT("null"), SLICE_INIT(""), true},
	{SLICE_INIT("null"), SLICE_INIT("null"), true},
	{SLICE_INIT(""), SLICE_INIT("http://a"),
		true}, /* opened by a same-origin GET */
	{SLICE_INIT(""), SLICE_INIT(""), true},
};

START_TEST(a_session_serves_the_origin_that_opened_it)
{
	const struct peer opener = {
		.address = address_of_v4("\xc0\0\2\1"), .origin = origins[_i].opened};
	const struct peer asking = {
		.address = address_of_v4("\xc0\0\2\2"), .origin = origins[_i].asking};
	struct session *session =
		session_create(worker, still_workers_endpoint(worker->workers, "/echo"),
			TRANSPORT_XHR, SLICE("id"), &opener);

	ck_assert(session_admits(session, &asking) == origins[_i].admitted);
}
END_TEST

START_TEST(no_more_sessions_than_the_limit_are_opened)
{
	struct session *one = still_workers_open(worker, "/echo", SESSION_SOCKJS, "1");

	ck_assert_ptr_nonnull(still_workers_open(worker, "/echo", SESSION_RAW, ""));
	ck_assert_ptr_null(still_workers_open(worker, "/echo", SESSION_SOCKJS, "3"));
	ck_assert_str_eq(recorder_told(), "open open");
	session_lost(one, ENDING_INTERRUPTED);
	still_workers_settle(worker->workers);
	ck_assert_ptr_nonnull(still_workers_open(worker, "/echo", SESSION_SOCKJS, "3"));
}
END_TEST

START_TEST(a_worker_that_stops_opens_no_session)
{
	worker_stop(worker);
	ck_assert_ptr_null(still_workers_open(worker, "/echo", SESSION_SOCKJS, "id"));
	ck_assert_str_eq(recorder_told(), "");
}
END_TEST

START_TEST(a_session_knows_its_outlet)
{
	struct session *session =
		still_workers_open(worker, "/echo", SESSION_SOCKJS, "id");

	ck_assert(memory_outlet_attach(&outlet, session));
	ck_assert_ptr_eq(session_outlet(session), &outlet.outlet);
	session_detach(session);
	ck_assert_ptr_null(session_outlet(session));
	outlet.session = NULL;
}
END_TEST

static int64_t sessions_of(uint32_t account)
{
	return account_sum(worker->workers->accounts, account, ACCOUNT_SESSIONS);
}

START_TEST(a_session_moves_to_the_account_of_its_user)
{
	struct session *session =
		still_workers_open(worker, "/echo", SESSION_SOCKJS, "id");
	const uint32_t before = session_account(session);
	const uint32_t ana = account_of_user(worker->workers->accounts, SLICE("ana"));

	ck_assert_uint_ne(before, ACCOUNT_HOUSE);
	ck_assert_int_eq(sessions_of(before), 1);
	ck_assert(session_set_user(session, SLICE("ana")));
	ck_assert_uint_eq(session_account(session), ana);
	ck_assert_int_eq(sessions_of(before), 0);
	ck_assert_int_eq(sessions_of(ana), 1);
	session_lost(session, ENDING_INTERRUPTED);
	still_workers_settle(worker->workers);
	ck_assert_int_eq(sessions_of(ana), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("session identity");
	TCase *identity = unit_case(suite, "identity");

	still_workers_run(&recorder_handler);
	tcase_add_checked_fixture(identity, setup, teardown);
	tcase_add_test(identity, an_id_names_a_session_of_its_endpoint_only);
	tcase_add_test(identity, the_whole_of_a_long_id_counts);
	tcase_add_test(
		identity, a_session_without_id_is_never_found_and_has_no_tombstone);
	unit_add_table(identity, a_session_serves_the_origin_that_opened_it, origins);
	tcase_add_test(identity, no_more_sessions_than_the_limit_are_opened);
	tcase_add_test(identity, a_worker_that_stops_opens_no_session);
	tcase_add_test(identity, a_session_knows_its_outlet);
	tcase_add_test(identity, a_session_moves_to_the_account_of_its_user);
	return unit_run(suite);
}
