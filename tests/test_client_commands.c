/* The STOMP conversation after CONNECTED: each command, receipts, order. */
/* tags: workers */
#include "gateway/broker/internal.h"
#include "tests/support/still_workers.h"
#include "tests/support/stomp_peer.h"
#include "tests/support/unit.h"

static struct worker *worker;
static struct stomp_peer *peer, *other;

static void setup(void)
{
	worker = still_workers_create("")->all[0];
	peer = stomp_peer_connect(worker, "1.2");
	other = stomp_peer_connect(worker, "1.2");
}

static void teardown(void)
{
	stomp_peer_destroy(peer);
	stomp_peer_destroy(other);
	ck_assert_uint_eq(still_workers_topics(worker->workers), 0);
	ck_assert_uint_eq(still_workers_audiences(worker->workers), 0);
	still_workers_destroy(worker->workers);
}

/* Takes the place of `other`, in another version. */
static void connect_other(const char *version)
{
	stomp_peer_destroy(other);
	other = stomp_peer_connect(worker, version);
}

/* Ids */

START_TEST(an_id_names_one_subscription)
{
	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/topic/a}");
	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/topic/b}{receipt:r}");
	stomp_peer_check_refused(peer, "The subscription id is in use", "r");
}
END_TEST

START_TEST(an_id_is_free_again_once_it_was_unsubscribed)
{
	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/topic/a}");
	stomp_peer_say(peer, "UNSUBSCRIBE{id:1}");
	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/topic/b}");
	stomp_peer_say(peer, "SEND{destination:/topic/a}[a]");
	stomp_peer_say(peer, "SEND{destination:/topic/b}[b]");
	assert_heard(peer, "MESSAGE{subscription:1}{destination:/topic/b}[b]");
	ck_assert_ptr_nonnull(peer->memory.session);
}
END_TEST

/* SEND and SUBSCRIBE */

START_TEST(a_message_reaches_every_subscriber_its_publisher_too)
{
	stomp_peer_say(peer, "SUBSCRIBE{id:mine}{destination:/topic/a}");
	stomp_peer_say(other, "SUBSCRIBE{id:yours}{destination:/topic/a}{ack:auto}");
	stomp_peer_say(peer, "SEND{destination:/topic/a}[hi]");
	assert_heard(peer, "MESSAGE{subscription:mine}{destination:/topic/a}[hi]");
	assert_heard(other, "MESSAGE{subscription:yours}{destination:/topic/a}[hi]");
}
END_TEST

START_TEST(two_subscriptions_to_one_destination_give_two_messages)
{
	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/topic/a}");
	stomp_peer_say(peer, "SUBSCRIBE{id:2}{destination:/topic/a}");
	stomp_peer_say(other, "SEND{destination:/topic/a}[hi]");
	assert_heard(peer, "MESSAGE{subscription:1}{destination:/topic/a}[hi] "
			   "MESSAGE{subscription:2}{destination:/topic/a}[hi]");
}
END_TEST

START_TEST(only_subscribers_of_the_destination_hear_it)
{
	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/topic/a}");
	stomp_peer_say(other, "SEND{destination:/topic/b}[x]");
	stomp_peer_say(other, "SEND{destination:/topic/A}[x]");
	stomp_peer_say(other, "SEND{destination:/topic/a/}[x]");
	assert_heard(peer, "");
}
END_TEST

START_TEST(what_one_publisher_says_arrives_in_its_order)
{
	struct buf expected = {0};

	stomp_peer_say(other, "SUBSCRIBE{id:1}{destination:/topic/a}");
	for (int i = 0; i < 200; i++) {
		char frame[64];

		snprintf(frame, sizeof(frame), "SEND{destination:/topic/a}[%d]", i);
		if (i % 7 == 0)
			stomp_peer_say(peer, frame);
		else
			stomp_peer_mutter(peer, frame);
		buf_printf(&expected,
			"%sMESSAGE{subscription:1}{destination:/topic/a}[%d]",
			i > 0 ? " " : "", i);
	}
	buf_append_char(&expected, '\0');
	assert_heard(other, expected.data);
	buf_finish(&expected);
}
END_TEST

START_TEST(every_message_has_an_id_of_its_own_without_escapes)
{
	peer->memory.describe = NULL;
	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/topic/a}");
	char ids[2][64];
	for (int i = 0; i < 2; i++) {
		stomp_peer_say(other, "SEND{destination:/topic/a}[x]");
		const char *heard = stomp_peer_heard(peer);
		const char *id = strstr(heard, "\nmessage-id:");

		ck_assert_ptr_nonnull(id);
		ck_assert_int_eq(sscanf(id, "\nmessage-id:%63[^\n]", ids[i]), 1);
		ck_assert_ptr_null(strpbrk(ids[i], ":\\\r"));
	}
	ck_assert_str_ne(ids[0], ids[1]);
}
END_TEST

START_TEST(a_body_is_bytes)
{
	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/topic/a}");
	stomp_peer_say_raw(
		other, SLICE("SEND\ndestination:/topic/a\n"
			     "content-length:4\ncontent-type:a/b\n\n\0\n\0x\0"));
	assert_heard(peer, "MESSAGE{subscription:1}{destination:/topic/a}"
			   "{content-type:a/b}[^\n^x]");
	stomp_peer_say_raw(other, SLICE("SEND\ndestination:/topic/a\n\n\xff\0"));
	assert_heard(
		peer, "binary:MESSAGE{subscription:1}{destination:/topic/a}[\xff]");
}
END_TEST

static const struct {
	const char *version, *sent, *received;
} encodings[] = {
	{"1.2", "{x:a\\cb\\\\c}", "{x:a\\cb\\\\c}"},
	{"1.1", "{x:a\\cb\\\\c}", "{x:a\\cb\\\\c}"},
	{"1.0", "{x:a\\cb\\\\c}", "{x:a:b\\c}"},
	{"1.2", "{x:a\\nb\\rc}", "{x:a\\nb\\rc}"},
	{"1.1", "{x:a\\nb\\rc}", "{x:a\\nb c}"},
	{"1.0", "{x:a\\nb\\rc}", "{x:a b c}"},
	{"1.1", "{a\\cb:raw:colon}", "{a\\cb:raw\\ccolon}"},
	{"1.0", "{a\\cb:raw:colon}", "{a b:raw:colon}"},
	{"1.0", "{x: blanks }", "{x: blanks }"},
	{"1.1", "{x:1}{x:2}", "{x:1}{x:2}"},
};

START_TEST(headers_are_encoded_for_the_version_of_the_subscriber)
{
	char frame[128], expected[128];

	connect_other(encodings[_i].version);
	stomp_peer_say(other, "SUBSCRIBE{id:1}{destination:/topic/a}");
	snprintf(frame, sizeof(frame), "SEND{destination:/topic/a}%s[b]",
		encodings[_i].sent);
	snprintf(expected, sizeof(expected),
		"MESSAGE{subscription:1}{destination:/topic/a}%s[b]",
		encodings[_i].received);
	stomp_peer_say(peer, frame);
	assert_heard(other, expected);
}
END_TEST

START_TEST(ids_and_destinations_are_encoded_too)
{
	stomp_peer_say(
		peer, "SUBSCRIBE{id:i\\cd}{destination:/topic/a\\cb}{receipt:r\\n}");
	stomp_peer_say(other, "SEND{destination:/topic/a:b}[x]");
	assert_heard(peer, "RECEIPT{receipt-id:r\\n} "
			   "MESSAGE{subscription:i\\cd}{destination:/topic/a\\cb}[x]");
}
END_TEST

START_TEST(version_1_0_needs_no_subscription_id)
{
	connect_other("1.0");
	stomp_peer_say(other, "SUBSCRIBE{destination:/topic/a}");
	stomp_peer_say(other, "SUBSCRIBE{destination:/topic/b}");
	stomp_peer_say(peer, "SEND{destination:/topic/a}[one]");
	assert_heard(other, "MESSAGE{destination:/topic/a}[one]");
	stomp_peer_say(other, "UNSUBSCRIBE{destination:/topic/a}{receipt:r}");
	stomp_peer_say(peer, "SEND{destination:/topic/a}[two]");
	stomp_peer_say(peer, "SEND{destination:/topic/b}[three]");
	assert_heard(
		other, "RECEIPT{receipt-id:r} MESSAGE{destination:/topic/b}[three]");
	stomp_peer_say(other, "SUBSCRIBE{destination:/topic/b}");
	stomp_peer_check_refused(other, "The destination is subscribed to", "");
}
END_TEST

static const char *const later[] = {"1.1", "1.2"};

START_TEST(later_versions_need_no_subscription_id_either)
{
	connect_other(later[_i]);
	stomp_peer_say(other, "SUBSCRIBE{destination:/topic/a}");
	stomp_peer_say(other, "SUBSCRIBE{id:1}{destination:/topic/a}");
	stomp_peer_say(peer, "SEND{destination:/topic/a}[one]");
	assert_heard(other, "MESSAGE{destination:/topic/a}[one] "
			    "MESSAGE{subscription:1}{destination:/topic/a}[one]");
	stomp_peer_say(other, "UNSUBSCRIBE{destination:/topic/a}{receipt:r}");
	stomp_peer_say(peer, "SEND{destination:/topic/a}[two]");
	assert_heard(other, "RECEIPT{receipt-id:r} "
			    "MESSAGE{subscription:1}{destination:/topic/a}[two]");
	stomp_peer_say(other, "UNSUBSCRIBE{destination:/topic/a}"); /* it has an id */
	stomp_peer_check_refused(other, "There is no such subscription", "");
}
END_TEST

START_TEST(version_1_0_may_use_a_subscription_id)
{
	connect_other("1.0");
	stomp_peer_say(other, "SUBSCRIBE{id:7}{destination:/topic/a}");
	stomp_peer_say(peer, "SEND{destination:/topic/a}[one]");
	stomp_peer_say(other, "UNSUBSCRIBE{id:7}");
	stomp_peer_say(peer, "SEND{destination:/topic/a}[two]");
	assert_heard(other, "MESSAGE{subscription:7}{destination:/topic/a}[one]");
}
END_TEST

/* UNSUBSCRIBE */

START_TEST(nothing_of_a_subscription_follows_the_receipt_of_its_unsubscribe)
{
	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/topic/a}");
	stomp_peer_mutter(other, "SEND{destination:/topic/a}[on its way]");
	stomp_peer_mutter(peer, "UNSUBSCRIBE{id:1}{receipt:r}");
	stomp_peer_mutter(other, "SEND{destination:/topic/a}[too late]");
	assert_heard(peer, "RECEIPT{receipt-id:r}");
}
END_TEST

START_TEST(one_of_two_subscriptions_may_end)
{
	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/topic/a}");
	stomp_peer_say(peer, "SUBSCRIBE{id:2}{destination:/topic/a}");
	stomp_peer_say(peer, "UNSUBSCRIBE{id:1}");
	stomp_peer_say(other, "SEND{destination:/topic/a}[x]");
	assert_heard(peer, "MESSAGE{subscription:2}{destination:/topic/a}[x]");
}
END_TEST

START_TEST(a_subscription_may_end_before_it_has_begun)
{
	stomp_peer_mutter(peer, "SUBSCRIBE{id:1}{destination:/topic/a}{receipt:1}");
	stomp_peer_mutter(peer, "UNSUBSCRIBE{id:1}{receipt:2}");
	stomp_peer_mutter(peer, "SEND{destination:/topic/a}{receipt:3}[x]");
	assert_heard(peer,
		"RECEIPT{receipt-id:1} RECEIPT{receipt-id:2} RECEIPT{receipt-id:3}");
	ck_assert_uint_eq(still_workers_topics(worker->workers), 0);
}
END_TEST

/* Receipts */

START_TEST(receipts_come_in_the_order_of_asking)
{
	stomp_peer_mutter(peer, "SUBSCRIBE{id:1}{destination:/topic/a}{receipt:1}");
	stomp_peer_mutter(peer, "SUBSCRIBE{id:2}{destination:/topic/b}");
	stomp_peer_mutter(peer, "UNSUBSCRIBE{id:2}{receipt:2}"); /* due immediately */
	stomp_peer_mutter(peer, "SEND{destination:/topic/b}{receipt:3}[x]");
	stomp_peer_mutter(peer, "SEND{destination:/topic/b}[y]");
	stomp_peer_mutter(peer, "UNSUBSCRIBE{id:1}{receipt:}");
	assert_heard(peer, "RECEIPT{receipt-id:1} RECEIPT{receipt-id:2} "
			   "RECEIPT{receipt-id:3} RECEIPT{receipt-id:}");
}
END_TEST

START_TEST(what_is_sent_after_the_receipt_of_a_subscribe_is_received)
{
	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/topic/a}{receipt:r}");
	assert_heard(peer, "RECEIPT{receipt-id:r}");
	stomp_peer_say(other, "SEND{destination:/topic/a}[x]");
	assert_heard(peer, "MESSAGE{subscription:1}{destination:/topic/a}[x]");
}
END_TEST

/* COMMIT */

START_TEST(nothing_is_read_behind_a_commit_until_its_queues_have_answered)
{
	struct session *session = peer->memory.session;

	stomp_peer_say(other, "SUBSCRIBE{id:1}{destination:/queue/a}");
	stomp_peer_say(other, "SUBSCRIBE{id:2}{destination:/topic/a}");
	stomp_peer_say(peer, "BEGIN{transaction:t}");
	stomp_peer_say(peer, "SEND{destination:/queue/a}{transaction:t}[1]");
	ck_assert(!session_is_paused(session));
	stomp_peer_mutter(peer, "COMMIT{transaction:t}{receipt:c}");
	ck_assert(session_is_paused(session));

	/* The frames that came with it wait, and may stop the input again. */
	stomp_peer_mutter(peer, "BEGIN{transaction:u}");
	stomp_peer_mutter(peer, "SEND{destination:/queue/a}{transaction:u}[2]");
	stomp_peer_mutter(peer, "COMMIT{transaction:u}{receipt:d}");
	stomp_peer_mutter(peer, "SEND{destination:/topic/a}{receipt:e}[3]");
	assert_heard(peer, "RECEIPT{receipt-id:c} RECEIPT{receipt-id:d} "
			   "RECEIPT{receipt-id:e}");
	ck_assert(!session_is_paused(session));
	assert_heard(other, "MESSAGE{subscription:1}{destination:/queue/a}[1] "
			    "MESSAGE{subscription:1}{destination:/queue/a}[2] "
			    "MESSAGE{subscription:2}{destination:/topic/a}[3]");
}
END_TEST

START_TEST(a_client_may_leave_while_its_input_is_stopped)
{
	stomp_peer_say(peer, "BEGIN{transaction:t}");
	stomp_peer_say(peer, "SEND{destination:/queue/a}{transaction:t}[1]");
	stomp_peer_mutter(peer, "COMMIT{transaction:t}{receipt:c}");
	ck_assert(session_is_paused(peer->memory.session));
	session_lost(peer->memory.session, ENDING_INTERRUPTED);
	peer->memory.session = NULL;
	assert_heard(peer, "");
	ck_assert_uint_eq(worker->live_sessions, 1);
}
END_TEST

/* DISCONNECT */

START_TEST(disconnect_closes)
{
	stomp_peer_say(peer, "DISCONNECT");
	assert_heard(peer, "close 1000 Goodbye");
	ck_assert_ptr_null(peer->memory.session);
}
END_TEST

START_TEST(disconnect_closes_after_every_receipt)
{
	stomp_peer_mutter(peer, "SEND{destination:/topic/a}{receipt:1}[x]");
	stomp_peer_mutter(peer, "DISCONNECT{receipt:2}");
	assert_heard(
		peer, "RECEIPT{receipt-id:1} RECEIPT{receipt-id:2} close 1000 Goodbye");
}
END_TEST

START_TEST(what_was_published_before_comes_ahead_of_the_receipt_of_disconnect)
{
	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/topic/a}");
	stomp_peer_mutter(other, "SEND{destination:/topic/a}[theirs]");
	stomp_peer_mutter(peer, "SEND{destination:/topic/a}[mine]");
	stomp_peer_say(peer, "DISCONNECT{receipt:r}");
	assert_heard(peer, "MESSAGE{subscription:1}{destination:/topic/a}[theirs] "
			   "MESSAGE{subscription:1}{destination:/topic/a}[mine] "
			   "RECEIPT{receipt-id:r} close 1000 Goodbye");
}
END_TEST

START_TEST(what_was_refused_before_is_the_answer_to_disconnect)
{
	struct stomp_peer *small;
	struct workers *workers =
		still_workers_create("'limits': {'backlog_messages': 1}");

	small = stomp_peer_connect(workers->all[0], "1.2");
	stomp_peer_mutter(small, "SEND{destination:/queue/a}[1]");
	stomp_peer_mutter(small, "SEND{destination:/queue/a}[2]");
	stomp_peer_mutter(small, "DISCONNECT{receipt:r}");
	stomp_peer_check_refused(small, "The queue is full", "");
	stomp_peer_destroy(small);
	still_workers_destroy(workers);
}
END_TEST

START_TEST(what_follows_a_disconnect_is_ignored)
{
	stomp_peer_say(other, "SUBSCRIBE{id:1}{destination:/topic/a}");
	stomp_peer_mutter(peer, "SEND{destination:/topic/a}{receipt:1}[before]");
	stomp_peer_mutter(peer, "DISCONNECT{receipt:2}");
	stomp_peer_mutter(peer, "SEND{destination:/topic/a}{receipt:3}[after]");
	stomp_peer_mutter(peer, "NONSENSE");
	assert_heard(
		peer, "RECEIPT{receipt-id:1} RECEIPT{receipt-id:2} close 1000 Goodbye");
	assert_heard(other, "MESSAGE{subscription:1}{destination:/topic/a}[before]");
}
END_TEST

START_TEST(what_was_sent_before_a_client_vanished_arrives)
{
	stomp_peer_say(other, "SUBSCRIBE{id:1}{destination:/topic/a}");
	stomp_peer_mutter(peer, "SEND{destination:/topic/a}{receipt:1}[last words]");
	session_lost(peer->memory.session, ENDING_INTERRUPTED);
	peer->memory.session = NULL;
	assert_heard(
		other, "MESSAGE{subscription:1}{destination:/topic/a}[last words]");
}
END_TEST

START_TEST(a_client_that_vanishes_takes_its_subscriptions_along)
{
	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/topic/a}");
	stomp_peer_mutter(
		peer, "SUBSCRIBE{id:2}{destination:/topic/b}"); /* not joined */
	session_lost(peer->memory.session, ENDING_INTERRUPTED);
	peer->memory.session = NULL;
	stomp_peer_say(other, "SEND{destination:/topic/a}[x]");
	ck_assert_uint_eq(still_workers_topics(worker->workers), 0);
	ck_assert_uint_eq(still_workers_audiences(worker->workers), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("client commands");
	TCase *ids = unit_case(suite, "ids");
	TCase *sending = unit_case(suite, "sending");
	TCase *leaving = unit_case(suite, "unsubscribing");
	TCase *receipts = unit_case(suite, "receipts");
	TCase *committing = unit_case(suite, "committing");
	TCase *ending = unit_case(suite, "disconnecting");

	tcase_add_checked_fixture(ids, setup, teardown);
	tcase_add_test(ids, an_id_names_one_subscription);
	tcase_add_test(ids, an_id_is_free_again_once_it_was_unsubscribed);

	tcase_add_checked_fixture(sending, setup, teardown);
	tcase_add_test(sending, a_message_reaches_every_subscriber_its_publisher_too);
	tcase_add_test(sending, two_subscriptions_to_one_destination_give_two_messages);
	tcase_add_test(sending, only_subscribers_of_the_destination_hear_it);
	tcase_add_test(sending, what_one_publisher_says_arrives_in_its_order);
	tcase_add_test(sending, every_message_has_an_id_of_its_own_without_escapes);
	tcase_add_test(sending, a_body_is_bytes);
	unit_add_table(sending, headers_are_encoded_for_the_version_of_the_subscriber,
		encodings);
	tcase_add_test(sending, ids_and_destinations_are_encoded_too);
	tcase_add_test(sending, version_1_0_needs_no_subscription_id);
	tcase_add_test(sending, version_1_0_may_use_a_subscription_id);
	unit_add_table(sending, later_versions_need_no_subscription_id_either, later);

	tcase_add_checked_fixture(leaving, setup, teardown);
	tcase_add_test(leaving,
		nothing_of_a_subscription_follows_the_receipt_of_its_unsubscribe);
	tcase_add_test(leaving, one_of_two_subscriptions_may_end);
	tcase_add_test(leaving, a_subscription_may_end_before_it_has_begun);

	tcase_add_checked_fixture(receipts, setup, teardown);
	tcase_add_test(receipts, receipts_come_in_the_order_of_asking);
	tcase_add_test(
		receipts, what_is_sent_after_the_receipt_of_a_subscribe_is_received);

	tcase_add_checked_fixture(committing, setup, teardown);
	tcase_add_test(committing,
		nothing_is_read_behind_a_commit_until_its_queues_have_answered);
	tcase_add_test(committing, a_client_may_leave_while_its_input_is_stopped);

	tcase_add_checked_fixture(ending, setup, teardown);
	tcase_add_test(ending, disconnect_closes);
	tcase_add_test(ending, disconnect_closes_after_every_receipt);
	tcase_add_test(ending,
		what_was_published_before_comes_ahead_of_the_receipt_of_disconnect);
	tcase_add_test(ending, what_was_refused_before_is_the_answer_to_disconnect);
	tcase_add_test(ending, what_follows_a_disconnect_is_ignored);
	tcase_add_test(ending, what_was_sent_before_a_client_vanished_arrives);
	tcase_add_test(ending, a_client_that_vanishes_takes_its_subscriptions_along);
	return unit_run(suite);
}
