/* A session whose handler has paused the input, and the waiters. */
/* tags: workers */
#include "gateway/session/session.h"
#include "gateway/session/sessions.h"

#include "tests/support/memory_outlet.h"
#include "tests/support/recorder.h"
#include "tests/support/still_workers.h"
#include "tests/support/unit.h"

enum { MOST = 16 };

static struct worker *worker;
static struct session *session;
static struct memory_outlet outlet;

/* Waiters that record their letter when resumed, and may pause the session again. */

struct caller {
	struct waiter waiter;
	char letter;
	bool holds;
};

static struct caller callers[MOST + 1];
static char told[64];

static void on_resume(struct waiter *waiter)
{
	struct caller *caller = container_of(waiter, struct caller, waiter);
	size_t len = strlen(told);

	told[len] = caller->letter;
	told[len + 1] = '\0';
	if (caller->holds)
		session_pause(session);
}

static bool wait_as(unsigned index)
{
	callers[index].letter = (char)('a' + index);
	callers[index].waiter.resume = on_resume;
	return session_wait(session, &callers[index].waiter);
}

#define assert_told(expected)                                                          \
	do {                                                                           \
		still_workers_settle(worker->workers);                                 \
		ck_assert_str_eq(told, expected);                                      \
		told[0] = '\0';                                                        \
	} while (0)

static void setup(void)
{
	worker = still_workers_create("")->all[0];
	outlet = (struct memory_outlet){.wire = WIRE_SOCKJS};
	session = still_workers_open(worker, "/echo", SESSION_SOCKJS, "id");
	memory_outlet_attach(&outlet, session);
	still_workers_settle(worker->workers);
	recorder_told();
	memset(callers, 0, sizeof(callers));
	told[0] = '\0';
}

static void teardown(void)
{
	still_workers_destroy(worker->workers);
	memory_outlet_finish(&outlet);
}

START_TEST(a_session_is_held_until_each_hold_is_released)
{
	ck_assert(!session_is_paused(session));
	session_pause(session);
	session_pause(session);
	ck_assert(session_is_paused(session));
	session_resume(session);
	ck_assert(session_is_paused(session));
	session_resume(session);
	ck_assert(!session_is_paused(session));
}
END_TEST

START_TEST(what_comes_all_the_same_reaches_the_handler)
{
	session_pause(session);
	session_receive(session, SLICE("late"), PAYLOAD_TEXT);
	ck_assert_str_eq(recorder_told(), "late");
}
END_TEST

START_TEST(a_held_session_still_speaks)
{
	session_pause(session);
	memory_outlet_got(&outlet);
	session_send_text(session, SLICE("x"), PAYLOAD_TEXT);
	still_workers_settle(worker->workers);
	ck_assert_str_eq(memory_outlet_got(&outlet), "a[\"x\"]");
}
END_TEST

START_TEST(who_waits_goes_on_once_and_in_order)
{
	session_pause(session);
	ck_assert(wait_as(0) && wait_as(1) && wait_as(2));
	assert_told("");
	session_resume(session);
	assert_told("abc");
	session_pause(session);
	session_resume(session);
	assert_told("");
}
END_TEST

START_TEST(nobody_goes_on_before_the_top_of_the_loop)
{
	session_pause(session);
	wait_as(0);
	session_resume(session);
	ck_assert_str_eq(told, "");
	assert_told("a");
}
END_TEST

START_TEST(nobody_goes_on_when_the_session_is_held_again_at_once)
{
	session_pause(session);
	wait_as(0);
	session_resume(session);
	session_pause(session);
	assert_told("");
	session_resume(session);
	assert_told("a");
}
END_TEST

START_TEST(what_the_first_brings_may_stop_the_others_again)
{
	session_pause(session);
	callers[0].holds = callers[1].holds = true;
	wait_as(0);
	wait_as(1);
	wait_as(2);
	session_resume(session);
	assert_told("a");
	session_resume(session);
	assert_told("b");
	session_resume(session);
	assert_told("c");
}
END_TEST

START_TEST(who_has_left_is_not_told)
{
	session_pause(session);
	wait_as(0);
	wait_as(1);
	list_remove(&callers[0].waiter.link);
	session_resume(session);
	list_remove(&callers[1].waiter.link); /* in the last moment */
	assert_told("");
	session_pause(session);
	ck_assert(wait_as(0));
	session_resume(session);
	assert_told("a");
}
END_TEST

START_TEST(no_more_than_sixteen_wait)
{
	session_pause(session);
	for (unsigned i = 0; i < MOST; i++)
		ck_assert(wait_as(i));
	ck_assert(!wait_as(MOST));
	list_remove(&callers[3].waiter.link);
	ck_assert(wait_as(MOST));
	session_resume(session);
	assert_told("abcefghijklmnopq");
}
END_TEST

/* Every way out ends the wait, also of waiters whose pause is never ended. */

static void end_by_close(void)
{
	session_close(session, ENDING_HANDLER);
}

static void end_by_loss(void)
{
	session_lost(session, ENDING_INTERRUPTED);
}

static void end_by_order(void)
{
	sessions_close_some(worker->sessions, UINT64_MAX);
}

static void end_by_force(void)
{
	sessions_kill(worker->sessions);
}

static void end_by_silence(void)
{
	session_detach(session);
	outlet.session = NULL;
	still_workers_advance(worker->workers, 5000);
}

static void end_by_a_deaf_peer(void)
{
	outlet.blocked = true;
	session_send_text(session, SLICE("x"), PAYLOAD_TEXT);
	still_workers_advance(worker->workers, 10000);
}

static void (*const ends[])(void) = {
	end_by_close,
	end_by_loss,
	end_by_order,
	end_by_force,
	end_by_silence,
	end_by_a_deaf_peer,
};

START_TEST(every_way_out_ends_the_wait)
{
	session_pause(session);
	session_pause(session);
	wait_as(0);
	wait_as(1);
	ends[_i]();
	assert_told("ab");
	ck_assert_str_eq(recorder_told(), "close");
}
END_TEST

START_TEST(a_closing_session_is_not_held)
{
	outlet.blocked = true;
	session_pause(session);
	wait_as(0);
	session_close(session, ENDING_HANDLER);
	ck_assert(!session_is_paused(session));
	assert_told("a");
	session_pause(session);
	ck_assert(!session_is_paused(session));
	session_resume(session);
	session_resume(session);
	assert_told("");
}
END_TEST

START_TEST(who_goes_on_may_close_the_session)
{
	session_pause(session);
	wait_as(0);
	wait_as(1);
	session_resume(session);
	session_close(session, ENDING_HANDLER);
	session_lost(session, ENDING_INTERRUPTED);
	assert_told("ab");
}
END_TEST

START_TEST(silence_counts_from_the_release)
{
	session_pause(session);
	still_workers_advance(worker->workers, 7000);
	ck_assert_uint_eq(session_heard_at(session), loop_now(worker->loop));
	session_resume(session);
	uint64_t released = loop_now(worker->loop);
	still_workers_advance(worker->workers, 3000);
	ck_assert_uint_eq(session_heard_at(session), released);
}
END_TEST

START_TEST(a_hold_that_goes_on_leaves_nothing_behind_when_the_workers_ends)
{
	session_pause(session);
	wait_as(0);
	/*
	 * Its waiter is resumed when the worker is killed: teardown() frees the rest.
	 */
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("session hold");
	TCase *tcase = unit_case(suite, "hold");

	still_workers_run(&recorder_handler);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_session_is_held_until_each_hold_is_released);
	tcase_add_test(tcase, what_comes_all_the_same_reaches_the_handler);
	tcase_add_test(tcase, a_held_session_still_speaks);
	tcase_add_test(tcase, who_waits_goes_on_once_and_in_order);
	tcase_add_test(tcase, nobody_goes_on_before_the_top_of_the_loop);
	tcase_add_test(tcase, nobody_goes_on_when_the_session_is_held_again_at_once);
	tcase_add_test(tcase, what_the_first_brings_may_stop_the_others_again);
	tcase_add_test(tcase, who_has_left_is_not_told);
	tcase_add_test(tcase, no_more_than_sixteen_wait);
	unit_add_table(tcase, every_way_out_ends_the_wait, ends);
	tcase_add_test(tcase, a_closing_session_is_not_held);
	tcase_add_test(tcase, who_goes_on_may_close_the_session);
	tcase_add_test(tcase, silence_counts_from_the_release);
	tcase_add_test(
		tcase, a_hold_that_goes_on_leaves_nothing_behind_when_the_workers_ends);
	return unit_run(suite);
}
