/*
 * The answer to a refused frame: the table of client_refusal.h, and its edges. A
 * fake engine causes the failures.
 */
/* tags: workers */
#include "gateway/stomp/client_refusal.h"

#include "gateway/worker/metrics.h"
#include "tests/support/fake_engine.h"
#include "tests/support/still_workers.h"
#include "tests/support/stomp_peer.h"
#include "tests/support/unit.h"

#define ERROR   CLIENT_ANSWER_ERROR
#define MESSAGE CLIENT_ANSWER_MESSAGE
#define NONE    CLIENT_ANSWER_NONE

static const struct {
	enum refusal_class class;
	bool is_connected, is_soft, has_errors;
	enum client_answer answer;
} table[] = {
	{REFUSAL_MALFORMED, false, false, false, ERROR},
	{REFUSAL_MALFORMED, false, true, false, ERROR},
	{REFUSAL_MALFORMED, true, false, false, ERROR},
	{REFUSAL_MALFORMED, true, false, true, ERROR},
	{REFUSAL_MALFORMED, true, true, false, ERROR},
	{REFUSAL_MALFORMED, true, true, true, ERROR},
	{REFUSAL_DENIED, false, false, false, ERROR},
	{REFUSAL_DENIED, false, true, false, ERROR},
	{REFUSAL_DENIED, true, false, false, ERROR},
	{REFUSAL_DENIED, true, false, true, ERROR},
	{REFUSAL_DENIED, true, true, false, ERROR},
	{REFUSAL_DENIED, true, true, true, MESSAGE},
	{REFUSAL_FAILED, false, false, false, ERROR},
	{REFUSAL_FAILED, false, true, false, ERROR},
	{REFUSAL_FAILED, true, false, false, NONE},
	{REFUSAL_FAILED, true, false, true, MESSAGE},
	{REFUSAL_FAILED, true, true, false, NONE},
	{REFUSAL_FAILED, true, true, true, MESSAGE},
};

START_TEST(the_answer_depends_on_four_things)
{
	ck_assert_int_eq(client_answer_to(table[_i].class, table[_i].is_connected,
				 table[_i].is_soft, table[_i].has_errors),
		table[_i].answer);
}
END_TEST

static struct worker *worker;
static struct stomp_peer *peer;

static void begin(const char *members)
{
	still_workers_share(fake_engine_owns_all);
	fake_engine = (struct fake_engine){.turns = 0};
	worker = still_workers_create(members)->all[0];
	peer = stomp_peer_connect(worker, "1.2");
}

static void setup_strict(void)
{
	begin("'broker': {'client_send': true}");
}

static void setup_soft(void)
{
	begin("'limits': {'subscriptions': 3, 'transactions': 2},"
	      "'broker': {'deny': 'soft'}");
}

static void teardown(void)
{
	stomp_peer_destroy(peer);
	still_workers_destroy(worker->workers);
}

static uint64_t counted(enum refusal_kind kind)
{
	return counter_read(&worker->metrics->refusals[DOOR_STOMP][kind]);
}

static void listen_to_errors(void)
{
	stomp_peer_say(peer, "SUBSCRIBE{id:e}{destination:/user/queue/errors}");
	assert_heard(peer, "");
}

/* The output is a message at errors that begins so, and nothing more. */
static void assert_told(const char *sentence, const char *headers)
{
	const char *heard = stomp_peer_heard(peer);
	struct buf expected = {0};

	buf_printf(&expected,
		"MESSAGE{subscription:e}{destination:/user/queue/errors}{message:%s}"
		"{content-type:text/plain}%s[%s",
		sentence, headers, sentence);
	ck_assert_msg(slice_starts_with(slice_of(heard), buf_slice(&expected)),
		"\"%s\" does not begin with \"%.*s\"", heard,
		SLICE_ARGS(buf_slice(&expected)));
	ck_assert_ptr_null(strstr(heard, "] "));
	ck_assert_ptr_nonnull(peer->memory.session);
	buf_finish(&expected);
}

/* Three rows of each class: with the receipt asked for, or without. */

START_TEST(a_failure_never_closes_and_is_told_where_it_can_be)
{
	fake_engine_refuse(2, REFUSAL_DESTINATIONS);
	stomp_peer_say(peer, "SEND{destination:/topic/a}[x]");
	stomp_peer_say(peer, "SEND{destination:/topic/a}{receipt:r}[x]");
	assert_heard(peer, "");
	ck_assert_uint_eq(counted(REFUSAL_DESTINATIONS), 2);
	listen_to_errors();
	fake_engine_refuse(2, REFUSAL_DESTINATIONS);
	stomp_peer_say(peer, "SEND{destination:/topic/a}[x]");
	assert_told("There are too many destinations", "{denied-destination:/topic/a}");
	stomp_peer_say(peer, "SEND{destination:/topic/a}{receipt:r}[x]");
	assert_told("There are too many destinations",
		"{denied-destination:/topic/a}{receipt-id:r}");
	ck_assert_uint_eq(counted(REFUSAL_DESTINATIONS), 4);
	stomp_peer_say(peer, "SEND{destination:/topic/a}{receipt:s}[x]");
	assert_heard(peer, "RECEIPT{receipt-id:s}");
}
END_TEST

START_TEST(a_home_names_the_destination_that_it_denies)
{
	fake_engine_refuse(1, REFUSAL_QUEUE_FULL);
	stomp_peer_say(peer, "SEND{destination:/queue/a}{receipt:r}[x]");
	const char *heard = stomp_peer_heard(peer);
	ck_assert_ptr_nonnull(
		strstr(heard, "ERROR{message:The queue is full}"
			      "{receipt-id:r}{denied-destination:/queue/a}"));
	ck_assert_ptr_nonnull(strstr(heard, "[The queue is full: destination "
					    "\"/queue/a\".] close 1002 STOMP error"));
	ck_assert_uint_eq(counted(REFUSAL_QUEUE_FULL), 1);
}
END_TEST

START_TEST(a_softly_denied_frame_is_told_or_is_an_error)
{
	listen_to_errors();
	fake_engine_refuse(2, REFUSAL_QUEUE_FULL);
	stomp_peer_say(peer, "SEND{destination:/queue/a}{receipt:r}[x]");
	assert_told("The queue is full", "{denied-destination:/queue/a}{receipt-id:r}");
	stomp_peer_say(peer, "SEND{destination:/queue/a}[x]");
	assert_told("The queue is full", "{denied-destination:/queue/a}");
	stomp_peer_say(peer, "UNSUBSCRIBE{id:e}");
	fake_engine_refuse(1, REFUSAL_QUEUE_FULL);
	stomp_peer_say(peer, "SEND{destination:/queue/a}{receipt:r}[x]");
	stomp_peer_check_refused(peer, "The queue is full", "r");
}
END_TEST

START_TEST(what_is_malformed_ends_the_conversation_whatever_is_configured)
{
	listen_to_errors();
	stomp_peer_say(peer, "UNSUBSCRIBE{id:9}{receipt:r}");
	stomp_peer_check_refused(peer, "There is no such subscription", "r");
	ck_assert_uint_eq(counted(REFUSAL_UNKNOWN_SUBSCRIPTION), 1);
}
END_TEST

START_TEST(before_connected_everything_is_an_error)
{
	struct stomp_peer *early = stomp_peer_create(worker);

	stomp_peer_say(early, "SEND{destination:/nobody/a}");
	stomp_peer_check_refused(early, "The first frame must be CONNECT", "");
	stomp_peer_destroy(early);
}
END_TEST

/* Receipts */

START_TEST(a_receipt_that_is_withheld_holds_up_no_other)
{
	fake_engine_refuse(1, REFUSAL_DESTINATIONS);
	stomp_peer_mutter(peer, "SEND{destination:/topic/a}{receipt:1}[x]");
	stomp_peer_mutter(peer, "SEND{destination:/topic/a}{receipt:2}[x]");
	stomp_peer_mutter(peer, "SEND{destination:/topic/a}{receipt:3}[x]");
	assert_heard(peer, "RECEIPT{receipt-id:2} RECEIPT{receipt-id:3}");
}
END_TEST

START_TEST(a_disconnect_does_not_wait_for_a_receipt_that_is_withheld)
{
	fake_engine_refuse(1, REFUSAL_DESTINATIONS);
	stomp_peer_mutter(peer, "SEND{destination:/topic/a}{receipt:1}[x]");
	stomp_peer_mutter(peer, "DISCONNECT{receipt:d}");
	assert_heard(peer, "RECEIPT{receipt-id:d} close 1000 Goodbye");
}
END_TEST

/* Subscriptions */

START_TEST(the_id_of_a_softly_denied_subscribe_can_be_unsubscribed)
{
	listen_to_errors();
	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/nobody/a}");
	stomp_peer_heard(peer);
	stomp_peer_say(peer, "UNSUBSCRIBE{id:1}{receipt:u}");
	assert_heard(peer, "RECEIPT{receipt-id:u}");
	stomp_peer_say(peer, "UNSUBSCRIBE{id:1}{receipt:v}"); /* once */
	stomp_peer_check_refused(peer, "There is no such subscription", "v");
}
END_TEST

START_TEST(a_denied_id_is_free_and_then_names_what_was_taken)
{
	listen_to_errors();
	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/nobody/a}");
	stomp_peer_heard(peer);
	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/topic/a}{receipt:s}");
	stomp_peer_say(peer, "UNSUBSCRIBE{id:1}{receipt:u}");
	assert_heard(peer, "RECEIPT{receipt-id:s} RECEIPT{receipt-id:u}");
	stomp_peer_say(peer, "UNSUBSCRIBE{id:1}{receipt:v}");
	stomp_peer_check_refused(peer, "There is no such subscription", "v");
}
END_TEST

START_TEST(a_denied_subscribe_without_an_id_is_remembered_by_its_destination)
{
	listen_to_errors();
	stomp_peer_say(peer, "SUBSCRIBE{destination:/nobody/a}");
	stomp_peer_heard(peer);
	stomp_peer_say(peer, "UNSUBSCRIBE{destination:/nobody/a}{receipt:u}");
	assert_heard(peer, "RECEIPT{receipt-id:u}");
}
END_TEST

START_TEST(no_more_denied_ids_are_remembered_than_there_may_be_subscriptions)
{
	char frame[64];

	listen_to_errors();
	for (int i = 1; i <= 4; i++) {
		snprintf(
			frame, sizeof(frame), "SUBSCRIBE{id:%d}{destination:/no/a}", i);
		stomp_peer_say(peer, frame);
	}
	stomp_peer_heard(peer);
	for (int i = 4; i >= 2; i--) {
		snprintf(frame, sizeof(frame), "UNSUBSCRIBE{id:%d}", i);
		stomp_peer_say(peer, frame);
	}
	assert_heard(peer, "");
	stomp_peer_say(peer, "UNSUBSCRIBE{id:1}"); /* the oldest was forgotten */
	stomp_peer_check_refused(peer, "There is no such subscription", "");
}
END_TEST

START_TEST(a_failed_subscribe_stays_with_an_engine_that_may_come_back)
{
	fake_engine_refuse(1, REFUSAL_DESTINATIONS);
	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/queue/a}{receipt:s}");
	stomp_peer_say(peer, "SEND{destination:/queue/a}[x]");
	assert_heard(peer, "");
	fake_engine_serve_failed();
	assert_heard(peer, "MESSAGE{subscription:1}{destination:/queue/a}[x]");
	stomp_peer_say(peer, "UNSUBSCRIBE{id:1}{receipt:u}");
	assert_heard(peer, "RECEIPT{receipt-id:u}");
}
END_TEST

START_TEST(a_failed_subscribe_can_be_unsubscribed)
{
	fake_engine_refuse(1, REFUSAL_DESTINATIONS);
	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/topic/a}");
	stomp_peer_say(peer, "UNSUBSCRIBE{id:1}{receipt:u}");
	fake_engine_serve_failed();
	stomp_peer_say(peer, "SEND{destination:/topic/a}[x]");
	assert_heard(peer, "RECEIPT{receipt-id:u}");
}
END_TEST

START_TEST(a_failed_subscribe_that_is_given_up_can_be_unsubscribed)
{
	fake_engine_refuse(1, REFUSAL_DESTINATIONS);
	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/queue/a}");
	fake_engine_give_up_failed();
	assert_heard(peer, "");
	stomp_peer_say(peer, "UNSUBSCRIBE{id:1}{receipt:u}");
	assert_heard(peer, "RECEIPT{receipt-id:u}");
	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/queue/a}{receipt:s}");
	assert_heard(peer, "RECEIPT{receipt-id:s}");
}
END_TEST

/* Transactions */

START_TEST(a_denied_send_dooms_its_transaction)
{
	listen_to_errors();
	stomp_peer_say(peer, "BEGIN{transaction:t}");
	stomp_peer_say(peer, "SEND{destination:/topic/a}{transaction:t}[1]");
	stomp_peer_say(
		peer, "SEND{destination:/nobody/a}{transaction:t}{receipt:r}[2]");
	assert_told("Nobody owns destinations of that prefix",
		"{denied-destination:/nobody/a}{receipt-id:r}");
	stomp_peer_say(peer, "SEND{destination:/topic/a}{transaction:t}[3]");
	stomp_peer_say(peer, "COMMIT{transaction:t}{receipt:c}");
	assert_told("Nobody owns destinations of that prefix",
		"{denied-destination:/nobody/a}{receipt-id:c}");
	ck_assert_uint_eq(fake_engine.taken, 0);
	ck_assert_uint_eq(counted(REFUSAL_NO_OWNER), 2);

	/* The id is free again. */
	stomp_peer_say(peer, "BEGIN{transaction:t}");
	stomp_peer_say(peer, "SEND{destination:/topic/a}{transaction:t}[1]");
	stomp_peer_say(peer, "COMMIT{transaction:t}{receipt:c}");
	assert_heard(peer, "RECEIPT{receipt-id:c}");
	ck_assert_uint_eq(fake_engine.taken, 1);
}
END_TEST

START_TEST(a_doomed_transaction_can_be_aborted)
{
	listen_to_errors();
	stomp_peer_say(peer, "BEGIN{transaction:t}");
	stomp_peer_say(peer, "SEND{destination:/nobody/a}{transaction:t}[2]");
	stomp_peer_heard(peer);
	stomp_peer_say(peer, "ABORT{transaction:t}{receipt:a}");
	assert_heard(peer, "RECEIPT{receipt-id:a}");
}
END_TEST

START_TEST(the_frames_of_a_denied_begin_are_no_mistakes)
{
	listen_to_errors();
	stomp_peer_say(peer, "BEGIN{transaction:1}");
	stomp_peer_say(peer, "BEGIN{transaction:2}");
	stomp_peer_say(peer, "BEGIN{transaction:3}{receipt:b}");
	assert_told("There are too many open transactions", "{receipt-id:b}");
	stomp_peer_say(peer, "SEND{destination:/topic/a}{transaction:3}[x]");
	assert_heard(peer, "");
	stomp_peer_say(peer, "COMMIT{transaction:3}{receipt:c}");
	assert_told("There are too many open transactions", "{receipt-id:c}");
	ck_assert_uint_eq(fake_engine.taken, 0);
	stomp_peer_say(peer, "COMMIT{transaction:1}{receipt:d}");
	stomp_peer_say(peer, "BEGIN{transaction:3}{receipt:e}");
	assert_heard(peer, "RECEIPT{receipt-id:d} RECEIPT{receipt-id:e}");
}
END_TEST

START_TEST(of_denied_begins_a_bounded_number_is_remembered)
{
	char frame[64];

	listen_to_errors();
	for (int i = 1; i <= 5; i++) {
		snprintf(frame, sizeof(frame), "BEGIN{transaction:%d}", i);
		stomp_peer_say(peer, frame);
	}
	stomp_peer_heard(peer);
	stomp_peer_say(peer, "ABORT{transaction:5}");
	stomp_peer_say(peer, "ABORT{transaction:4}{receipt:a}");
	assert_heard(peer, "RECEIPT{receipt-id:a}");
	stomp_peer_say(peer, "ABORT{transaction:3}"); /* the oldest of three */
	stomp_peer_check_refused(peer, "There is no such transaction", "");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("client refusal");
	TCase *rule = unit_case(suite, "rule");
	TCase *strict = unit_case(suite, "strict");
	TCase *soft = unit_case(suite, "soft");

	unit_add_table(rule, the_answer_depends_on_four_things, table);

	tcase_add_checked_fixture(strict, setup_strict, teardown);
	tcase_add_test(strict, a_failure_never_closes_and_is_told_where_it_can_be);
	tcase_add_test(strict, a_home_names_the_destination_that_it_denies);
	tcase_add_test(strict, before_connected_everything_is_an_error);
	tcase_add_test(strict, a_receipt_that_is_withheld_holds_up_no_other);
	tcase_add_test(
		strict, a_disconnect_does_not_wait_for_a_receipt_that_is_withheld);
	tcase_add_test(
		strict, a_failed_subscribe_stays_with_an_engine_that_may_come_back);
	tcase_add_test(strict, a_failed_subscribe_can_be_unsubscribed);
	tcase_add_test(strict, a_failed_subscribe_that_is_given_up_can_be_unsubscribed);

	tcase_add_checked_fixture(soft, setup_soft, teardown);
	tcase_add_test(soft, a_failure_never_closes_and_is_told_where_it_can_be);
	tcase_add_test(soft, a_softly_denied_frame_is_told_or_is_an_error);
	tcase_add_test(
		soft, what_is_malformed_ends_the_conversation_whatever_is_configured);
	tcase_add_test(soft, before_connected_everything_is_an_error);
	tcase_add_test(soft, the_id_of_a_softly_denied_subscribe_can_be_unsubscribed);
	tcase_add_test(soft, a_denied_id_is_free_and_then_names_what_was_taken);
	tcase_add_test(soft,
		a_denied_subscribe_without_an_id_is_remembered_by_its_destination);
	tcase_add_test(soft,
		no_more_denied_ids_are_remembered_than_there_may_be_subscriptions);
	tcase_add_test(soft, a_denied_send_dooms_its_transaction);
	tcase_add_test(soft, a_doomed_transaction_can_be_aborted);
	tcase_add_test(soft, the_frames_of_a_denied_begin_are_no_mistakes);
	tcase_add_test(soft, of_denied_begins_a_bounded_number_is_remembered);
	return unit_run(suite);
}
