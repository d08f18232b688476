/*
 * The frames of a session in a trace: their form, their number, and the trace's
 * duration.
 */
/* tags: workers */
#include "tests/support/console_site.h"
#include "tests/support/still_workers.h"
#include "tests/support/unit.h"

#include <stdio.h>

static void setup(void)
{
	console_site_begin("'broker': {'client_send': false}");
}

static void ask_for_trace(const struct stomp_peer *whom, size_t found)
{
	json_t *row;
	char question[64];

	snprintf(question, sizeof(question), "{\"session\":\"%s\"}",
		console_site_label(whom));
	console_site_ask("trace", question);
	json_decref(console_site_rows("trace", found, &row));
}

START_TEST(a_trace_tells_of_both_directions_and_hides_secrets)
{
	ask_for_trace(console_site.peer, 1);
	stomp_peer_say(console_site.peer,
		"SUBSCRIBE{id:1}{destination:/topic/a}{my-token:sesame}"
		"{x:eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiIi.sesame}");
	json_t *frame = console_site_answer("frame");
	ck_assert_str_eq(console_site_text(frame, "direction"), "in");
	ck_assert_str_eq(console_site_text(frame, "head"),
		"SUBSCRIBE\nid:1\ndestination:/topic/a\nmy-token:***\nx:***\n");
	json_decref(frame);

	stomp_peer_say(console_site.watcher,
		"SEND{destination:/topic/a}{passcode:sesame}[hello]");
	frame = console_site_answer("frame");
	ck_assert_str_eq(console_site_text(frame, "direction"), "out");
	ck_assert_ptr_null(strstr(console_site_text(frame, "head"), "sesame"));
	ck_assert_str_eq(console_site_text(frame, "body"), "hello");
	ck_assert_str_eq(console_site_text(frame, "session"),
		console_site_label(console_site.peer));
	json_decref(frame);
}
END_TEST

START_TEST(a_trace_cuts_long_bodies_and_tells_their_length)
{
	struct buf frame = {0};

	ask_for_trace(console_site.peer, 1);
	buf_append(&frame, SLICE("SEND{destination:/app/none}["));
	for (int i = 0; i < 3000; i++)
		buf_append_char(&frame, 'x');
	buf_append(&frame, SLICE("]"));
	buf_append_char(&frame, '\0');
	stomp_peer_mutter(console_site.peer, frame.data);
	still_workers_settle(console_site.worker->workers);
	const char *heard = stomp_peer_heard(console_site.watcher);
	ck_assert_ptr_nonnull(strstr(heard, "\"bytes\":3000"));
	ck_assert_uint_lt(strlen(heard), 3000);
	buf_finish(&frame);
}
END_TEST

START_TEST(a_trace_ends_when_nobody_asks_on)
{
	ask_for_trace(console_site.peer, 1);
	still_workers_advance(console_site.worker->workers, 16000);
	stomp_peer_heard(console_site.watcher);
	stomp_peer_say(console_site.peer, "SUBSCRIBE{id:1}{destination:/topic/a}");
	assert_heard(console_site.watcher, "");
}
END_TEST

/* More frames in a second than a trace reports. */
static void subscribe_150_times(void)
{
	char frame[64];

	for (int i = 0; i < 150; i++) {
		snprintf(frame, sizeof(frame), "SUBSCRIBE{id:%d}{destination:/topic/a}",
			i);
		stomp_peer_say(console_site.peer, frame);
	}
}

START_TEST(much_that_is_said_is_told_in_part)
{
	size_t told = 0;

	ask_for_trace(console_site.peer, 1);
	subscribe_150_times();
	for (const char *at = stomp_peer_heard(console_site.watcher);
		(at = strstr(at, "{about:/frame}")) != NULL; at++)
		told++;
	ck_assert_uint_eq(told, 100);
	still_workers_advance(console_site.worker->workers, 1000);
	stomp_peer_say(console_site.peer, "UNSUBSCRIBE{id:0}");
	json_t *last = console_site_answer("frame");
	ck_assert_int_eq(console_site_number(last, "skipped"), 50);
	json_decref(last);
}
END_TEST

START_TEST(what_was_skipped_is_told_although_the_trace_was_asked_for_again)
{
	ask_for_trace(console_site.peer, 1);
	subscribe_150_times();
	stomp_peer_heard(console_site.watcher);
	ask_for_trace(console_site.peer, 1);
	still_workers_advance(console_site.worker->workers, 1000);
	stomp_peer_say(console_site.peer, "UNSUBSCRIBE{id:0}");
	json_t *last = console_site_answer("frame");
	ck_assert_int_eq(console_site_number(last, "skipped"), 50);
	json_decref(last);
}
END_TEST

START_TEST(a_trace_cuts_what_is_no_frame)
{
	struct session *echo =
		still_workers_open(console_site.worker, "/echo", SESSION_RAW, "");
	struct memory_outlet outlet = {.session = NULL};
	struct buf said = {0};
	json_t *row;
	char question[64];

	memory_outlet_attach(&outlet, echo);
	snprintf(question, sizeof(question), "{\"session\":\"%.*s\"}",
		SLICE_ARGS(session_label(echo)));
	console_site_ask("trace", question);
	json_decref(console_site_rows("trace", 1, &row));
	for (int i = 0; i < 20000; i++)
		buf_append_char(&said, 'x');
	session_receive(echo, buf_slice(&said), PAYLOAD_TEXT);
	still_workers_settle(console_site.worker->workers);
	json_t *frame = console_site_answer("frame");
	ck_assert_uint_le(strlen(console_site_text(frame, "head")), 4096 + 8);
	json_decref(frame);
	session_lost(echo, ENDING_INTERRUPTED);
	still_workers_settle(console_site.worker->workers);
	memory_outlet_finish(&outlet);
	buf_finish(&said);
}
END_TEST

START_TEST(a_console_is_not_traced)
{
	ask_for_trace(console_site.watcher, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("console trace");
	TCase *tcase = unit_case(suite, "traces");

	tcase_add_checked_fixture(tcase, setup, console_site_end);
	tcase_add_test(tcase, a_trace_tells_of_both_directions_and_hides_secrets);
	tcase_add_test(tcase, a_trace_cuts_long_bodies_and_tells_their_length);
	tcase_add_test(tcase, a_trace_ends_when_nobody_asks_on);
	tcase_add_test(tcase, much_that_is_said_is_told_in_part);
	tcase_add_test(
		tcase, what_was_skipped_is_told_although_the_trace_was_asked_for_again);
	tcase_add_test(tcase, a_trace_cuts_what_is_no_frame);
	tcase_add_test(tcase, a_console_is_not_traced);
	return unit_run(suite);
}
