/* The answers to the console, their sources, and the permission to ask. */
/* tags: workers */
#include "tests/support/console_site.h"
#include "tests/support/still_workers.h"
#include "tests/support/unit.h"

#include <stdio.h>

static void setup(void)
{
	console_site_begin("'broker': {'client_send': false}");
}

static void setup_wide(void)
{
	console_site_begin("'limits': {'subscriptions': 2000, 'queue_bytes': 400000, "
			   "'destination': 2000}");
}

static void setup_full(void)
{
	console_site_begin("'limits': {'sessions': 1}");
}

START_TEST(the_overview_counts_what_there_is)
{
	stomp_peer_say(console_site.peer, "SUBSCRIBE{id:1}{destination:/topic/a}");
	console_site_ask("overview", "");
	json_t *overview = console_site_answer("overview");

	ck_assert_int_eq(console_site_number(overview, "opened"), 2);
	ck_assert_int_eq(console_site_number(overview, "destinations"), 1);
	ck_assert_int_eq(console_site_number(overview, "workers"),
		console_site.worker->workers->count);
	ck_assert_int_eq(
		console_site_number(json_object_get(overview, "sessions"), "tcp") +
			console_site_number(
				json_object_get(overview, "sessions"), "websocket_raw"),
		2);
	ck_assert_str_eq(console_site_text(overview, "version"), POSTERN_VERSION);
	json_decref(overview);
}
END_TEST

START_TEST(sessions_of_all_workers_are_found_by_any_of_their_texts)
{
	json_t *row, *json;
	char search[64];

	stomp_peer_say(console_site.peer, "SUBSCRIBE{id:1}{destination:/topic/a}");
	console_site_ask("sessions", "");
	json_decref(console_site_rows("sessions", 2, &row));
	snprintf(search, sizeof(search), "{\"search\":\"%s\"}",
		console_site_label(console_site.peer));
	console_site_ask("sessions", search);
	json = console_site_rows("sessions", 1, &row);
	ck_assert_str_eq(console_site_text(row, "session"),
		console_site_label(console_site.peer));
	ck_assert_str_eq(console_site_text(row, "endpoint"), "/stomp");
	ck_assert_str_eq(console_site_text(row, "address"), "192.0.2.1");
	ck_assert_int_eq(console_site_number(row, "subscriptions"), 1);
	ck_assert_int_eq(console_site_number(row, "queued"), 0);
	json_decref(json);
	console_site_ask("sessions", "{\"search\":\"nobody\"}");
	json_decref(console_site_rows("sessions", 0, &row));
}
END_TEST

START_TEST(no_more_rows_come_than_are_asked_for)
{
	console_site_ask("sessions", "{\"most\":1}");
	json_t *json = console_site_answer("sessions");

	ck_assert_int_eq(console_site_number(json, "total"), 2);
	ck_assert_uint_eq(json_array_size(json_object_get(json, "rows")), 1);
	json_decref(json);
}
END_TEST

START_TEST(destinations_tell_who_listens_and_what_waits)
{
	json_t *row, *json;

	stomp_peer_say(console_site.peer, "SUBSCRIBE{id:1}{destination:/topic/a}");
	stomp_peer_say(console_site.watcher, "SEND{destination:/topic/a}[x]");
	stomp_peer_say(console_site.watcher, "SEND{destination:/queue/q}[x]");
	stomp_peer_heard(console_site.watcher);
	console_site_ask("destinations", "{\"search\":\"/topic\"}");
	json = console_site_rows("destinations", 1, &row);
	ck_assert_str_eq(console_site_text(row, "destination"), "/topic/a");
	ck_assert_int_eq(console_site_number(row, "subscribers"), 1);
	ck_assert_int_eq(console_site_number(row, "messages"), 1);
	json_decref(json);
	console_site_ask("destinations", "{\"search\":\"queue\"}");
	json = console_site_rows("destinations", 1, &row);
	ck_assert_str_eq(console_site_text(row, "destination"), "/queue/q");
	ck_assert_int_eq(console_site_number(row, "ready"), 1);
	ck_assert_int_eq(console_site_number(row, "parked"), 0);
	ck_assert_int_eq(console_site_number(row, "unacknowledged"), 0);
	json_decref(json);
	stomp_peer_say(
		console_site.peer, "SUBSCRIBE{id:2}{destination:/queue/q}{ack:client}");
	console_site_ask("destinations", "{\"search\":\"queue\"}");
	json = console_site_rows("destinations", 1, &row);
	ck_assert_int_eq(console_site_number(row, "ready"), 0);
	ck_assert_int_eq(console_site_number(row, "unacknowledged"), 1);
	json_decref(json);
}
END_TEST

START_TEST(one_session_tells_what_it_has_subscribed_to)
{
	json_t *row, *json;
	char whom[64];

	stomp_peer_say(console_site.peer, "SUBSCRIBE{id:1}{destination:/topic/a}");
	stomp_peer_say(
		console_site.peer, "SUBSCRIBE{id:2}{destination:/queue/q}{ack:client}");
	stomp_peer_say(console_site.watcher, "SEND{destination:/queue/q}[x]");
	stomp_peer_heard(console_site.watcher);
	snprintf(whom, sizeof(whom), "{\"session\":\"%s\"}",
		console_site_label(console_site.peer));
	console_site_ask("session", whom);
	json = console_site_rows("session", 1, &row);
	ck_assert_str_eq(console_site_text(row, "session"),
		console_site_label(console_site.peer));
	ck_assert_str_eq(console_site_text(row, "origin"), "");
	ck_assert(json_is_true(json_object_get(row, "traceable")));
	const json_t *list = json_object_get(row, "list");
	ck_assert_uint_eq(json_array_size(list), 2);
	ck_assert_str_eq(
		console_site_text(json_array_get(list, 0), "destination"), "/topic/a");
	ck_assert_str_eq(console_site_text(json_array_get(list, 0), "ack"), "auto");
	ck_assert_str_eq(console_site_text(json_array_get(list, 1), "ack"), "client");
	ck_assert_int_eq(
		console_site_number(json_array_get(list, 1), "unacknowledged"), 1);
	json_decref(json);
	console_site_ask("session", "{\"session\":\"nobody\"}");
	json_decref(console_site_rows("session", 0, &row));
}
END_TEST

START_TEST(the_console_says_that_its_own_session_is_not_traced)
{
	json_t *row;
	char whom[64];

	snprintf(whom, sizeof(whom), "{\"session\":\"%s\"}",
		console_site_label(console_site.watcher));
	console_site_ask("session", whom);
	json_t *json = console_site_rows("session", 1, &row);
	ck_assert(json_is_false(json_object_get(row, "traceable")));
	json_decref(json);
}
END_TEST

START_TEST(who_is_kicked_is_gone)
{
	json_t *row;
	char whom[64];

	snprintf(whom, sizeof(whom), "{\"session\":\"%s\"}",
		console_site_label(console_site.peer));
	console_site_ask("kick", whom);
	assert_heard(console_site.peer, "close 1008 Closed by an operator");
	json_decref(console_site_rows("kick", 1, &row));
	console_site_ask("sessions", "");
	json_decref(console_site_rows("sessions", 1, &row));
}
END_TEST

/* Names of that length; the console's queue could not take so many long ones. */
static void subscribe_to_topics(int count, int length)
{
	for (int i = 0; i < count; i++) {
		struct buf frame = {0};

		buf_printf(&frame, "SUBSCRIBE{id:%d}{destination:/topic/%d-", i, i);
		while (frame.len < (size_t)length)
			buf_append_char(&frame, 'x');
		buf_append(&frame, SLICE("}"));
		buf_append_char(&frame, '\0');
		stomp_peer_mutter(console_site.peer, frame.data);
		still_workers_settle(console_site.worker->workers);
		buf_finish(&frame);
	}
}

START_TEST(long_names_do_not_end_a_console)
{
	subscribe_to_topics(500, 1000);
	console_site_ask("destinations", "");
	json_t *json = console_site_answer("destinations");

	ck_assert_int_eq(console_site_number(json, "total"), 500);
	ck_assert_uint_gt(json_array_size(json_object_get(json, "rows")), 50);
	ck_assert_uint_lt(json_array_size(json_object_get(json, "rows")), 500);
	json_decref(json);
	console_site_ask("overview", "");
	json_decref(console_site_answer("overview"));
}
END_TEST

START_TEST(who_asks_for_too_many_rows_gets_more_than_who_does_not_say)
{
	subscribe_to_topics(1002, 0);
	console_site_ask("destinations", "{\"most\":5001}");
	json_t *json = console_site_answer("destinations");

	ck_assert_uint_eq(json_array_size(json_object_get(json, "rows")), 1002);
	json_decref(json);
	console_site_ask("destinations", "");
	json = console_site_answer("destinations");
	ck_assert_uint_eq(json_array_size(json_object_get(json, "rows")), 1000);
	ck_assert_int_eq(console_site_number(json, "total"), 1002);
	json_decref(json);
}
END_TEST

START_TEST(who_has_been_told_its_last_word_is_found_until_it_is_gone)
{
	json_t *row;

	console_site.peer->memory.blocked = true;
	stomp_peer_say(console_site.peer, "SEND{destination:nowhere}");
	ck_assert_int_eq(
		session_state(console_site.peer->memory.session), SESSION_CLOSING);
	console_site_ask("sessions", "");
	json_decref(console_site_rows("sessions", 2, &row));
	console_site.peer->memory.blocked = false;
}
END_TEST

START_TEST(a_console_finds_room_when_there_is_none)
{
	json_t *row;

	atomic_store(&console_site.worker->workers->tight, true); /* memory is */
	struct stomp_peer *second =
		stomp_peer_connect_at(console_site.worker, "/console", "1.2");
	console_site_ask("sessions", "");
	json_decref(console_site_rows("sessions", 3, &row));
	stomp_peer_destroy(second);
}
END_TEST

START_TEST(nobody_else_may_ask)
{
	stomp_peer_say(console_site.peer,
		"SEND{destination:/admin/overview}{reply-to:/temp-queue/c}{receipt:r}");
	ck_assert_ptr_nonnull(strstr(stomp_peer_heard(console_site.peer), "ERROR"));
}
END_TEST

static const char *const bad[] = {
	"SEND{destination:/admin/overview}",
	"SEND{destination:/admin/overview}{reply-to:/topic/a}",
	"SEND{destination:/admin/none}{reply-to:/temp-queue/c}",
	"SEND{destination:/admin/sessions}{reply-to:/temp-queue/c}[[]]",
	"SEND{destination:/admin/sessions}{reply-to:/temp-queue/c}[{]",
	"SEND{destination:/admin/sessions}{reply-to:/reply-queue/9-0}",
};

START_TEST(a_bad_question_is_refused)
{
	stomp_peer_say(console_site.watcher, bad[_i]);
	ck_assert_ptr_nonnull(
		strstr(stomp_peer_heard(console_site.watcher), "ERROR{message:The"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("console");
	TCase *tcase = unit_case(suite, "services");

	tcase_add_checked_fixture(tcase, setup, console_site_end);
	tcase_add_test(tcase, the_overview_counts_what_there_is);
	tcase_add_test(tcase, sessions_of_all_workers_are_found_by_any_of_their_texts);
	tcase_add_test(tcase, no_more_rows_come_than_are_asked_for);
	tcase_add_test(tcase, destinations_tell_who_listens_and_what_waits);
	tcase_add_test(tcase, one_session_tells_what_it_has_subscribed_to);
	tcase_add_test(tcase, the_console_says_that_its_own_session_is_not_traced);
	tcase_add_test(tcase, who_is_kicked_is_gone);
	tcase_add_test(
		tcase, who_has_been_told_its_last_word_is_found_until_it_is_gone);
	tcase_add_test(tcase, nobody_else_may_ask);
	unit_add_table(tcase, a_bad_question_is_refused, bad);

	TCase *wide = unit_case(suite, "wide");
	tcase_add_checked_fixture(wide, setup_wide, console_site_end);
	tcase_add_test(wide, long_names_do_not_end_a_console);
	tcase_add_test(
		wide, who_asks_for_too_many_rows_gets_more_than_who_does_not_say);

	TCase *full = unit_case(suite, "full");
	tcase_add_checked_fixture(full, setup_full, console_site_end);
	tcase_add_test(full, a_console_finds_room_when_there_is_none);
	return unit_run(suite);
}
