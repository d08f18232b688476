/*
 * The budget of all queues, and of transactions, as clients see it: what finds no room
 * fails, and what leaves is given back.
 */
/* tags: workers */
#include "gateway/broker/internal.h"
#include "gateway/session/session.h"
#include "gateway/worker/account.h"
#include "protocol/xmalloc.h"
#include "tests/support/still_workers.h"
#include "tests/support/stomp_peer.h"
#include "tests/support/unit.h"

#include <stdio.h>

#define FULL "The queues have no room for more now"

static struct workers *workers;
static struct stomp_peer *peer, *reader;

static void setup(void)
{
	workers = still_workers_create("'limits': {'backlog_total_bytes': 2000},"
				       "'broker': {'deny': 'soft', 'nacks': 1}");
	peer = stomp_peer_connect(workers->all[0], "1.2");
	reader = stomp_peer_connect(workers->all[workers->count - 1], "1.2");
}

static void teardown(void)
{
	stomp_peer_destroy(peer);
	stomp_peer_destroy(reader);
	still_workers_destroy(workers); /* asserts that all accounts are at zero */
}

static int64_t kept(void)
{
	return atomic_load(&workers->budget.kept);
}

static int64_t sum(enum account_sum sum)
{
	return account_sum(
		workers->accounts, session_account(peer->memory.session), sum);
}

/* Fills the queues as far as they go, and returns how many were taken. */
static int fill(void)
{
	int taken = 0;

	stomp_peer_say(peer, "SUBSCRIBE{id:e}{destination:/user/queue/errors}");
	for (;; taken++) {
		stomp_peer_say(peer, "SEND{destination:/queue/a}{receipt:r}[x]");
		if (strcmp(stomp_peer_heard(peer), "RECEIPT{receipt-id:r}") != 0)
			return taken;
	}
}

START_TEST(what_queues_keep_is_charged_to_its_sender_until_it_leaves)
{
	stomp_peer_say(peer, "SEND{destination:/queue/a}[x]");
	stomp_peer_say(peer, "SEND{destination:/queue/b}[x]");
	ck_assert_int_gt(kept(), 0);
	ck_assert_int_eq(sum(ACCOUNT_KEPT), kept());
	stomp_peer_say(reader, "SUBSCRIBE{id:1}{destination:/queue/a}");
	stomp_peer_say(reader, "SUBSCRIBE{id:2}{destination:/queue/b}");
	still_workers_settle(workers);
	ck_assert_int_eq(kept(), 0);
	ck_assert_int_eq(sum(ACCOUNT_KEPT), 0);
}
END_TEST

START_TEST(a_send_that_finds_no_room_fails_and_the_next_may_be_taken)
{
	const int taken = fill();

	ck_assert_int_ge(taken, 2);
	ck_assert_int_le(kept(), 2000);
	stomp_peer_say(peer, "SEND{destination:/queue/b}{receipt:f}[x]");
	const char *heard = stomp_peer_heard(peer);
	ck_assert_msg(strstr(heard, "{message:" FULL "}") != NULL, "%s", heard);
	ck_assert_msg(strstr(heard, "{receipt-id:f}") != NULL, "%s", heard);
	ck_assert_msg(strstr(heard, "limits.backlog_total_bytes is 2000.") != NULL,
		"%s", heard);
	stomp_peer_say(reader, "SUBSCRIBE{id:1}{destination:/queue/a}");
	still_workers_settle(workers);
	stomp_peer_say(peer, "SEND{destination:/queue/b}{receipt:g}[x]");
	assert_heard(peer, "RECEIPT{receipt-id:g}");
}
END_TEST

START_TEST(a_commit_asks_when_it_reserves_and_gives_back_what_it_got)
{
	fill();
	const int64_t before = kept(), held = sum(ACCOUNT_HELD);

	stomp_peer_say(peer, "BEGIN{transaction:t}");
	stomp_peer_say(peer, "SEND{destination:/queue/b}{transaction:t}[x]");
	stomp_peer_say(peer, "SEND{destination:/queue/c}{transaction:t}[x]");
	stomp_peer_say(peer, "COMMIT{transaction:t}{receipt:c}");
	const char *heard = stomp_peer_heard(peer);
	ck_assert_msg(strstr(heard, "{message:" FULL "}") != NULL, "%s", heard);
	still_workers_settle(workers);
	ck_assert_int_eq(kept(), before);
	ck_assert_int_eq(sum(ACCOUNT_HELD), held);
}
END_TEST

START_TEST(what_a_commit_sends_is_charged_once)
{
	stomp_peer_say(peer, "BEGIN{transaction:t}");
	stomp_peer_say(peer, "SEND{destination:/queue/b}{transaction:t}[x]");
	ck_assert_int_gt(sum(ACCOUNT_HELD), 0);
	stomp_peer_say(peer, "COMMIT{transaction:t}{receipt:c}");
	assert_heard(peer, "RECEIPT{receipt-id:c}");
	ck_assert_int_eq(sum(ACCOUNT_HELD), 0);
	const int64_t one = kept();
	stomp_peer_say(peer, "SEND{destination:/queue/b}[x]");
	still_workers_settle(workers);
	ck_assert_int_eq(kept(), 2 * one);
}
END_TEST

/* It is owed: the queues are full, and nobody may lose it. */
START_TEST(a_dead_letter_stays_charged_to_the_sender)
{
	fill();
	const int64_t before = kept();

	reader->memory.describe = NULL;
	stomp_peer_say(reader, "SUBSCRIBE{id:1}{destination:/queue/a}{ack:client}"
			       "{prefetch-count:1}");
	const char *at = strstr(stomp_peer_heard(reader), "\nack:");
	char id[48], frame[80];
	ck_assert_ptr_nonnull(at);
	ck_assert_int_eq(sscanf(at, "\nack:%47[^\n]", id), 1);
	snprintf(frame, sizeof(frame), "NACK{id:%s}", id);
	stomp_peer_say(reader, frame);
	still_workers_settle(workers);
	ck_assert_int_gt(kept(), before); /* it has more headers */
	ck_assert_int_eq(sum(ACCOUNT_KEPT), kept());
}
END_TEST

/* Not only that SEND: a COMMIT of the others would not be all of it. */
START_TEST(a_transaction_without_memory_is_doomed)
{
	stomp_peer_say(peer, "SUBSCRIBE{id:e}{destination:/user/queue/errors}");
	stomp_peer_say(peer, "BEGIN{transaction:t}");
	stomp_peer_say(peer, "SEND{destination:/topic/a}{transaction:t}[1]");
	workers->budget.limit = 1 << 28;
	atomic_store(&workers->budget.correction, (1 << 28) - xmalloc_bytes());
	stomp_peer_say(peer, "SEND{destination:/topic/a}{transaction:t}[2]");
	const char *heard = stomp_peer_heard(peer);
	ck_assert_msg(strstr(heard, "no memory for the transaction now") != NULL, "%s",
		heard);
	atomic_store(&workers->budget.correction, 0);
	stomp_peer_say(reader, "SUBSCRIBE{id:1}{destination:/topic/a}");
	stomp_peer_say(peer, "COMMIT{transaction:t}{receipt:c}");
	heard = stomp_peer_heard(peer);
	ck_assert_msg(strstr(heard, "{receipt-id:c}[There is no memory") != NULL, "%s",
		heard);
	assert_heard(reader, "");
}
END_TEST

START_TEST(an_unfinished_frame_that_may_not_grow_is_an_error)
{
	static char half[200000];
	struct slice text = {half, sizeof(half)};

	memset(half, 'x', sizeof(half));
	stomp_peer_say_raw(peer, SLICE("SEND\ndestination:/topic/a\n\n"));
	stomp_peer_say_raw(peer, slice_first(text, 50000));
	ck_assert_int_ge(sum(ACCOUNT_HELD), 50000);
	workers->budget.limit = 1 << 28;
	atomic_store(&workers->budget.correction, (1 << 28) - xmalloc_bytes());
	stomp_peer_say_raw(peer, text);
	stomp_peer_check_refused(
		peer, "There is no memory for so large a frame now", "");
	still_workers_settle(workers);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("memory_total");
	TCase *tcase = unit_case(suite, "budget");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(
		tcase, what_queues_keep_is_charged_to_its_sender_until_it_leaves);
	tcase_add_test(
		tcase, a_send_that_finds_no_room_fails_and_the_next_may_be_taken);
	tcase_add_test(
		tcase, a_commit_asks_when_it_reserves_and_gives_back_what_it_got);
	tcase_add_test(tcase, what_a_commit_sends_is_charged_once);
	tcase_add_test(tcase, a_dead_letter_stays_charged_to_the_sender);
	tcase_add_test(tcase, a_transaction_without_memory_is_doomed);
	tcase_add_test(tcase, an_unfinished_frame_that_may_not_grow_is_an_error);
	return unit_run(suite);
}
