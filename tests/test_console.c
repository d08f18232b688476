/* What the console is told, by whoever knows, and who may ask. */
/* tags: workers */
#include "gateway/console/console.h"

#include "tests/support/still_workers.h"
#include "tests/support/stomp_peer.h"
#include "tests/support/unit.h"

#include <jansson.h>
#include <stdio.h>

static struct worker *worker;
static struct stomp_peer *watcher, *peer;

static void begin(const char *members)
{
	struct workers *workers = still_workers_create(members);

	((struct endpoint *)still_workers_endpoint(workers, "/console"))->is_console =
		true;
	worker = workers->all[0];
	peer = stomp_peer_connect(workers->all[workers->count - 1], "1.2");
	watcher = stomp_peer_connect_at(worker, "/console", "1.2");
}

static void setup(void)
{
	begin("'broker': {'client_send': false}");
}

static void setup_wide(void)
{
	begin("'limits': {'subscriptions': 2000, 'queue_bytes': 400000, 'destination': "
	      "2000}");
}

static void setup_full(void)
{
	begin("'limits': {'sessions': 1}");
}

static void teardown(void)
{
	stomp_peer_destroy(watcher);
	stomp_peer_destroy(peer);
	still_workers_destroy(worker->workers);
}

static void ask(const char *service, const char *body)
{
	char frame[512];

	snprintf(frame, sizeof(frame),
		"SEND{destination:/admin/%s}{reply-to:/temp-queue/c}[%s]", service,
		body);
	stomp_peer_say(watcher, frame);
}

/* The body of the only answer that came since. */
static json_t *answer(const char *service)
{
	const char *heard = stomp_peer_heard(watcher);
	const char *body = strchr(heard, '[');
	char about[64];

	snprintf(about, sizeof(about), "{about:/%s}", service);
	ck_assert_msg(body != NULL && strstr(heard, about) != NULL, "%s", heard);
	json_t *json = json_loads(
		body + 1, JSON_DISABLE_EOF_CHECK | JSON_REJECT_DUPLICATES, NULL);
	ck_assert_msg(json != NULL, "%s", heard);
	return json;
}

static json_int_t number(const json_t *json, const char *name)
{
	const json_t *value = json_object_get(json, name);

	ck_assert_msg(json_is_integer(value), "%s", name);
	return json_integer_value(value);
}

static const char *text(const json_t *json, const char *name)
{
	const char *value = json_string_value(json_object_get(json, name));

	return value == NULL ? "" : value;
}

/* The rows of an answer; row 0 is *first. */
static json_t *rows_of(const char *service, size_t count, json_t **first)
{
	json_t *json = answer(service);
	json_t *rows = json_object_get(json, "rows");

	ck_assert_uint_eq(json_array_size(rows), count);
	ck_assert_int_eq(number(json, "total"), (json_int_t)count);
	*first = json_array_get(rows, 0);
	return json;
}

static const char *label_of(const struct stomp_peer *whom)
{
	static char label[32];

	snprintf(label, sizeof(label), "%.*s",
		SLICE_ARGS(session_label(whom->memory.session)));
	return label;
}

START_TEST(the_overview_counts_what_there_is)
{
	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/topic/a}");
	ask("overview", "");
	json_t *overview = answer("overview");

	ck_assert_int_eq(number(overview, "opened"), 2);
	ck_assert_int_eq(number(overview, "destinations"), 1);
	ck_assert_int_eq(number(overview, "workers"), worker->workers->count);
	ck_assert_int_eq(
		number(json_object_get(overview, "sessions"), "tcp") +
			number(json_object_get(overview, "sessions"), "websocket_raw"),
		2);
	ck_assert_str_eq(text(overview, "version"), POSTERN_VERSION);
	json_decref(overview);
}
END_TEST

START_TEST(sessions_of_all_workers_are_found_by_any_of_their_texts)
{
	json_t *row, *json;
	char search[64];

	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/topic/a}");
	ask("sessions", "");
	json_decref(rows_of("sessions", 2, &row));
	snprintf(search, sizeof(search), "{\"search\":\"%s\"}", label_of(peer));
	ask("sessions", search);
	json = rows_of("sessions", 1, &row);
	ck_assert_str_eq(text(row, "session"), label_of(peer));
	ck_assert_str_eq(text(row, "endpoint"), "/stomp");
	ck_assert_str_eq(text(row, "address"), "192.0.2.1");
	ck_assert_int_eq(number(row, "subscriptions"), 1);
	ck_assert_int_eq(number(row, "queued"), 0);
	json_decref(json);
	ask("sessions", "{\"search\":\"nobody\"}");
	json_decref(rows_of("sessions", 0, &row));
}
END_TEST

START_TEST(no_more_rows_come_than_are_asked_for)
{
	ask("sessions", "{\"most\":1}");
	json_t *json = answer("sessions");

	ck_assert_int_eq(number(json, "total"), 2);
	ck_assert_uint_eq(json_array_size(json_object_get(json, "rows")), 1);
	json_decref(json);
}
END_TEST

START_TEST(destinations_tell_who_listens_and_what_waits)
{
	json_t *row, *json;

	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/topic/a}");
	stomp_peer_say(watcher, "SEND{destination:/topic/a}[x]");
	stomp_peer_say(watcher, "SEND{destination:/queue/q}[x]");
	stomp_peer_heard(watcher);
	ask("destinations", "{\"search\":\"/topic\"}");
	json = rows_of("destinations", 1, &row);
	ck_assert_str_eq(text(row, "destination"), "/topic/a");
	ck_assert_int_eq(number(row, "subscribers"), 1);
	ck_assert_int_eq(number(row, "messages"), 1);
	json_decref(json);
	ask("destinations", "{\"search\":\"queue\"}");
	json = rows_of("destinations", 1, &row);
	ck_assert_str_eq(text(row, "destination"), "/queue/q");
	ck_assert_int_eq(number(row, "ready"), 1);
	ck_assert_int_eq(number(row, "unacknowledged"), 0);
	json_decref(json);
	stomp_peer_say(peer, "SUBSCRIBE{id:2}{destination:/queue/q}{ack:client}");
	ask("destinations", "{\"search\":\"queue\"}");
	json = rows_of("destinations", 1, &row);
	ck_assert_int_eq(number(row, "ready"), 0);
	ck_assert_int_eq(number(row, "unacknowledged"), 1);
	json_decref(json);
}
END_TEST

START_TEST(one_session_tells_what_it_has_subscribed_to)
{
	json_t *row, *json;
	char whom[64];

	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/topic/a}");
	stomp_peer_say(peer, "SUBSCRIBE{id:2}{destination:/queue/q}{ack:client}");
	stomp_peer_say(watcher, "SEND{destination:/queue/q}[x]");
	stomp_peer_heard(watcher);
	snprintf(whom, sizeof(whom), "{\"session\":\"%s\"}", label_of(peer));
	ask("session", whom);
	json = rows_of("session", 1, &row);
	ck_assert_str_eq(text(row, "session"), label_of(peer));
	ck_assert_str_eq(text(row, "origin"), "");
	ck_assert(json_is_true(json_object_get(row, "traceable")));
	const json_t *list = json_object_get(row, "list");
	ck_assert_uint_eq(json_array_size(list), 2);
	ck_assert_str_eq(text(json_array_get(list, 0), "destination"), "/topic/a");
	ck_assert_str_eq(text(json_array_get(list, 0), "ack"), "auto");
	ck_assert_str_eq(text(json_array_get(list, 1), "ack"), "client");
	ck_assert_int_eq(number(json_array_get(list, 1), "unacknowledged"), 1);
	json_decref(json);
	ask("session", "{\"session\":\"nobody\"}");
	json_decref(rows_of("session", 0, &row));
}
END_TEST

START_TEST(the_console_says_that_its_own_session_is_not_traced)
{
	json_t *row;
	char whom[64];

	snprintf(whom, sizeof(whom), "{\"session\":\"%s\"}", label_of(watcher));
	ask("session", whom);
	json_t *json = rows_of("session", 1, &row);
	ck_assert(json_is_false(json_object_get(row, "traceable")));
	json_decref(json);
}
END_TEST

START_TEST(who_is_kicked_is_gone)
{
	json_t *row;
	char whom[64];

	snprintf(whom, sizeof(whom), "{\"session\":\"%s\"}", label_of(peer));
	ask("kick", whom);
	assert_heard(peer, "close 1008 Closed by an operator");
	json_decref(rows_of("kick", 1, &row));
	ask("sessions", "");
	json_decref(rows_of("sessions", 1, &row));
}
END_TEST

static void trace(const struct stomp_peer *whom, size_t found)
{
	json_t *row;
	char question[64];

	snprintf(question, sizeof(question), "{\"session\":\"%s\"}", label_of(whom));
	ask("trace", question);
	json_decref(rows_of("trace", found, &row));
}

START_TEST(a_trace_tells_of_both_directions_and_hides_secrets)
{
	trace(peer, 1);
	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/topic/a}{my-token:sesame}");
	json_t *frame = answer("frame");
	ck_assert_str_eq(text(frame, "direction"), "in");
	ck_assert_str_eq(text(frame, "head"),
		"SUBSCRIBE\nid:1\ndestination:/topic/a\nmy-token:***\n");
	json_decref(frame);

	stomp_peer_say(watcher, "SEND{destination:/topic/a}{passcode:sesame}[hello]");
	frame = answer("frame");
	ck_assert_str_eq(text(frame, "direction"), "out");
	ck_assert_ptr_null(strstr(text(frame, "head"), "sesame"));
	ck_assert_str_eq(text(frame, "body"), "hello");
	ck_assert_str_eq(text(frame, "session"), label_of(peer));
	json_decref(frame);
}
END_TEST

START_TEST(a_trace_cuts_long_bodies_and_tells_their_length)
{
	struct buf frame = {0};

	trace(peer, 1);
	buf_append(&frame, SLICE("SEND{destination:/app/none}["));
	for (int i = 0; i < 3000; i++)
		buf_append_char(&frame, 'x');
	buf_append(&frame, SLICE("]"));
	buf_append_char(&frame, '\0');
	stomp_peer_mutter(peer, frame.data);
	still_workers_settle(worker->workers);
	const char *heard = stomp_peer_heard(watcher);
	ck_assert_ptr_nonnull(strstr(heard, "\"bytes\":3000"));
	ck_assert_uint_lt(strlen(heard), 3000);
	buf_finish(&frame);
}
END_TEST

START_TEST(a_trace_ends_when_nobody_asks_on)
{
	trace(peer, 1);
	still_workers_advance(worker->workers, 16000);
	stomp_peer_heard(watcher);
	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/topic/a}");
	assert_heard(watcher, "");
}
END_TEST

START_TEST(much_that_is_said_is_told_in_part)
{
	char frame[64];
	size_t told = 0;

	trace(peer, 1);
	for (int i = 0; i < 150; i++) {
		snprintf(frame, sizeof(frame), "SUBSCRIBE{id:%d}{destination:/topic/a}",
			i);
		stomp_peer_say(peer, frame);
	}
	for (const char *at = stomp_peer_heard(watcher);
		(at = strstr(at, "{about:/frame}")) != NULL; at++)
		told++;
	ck_assert_uint_eq(told, 100);
	still_workers_advance(worker->workers, 1000);
	stomp_peer_say(peer, "UNSUBSCRIBE{id:0}");
	json_t *last = answer("frame");
	ck_assert_int_eq(number(last, "skipped"), 50);
	json_decref(last);
}
END_TEST

START_TEST(what_was_skipped_is_told_although_the_trace_was_asked_for_again)
{
	char frame[64];

	trace(peer, 1);
	for (int i = 0; i < 150; i++) {
		snprintf(frame, sizeof(frame), "SUBSCRIBE{id:%d}{destination:/topic/a}",
			i);
		stomp_peer_say(peer, frame);
	}
	stomp_peer_heard(watcher);
	trace(peer, 1);
	still_workers_advance(worker->workers, 1000);
	stomp_peer_say(peer, "UNSUBSCRIBE{id:0}");
	json_t *last = answer("frame");
	ck_assert_int_eq(number(last, "skipped"), 50);
	json_decref(last);
}
END_TEST

START_TEST(a_trace_cuts_what_is_no_frame)
{
	struct session *echo = still_workers_open(worker, "/echo", SESSION_RAW, "");
	struct memory_outlet outlet = {.session = NULL};
	struct buf said = {0};
	json_t *row;
	char question[64];

	memory_outlet_attach(&outlet, echo);
	snprintf(question, sizeof(question), "{\"session\":\"%.*s\"}",
		SLICE_ARGS(session_label(echo)));
	ask("trace", question);
	json_decref(rows_of("trace", 1, &row));
	for (int i = 0; i < 20000; i++)
		buf_append_char(&said, 'x');
	session_receive(echo, buf_slice(&said), PAYLOAD_TEXT);
	still_workers_settle(worker->workers);
	json_t *frame = answer("frame");
	ck_assert_uint_le(strlen(text(frame, "head")), 4096 + 8);
	json_decref(frame);
	session_lost(echo, ENDING_INTERRUPTED);
	still_workers_settle(worker->workers);
	memory_outlet_finish(&outlet);
	buf_finish(&said);
}
END_TEST

/* Names of that length; the watcher's queue could not take so many long ones. */
static void subscribe_to_topics(int count, int length)
{
	for (int i = 0; i < count; i++) {
		struct buf frame = {0};

		buf_printf(&frame, "SUBSCRIBE{id:%d}{destination:/topic/%d-", i, i);
		while (frame.len < (size_t)length)
			buf_append_char(&frame, 'x');
		buf_append(&frame, SLICE("}"));
		buf_append_char(&frame, '\0');
		stomp_peer_mutter(peer, frame.data);
		still_workers_settle(worker->workers);
		buf_finish(&frame);
	}
}

START_TEST(long_names_do_not_end_a_console)
{
	subscribe_to_topics(500, 1000);
	ask("destinations", "");
	json_t *json = answer("destinations");

	ck_assert_int_eq(number(json, "total"), 500);
	ck_assert_uint_gt(json_array_size(json_object_get(json, "rows")), 50);
	ck_assert_uint_lt(json_array_size(json_object_get(json, "rows")), 500);
	json_decref(json);
	ask("overview", "");
	json_decref(answer("overview"));
}
END_TEST

START_TEST(who_asks_for_too_many_rows_gets_more_than_who_does_not_say)
{
	subscribe_to_topics(1002, 0);
	ask("destinations", "{\"most\":5001}");
	json_t *json = answer("destinations");

	ck_assert_uint_eq(json_array_size(json_object_get(json, "rows")), 1002);
	json_decref(json);
	ask("destinations", "");
	json = answer("destinations");
	ck_assert_uint_eq(json_array_size(json_object_get(json, "rows")), 1000);
	ck_assert_int_eq(number(json, "total"), 1002);
	json_decref(json);
}
END_TEST

START_TEST(who_has_been_told_its_last_word_is_found_until_it_is_gone)
{
	json_t *row;

	peer->memory.blocked = true;
	stomp_peer_say(peer, "SEND{destination:nowhere}");
	ck_assert_int_eq(session_state(peer->memory.session), SESSION_CLOSING);
	ask("sessions", "");
	json_decref(rows_of("sessions", 2, &row));
	peer->memory.blocked = false;
}
END_TEST

START_TEST(a_console_is_not_traced)
{
	trace(watcher, 0);
}
END_TEST

START_TEST(a_console_finds_room_when_there_is_none)
{
	json_t *row;

	atomic_store(&worker->workers->tight, true); /* memory is */
	struct stomp_peer *second = stomp_peer_connect_at(worker, "/console", "1.2");
	ask("sessions", "");
	json_decref(rows_of("sessions", 3, &row));
	stomp_peer_destroy(second);
}
END_TEST

START_TEST(nobody_else_may_ask)
{
	stomp_peer_say(peer,
		"SEND{destination:/admin/overview}{reply-to:/temp-queue/c}{receipt:r}");
	ck_assert_ptr_nonnull(strstr(stomp_peer_heard(peer), "ERROR"));
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
	stomp_peer_say(watcher, bad[_i]);
	ck_assert_ptr_nonnull(strstr(stomp_peer_heard(watcher), "ERROR{message:The"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("console");
	TCase *tcase = unit_case(suite, "services");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, the_overview_counts_what_there_is);
	tcase_add_test(tcase, sessions_of_all_workers_are_found_by_any_of_their_texts);
	tcase_add_test(tcase, no_more_rows_come_than_are_asked_for);
	tcase_add_test(tcase, destinations_tell_who_listens_and_what_waits);
	tcase_add_test(tcase, one_session_tells_what_it_has_subscribed_to);
	tcase_add_test(tcase, the_console_says_that_its_own_session_is_not_traced);
	tcase_add_test(tcase, who_is_kicked_is_gone);
	tcase_add_test(tcase, a_trace_tells_of_both_directions_and_hides_secrets);
	tcase_add_test(tcase, a_trace_cuts_long_bodies_and_tells_their_length);
	tcase_add_test(tcase, a_trace_ends_when_nobody_asks_on);
	tcase_add_test(tcase, much_that_is_said_is_told_in_part);
	tcase_add_test(
		tcase, what_was_skipped_is_told_although_the_trace_was_asked_for_again);
	tcase_add_test(tcase, a_trace_cuts_what_is_no_frame);
	tcase_add_test(
		tcase, who_has_been_told_its_last_word_is_found_until_it_is_gone);
	tcase_add_test(tcase, a_console_is_not_traced);
	tcase_add_test(tcase, nobody_else_may_ask);
	unit_add_table(tcase, a_bad_question_is_refused, bad);

	TCase *wide = unit_case(suite, "wide");
	tcase_add_checked_fixture(wide, setup_wide, teardown);
	tcase_add_test(wide, long_names_do_not_end_a_console);
	tcase_add_test(
		wide, who_asks_for_too_many_rows_gets_more_than_who_does_not_say);

	TCase *full = unit_case(suite, "full");
	tcase_add_checked_fixture(full, setup_full, teardown);
	tcase_add_test(full, a_console_finds_room_when_there_is_none);
	return unit_run(suite);
}
