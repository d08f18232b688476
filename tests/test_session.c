/*
 * A session's output to its outlets, and its end; test_session_times.c has the clock,
 * test_session_identity.c the peer's identity.
 */
/* tags: workers */
#include "gateway/session/session_internal.h"

#include "tests/support/memory_outlet.h"
#include "tests/support/recorder.h"
#include "tests/support/still_workers.h"
#include "tests/support/unit.h"

static struct worker *worker;
static struct memory_outlet outlet, second;

static void setup(void)
{
	worker =
		still_workers_create("'limits': {'sessions': 2, 'share': 100}")->all[0];
	recorder_told();
	outlet = second = (struct memory_outlet){.wire = WIRE_SOCKJS};
}

static void teardown(void)
{
	still_workers_destroy(worker->workers);
	memory_outlet_finish(&outlet);
	memory_outlet_finish(&second);
}

static void say(struct session *session, const char *text)
{
	session_send_text(session, slice_of(text), PAYLOAD_TEXT);
}

#define assert_got(memory, expected)                                                   \
	do {                                                                           \
		still_workers_settle(worker->workers);                                 \
		ck_assert_str_eq(memory_outlet_got(memory), expected);                 \
	} while (0)

/* A framed session whose open frame `outlet` has taken. */
static struct session *open_session(void)
{
	struct session *session =
		still_workers_open(worker, "/echo", SESSION_SOCKJS, "id");

	ck_assert(memory_outlet_attach(&outlet, session));
	assert_got(&outlet, "o");
	return session;
}

static struct session *find(const char *path, const char *id)
{
	return session_find(
		worker, still_workers_endpoint(worker->workers, path), slice_of(id));
}

static const struct tombstone *find_tombstone(const char *id)
{
	return session_find_tombstone(
		worker, still_workers_endpoint(worker->workers, "/echo"), slice_of(id));
}

/* Frames */

START_TEST(the_open_frame_is_sent_once)
{
	struct session *session =
		still_workers_open(worker, "/echo", SESSION_SOCKJS, "id");

	ck_assert_int_eq(session_state(session), SESSION_CONNECTING);
	memory_outlet_attach(&outlet, session);
	assert_got(&outlet, "o");
	ck_assert_int_eq(session_state(session), SESSION_OPEN);

	session_detach(session);
	memory_outlet_attach(&second, session);
	assert_got(&second, "");
}
END_TEST

START_TEST(messages_wait_for_the_open_frame)
{
	struct session *session =
		still_workers_open(worker, "/echo", SESSION_SOCKJS, "id");

	say(session, "early");
	ck_assert_int_eq(session_next(session), SESSION_NEXT_OPEN);
	memory_outlet_attach(&outlet, session);
	assert_got(&outlet, "o a[\"early\"]");
}
END_TEST

START_TEST(messages_that_wait_leave_in_one_frame)
{
	struct session *session = open_session();

	say(session, "one");
	say(session, "two");
	say(session, "three");
	assert_got(&outlet, "a[\"one\",\"two\",\"three\"]");
	ck_assert_uint_eq(outlet.wakes, 2); /* one for the open frame */
}
END_TEST

static const struct {
	enum stomp_command command;
	bool first;
} queued[] = {
	{STOMP_CONNECTED, true},
	{STOMP_RECEIPT, true},
	{STOMP_ERROR, true},
	{STOMP_MESSAGE, false},
};

START_TEST(answers_leave_before_what_is_fanned_out)
{
	struct session *session = open_session();
	struct message *message = message_create_text(SLICE("x"), PAYLOAD_TEXT);

	session_send(session, &(struct delivery){.message = message,
				      .command = (uint8_t)queued[_i].command});
	message_unref(message);
	ck_assert_int_eq(
		!list_is_empty(&worker->sessions->answering), queued[_i].first);
	ck_assert_int_eq(!list_is_empty(&worker->sessions->awake), !queued[_i].first);
	assert_got(&outlet, "a[\"x\"]");
}
END_TEST

START_TEST(a_raw_session_is_open_from_the_start_and_has_no_frames)
{
	struct session *session = still_workers_open(worker, "/echo", SESSION_RAW, "");

	outlet.wire = WIRE_PLAIN;
	ck_assert_int_eq(session_state(session), SESSION_OPEN);
	memory_outlet_attach(&outlet, session);
	say(session, "one");
	session_send_text(session, SLICE("two"), PAYLOAD_BINARY);
	session_close(session, ENDING_HANDLER);
	assert_got(&outlet, "one binary:two close 3000 Go away!");
}
END_TEST

START_TEST(what_a_gone_outlet_held_goes_to_the_next_one)
{
	struct session *session = open_session();

	outlet.holds = true;
	say(session, "one");
	assert_got(&outlet, "a[\"one\"]");
	session_detach(session);
	say(session, "two");
	memory_outlet_attach(&second, session);
	assert_got(&second, "a[\"one\",\"two\"]");
}
END_TEST

START_TEST(what_comes_while_an_outlet_holds_a_frame_goes_into_the_next_frame)
{
	struct session *session = open_session();

	outlet.holds = true;
	say(session, "one");
	assert_got(&outlet, "a[\"one\"]");
	say(session, "two");
	assert_got(&outlet, "");
	memory_outlet_written(&outlet);
	memory_outlet_pull(&outlet);
	assert_got(&outlet, "a[\"two\"]");
}
END_TEST

START_TEST(a_second_outlet_is_refused_and_harms_nobody)
{
	struct session *session = open_session();

	ck_assert(!memory_outlet_attach(&second, session));
	say(session, "x");
	assert_got(&outlet, "a[\"x\"]");
	assert_got(&second, "");
}
END_TEST

START_TEST(the_handler_hears_messages_before_and_after_the_open_frame)
{
	struct session *session =
		still_workers_open(worker, "/echo", SESSION_SOCKJS, "id");

	session_receive(session, SLICE("early"), PAYLOAD_TEXT);
	memory_outlet_attach(&outlet, session);
	still_workers_settle(worker->workers);
	session_receive(session, SLICE("late"), PAYLOAD_BINARY);
	ck_assert_str_eq(recorder_told(), "open early late (binary)");
}
END_TEST

/* Closing */

START_TEST(the_close_frame_follows_what_was_queued)
{
	struct session *session = open_session();

	say(session, "last words");
	session_close(session, ENDING_HANDLER);
	ck_assert_int_eq(session_state(session), SESSION_CLOSING);
	assert_got(&outlet, "a[\"last words\"] c[3000,\"Go away!\"]");
	ck_assert_str_eq(recorder_told(), "open close");
}
END_TEST

START_TEST(a_session_that_closes_at_once_still_opens)
{
	struct session *session =
		still_workers_open(worker, "/echo", SESSION_SOCKJS, "id");

	session_close(session, ENDING_HANDLER);
	memory_outlet_attach(&outlet, session);
	assert_got(&outlet, "o c[3000,\"Go away!\"]");
}
END_TEST

START_TEST(only_the_first_close_counts)
{
	struct session *session = open_session();

	session_close(session, ENDING_HANDLER);
	session_close(session, ENDING_OPERATOR);
	assert_got(&outlet, "c[3000,\"Go away!\"]");
}
END_TEST

START_TEST(a_closing_session_neither_sends_nor_hears)
{
	struct session *session = open_session();

	session_close(session, ENDING_HANDLER);
	say(session, "too late");
	session_receive(session, SLICE("too late"), PAYLOAD_TEXT);
	assert_got(&outlet, "c[3000,\"Go away!\"]");
	ck_assert_str_eq(recorder_told(), "open close");
}
END_TEST

START_TEST(a_close_without_outlet_waits_for_the_next_one)
{
	struct session *session = open_session();

	session_detach(session);
	say(session, "last");
	session_close(session, ENDING_HANDLER);
	still_workers_advance(worker->workers, 4999);
	ck_assert_ptr_eq(find("/echo", "id"), session);
	memory_outlet_attach(&second, session);
	assert_got(&second, "a[\"last\"] c[3000,\"Go away!\"]");
}
END_TEST

START_TEST(the_outlet_that_took_the_close_is_not_told_of_the_end)
{
	session_close(open_session(), ENDING_HANDLER);
	assert_got(&outlet, "c[3000,\"Go away!\"]");
	ck_assert_ptr_null(find("/echo", "id"));
	assert_got(&outlet, "");
}
END_TEST

/* Every way out: the outlet's output, and the tombstone. */

static void end_by_close(struct session *session)
{
	session_close(session, ENDING_HANDLER);
}

static void end_by_loss(struct session *session)
{
	session_lost(session, ENDING_INTERRUPTED);
	session_lost(session, ENDING_CLOSED);
}

static void end_by_loss_while_closing(struct session *session)
{
	session_close(session, ENDING_HANDLER);
	session_lost(session, ENDING_INTERRUPTED);
}

static void end_by_silence(struct session *session)
{
	session_detach(session);
	still_workers_advance(worker->workers, 5000);
}

static void end_by_closing_unheard(struct session *session)
{
	session_detach(session);
	session_close(session, ENDING_HANDLER);
	still_workers_advance(worker->workers, 5000);
}

static void end_by_a_deaf_peer(struct session *session)
{
	outlet.blocked = true;
	say(session, "x");
	still_workers_advance(worker->workers, 10000);
}

static void end_by_lingering(struct session *session)
{
	outlet.blocked = true;
	session_close(session, ENDING_HANDLER);
	still_workers_advance(worker->workers, 1000);
}

static void end_by_force(struct session *session)
{
	(void)session;
	sessions_kill(worker->sessions);
	sessions_kill(worker->sessions);
}

/* At a stop: each step looks only at sessions that have not been told. */
START_TEST(those_that_were_told_to_go_away_are_not_looked_at_again)
{
	enum { MANY = 2 };

	for (int i = 0; i < MANY; i++)
		still_workers_open(worker, "/echo", SESSION_RAW, "");
	for (int i = 0; i < MANY - 1; i++) {
		ck_assert(sessions_close_some(worker->sessions, 1));
		ck_assert_uint_eq(
			sessions_first(worker->sessions)->ending, ENDING_NONE);
	}
	ck_assert(!sessions_close_some(worker->sessions, 1));
	ck_assert(!sessions_close_some(worker->sessions, 1));
	still_workers_settle(worker->workers);
}
END_TEST

static void end_by_order(struct session *session)
{
	(void)session;
	sessions_close_some(worker->sessions, UINT64_MAX);
}

static const struct {
	void (*end)(struct session *session);
	const char *got;
	enum ending ending;
} ways_out[] = {
	{end_by_close, "c[3000,\"Go away!\"]", ENDING_HANDLER},
	{end_by_loss, "", ENDING_INTERRUPTED},
	{end_by_loss_while_closing, "", ENDING_HANDLER},
	{end_by_silence, "", ENDING_INTERRUPTED},
	{end_by_closing_unheard, "", ENDING_HANDLER},
	{end_by_a_deaf_peer, "end", ENDING_SLOW_CONSUMER},
	{end_by_lingering, "end", ENDING_HANDLER},
	{end_by_force, "end", ENDING_GOING_AWAY},
	{end_by_order, "c[1001,\"Going away\"]", ENDING_GOING_AWAY},
};

START_TEST(every_way_out_closes_once_and_leaves_a_tombstone)
{
	ways_out[_i].end(open_session());
	assert_got(&outlet, ways_out[_i].got);
	ck_assert_str_eq(recorder_told(), "open close");
	ck_assert_ptr_null(find("/echo", "id"));
	ck_assert_uint_eq(worker->live_sessions, 0);

	const struct tombstone *tombstone = find_tombstone("id");
	ck_assert_ptr_nonnull(tombstone);
	ck_assert_int_eq(tombstone->ending, ways_out[_i].ending);
	still_workers_advance(worker->workers, 120000);
	ck_assert_ptr_nonnull(find_tombstone("id"));
	still_workers_advance(worker->workers, 1);
	ck_assert_ptr_null(find_tombstone("id"));
	ck_assert_str_eq(recorder_told(), "");
}
END_TEST

START_TEST(the_handler_hears_of_the_end_only_at_the_top_of_the_loop)
{
	session_lost(open_session(), ENDING_INTERRUPTED);
	ck_assert_str_eq(recorder_told(), "open");
	ck_assert_ptr_null(find("/echo", "id"));
	still_workers_settle(worker->workers);
	ck_assert_str_eq(recorder_told(), "close");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("session");
	TCase *frames = unit_case(suite, "frames");
	TCase *closing = unit_case(suite, "closing");

	still_workers_run(&recorder_handler);
	tcase_add_checked_fixture(frames, setup, teardown);
	tcase_add_test(frames, the_open_frame_is_sent_once);
	tcase_add_test(frames, messages_wait_for_the_open_frame);
	tcase_add_test(frames, messages_that_wait_leave_in_one_frame);
	unit_add_table(frames, answers_leave_before_what_is_fanned_out, queued);
	tcase_add_test(frames, a_raw_session_is_open_from_the_start_and_has_no_frames);
	tcase_add_test(frames, what_a_gone_outlet_held_goes_to_the_next_one);
	tcase_add_test(frames,
		what_comes_while_an_outlet_holds_a_frame_goes_into_the_next_frame);
	tcase_add_test(frames, a_second_outlet_is_refused_and_harms_nobody);
	tcase_add_test(
		frames, the_handler_hears_messages_before_and_after_the_open_frame);

	tcase_add_checked_fixture(closing, setup, teardown);
	tcase_add_test(closing, the_close_frame_follows_what_was_queued);
	tcase_add_test(closing, a_session_that_closes_at_once_still_opens);
	tcase_add_test(closing, only_the_first_close_counts);
	tcase_add_test(closing, a_closing_session_neither_sends_nor_hears);
	tcase_add_test(closing, a_close_without_outlet_waits_for_the_next_one);
	tcase_add_test(
		closing, those_that_were_told_to_go_away_are_not_looked_at_again);
	tcase_add_test(closing, the_outlet_that_took_the_close_is_not_told_of_the_end);
	unit_add_table(
		closing, every_way_out_closes_once_and_leaves_a_tombstone, ways_out);
	tcase_add_test(
		closing, the_handler_hears_of_the_end_only_at_the_top_of_the_loop);
	return unit_run(suite);
}
