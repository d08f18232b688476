/* The output of a slow reader: the policies; test_session_times.c has "close". */
/* tags: workers */
#include "gateway/session/session_internal.h"

#include "tests/support/memory_outlet.h"
#include "tests/support/recorder.h"
#include "tests/support/still_workers.h"
#include "tests/support/unit.h"

#include <stdio.h>

static struct worker *worker;
static struct session *session;
static struct memory_outlet outlet;
static uint64_t sent; /* messages of topics */

/* A frame as "/a:3", its destination and its number; a text as it is. */
static void describe(struct buf *got, struct slice message)
{
	static const char said[] = "destination:", numbered[] = "x-postern-seq:1-";
	char frame[512];

	snprintf(frame, sizeof(frame), "%.*s", SLICE_ARGS(message));
	const char *destination = strstr(frame, said);
	const char *number = strstr(frame, numbered);
	if (destination == NULL) {
		buf_append(got, message);
		return;
	}
	destination += strlen(said);
	buf_append(got, (struct slice){destination, strcspn(destination, "\n")});
	if (number == NULL)
		return;
	number += strlen(numbered);
	buf_printf(got, ":%.*s", (int)strcspn(number, "\n"), number);
}

/* A session whose queue takes four messages, under that policy. */
static void begin(const char *policy)
{
	char members[128];

	snprintf(members, sizeof(members),
		"'slow_consumer': '%s', 'limits': {'queue_messages': 4}", policy);
	worker = still_workers_create(members)->all[0];
	recorder_told();
	outlet = (struct memory_outlet){.wire = WIRE_PLAIN, .describe = describe};
	session = still_workers_open(worker, "/echo", SESSION_RAW, "id");
	memory_outlet_attach(&outlet, session);
	still_workers_settle(worker->workers);
	sent = 0;
}

static void setup_drop_oldest(void)
{
	begin("drop-oldest");
}

static void setup_latest(void)
{
	begin("latest");
}

static void teardown(void)
{
	still_workers_destroy(worker->workers);
	memory_outlet_finish(&outlet);
}

static void deliver(const char *destination, unsigned flags)
{
	static const struct stomp_frame send = {.command = STOMP_SEND};
	struct message *message =
		message_create(&send, slice_of(destination), slice_of(destination));
	const bool is_from_queue = flags & DELIVERY_FROM_QUEUE;

	message_set_place(
		message, (struct place){1, is_from_queue ? 1 : ++sent}, !is_from_queue);
	session_send(session, &(struct delivery){.message = message,
				      .ordinal = 1,
				      .version = STOMP_1_2,
				      .flags = (uint8_t)flags});
	message_unref(message);
}

/* One message to each topic, all in one turn. */
static void publish(const char *topics)
{
	for (; *topics != '\0'; topics++)
		deliver((const char[]){'/', *topics, '\0'}, 0);
}

static void say(const char *text)
{
	session_send_text(session, slice_of(text), PAYLOAD_TEXT);
}

static void settle(void)
{
	still_workers_settle(worker->workers);
}

static void unblock(void)
{
	outlet.blocked = false;
	memory_outlet_pull(&outlet);
}

#define assert_got(expected)                                                           \
	do {                                                                           \
		settle();                                                              \
		ck_assert_str_eq(memory_outlet_got(&outlet), expected);                \
	} while (0)

/* Both policies. */

START_TEST(who_reads_in_time_gets_everything)
{
	for (unsigned i = 0; i < 20; i++) {
		char expected[64];

		publish("aab");
		snprintf(expected, sizeof(expected), "/a:%u /a:%u /b:%u", 3 * i + 1,
			3 * i + 2, 3 * i + 3);
		assert_got(expected);
	}
	ck_assert_str_eq(recorder_told(), "open");
}
END_TEST

START_TEST(what_an_outlet_has_rendered_already_stays)
{
	outlet.holds = true;
	publish("a");
	assert_got("/a:1");
	publish("aaaaaa");
	settle();
	outlet.holds = false;
	memory_outlet_written(&outlet);
	memory_outlet_pull(&outlet);
	ck_assert(strstr(memory_outlet_got(&outlet), "/a:7") != NULL);
	ck_assert_str_eq(recorder_told(), "open");
}
END_TEST

START_TEST(what_queues_lend_is_never_dropped)
{
	outlet.blocked = true;
	for (int i = 0; i < 6; i++) {
		deliver("/q", DELIVERY_FROM_QUEUE);
		publish("a");
		settle();
	}
	unblock();
	char *got = strdup(memory_outlet_got(&outlet));
	for (char *at = got; (at = strstr(at, "/q")) != NULL; at++)
		sent++;
	ck_assert_uint_eq(sent, 6 + 6);
	ck_assert(strstr(got, "/a:6") != NULL);
	free(got);
}
END_TEST

START_TEST(a_queue_that_is_full_of_answers_ends_the_session)
{
	outlet.blocked = true;
	for (int i = 0; i < 4; i++)
		say("receipt");
	settle();
	ck_assert_str_eq(recorder_told(), "open");
	publish("a");
	settle();
	ck_assert_str_eq(recorder_told(), "overflow");
	unblock();
	assert_got("too slow close 1008 Slow consumer");
}
END_TEST

START_TEST(an_answer_finds_room_among_the_messages_of_topics)
{
	outlet.blocked = true;
	publish("abcd");
	say("receipt");
	unblock();
	assert_got("/b:2 /c:3 /d:4 receipt");
	ck_assert_str_eq(recorder_told(), "open");
}
END_TEST

START_TEST(who_takes_nothing_at_all_is_given_up_all_the_same)
{
	outlet.blocked = true;
	for (int i = 0; i < 10; i++) {
		publish("ab");
		still_workers_advance(worker->workers, 1000);
	}
	assert_got("end");
	ck_assert_str_eq(recorder_told(), "open close");
}
END_TEST

/* drop-oldest */

START_TEST(the_oldest_messages_go_first)
{
	outlet.blocked = true;
	publish("abcdef");
	unblock();
	assert_got("/c:3 /d:4 /e:5 /f:6");
}
END_TEST

START_TEST(a_session_that_nobody_fetches_keeps_the_newest_too)
{
	session_detach(session);
	publish("abcdef");
	settle();
	memory_outlet_attach(&outlet, session);
	assert_got("/c:3 /d:4 /e:5 /f:6");
}
END_TEST

/* latest */

START_TEST(only_the_newest_message_of_each_destination_waits)
{
	outlet.blocked = true;
	publish("ab");
	settle();
	publish("a");
	settle();
	ck_assert_uint_eq(session->queue.count, 2);
	publish("aab");
	settle();
	unblock();
	assert_got("/a:5 /b:6");
}
END_TEST

START_TEST(a_burst_over_the_bound_leaves_the_newest_of_each_destination)
{
	outlet.blocked = true;
	publish("abababababab");
	settle();
	unblock();
	assert_got("/a:11 /b:12");
}
END_TEST

START_TEST(of_too_many_destinations_the_oldest_go)
{
	outlet.blocked = true;
	publish("abcdef");
	settle();
	unblock();
	assert_got("/c:3 /d:4 /e:5 /f:6");
}
END_TEST

START_TEST(a_closing_session_still_says_what_waited)
{
	outlet.holds = true;
	publish("x");
	assert_got("/x:1");
	publish("aa");
	session_close(session, ENDING_HANDLER);
	settle();
	outlet.holds = false;
	memory_outlet_written(&outlet);
	memory_outlet_pull(&outlet);
	assert_got("/a:2 /a:3 close 3000 Go away!");
}
END_TEST

static void add_common(TCase *tcase)
{
	tcase_add_test(tcase, who_reads_in_time_gets_everything);
	tcase_add_test(tcase, what_an_outlet_has_rendered_already_stays);
	tcase_add_test(tcase, what_queues_lend_is_never_dropped);
	tcase_add_test(tcase, a_queue_that_is_full_of_answers_ends_the_session);
	tcase_add_test(tcase, an_answer_finds_room_among_the_messages_of_topics);
	tcase_add_test(tcase, who_takes_nothing_at_all_is_given_up_all_the_same);
}

int main(void)
{
	Suite *suite = suite_create("session slow");
	TCase *oldest = unit_case(suite, "drop-oldest");
	TCase *latest = unit_case(suite, "latest");

	still_workers_run(&recorder_handler);
	tcase_add_checked_fixture(oldest, setup_drop_oldest, teardown);
	add_common(oldest);
	tcase_add_test(oldest, the_oldest_messages_go_first);
	tcase_add_test(oldest, a_session_that_nobody_fetches_keeps_the_newest_too);

	tcase_add_checked_fixture(latest, setup_latest, teardown);
	add_common(latest);
	tcase_add_test(latest, only_the_newest_message_of_each_destination_waits);
	tcase_add_test(
		latest, a_burst_over_the_bound_leaves_the_newest_of_each_destination);
	tcase_add_test(latest, of_too_many_destinations_the_oldest_go);
	tcase_add_test(latest, a_closing_session_still_says_what_waited);
	return unit_run(suite);
}
