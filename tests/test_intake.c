/* The messages of a request to its session, and the answer when they are not taken. */
/* tags: workers */
#include "transports/http/intake.h"

#include "tests/support/recorder.h"
#include "tests/support/still_workers.h"
#include "tests/support/unit.h"

static struct worker *worker;
static struct session *session;
static struct sockjs_messages messages;
static struct intake_ask ask;

static void setup(void)
{
	worker = still_workers_create("")->all[0];
	session = still_workers_open(worker, "/echo", SESSION_SOCKJS, "id");
	session_set_family(session, FAMILY_XHR);
	recorder_told();
	ask = (struct intake_ask){
		.endpoint = still_workers_endpoint(worker->workers, "/echo"),
		.link = uplink_find(SLICE("xhr_send")),
		.session = SLICE("id"),
		.peer.address = address_of_v4("\xc0\0\2\1"),
		.body = SLICE("[\"one\",\"two\"]"),
	};
}

static void teardown(void)
{
	still_workers_destroy(worker->workers);
	sockjs_messages_finish(&messages);
}

/* A request that asks again after resume(). */
struct caller {
	struct waiter waiter;
	enum intake answer;
	unsigned asked;
};

static void caller_ask(struct caller *caller)
{
	caller->asked++;
	caller->answer = intake_take(worker, &messages, &ask, &caller->waiter);
}

static void on_resume(struct waiter *waiter)
{
	caller_ask(container_of(waiter, struct caller, waiter));
}

static struct caller caller_of(void)
{
	return (struct caller){.waiter.resume = on_resume};
}

START_TEST(messages_go_to_the_session_in_order)
{
	struct caller caller = caller_of();

	caller_ask(&caller);
	ck_assert_int_eq(caller.answer, INTAKE_TAKEN);
	ck_assert_str_eq(recorder_told(), "one two");
}
END_TEST

static const struct {
	struct slice session, body;
	enum intake answer;
} refusals[] = {
	{SLICE_INIT("other"), SLICE_INIT("[\"x\"]"), INTAKE_UNKNOWN},
	{SLICE_INIT("id"), SLICE_INIT("[\"x\""), INTAKE_BROKEN},
	{SLICE_INIT("id"), SLICE_INIT(""), INTAKE_NO_ARRAY},
	{SLICE_INIT("other"), SLICE_INIT("[\"x\""), INTAKE_UNKNOWN},
};

START_TEST(what_cannot_be_taken_harms_nobody)
{
	struct caller caller = caller_of();

	ask.session = refusals[_i].session;
	ask.body = refusals[_i].body;
	caller_ask(&caller);
	ck_assert_int_eq(caller.answer, refusals[_i].answer);
	ck_assert_str_eq(recorder_told(), "");
}
END_TEST

START_TEST(while_the_session_is_held_a_request_waits)
{
	struct caller caller = caller_of();

	session_pause(session);
	caller_ask(&caller);
	ck_assert_int_eq(caller.answer, INTAKE_WAITS);
	still_workers_settle(worker->workers);
	ck_assert_str_eq(recorder_told(), "");
	ck_assert_uint_eq(caller.asked, 1);

	session_resume(session);
	still_workers_settle(worker->workers);
	ck_assert_int_eq(caller.answer, INTAKE_TAKEN);
	ck_assert_uint_eq(caller.asked, 2);
	ck_assert_str_eq(recorder_told(), "one two");
}
END_TEST

START_TEST(a_request_that_waits_for_a_session_that_ends_finds_none)
{
	struct caller caller = caller_of();

	session_pause(session);
	caller_ask(&caller);
	session_lost(session, ENDING_INTERRUPTED);
	still_workers_settle(worker->workers);
	ck_assert_int_eq(caller.answer, INTAKE_UNKNOWN);
	ck_assert_str_eq(recorder_told(), "close");
}
END_TEST

START_TEST(a_stranger_does_not_wait)
{
	struct caller caller = caller_of();

	session_pause(session);
	ask.session = SLICE("other");
	caller_ask(&caller);
	ck_assert_int_eq(caller.answer, INTAKE_UNKNOWN);
}
END_TEST

START_TEST(a_crowd_of_requests_is_turned_away)
{
	enum { MOST = 16 };
	struct caller callers[MOST + 1];

	session_pause(session);
	for (int i = 0; i <= MOST; i++) {
		callers[i] = caller_of();
		caller_ask(&callers[i]);
		ck_assert_int_eq(
			callers[i].answer, i < MOST ? INTAKE_WAITS : INTAKE_CROWDED);
	}
	ask.body = SLICE("[\"x\"]");
	session_resume(session);
	still_workers_settle(worker->workers);
	for (int i = 0; i < MOST; i++)
		ck_assert_int_eq(callers[i].answer, INTAKE_TAKEN);
	ck_assert_str_eq(recorder_told(), "x x x x x x x x x x x x x x x x");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("intake");
	TCase *tcase = unit_case(suite, "intake");

	still_workers_run(&recorder_handler);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, messages_go_to_the_session_in_order);
	unit_add_table(tcase, what_cannot_be_taken_harms_nobody, refusals);
	tcase_add_test(tcase, while_the_session_is_held_a_request_waits);
	tcase_add_test(tcase, a_request_that_waits_for_a_session_that_ends_finds_none);
	tcase_add_test(tcase, a_stranger_does_not_wait);
	tcase_add_test(tcase, a_crowd_of_requests_is_turned_away);
	return unit_run(suite);
}
