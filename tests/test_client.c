/* The STOMP conversation: its begin and its end. */
/* tags: workers */
#include "gateway/session/sessions.h"
#include "protocol/stomp.h"
#include "tests/support/still_workers.h"
#include "tests/support/stomp_peer.h"
#include "tests/support/unit.h"

static struct worker *worker;
static struct stomp_peer *peer;

static void begin(const char *members)
{
	worker = still_workers_create(members)->all[0];
	peer = stomp_peer_create(worker);
}

static void setup(void)
{
	begin("");
}

static void setup_small(void)
{
	begin("'limits': {'connect_frame': 300, 'frame': 600, 'queue_messages': 4}");
}

static void teardown(void)
{
	stomp_peer_destroy(peer);
	still_workers_destroy(worker->workers);
}

static void pass(uint64_t milliseconds)
{
	still_workers_advance(worker->workers, milliseconds);
}

static void connect_with(const char *frame)
{
	stomp_peer_say(peer, frame);
	stomp_peer_heard(peer);
	peer->connected = true;
}

/* Connecting */

#define BEATS "{heart-beat:10000,10000}"

static const struct {
	const char *frame, *answer;
} connects[] = {
	{"CONNECT", "CONNECTED" BEATS},
	{"STOMP{accept-version:1.2}", "CONNECTED{version:1.2}" BEATS},
	{"CONNECT{accept-version:1.0}", "CONNECTED{version:1.0}" BEATS},
	{"CONNECT{accept-version:1.1}", "CONNECTED{version:1.1}" BEATS},
	{"CONNECT{accept-version:1.0,1.1,1.2}", "CONNECTED{version:1.2}" BEATS},
	{"CONNECT{accept-version:1.2,1.1,1.0}", "CONNECTED{version:1.2}" BEATS},
	{"CONNECT{accept-version:1.1,1.0}", "CONNECTED{version:1.1}" BEATS},
	{"CONNECT{accept-version:1.0, 1.1}", "CONNECTED{version:1.1}" BEATS},
	{"CONNECT{accept-version:3.0,1.1,2.0}", "CONNECTED{version:1.1}" BEATS},
	{"CONNECT{host:anybody.example}{accept-version:1.2}",
		"CONNECTED{version:1.2}" BEATS},
	{"CONNECT{accept-version:1.2}{heart-beat:0,0}", "CONNECTED{version:1.2}" BEATS},
	{"CONNECT{accept-version:1.2}{receipt:r}", "CONNECTED{version:1.2}" BEATS},
	{"CONNECT{accept-version:1.2}{login:me}{passcode:a:b}",
		"CONNECTED{version:1.2}" BEATS},
};

START_TEST(the_highest_common_version_is_chosen)
{
	stomp_peer_say(peer, connects[_i].frame);
	assert_heard(peer, connects[_i].answer);
	ck_assert_ptr_nonnull(peer->memory.session);
}
END_TEST

static const struct {
	const char *frame, *message, *receipt;
} bad_connects[] = {
	{"CONNECT{accept-version:2.0}", "No version in common", ""},
	{"CONNECT{accept-version:}", "No version in common", ""},
	{"CONNECT{accept-version:1.2.1,11}", "No version in common", ""},
	{"CONNECT{receipt:r}{accept-version:3}", "No version in common", "r"},
	{"CONNECT{heart-beat:1}", "The heart-beat header is malformed", ""},
	{"CONNECT{heart-beat:-1,0}{receipt:r}", "The heart-beat header is malformed",
		"r"},
	{"SEND{destination:/topic/a}[x]", "The first frame must be CONNECT", ""},
	{"SUBSCRIBE{id:1}{destination:/topic/a}{receipt:r}",
		"The first frame must be CONNECT", "r"},
	{"DISCONNECT{receipt:r}", "The first frame must be CONNECT", "r"},
	{"CONNECTED", "The first frame must be CONNECT", ""},
	{"connect", "unknown command", ""},
	{"GET / HTTP/1.1", "unknown command", ""},
};

START_TEST(a_bad_beginning_is_an_error_and_the_end)
{
	stomp_peer_say(peer, bad_connects[_i].frame);
	stomp_peer_check_refused(
		peer, bad_connects[_i].message, bad_connects[_i].receipt);
}
END_TEST

START_TEST(a_second_connect_is_an_error)
{
	connect_with("CONNECT{accept-version:1.2}");
	stomp_peer_say(peer, "CONNECT{accept-version:1.2}{receipt:r}");
	stomp_peer_check_refused(peer, "The client is connected already", "r");
}
END_TEST

/* Old clients never unescape: the server's own values must not need it. */
START_TEST(the_connected_frame_names_session_and_server_without_escapes)
{
	peer->memory.describe = NULL;
	stomp_peer_say(peer, "CONNECT{accept-version:1.2}");

	struct slice label = session_label(peer->memory.session);
	struct buf expected = {0};
	buf_printf(&expected,
		"CONNECTED\nversion:1.2\nheart-beat:10000,10000\nserver:Postern/%s\n"
		"session:%.*s\n\n",
		POSTERN_VERSION, SLICE_ARGS(label));
	buf_append_char(&expected, '\0');
	ck_assert_str_eq(stomp_peer_heard(peer), expected.data);
	ck_assert_uint_gt(label.len, 0);
	ck_assert_uint_eq(slice_find(label, ':'), label.len);
	ck_assert_uint_eq(slice_find(label, '\\'), label.len);
	buf_finish(&expected);
}
END_TEST

START_TEST(line_ends_of_any_kind_may_stand_before_connect)
{
	stomp_peer_say_raw(
		peer, SLICE("\n\r\n\0\nCONNECT\r\naccept-version:1.1\r\n\r\n\0"
			    "\r\n"));
	assert_heard(peer, "CONNECTED{version:1.1}" BEATS);
}
END_TEST

START_TEST(who_does_not_connect_in_time_is_sent_away)
{
	pass(9000);
	stomp_peer_say_raw(peer, SLICE("\n\n")); /* wins no time */
	pass(999);
	assert_heard(peer, "");
	pass(1);
	stomp_peer_check_refused(peer, "No CONNECT came in time", "");
}
END_TEST

static const struct {
	struct slice said;
	const char *text;
} unfinished[] = {
	{SLICE_INIT("CONN"),
		"[A frame has begun, but its NUL has not come. A NUL byte ends every "
		"frame.]"},
	/* As wscat, Postman and React Native on Android send it. */
	{SLICE_INIT("CONNECT\naccept-version:1.2\n\n"),
		"[A frame has begun, but its NUL has not come. A NUL byte ends every "
		"frame.]"},
	{SLICE_INIT("CONNECT\naccept-version:1.2\ncontent-length:9\n\n\0\0\0"),
		"[A frame has begun, but its NUL has not come. Its content-length is "
		"9, "
		"and 3 bytes of its body have come.]"},
};

START_TEST(who_has_said_half_a_connect_is_told_so)
{
	pass(9000);
	stomp_peer_say_raw(peer, unfinished[_i].said);
	pass(1000);
	const char *heard = stomp_peer_heard(peer);
	ck_assert_msg(strstr(heard, unfinished[_i].text) != NULL, "%s", heard);
	ck_assert_ptr_null(peer->memory.session);
}
END_TEST

START_TEST(who_is_connected_may_be_silent_without_heart_beats)
{
	connect_with("CONNECT{accept-version:1.2}");
	pass(3600000);
	assert_heard(peer, "");
	ck_assert_ptr_nonnull(peer->memory.session);
}
END_TEST

/* Frames */

static const struct slice conversation = SLICE_INIT(
	"CONNECT\naccept-version:1.2\nheart-beat:0,0\n\n\0"
	"\nSUBSCRIBE\nid:1\ndestination:/topic/a\nreceipt:first\n\n\0\n\n"
	"SEND\r\ndestination:/topic/a\r\nx:a\\cb\r\n\r\nplain\0"
	"SEND\ndestination:/topic/a\ncontent-length:7\nreceipt:second\n\nb\0o\0d\0y\0"
	"DISCONNECT\nreceipt:third\n\n\0\nNONSENSE\n\n\0");

#define HEARD                                                                          \
	"CONNECTED{version:1.2}" BEATS " RECEIPT{receipt-id:first} "                   \
	"MESSAGE{subscription:1}{destination:/topic/a}{x:a\\cb}[plain] "               \
	"RECEIPT{receipt-id:second} "                                                  \
	"MESSAGE{subscription:1}{destination:/topic/a}[b^o^d^y] "                      \
	"RECEIPT{receipt-id:third} close 1000 Goodbye"

START_TEST(a_conversation_is_the_same_wherever_it_is_cut)
{
	for (size_t cut = 0; cut <= conversation.len; cut++) {
		struct stomp_peer *one = stomp_peer_create(worker);
		struct session *session = one->memory.session;

		session_receive(session, slice_first(conversation, cut), PAYLOAD_TEXT);
		session_receive(session, slice_from(conversation, cut), PAYLOAD_TEXT);
		assert_heard(one, HEARD);
		stomp_peer_destroy(one);
	}
}
END_TEST

START_TEST(a_conversation_may_come_byte_by_byte)
{
	for (size_t i = 0; i < conversation.len; i++)
		session_receive(peer->memory.session,
			slice_first(slice_from(conversation, i), 1), i % 2 == 0);
	assert_heard(peer, HEARD);
}
END_TEST

static void say_of_size(size_t size, const char *head)
{
	struct buf frame = {0};

	buf_append(&frame, slice_of(head));
	while (frame.len < size - 3) /* LF LF NUL */
		buf_append_char(&frame, 'x');
	buf_append(&frame, SLICE("\n\n\0"));
	stomp_peer_say_raw(peer, buf_slice(&frame));
	buf_finish(&frame);
}

START_TEST(a_frame_before_connect_is_small)
{
	say_of_size(300, "CONNECT\nx:");
	assert_heard(peer, "CONNECTED" BEATS);

	struct stomp_peer *first = peer;
	peer = stomp_peer_create(worker);
	say_of_size(301, "CONNECT\nx:");
	stomp_peer_check_refused(peer, "The frame is too large", "");
	stomp_peer_destroy(first);
}
END_TEST

START_TEST(a_frame_after_connect_may_be_larger)
{
	connect_with("CONNECT");
	say_of_size(600, "SEND\ndestination:/topic/a\nx:");
	assert_heard(peer, "");
	say_of_size(601, "SEND\nreceipt:r\ndestination:/topic/a\nx:");
	stomp_peer_check_refused(peer, "The frame is too large", "r");
}
END_TEST

/* The end */

START_TEST(what_follows_a_mistake_is_ignored)
{
	connect_with("CONNECT{accept-version:1.2}");
	stomp_peer_mutter(peer, "BEGIN");
	stomp_peer_mutter(peer, "SEND{destination:/topic/a}{receipt:r}[x]");
	stomp_peer_mutter(peer, "NONSENSE");
	stomp_peer_check_refused(peer, "A header is missing", "");
}
END_TEST

START_TEST(an_error_quotes_the_receipt_as_the_version_escapes)
{
	connect_with("CONNECT{accept-version:1.2}");
	stomp_peer_say(peer, "NACK{receipt:a\\cb}");
	stomp_peer_check_refused(peer, "A header is missing", "a\\cb");
}
END_TEST

START_TEST(an_error_comes_after_what_was_said_before)
{
	connect_with("CONNECT{accept-version:1.2}");
	peer->memory.blocked = true;
	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/topic/a}{receipt:r}");
	stomp_peer_say(peer, "ABORT");
	peer->memory.blocked = false;
	memory_outlet_pull(&peer->memory);
	assert_heard(peer,
		"RECEIPT{receipt-id:r} ERROR{message:A header is missing}"
		"{content-type:text/plain}{content-length:58}[A header is missing: "
		"header \"transaction\". ABORT needs it.] "
		"close 1002 STOMP error");
}
END_TEST

/* The end of the server */

START_TEST(receipts_that_are_asked_for_come_before_the_server_goes)
{
	connect_with("CONNECT{accept-version:1.2}{heart-beat:0,0}");
	stomp_peer_mutter(peer, "SEND{destination:/topic/a}{receipt:1}[x]");
	stomp_peer_mutter(peer, "SUBSCRIBE{destination:/topic/b}{id:0}{receipt:2}");
	sessions_close_some(worker->sessions, 1);
	stomp_peer_mutter(peer, "SEND{destination:/topic/a}{receipt:3}[too late]");
	still_workers_settle(worker->workers);
	assert_heard(peer, "RECEIPT{receipt-id:1} RECEIPT{receipt-id:2} "
			   "close 1001 Going away");
}
END_TEST

START_TEST(a_commit_is_done_before_the_server_goes)
{
	connect_with("CONNECT{accept-version:1.2}{heart-beat:0,0}");
	stomp_peer_say(peer, "BEGIN{transaction:t}");
	stomp_peer_say(peer, "SEND{destination:/queue/a}{transaction:t}[x]");
	stomp_peer_mutter(peer, "COMMIT{transaction:t}{receipt:1}");
	stomp_peer_mutter(peer, "SEND{destination:/topic/a}{receipt:2}[kept]");
	sessions_close_some(worker->sessions, 1);
	still_workers_settle(worker->workers);
	assert_heard(peer, "RECEIPT{receipt-id:1} RECEIPT{receipt-id:2} "
			   "close 1001 Going away");
}
END_TEST

START_TEST(who_waits_for_nothing_is_closed_at_once_when_the_server_goes)
{
	connect_with("CONNECT{accept-version:1.2}{heart-beat:0,0}");
	sessions_close_some(worker->sessions, 1);
	still_workers_settle(worker->workers);
	assert_heard(peer, "close 1001 Going away");
}
END_TEST

START_TEST(an_error_that_nobody_reads_lingers_for_a_second)
{
	connect_with("CONNECT{accept-version:1.2}");
	peer->memory.blocked = true;
	stomp_peer_say(peer, "ABORT");
	pass(999);
	assert_heard(peer, "");
	pass(1);
	assert_heard(peer, "end");
}
END_TEST

START_TEST(a_slow_consumer_is_told_so)
{
	connect_with("CONNECT{accept-version:1.2}");
	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/topic/a}");
	peer->memory.blocked = true;
	for (int i = 0; i < 5; i++)
		stomp_peer_say(peer, "SEND{destination:/topic/a}[x]");
	peer->memory.blocked = false;
	memory_outlet_pull(&peer->memory);
	assert_heard(peer,
		"ERROR{message:Slow consumer}{content-type:text/plain}"
		"{content-length:14}[Slow consumer.] close 1008 Slow consumer");
}
END_TEST

START_TEST(a_slow_consumer_that_disconnects_hears_no_goodbye)
{
	connect_with("CONNECT{accept-version:1.2}");
	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/topic/a}");
	peer->memory.blocked = true;
	for (int i = 0; i < 5; i++)
		stomp_peer_mutter(peer, "SEND{destination:/topic/a}[x]");
	stomp_peer_mutter(peer, "SEND{destination:/topic/a}{receipt:1}[x]");
	stomp_peer_say(peer, "DISCONNECT{receipt:2}");
	peer->memory.blocked = false;
	memory_outlet_pull(&peer->memory);
	/* Messages and receipts were dropped, so this is not a normal end. */
	const char *heard = stomp_peer_heard(peer);
	ck_assert_ptr_nonnull(strstr(heard, "Slow consumer"));
	ck_assert_ptr_null(strstr(heard, "Goodbye"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("client");
	TCase *connecting = unit_case(suite, "connecting");
	TCase *frames = unit_case(suite, "frames");
	TCase *limits = unit_case(suite, "limits");
	TCase *ending = unit_case(suite, "ending");

	tcase_add_checked_fixture(connecting, setup, teardown);
	unit_add_table(connecting, the_highest_common_version_is_chosen, connects);
	unit_add_table(
		connecting, a_bad_beginning_is_an_error_and_the_end, bad_connects);
	tcase_add_test(connecting, a_second_connect_is_an_error);
	tcase_add_test(connecting,
		the_connected_frame_names_session_and_server_without_escapes);
	tcase_add_test(connecting, line_ends_of_any_kind_may_stand_before_connect);
	tcase_add_test(connecting, who_does_not_connect_in_time_is_sent_away);
	unit_add_table(connecting, who_has_said_half_a_connect_is_told_so, unfinished);
	tcase_add_test(connecting, who_is_connected_may_be_silent_without_heart_beats);

	tcase_add_checked_fixture(frames, setup, teardown);
	tcase_add_test(frames, a_conversation_is_the_same_wherever_it_is_cut);
	tcase_add_test(frames, a_conversation_may_come_byte_by_byte);

	tcase_add_checked_fixture(limits, setup_small, teardown);
	tcase_add_test(limits, a_frame_before_connect_is_small);
	tcase_add_test(limits, a_frame_after_connect_may_be_larger);
	tcase_add_test(limits, a_slow_consumer_is_told_so);
	tcase_add_test(limits, a_slow_consumer_that_disconnects_hears_no_goodbye);

	tcase_add_checked_fixture(ending, setup, teardown);
	tcase_add_test(ending, what_follows_a_mistake_is_ignored);
	tcase_add_test(ending, an_error_quotes_the_receipt_as_the_version_escapes);
	tcase_add_test(ending, an_error_comes_after_what_was_said_before);
	tcase_add_test(ending, receipts_that_are_asked_for_come_before_the_server_goes);
	tcase_add_test(ending, a_commit_is_done_before_the_server_goes);
	tcase_add_test(
		ending, who_waits_for_nothing_is_closed_at_once_when_the_server_goes);
	tcase_add_test(ending, an_error_that_nobody_reads_lingers_for_a_second);
	return unit_run(suite);
}
