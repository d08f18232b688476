/* tags: workers */
#include "gateway/broker/internal.h"
#include "gateway/worker/account.h"
#include "tests/support/still_workers.h"
#include "tests/support/stomp_peer.h"
#include "tests/support/unit.h"

#include <stdio.h>

enum { MOST = 8 };

static struct workers *workers;
static struct stomp_peer *peer;

static void begin(void)
{
	workers = still_workers_create("");
	for (unsigned i = 0; i < workers->count; i++)
		workers->all[i]->broker->credits.messages = MOST;
	peer = stomp_peer_connect(workers->all[0], "1.2");
}

static void end(void)
{
	still_workers_come_from(1);
	stomp_peer_destroy(peer);
	still_workers_destroy(workers);
}

static void publish(struct stomp_peer *from, unsigned count)
{
	for (; count > 0; count--)
		stomp_peer_mutter(from, "SEND{destination:/topic/a}[x]");
}

static bool is_held(const struct stomp_peer *one)
{
	return session_is_paused(one->memory.session);
}

static int64_t on_the_way(const struct stomp_peer *one)
{
	return account_sum(
		workers->accounts, session_account(one->memory.session), ACCOUNT_SENDS);
}

START_TEST(credits_are_back_when_the_home_has_dispatched)
{
	publish(peer, 3);
	ck_assert_int_eq(on_the_way(peer), 3);
	still_workers_settle(workers);
	ck_assert_int_eq(on_the_way(peer), 0);
}
END_TEST

START_TEST(who_overdraws_is_held_after_some_frames_until_half_is_back)
{
	/* Above MOST each session has a grace of four frames. */
	publish(peer, MOST + 4);
	ck_assert(!is_held(peer));
	publish(peer, 1);
	ck_assert(is_held(peer));
	still_workers_settle(workers);
	ck_assert(!is_held(peer));
	ck_assert_int_eq(on_the_way(peer), 0);
}
END_TEST

START_TEST(frames_that_came_meanwhile_follow_in_order)
{
	struct stomp_peer *reader = stomp_peer_connect(workers->all[0], "1.2");

	stomp_peer_say(reader, "SUBSCRIBE{id:1}{destination:/topic/b}");
	still_workers_settle(workers);
	publish(peer, MOST + 5);
	ck_assert(is_held(peer));
	stomp_peer_mutter(peer, "SEND{destination:/topic/b}[1]");
	stomp_peer_mutter(peer, "SEND{destination:/topic/b}[2]");
	still_workers_settle(workers);
	assert_heard(reader, "MESSAGE{subscription:1}{destination:/topic/b}[1] "
			     "MESSAGE{subscription:1}{destination:/topic/b}[2]");
	stomp_peer_destroy(reader);
}
END_TEST

START_TEST(another_account_is_not_held)
{
	still_workers_come_from(2);
	struct stomp_peer *other = stomp_peer_connect(workers->all[0], "1.2");

	publish(peer, MOST + 5);
	publish(other, MOST);
	ck_assert(is_held(peer));
	ck_assert(!is_held(other));
	stomp_peer_destroy(other);
}
END_TEST

START_TEST(a_session_that_says_little_has_a_grace)
{
	struct stomp_peer *sibling = stomp_peer_connect(workers->all[0], "1.2");

	publish(peer, MOST + 5);
	publish(sibling, 1);
	ck_assert(is_held(peer));
	ck_assert(!is_held(sibling));
	still_workers_settle(workers);
	stomp_peer_destroy(sibling);
}
END_TEST

START_TEST(a_subscribe_needs_credits_too)
{
	char frame[64];

	for (unsigned i = 0; i < MOST + 5; i++) {
		snprintf(frame, sizeof(frame), "SUBSCRIBE{id:%u}{destination:/topic/a}",
			i);
		stomp_peer_mutter(peer, frame);
	}
	ck_assert(is_held(peer));
	still_workers_settle(workers);
	ck_assert(!is_held(peer));
}
END_TEST

START_TEST(a_commit_overdraws_and_is_held_after)
{
	stomp_peer_mutter(peer, "BEGIN{transaction:1}");
	for (unsigned i = 0; i <= MOST; i++)
		stomp_peer_mutter(peer, "SEND{destination:/topic/a}{transaction:1}[x]");
	ck_assert_int_eq(on_the_way(peer), 0);
	stomp_peer_mutter(peer, "COMMIT{transaction:1}");
	ck_assert_int_eq(on_the_way(peer), MOST + 1);
	ck_assert(is_held(peer));
	still_workers_settle(workers);
	ck_assert_int_eq(on_the_way(peer), 0);
	ck_assert(!is_held(peer));
}
END_TEST

/* A transaction of so many messages that one COMMIT ends. */
static void fill_transaction(struct stomp_peer *from, unsigned messages)
{
	stomp_peer_mutter(from, "BEGIN{transaction:1}");
	for (unsigned i = 0; i < messages; i++)
		stomp_peer_mutter(from, "SEND{destination:/topic/a}{transaction:1}[x]");
}

enum { SIBLINGS = 6 };

/* They share the account of `peer`; each has a transaction beyond the credits. */
static void connect_siblings(struct stomp_peer *siblings[SIBLINGS])
{
	for (unsigned i = 0; i < SIBLINGS; i++) {
		siblings[i] =
			stomp_peer_connect(workers->all[i % workers->count], "1.2");
		fill_transaction(siblings[i], MOST + 1);
	}
}

static void destroy_siblings(struct stomp_peer *siblings[SIBLINGS])
{
	for (unsigned i = 0; i < SIBLINGS; i++)
		stomp_peer_destroy(siblings[i]);
}

START_TEST(of_many_commits_of_an_account_one_overdraws)
{
	struct stomp_peer *siblings[SIBLINGS];

	connect_siblings(siblings);
	for (unsigned i = 0; i < SIBLINGS; i++)
		stomp_peer_mutter(siblings[i], "COMMIT{transaction:1}{receipt:1}");
	for (int turn = 0; turn < 100; turn++) {
		ck_assert_int_le(on_the_way(peer), MOST + MOST + 1);
		still_workers_turn(workers);
	}
	still_workers_settle(workers);
	for (unsigned i = 0; i < SIBLINGS; i++) {
		assert_heard(siblings[i], "RECEIPT{receipt-id:1}");
		ck_assert(!is_held(siblings[i]));
	}
	ck_assert_int_eq(on_the_way(peer), 0);
	destroy_siblings(siblings);
}
END_TEST

START_TEST(what_follows_a_commit_that_waits_for_credits_keeps_its_order)
{
	struct stomp_peer *reader = stomp_peer_connect(workers->all[0], "1.2");
	struct stomp_peer *sibling = stomp_peer_connect(workers->all[0], "1.2");

	stomp_peer_say(reader, "SUBSCRIBE{id:1}{destination:/topic/b}");
	still_workers_settle(workers);
	publish(peer, MOST + 5);
	fill_transaction(sibling, MOST);
	stomp_peer_mutter(sibling, "SEND{destination:/topic/b}{transaction:1}[1]");
	stomp_peer_mutter(sibling, "COMMIT{transaction:1}{receipt:1}");
	ck_assert(is_held(sibling));
	ck_assert_int_eq(on_the_way(peer), MOST + 5);
	stomp_peer_mutter(sibling, "SEND{destination:/topic/b}{receipt:2}[2]");
	stomp_peer_mutter(sibling, "DISCONNECT{receipt:3}");
	still_workers_settle(workers);
	assert_heard(reader, "MESSAGE{subscription:1}{destination:/topic/b}[1] "
			     "MESSAGE{subscription:1}{destination:/topic/b}[2]");
	assert_heard(sibling, "RECEIPT{receipt-id:1} RECEIPT{receipt-id:2} "
			      "RECEIPT{receipt-id:3} close 1000 Goodbye");
	ck_assert(sibling->memory.session == NULL);
	stomp_peer_destroy(reader);
	stomp_peer_destroy(sibling);
}
END_TEST

START_TEST(a_small_commit_has_the_grace_of_as_many_frames)
{
	struct stomp_peer *sibling = stomp_peer_connect(workers->all[0], "1.2");

	publish(peer, MOST + 5);
	fill_transaction(sibling, 4);
	stomp_peer_mutter(sibling, "COMMIT{transaction:1}");
	ck_assert_int_eq(on_the_way(peer), MOST + 5 + 4);
	ck_assert(is_held(sibling)); /* after it there is none */
	still_workers_settle(workers);
	ck_assert(!is_held(sibling));
	stomp_peer_destroy(sibling);
}
END_TEST

START_TEST(a_commit_that_only_acknowledges_needs_no_credits)
{
	struct stomp_peer *reader = stomp_peer_connect(workers->all[0], "1.2");

	stomp_peer_say(reader, "SUBSCRIBE{id:1}{destination:/queue/a}{ack:client}");
	stomp_peer_say(peer, "SEND{destination:/queue/a}[x]");
	still_workers_settle(workers);
	publish(peer, MOST + 5);
	fill_transaction(reader, 0);
	stomp_peer_mutter(reader, "ACK{id:0-0}{transaction:1}");
	stomp_peer_mutter(reader, "COMMIT{transaction:1}");
	ck_assert_int_eq(on_the_way(peer), MOST + 5);
	still_workers_settle(workers);
	ck_assert_int_eq(on_the_way(peer), 0);
	stomp_peer_destroy(reader);
}
END_TEST

START_TEST(a_session_may_end_while_its_commit_waits_for_credits)
{
	struct stomp_peer *siblings[SIBLINGS];

	connect_siblings(siblings);
	for (unsigned i = 0; i < SIBLINGS; i++)
		stomp_peer_mutter(siblings[i], "COMMIT{transaction:1}");
	/* The first is under way. Nothing of the others was, or will be sent. */
	for (unsigned i = 1; i < SIBLINGS; i++) {
		struct session *session = siblings[i]->memory.session;

		siblings[i]->memory.session = NULL;
		session_lost(session, ENDING_INTERRUPTED);
	}
	ck_assert_int_eq(on_the_way(peer), MOST + 1);
	still_workers_settle(workers);
	ck_assert_int_eq(on_the_way(peer), 0);
	for (unsigned i = 0; i < workers->count; i++)
		ck_assert_uint_eq(workers->all[i]->broker->credits.waiting.count, 0);
	destroy_siblings(siblings);
}
END_TEST

START_TEST(a_commit_that_waits_for_credits_is_judged_again)
{
	struct stomp_peer *sibling = stomp_peer_connect(workers->all[0], "1.2");
	struct config *closed =
		config_of("{'rules': [{'match': '/topic/b', 'allow': 'send'}],"
			  "'endpoints': [{'path': '/stomp'}]}");

	publish(peer, MOST + 5);
	fill_transaction(sibling, MOST);
	stomp_peer_mutter(sibling, "SEND{destination:/topic/b}{transaction:1}[1]");
	stomp_peer_mutter(sibling, "COMMIT{transaction:1}{receipt:1}");
	ck_assert(is_held(sibling));
	workers_configure(workers, closed);
	config_unref(closed);
	still_workers_settle(workers);
	stomp_peer_check_refused(sibling, "You may not send to that destination", "1");
	ck_assert_int_eq(on_the_way(peer), 0);
	stomp_peer_destroy(sibling);
}
END_TEST

START_TEST(a_refused_commit_gives_its_credits_back)
{
	stomp_peer_say(peer, "BEGIN{transaction:1}");
	for (unsigned i = 0; i < 3; i++)
		stomp_peer_say(peer, "SEND{destination:/queue/a}{transaction:1}[x]");
	for (unsigned i = 0; i < workers->count; i++)
		atomic_fetch_add(
			&workers->destinations, workers->config->limits.destinations);
	stomp_peer_say(peer, "COMMIT{transaction:1}");
	still_workers_settle(workers);
	ck_assert_int_eq(account_sum(workers->accounts,
				 peer->memory.session == NULL
					 ? ACCOUNT_HOUSE
					 : session_account(peer->memory.session),
				 ACCOUNT_SENDS),
		0);
	for (unsigned i = 0; i < workers->count; i++)
		atomic_fetch_sub(
			&workers->destinations, workers->config->limits.destinations);
}
END_TEST

START_TEST(a_session_may_end_while_it_is_held)
{
	publish(peer, MOST + 5);
	ck_assert(is_held(peer));
	struct session *session = peer->memory.session;

	peer->memory.session = NULL;
	session_lost(session, ENDING_INTERRUPTED);
	still_workers_settle(workers);
	ck_assert_uint_eq(workers->all[0]->broker->credits.waiting.count, 0);
}
END_TEST

static int64_t size_of_one(void)
{
	publish(peer, 1);
	const int64_t size = account_sum(workers->accounts,
		session_account(peer->memory.session), ACCOUNT_SEND_BYTES);

	still_workers_settle(workers);
	return size;
}

static void bound_bytes(int64_t bytes)
{
	for (unsigned i = 0; i < workers->count; i++)
		workers->all[i]->broker->credits.bytes = bytes;
}

START_TEST(bytes_are_bounded_as_messages_are)
{
	bound_bytes(2 * size_of_one());
	publish(peer, 2 + 4);
	ck_assert(!is_held(peer));
	publish(peer, 1);
	ck_assert(is_held(peer));
	still_workers_settle(workers);
	ck_assert(!is_held(peer));
}
END_TEST

START_TEST(an_account_far_beyond_its_credits_has_no_grace)
{
	bound_bytes(size_of_one() / 8);
	publish(peer, 1);
	ck_assert(is_held(peer));
	still_workers_settle(workers);
	ck_assert(!is_held(peer));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("credit");
	TCase *tcase = unit_case(suite, "credits");

	tcase_add_checked_fixture(tcase, begin, end);
	tcase_add_test(tcase, credits_are_back_when_the_home_has_dispatched);
	tcase_add_test(
		tcase, who_overdraws_is_held_after_some_frames_until_half_is_back);
	tcase_add_test(tcase, frames_that_came_meanwhile_follow_in_order);
	tcase_add_test(tcase, another_account_is_not_held);
	tcase_add_test(tcase, a_session_that_says_little_has_a_grace);
	tcase_add_test(tcase, a_subscribe_needs_credits_too);
	tcase_add_test(tcase, a_commit_overdraws_and_is_held_after);
	tcase_add_test(tcase, of_many_commits_of_an_account_one_overdraws);
	tcase_add_test(
		tcase, what_follows_a_commit_that_waits_for_credits_keeps_its_order);
	tcase_add_test(tcase, a_small_commit_has_the_grace_of_as_many_frames);
	tcase_add_test(tcase, a_commit_that_only_acknowledges_needs_no_credits);
	tcase_add_test(tcase, a_session_may_end_while_its_commit_waits_for_credits);
	tcase_add_test(tcase, a_commit_that_waits_for_credits_is_judged_again);
	tcase_add_test(tcase, a_refused_commit_gives_its_credits_back);
	tcase_add_test(tcase, a_session_may_end_while_it_is_held);
	tcase_add_test(tcase, bytes_are_bounded_as_messages_are);
	tcase_add_test(tcase, an_account_far_beyond_its_credits_has_no_grace);
	return unit_run(suite);
}
