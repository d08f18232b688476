/* tags: workers */
#include "transports/sockjs/framing.h"

#include "tests/support/memory_outlet.h"
#include "tests/support/still_workers.h"
#include "tests/support/unit.h"

static struct worker *worker;
static struct session *session;
static struct buf frame;

/* A session whose open frame has been taken. */
static void setup(void)
{
	worker = still_workers_create("'times': {'heartbeat': 1000}")->all[0];
	session = still_workers_open(worker, "/echo", SESSION_SOCKJS, "id");
	frame = (struct buf){0};
	session_popped(session, SESSION_NEXT_OPEN, 0, 0);
}

static void teardown(void)
{
	buf_finish(&frame);
	still_workers_destroy(worker->workers);
}

static void check(enum wire wire, size_t budget, enum session_next what, size_t count,
	const char *expected)
{
	buf_clear(&frame);
	struct pulled pulled = framing_pull(session, wire, budget, &frame);

	ck_assert_int_eq(pulled.what, what);
	if (what == SESSION_NEXT_MESSAGES)
		ck_assert_uint_eq(pulled.count, count);
	ck_assert_slice_eq(buf_slice(&frame), slice_of(expected));
}

START_TEST(a_new_session_opens)
{
	session = still_workers_open(worker, "/echo", SESSION_SOCKJS, "new");
	session_send_text(session, SLICE("x"), PAYLOAD_TEXT);
	check(WIRE_SOCKJS, 100, SESSION_NEXT_OPEN, 0, "o");
	check(WIRE_SOCKJS, 100, SESSION_NEXT_OPEN, 0, "o"); /* nothing is popped */
}
END_TEST

START_TEST(nothing_is_no_frame)
{
	check(WIRE_SOCKJS, 100, SESSION_NEXT_NOTHING, 0, "");
}
END_TEST

static const struct {
	size_t budget, count;
	const char *frame;
} budgets[] = {
	{0, 1, "a[\"one\"]"},
	{1, 1, "a[\"one\"]"},
	{7, 1, "a[\"one\"]"}, /* as much as a["one" has */
	{8, 2, "a[\"one\",\"two\"]"},
	{13, 2, "a[\"one\",\"two\"]"},
	{14, 3, "a[\"one\",\"two\",\"three\"]"},
	{65536, 3, "a[\"one\",\"two\",\"three\"]"},
};

START_TEST(a_frame_joins_messages_until_its_budget_is_spent)
{
	session_send_text(session, SLICE("one"), PAYLOAD_TEXT);
	session_send_text(session, SLICE("two"), PAYLOAD_TEXT);
	session_send_text(session, SLICE("three"), PAYLOAD_TEXT);
	check(WIRE_SOCKJS, budgets[_i].budget, SESSION_NEXT_MESSAGES, budgets[_i].count,
		budgets[_i].frame);
	check(WIRE_SOCKJS, budgets[_i].budget, SESSION_NEXT_MESSAGES, budgets[_i].count,
		budgets[_i].frame); /* nothing is popped */
}
END_TEST

START_TEST(a_frame_is_put_behind_what_is_there)
{
	session_send_text(session, SLICE("one"), PAYLOAD_TEXT);
	session_send_text(session, SLICE("two"), PAYLOAD_TEXT);
	buf_append(&frame, SLICE("a long head that is not counted "));
	framing_pull(session, WIRE_SOCKJS, 8, &frame);
	ck_assert_slice_eq(buf_slice(&frame),
		SLICE("a long head that is not counted a[\"one\",\"two\"]"));
}
END_TEST

START_TEST(messages_are_written_for_the_wire)
{
	session_send_text(session, SLICE("50%\n"), PAYLOAD_TEXT);
	check(WIRE_SOCKJS, 100, SESSION_NEXT_MESSAGES, 1, "a[\"50%\\n\"]");
	check(WIRE_PERCENT, 100, SESSION_NEXT_MESSAGES, 1, "a[\"50%25\\n\"]");
}
END_TEST

START_TEST(a_beat_that_is_due_is_a_frame)
{
	struct memory_outlet outlet = {.wire = WIRE_SOCKJS, .blocked = true};

	memory_outlet_attach(&outlet, session);
	still_workers_advance(worker->workers, 1000);
	check(WIRE_SOCKJS, 100, SESSION_NEXT_BEAT, 0, "h");
	session_detach(session);
}
END_TEST

START_TEST(the_close_has_its_code_and_reason)
{
	session_close(session, ENDING_HANDLER);
	check(WIRE_SOCKJS, 100, SESSION_NEXT_CLOSE, 0, "c[3000,\"Go away!\"]");
}
END_TEST

START_TEST(a_close_needs_no_session)
{
	framing_close(
		&frame, WIRE_SOCKJS, 2010, SLICE("Another connection still open"));
	ck_assert_slice_eq(
		buf_slice(&frame), SLICE("c[2010,\"Another connection still open\"]"));
	buf_clear(&frame);
	framing_close(&frame, WIRE_PERCENT, 3000, SLICE("100% \"over\""));
	ck_assert_slice_eq(buf_slice(&frame), SLICE("c[3000,\"100%25 \\\"over\\\"\"]"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("framing");
	TCase *tcase = unit_case(suite, "framing");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_new_session_opens);
	tcase_add_test(tcase, nothing_is_no_frame);
	unit_add_table(
		tcase, a_frame_joins_messages_until_its_budget_is_spent, budgets);
	tcase_add_test(tcase, a_frame_is_put_behind_what_is_there);
	tcase_add_test(tcase, messages_are_written_for_the_wire);
	tcase_add_test(tcase, a_beat_that_is_due_is_a_frame);
	tcase_add_test(tcase, the_close_has_its_code_and_reason);
	tcase_add_test(tcase, a_close_needs_no_session);
	return unit_run(suite);
}
