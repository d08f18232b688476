/*
 * What a session keeps of its own frames is charged to its account as long as it lives:
 * subscriptions, the ids of transactions and of what was refused.
 */
/* tags: workers */
#include "gateway/broker/internal.h"
#include "gateway/broker/subscription.h"
#include "gateway/session/session.h"
#include "gateway/worker/account.h"
#include "protocol/xmalloc.h"
#include "tests/support/still_workers.h"
#include "tests/support/stomp_peer.h"
#include "tests/support/unit.h"

#include <stdio.h>

enum { LONG = 8000, LIMIT = 1 << 28 };

static struct workers *workers;
static struct stomp_peer *peer;

static void begin(const char *members)
{
	workers = still_workers_create(members);
	peer = stomp_peer_connect(workers->all[0], "1.2");
}

static void setup(void)
{
	begin("'limits': {'subscriptions': 1000}");
}

static void setup_soft(void)
{
	begin("'limits': {'transactions': 2}, 'broker': {'deny': 'soft'},"
	      "'app': {'prefixes': ['/app'], 'routes': [{'match': '/app/a',"
	      " 'reply': {'a': 1}}]}");
	stomp_peer_say(peer, "SUBSCRIBE{id:e}{destination:/user/queue/errors}");
}

static void teardown(void)
{
	stomp_peer_destroy(peer);
	still_workers_destroy(workers); /* asserts that all accounts are at zero */
}

static int64_t held(void)
{
	return account_sum(
		workers->accounts, session_account(peer->memory.session), ACCOUNT_HELD);
}

static void take_all_room(void)
{
	workers->budget.limit = LIMIT;
	atomic_store(&workers->budget.correction, LIMIT - xmalloc_bytes());
}

static void give_room(void)
{
	atomic_store(&workers->budget.correction, 0);
}

/* Says `frame`, in which % stands for a text of LONG octets that ends with `last`. */
static void say_long_by(void (*say)(struct stomp_peer *peer, const char *frame),
	const char *frame, char last)
{
	const struct slice text = slice_of(frame);
	const size_t at = slice_find(text, '%');
	struct buf whole = {0};

	buf_append(&whole, slice_first(text, at));
	for (int i = 1; i < LONG; i++)
		buf_append(&whole, SLICE("x"));
	buf_append(&whole, (struct slice){&last, 1});
	buf_append(&whole, slice_from(text, at + 1));
	buf_append(&whole, (struct slice){"", 1});
	say(peer, whole.data);
	buf_finish(&whole);
}

static void say_long(const char *frame, char last)
{
	say_long_by(stomp_peer_say, frame, last);
}

static void check_heard(const char *part)
{
	const char *heard = stomp_peer_heard(peer);

	ck_assert_msg(strstr(heard, part) != NULL, "%s: %s", part, heard);
}

static const struct {
	const char *subscribe, *unsubscribe;
} subscriptions[] = {
	{"SUBSCRIBE{destination:/topic/a}{id:%}", "UNSUBSCRIBE{id:%}"},
	{"SUBSCRIBE{destination:/queue/a}{id:%}", "UNSUBSCRIBE{id:%}"},
	{"SUBSCRIBE{destination:/topic/*}{id:%}", "UNSUBSCRIBE{id:%}"},
	{"SUBSCRIBE{destination:/temp-queue/a}{id:%}", "UNSUBSCRIBE{id:%}"},
	{"SUBSCRIBE{destination:/user/queue/a}{id:%}", "UNSUBSCRIBE{id:%}"},
};

START_TEST(a_subscription_is_charged_with_its_id_until_it_ends)
{
	say_long(subscriptions[_i].subscribe, '1');
	ck_assert_int_ge(held(), LONG);
	say_long(subscriptions[_i].subscribe, '2');
	ck_assert_int_ge(held(), 2 * LONG);
	say_long(subscriptions[_i].unsubscribe, '1');
	say_long(subscriptions[_i].unsubscribe, '2');
	still_workers_settle(workers);
	ck_assert_int_eq(held(), 0);
}
END_TEST

static void subscribe_to_a(int count)
{
	char frame[64];

	for (int i = 0; i < count; i++) {
		snprintf(frame, sizeof(frame), "SUBSCRIBE{destination:/topic/a}{id:%d}",
			i);
		stomp_peer_say(peer, frame);
	}
}

START_TEST(many_small_subscriptions_are_charged_too)
{
	subscribe_to_a(100);
	ck_assert_int_ge(held(), 100 * (int64_t)sizeof(struct subscription));
}
END_TEST

/* Its subscriptions end in several turns, and are charged until then. */
START_TEST(what_a_session_leaves_is_charged_until_it_has_ended)
{
	const struct worker *worker = workers->all[0];
	const uint32_t account = session_account(peer->memory.session);
	const int64_t before = held();
	int64_t left = 0;
	unsigned turns = 0;

	subscribe_to_a(1000);
	const int64_t each = (held() - before) / 1000;
	session_lost(peer->memory.session, ENDING_INTERRUPTED);
	peer->memory.session = NULL;
	for (; worker->live_sessions + worker->owing > 0; turns++) {
		left = account_sum(workers->accounts, account, ACCOUNT_HELD);
		ck_assert_int_ge(left, each);
		still_workers_turn(workers);
	}
	ck_assert_uint_gt(turns, 2);
	ck_assert_int_lt(left, 999 * each);
	ck_assert_int_eq(account_sum(workers->accounts, account, ACCOUNT_HELD), 0);
}
END_TEST

START_TEST(a_subscription_without_memory_fails_and_nothing_is_closed)
{
	take_all_room();
	stomp_peer_say(peer, "SUBSCRIBE{destination:/topic/a}{id:1}");
	check_heard("{message:There is no memory for the subscription now}");
	give_room();
	stomp_peer_say(peer, "UNSUBSCRIBE{id:1}{receipt:u}");
	assert_heard(peer, "RECEIPT{receipt-id:u}");
	stomp_peer_say(peer, "SUBSCRIBE{destination:/topic/a}{id:1}{receipt:s}");
	assert_heard(peer, "RECEIPT{receipt-id:s}");
}
END_TEST

START_TEST(a_temporary_queue_of_a_reply_to_needs_memory_too)
{
	take_all_room();
	stomp_peer_say(peer, "SEND{destination:/topic/a}{reply-to:/temp-queue/a}");
	check_heard("{message:There is no memory for the subscription now}");
	give_room();
	const int64_t before = held();
	stomp_peer_say(peer, "SEND{destination:/topic/a}{reply-to:/temp-queue/a}");
	assert_heard(peer, "");
	ck_assert_int_gt(held(), before);
}
END_TEST

START_TEST(a_reply_of_a_route_needs_memory_too)
{
	take_all_room();
	stomp_peer_say(peer, "SUBSCRIBE{destination:/app/a}{id:1}");
	check_heard("{message:There is no memory for the subscription now}");
	give_room();
	stomp_peer_say(peer, "SUBSCRIBE{destination:/app/a}{id:1}");
	check_heard("MESSAGE{subscription:1}");
}
END_TEST

static const char *const transaction_ends[] = {
	"ABORT{transaction:%}", "COMMIT{transaction:%}"};

START_TEST(a_transaction_is_charged_with_its_id)
{
	const int64_t before = held();

	say_long("BEGIN{transaction:%}", '1');
	ck_assert_int_ge(held(), before + LONG);
	say_long("SEND{destination:/topic/a}{transaction:%}", '1');
	say_long(transaction_ends[_i], '1');
	still_workers_settle(workers);
	ck_assert_int_eq(held(), before);
}
END_TEST

START_TEST(a_begin_without_memory_fails_and_dooms_its_transaction)
{
	take_all_room();
	say_long("BEGIN{transaction:%}", '1');
	check_heard("{message:There is no memory for the transaction now}");
	give_room();
	say_long("SEND{destination:/topic/a}{transaction:%}", '1');
	assert_heard(peer, "");
	say_long("COMMIT{transaction:%}{receipt:c}", '1');
	check_heard("{receipt-id:c}[There is no memory for the transaction now");
}
END_TEST

/* Each keeps its refusal, and the refused ones no long id. */
START_TEST(what_dooms_a_transaction_is_charged)
{
	const int64_t before = held();

	stomp_peer_say(peer, "BEGIN{transaction:a}");
	const int64_t whole = held();
	stomp_peer_say(peer, "SEND{destination:/nobody}{transaction:a}");
	ck_assert_int_ge(held(), whole + (int64_t)sizeof(struct broker_refusal));
	stomp_peer_say(peer, "BEGIN{transaction:b}");
	const int64_t full = held();
	for (char last = '0'; last <= '9'; last++)
		say_long("BEGIN{transaction:%}", last);
	ck_assert_int_gt(held(), full);
	ck_assert_int_lt(held(), full + LONG);
	stomp_peer_heard(peer);
	say_long("ABORT{transaction:%}{receipt:r}", '9');
	stomp_peer_say(peer, "ABORT{transaction:a}");
	stomp_peer_say(peer, "ABORT{transaction:b}");
	say_long("ABORT{transaction:%}", '8');
	assert_heard(peer, "RECEIPT{receipt-id:r}");
	ck_assert_int_eq(held(), before);
}
END_TEST

/* Postern remembers no more of them than it needs to know them again. */
START_TEST(a_refused_subscribe_is_remembered_in_a_few_octets)
{
	const int64_t before = held();

	for (int round = 0; round < 40; round++) {
		for (char last = '0'; last <= '9'; last++)
			say_long("SUBSCRIBE{destination:/nobody}{id:%}", last);
	}
	ck_assert_int_gt(held(), before);
	ck_assert_int_lt(held(), before + LONG);
	stomp_peer_heard(peer);
	say_long("UNSUBSCRIBE{id:%}{receipt:r}", '7');
	assert_heard(peer, "RECEIPT{receipt-id:r}");
}
END_TEST

/* No SEND is answered before the turn ends. */
static void ask_for_receipts(void)
{
	stomp_peer_mutter(peer, "SEND{destination:/topic/a}{receipt:s}");
	say_long_by(stomp_peer_mutter, "SEND{destination:/topic/a}{receipt:%}", '1');
	say_long_by(stomp_peer_mutter, "SEND{destination:/topic/a}{receipt:%}", '2');
}

START_TEST(receipts_that_wait_are_charged)
{
	ask_for_receipts();
	ck_assert_int_ge(held(), 2 * LONG);
	still_workers_settle(workers);
	check_heard("RECEIPT{receipt-id:xx");
	ck_assert_int_lt(held(), LONG);
}
END_TEST

START_TEST(receipts_that_wait_without_memory_are_an_error)
{
	take_all_room();
	ask_for_receipts();
	still_workers_settle(workers);
	check_heard("ERROR{message:There is no memory for so large a frame now}");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("held");
	TCase *tcase = unit_case(suite, "plain");
	TCase *soft = unit_case(suite, "soft");

	tcase_add_checked_fixture(tcase, setup, teardown);
	unit_add_table(tcase, a_subscription_is_charged_with_its_id_until_it_ends,
		subscriptions);
	tcase_add_test(tcase, many_small_subscriptions_are_charged_too);
	tcase_add_test(tcase, what_a_session_leaves_is_charged_until_it_has_ended);
	tcase_add_test(tcase, receipts_that_wait_are_charged);
	tcase_add_test(tcase, receipts_that_wait_without_memory_are_an_error);
	tcase_add_checked_fixture(soft, setup_soft, teardown);
	tcase_add_test(soft, a_subscription_without_memory_fails_and_nothing_is_closed);
	tcase_add_test(soft, a_temporary_queue_of_a_reply_to_needs_memory_too);
	tcase_add_test(soft, a_reply_of_a_route_needs_memory_too);
	unit_add_table(soft, a_transaction_is_charged_with_its_id, transaction_ends);
	tcase_add_test(soft, a_begin_without_memory_fails_and_dooms_its_transaction);
	tcase_add_test(soft, what_dooms_a_transaction_is_charged);
	tcase_add_test(soft, a_refused_subscribe_is_remembered_in_a_few_octets);
	return unit_run(suite);
}
