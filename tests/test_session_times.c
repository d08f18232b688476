/*
 * The deadlines of a session: a peer that is silent, takes nothing or reads too
 * slowly.
 */
/* tags: workers */
#include "gateway/session/session.h"

#include "protocol/xmalloc.h"
#include "tests/support/memory_outlet.h"
#include "tests/support/recorder.h"
#include "tests/support/still_workers.h"
#include "tests/support/unit.h"

static struct worker *worker;
static struct session *session;
static struct memory_outlet outlet, second;

/* A framed session whose open frame `outlet` has taken. */
static void begin(const char *members)
{
	worker = still_workers_create(members)->all[0];
	recorder_told();
	outlet = second = (struct memory_outlet){.wire = WIRE_SOCKJS};
	session = still_workers_open(worker, "/echo", SESSION_SOCKJS, "id");
	memory_outlet_attach(&outlet, session);
	still_workers_settle(worker->workers);
	memory_outlet_got(&outlet);
}

static void setup(void)
{
	begin("");
}

static void setup_small_queue(void)
{
	begin("'limits': {'queue_messages': 2, 'queue_bytes': 1000}");
}

static void teardown(void)
{
	still_workers_destroy(worker->workers);
	memory_outlet_finish(&outlet);
	memory_outlet_finish(&second);
}

static void say(const char *text)
{
	session_send_text(session, slice_of(text), PAYLOAD_TEXT);
}

static void pass(uint64_t milliseconds)
{
	still_workers_advance(worker->workers, milliseconds);
}

static void unblock(void)
{
	outlet.blocked = false;
	memory_outlet_pull(&outlet);
}

static bool is_alive(void)
{
	return session_find(worker, still_workers_endpoint(worker->workers, "/echo"),
		       SLICE("id")) != NULL;
}

#define assert_got(memory, expected)                                                   \
	do {                                                                           \
		still_workers_settle(worker->workers);                                 \
		ck_assert_str_eq(memory_outlet_got(memory), expected);                 \
	} while (0)

/* Silence */

START_TEST(a_session_that_nobody_fetches_ends)
{
	struct session *other =
		still_workers_open(worker, "/echo", SESSION_SOCKJS, "new");

	pass(4999);
	ck_assert_int_eq(session_state(other), SESSION_CONNECTING);
	ck_assert_str_eq(recorder_told(), "open open");
	pass(1);
	ck_assert_str_eq(recorder_told(), "close");
}
END_TEST

START_TEST(every_detach_starts_the_wait_anew)
{
	for (int i = 0; i < 3; i++) {
		session_detach(session);
		pass(4999);
		ck_assert(is_alive());
		ck_assert(memory_outlet_attach(&outlet, session));
		pass(6000);
		ck_assert(is_alive());
	}
	session_detach(session);
	pass(4999);
	ck_assert(is_alive());
	pass(1);
	ck_assert(!is_alive());
}
END_TEST

START_TEST(time_in_which_we_stand_still_ends_no_session)
{
	session_detach(session);
	pass(4999);
	still_workers_stand_still(worker->workers, 60000);
	ck_assert(is_alive());
	pass(1);
	ck_assert(!is_alive());
}
END_TEST

START_TEST(a_heartbeat_is_sent_when_nothing_else_was)
{
	pass(24999);
	assert_got(&outlet, "");
	pass(1);
	assert_got(&outlet, "h");
	pass(20000);
	say("x");
	assert_got(&outlet, "a[\"x\"]");
	pass(24999);
	assert_got(&outlet, "");
	pass(1);
	assert_got(&outlet, "h");
}
END_TEST

START_TEST(a_heartbeat_that_waited_leaves_once)
{
	outlet.blocked = true;
	pass(25000 + 9999);
	assert_got(&outlet, "");
	unblock();
	assert_got(&outlet, "h");
}
END_TEST

START_TEST(no_heartbeat_waits_for_the_next_outlet)
{
	outlet.blocked = true;
	pass(25000);
	session_detach(session);
	pass(4000);
	memory_outlet_attach(&second, session);
	pass(24999);
	assert_got(&second, "");
	pass(1);
	assert_got(&second, "h");
}
END_TEST

START_TEST(a_raw_session_has_no_heartbeats)
{
	struct session *raw = still_workers_open(worker, "/echo", SESSION_RAW, "");

	second.wire = WIRE_PLAIN;
	memory_outlet_attach(&second, raw);
	pass(200000);
	assert_got(&second, "");
	ck_assert_int_eq(session_state(raw), SESSION_OPEN);
}
END_TEST

START_TEST(the_session_remembers_when_it_sent_and_heard)
{
	uint64_t start = loop_now(worker->loop);

	pass(100);
	say("x");
	pass(100);
	session_heard(session);
	pass(100);
	ck_assert_uint_eq(session_sent_at(session), start + 100);
	ck_assert_uint_eq(session_heard_at(session), start + 200);
	session_receive(session, SLICE("y"), PAYLOAD_TEXT);
	ck_assert_uint_eq(session_heard_at(session), start + 300);
}
END_TEST

/* Deafness */

static const enum session_framing framings[] = {SESSION_RAW, SESSION_SOCKJS};

START_TEST(an_outlet_that_takes_nothing_is_given_up)
{
	struct session *deaf = still_workers_open(worker, "/echo", framings[_i], "");

	second.wire = framings[_i] == SESSION_RAW ? WIRE_PLAIN : WIRE_SOCKJS;
	second.blocked = true;
	memory_outlet_attach(&second, deaf);
	pass(3000);
	session_send_text(deaf, SLICE("x"), PAYLOAD_TEXT);
	pass(9999);
	assert_got(&second, "");
	pass(1);
	assert_got(&second, "end");
	ck_assert_str_eq(recorder_told(), "open open close");
}
END_TEST

START_TEST(an_outlet_that_does_not_even_take_a_heartbeat_is_given_up)
{
	outlet.blocked = true;
	pass(25000 + 9999);
	assert_got(&outlet, "");
	pass(1);
	assert_got(&outlet, "end");
}
END_TEST

START_TEST(an_outlet_that_takes_a_little_is_kept)
{
	outlet.budget = 1; /* a message for a frame */
	outlet.holds = true;
	for (int i = 0; i < 5; i++)
		say("x");
	for (int i = 0; i < 5; i++) {
		pass(9999);
		assert_got(&outlet, "a[\"x\"]");
		memory_outlet_written(&outlet);
		memory_outlet_pull(&outlet);
	}
	pass(20000);
	ck_assert(is_alive());
}
END_TEST

START_TEST(an_outlet_whose_peer_reads_slowly_is_kept)
{
	outlet.blocked = outlet.reads = true;
	say("x");
	pass(100000);
	ck_assert(is_alive());
	outlet.reads = false;
	pass(9999 + 8750);
	assert_got(&outlet, "end");
}
END_TEST

START_TEST(a_closing_session_waits_for_a_peer_that_reads_slowly)
{
	outlet.blocked = outlet.reads = true;
	say("x");
	session_close(session, ENDING_HANDLER);
	pass(100000);
	assert_got(&outlet, "");
	unblock();
	assert_got(&outlet, "a[\"x\"] c[3000,\"Go away!\"]");
}
END_TEST

START_TEST(a_close_that_nobody_takes_lingers_for_a_while)
{
	outlet.blocked = true;
	session_close(session, ENDING_HANDLER);
	pass(999);
	assert_got(&outlet, "");
	pass(1);
	assert_got(&outlet, "end");
}
END_TEST

START_TEST(a_closing_session_gives_a_reader_time_for_what_was_queued)
{
	outlet.blocked = true;
	say("x");
	session_close(session, ENDING_HANDLER);
	pass(9999);
	assert_got(&outlet, "");
	outlet.blocked = false;
	memory_outlet_pull(&outlet);
	assert_got(&outlet, "a[\"x\"] c[3000,\"Go away!\"]");
}
END_TEST

START_TEST(a_closing_session_whose_reader_stands_still_is_given_up)
{
	outlet.blocked = true;
	say("x");
	session_close(session, ENDING_HANDLER);
	pass(10000);
	assert_got(&outlet, "end");
}
END_TEST

START_TEST(a_close_lingers_for_each_outlet_that_comes_for_it)
{
	session_detach(session);
	session_close(session, ENDING_HANDLER);
	pass(4000);
	/* A stream writes its head before it takes the first frame. */
	second.blocked = true;
	memory_outlet_attach(&second, session);
	pass(500);
	second.blocked = false;
	memory_outlet_pull(&second);
	assert_got(&second, "c[3000,\"Go away!\"]");
}
END_TEST

START_TEST(a_close_waits_for_an_outlet_as_long_as_a_session_does)
{
	session_detach(session);
	pass(3000);
	session_close(session, ENDING_HANDLER);
	pass(4999);
	ck_assert(is_alive());
	pass(1);
	ck_assert(!is_alive());
}
END_TEST

/* Slowness */

static void say_long(size_t len)
{
	struct buf text = {0};

	memset(buf_reserve(&text, len), 'x', len);
	text.len = len;
	session_send_text(session, buf_slice(&text), PAYLOAD_TEXT);
	buf_finish(&text);
}

/* Bytes of messages that the peer does not take. */
static const size_t floods[][3] = {
	{1, 1, 1},    /* too many */
	{1, 2000, 1}, /* too large */
};

START_TEST(a_queue_over_its_bound_is_dropped_for_a_last_word_and_the_close)
{
	outlet.blocked = true;
	for (int i = 0; i < 3; i++)
		say_long(floods[_i][i]);
	ck_assert_str_eq(
		recorder_told(), "open"); /* never from inside session_send() */
	still_workers_settle(worker->workers);
	ck_assert_str_eq(recorder_told(), "overflow");
	say("too late");
	unblock();
	assert_got(&outlet, "a[\"too slow\"] c[1008,\"Slow consumer\"]");
	ck_assert_str_eq(recorder_told(), "close");
}
END_TEST

START_TEST(an_empty_queue_takes_a_message_of_any_size)
{
	say_long(2000);
	still_workers_settle(worker->workers);
	ck_assert_uint_eq(strlen(memory_outlet_got(&outlet)), 2000 + strlen("a[\"\"]"));
	ck_assert_str_eq(recorder_told(), "open");
}
END_TEST

START_TEST(a_queue_that_is_fetched_in_time_never_overflows)
{
	for (int i = 0; i < 100; i++) {
		say("1");
		say("2");
		assert_got(&outlet, "a[\"1\",\"2\"]");
	}
	ck_assert_str_eq(recorder_told(), "open");
}
END_TEST

static void say_post(struct worker *at, struct post *post)
{
	(void)at;
	free(post);
	say("x");
}

START_TEST(a_burst_of_one_turn_never_overflows_a_queue_that_is_fetched)
{
	for (int i = 0; i < 100; i++) {
		struct post *post = xcalloc(1, sizeof(*post));

		post->run = say_post;
		worker_post(worker, worker->index, post);
	}
	still_workers_settle(worker->workers);
	ck_assert_str_eq(recorder_told(), "open");
	ck_assert_uint_gt(strlen(memory_outlet_got(&outlet)), 300);
}
END_TEST

START_TEST(what_an_outlet_holds_is_not_dropped)
{
	outlet.holds = true;
	say("held");
	assert_got(&outlet, "a[\"held\"]");
	say("1");
	say("2");
	still_workers_settle(worker->workers);
	ck_assert_str_eq(recorder_told(), "open overflow");
	memory_outlet_written(&outlet);
	outlet.holds = false;
	memory_outlet_pull(&outlet);
	assert_got(&outlet, "a[\"too slow\"] c[1008,\"Slow consumer\"]");
}
END_TEST

START_TEST(the_last_word_is_taken_even_when_the_outlet_holds_a_full_queue)
{
	outlet.holds = true;
	say("1");
	say("2");
	assert_got(&outlet, "a[\"1\",\"2\"]");
	say("3"); /* the queue counts as empty */
	say("4");
	still_workers_settle(worker->workers);
	memory_outlet_written(&outlet);
	outlet.holds = false;
	memory_outlet_pull(&outlet);
	assert_got(&outlet, "a[\"too slow\"] c[1008,\"Slow consumer\"]");
	ck_assert_str_eq(recorder_told(), "open overflow close");
}
END_TEST

START_TEST(a_queue_without_outlet_overflows_too)
{
	session_detach(session);
	for (int i = 0; i < 3; i++)
		say("x");
	still_workers_settle(worker->workers);
	ck_assert_str_eq(recorder_told(), "open overflow");
	memory_outlet_attach(&second, session);
	assert_got(&second, "a[\"too slow\"] c[1008,\"Slow consumer\"]");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("session times");
	TCase *silence = unit_case(suite, "silence");
	TCase *deafness = unit_case(suite, "deafness");
	TCase *slowness = unit_case(suite, "slowness");

	still_workers_run(&recorder_handler);
	tcase_add_checked_fixture(silence, setup, teardown);
	tcase_add_test(silence, a_session_that_nobody_fetches_ends);
	tcase_add_test(silence, every_detach_starts_the_wait_anew);
	tcase_add_test(silence, time_in_which_we_stand_still_ends_no_session);
	tcase_add_test(silence, a_heartbeat_is_sent_when_nothing_else_was);
	tcase_add_test(silence, a_heartbeat_that_waited_leaves_once);
	tcase_add_test(silence, no_heartbeat_waits_for_the_next_outlet);
	tcase_add_test(silence, a_raw_session_has_no_heartbeats);
	tcase_add_test(silence, the_session_remembers_when_it_sent_and_heard);

	tcase_add_checked_fixture(deafness, setup, teardown);
	unit_add_table(deafness, an_outlet_that_takes_nothing_is_given_up, framings);
	tcase_add_test(
		deafness, an_outlet_that_does_not_even_take_a_heartbeat_is_given_up);
	tcase_add_test(deafness, an_outlet_that_takes_a_little_is_kept);
	tcase_add_test(deafness, an_outlet_whose_peer_reads_slowly_is_kept);
	tcase_add_test(deafness, a_closing_session_waits_for_a_peer_that_reads_slowly);
	tcase_add_test(deafness, a_close_that_nobody_takes_lingers_for_a_while);
	tcase_add_test(
		deafness, a_closing_session_gives_a_reader_time_for_what_was_queued);
	tcase_add_test(
		deafness, a_closing_session_whose_reader_stands_still_is_given_up);
	tcase_add_test(deafness, a_close_lingers_for_each_outlet_that_comes_for_it);
	tcase_add_test(deafness, a_close_waits_for_an_outlet_as_long_as_a_session_does);

	tcase_add_checked_fixture(slowness, setup_small_queue, teardown);
	unit_add_table(slowness,
		a_queue_over_its_bound_is_dropped_for_a_last_word_and_the_close,
		floods);
	tcase_add_test(slowness, an_empty_queue_takes_a_message_of_any_size);
	tcase_add_test(slowness, a_queue_that_is_fetched_in_time_never_overflows);
	tcase_add_test(
		slowness, a_burst_of_one_turn_never_overflows_a_queue_that_is_fetched);
	tcase_add_test(slowness, what_an_outlet_holds_is_not_dropped);
	tcase_add_test(slowness,
		the_last_word_is_taken_even_when_the_outlet_holds_a_full_queue);
	tcase_add_test(slowness, a_queue_without_outlet_overflows_too);
	return unit_run(suite);
}
