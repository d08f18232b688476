/*
 * COMMIT over two engines: the memory engine reserves, the fake engine takes its part
 * or refuses it, and then the memory engine applies or gives back.
 */
/* tags: workers */
#include "gateway/broker/internal.h"
#include "tests/support/far_site.h"
#include "tests/support/still_workers.h"
#include "tests/support/unit.h"

#include <stdio.h>

static struct workers *workers;
static struct stomp_peer *peer, *reader;

static void begin(const char *members)
{
	far_site_begin(members);
	workers = far_site.workers;
	peer = far_site.peer;
	reader = far_site.reader;
}

static void setup(void)
{
	begin("'limits': {'backlog_messages': 3}");
}

static void setup_soft(void)
{
	begin("'limits': {'backlog_messages': 3}, 'broker': {'deny': 'soft'}");
	stomp_peer_say(peer, "SUBSCRIBE{id:e}{destination:/user/queue/errors}");
}

START_TEST(a_commit_takes_effect_at_both_engines)
{
	far_site_listen();
	far_site_open_mixed();
	stomp_peer_say(peer, "COMMIT{transaction:t}{receipt:c}");
	assert_heard(peer, "RECEIPT{receipt-id:c}");
	far_site_check_got(true, true);
	ck_assert_uint_eq(fake_engine.asked, 1);
	ck_assert_uint_eq(fake_engine.taken, 2);
}
END_TEST

START_TEST(only_engines_with_a_part_are_asked)
{
	far_site_open();
	far_site_add("/topic/a", "1");
	stomp_peer_say(peer, "COMMIT{transaction:t}{receipt:c}");
	ck_assert_uint_eq(fake_engine.asked, 0);
	far_site_open();
	far_site_add("/topic/far/a", "1");
	stomp_peer_say(peer, "COMMIT{transaction:t}{receipt:d}");
	ck_assert_uint_eq(fake_engine.asked, 1);
	assert_heard(peer, "RECEIPT{receipt-id:c} RECEIPT{receipt-id:d}");
}
END_TEST

/* Topics forget nothing and requeue nothing: an ACK there asks nobody. */
START_TEST(an_ack_of_a_topic_is_no_part)
{
	stomp_peer_say(peer, "SUBSCRIBE{id:t}{destination:/topic/far/a}{ack:client}");
	stomp_peer_say(reader, "SUBSCRIBE{id:t}{destination:/topic/a}");
	stomp_peer_say(reader, "SEND{destination:/topic/far/a}[x]");
	still_workers_settle(workers);
	stomp_peer_say(peer, "BEGIN{transaction:t}");
	far_site_settle(peer, "ACK", "{transaction:t}");
	stomp_peer_say(peer, "SEND{destination:/topic/a}{transaction:t}[y]");
	fake_engine.is_away = true;
	stomp_peer_say(peer, "COMMIT{transaction:t}{receipt:c}");
	assert_heard(peer, "RECEIPT{receipt-id:c}");
	ck_assert_uint_eq(fake_engine.asked, 0);
	assert_heard(reader, "MESSAGE{subscription:t}{destination:/topic/a}[y]");
	fake_engine.is_away = false;
}
END_TEST

START_TEST(nothing_takes_effect_while_an_engine_is_asked)
{
	far_site_listen();
	fake_engine.is_away = true;
	far_site_open_mixed();
	stomp_peer_say(peer, "COMMIT{transaction:t}{receipt:c}");
	assert_heard(peer, "");
	far_site_check_got(false, false);
	far_site_come_back();
	assert_heard(peer, "RECEIPT{receipt-id:c}");
	far_site_check_got(true, true);
}
END_TEST

START_TEST(memory_keeps_its_room_while_an_engine_is_asked)
{
	fake_engine.is_away = true;
	far_site_open_mixed();
	stomp_peer_say(peer, "COMMIT{transaction:t}{receipt:c}");
	ck_assert_uint_eq(far_site_room("/queue/a"), 2);
	far_site_come_back();
	assert_heard(peer, "RECEIPT{receipt-id:c}");
	ck_assert_uint_eq(far_site_room("/queue/a"), 0);
}
END_TEST

START_TEST(frames_behind_a_commit_wait_and_receipts_keep_their_order)
{
	far_site_listen();
	fake_engine.is_away = true;
	far_site_open_mixed();
	stomp_peer_mutter(peer, "SEND{destination:/topic/far/b}{receipt:1}[x]");
	stomp_peer_mutter(peer, "COMMIT{transaction:t}{receipt:2}");
	stomp_peer_mutter(peer, "SEND{destination:/topic/a}{receipt:3}[behind]");
	stomp_peer_mutter(peer, "SEND{destination:/topic/far/b}{receipt:4}[x]");
	assert_heard(peer, "");
	assert_heard(reader, "");
	far_site_come_back();
	assert_heard(peer, "RECEIPT{receipt-id:1} RECEIPT{receipt-id:2} "
			   "RECEIPT{receipt-id:3} RECEIPT{receipt-id:4}");
	const char *heard = stomp_peer_heard(reader);
	const char *mine = strstr(heard, "{destination:/topic/a}[3]"),
		   *behind = strstr(heard, "[behind]");
	ck_assert_ptr_nonnull(mine);
	ck_assert_ptr_nonnull(behind);
	ck_assert(mine < behind);
}
END_TEST

START_TEST(a_disconnect_behind_a_commit_comes_last)
{
	far_site_listen();
	fake_engine.is_away = true;
	far_site_open_mixed();
	stomp_peer_mutter(peer, "COMMIT{transaction:t}{receipt:c}");
	stomp_peer_mutter(peer, "DISCONNECT{receipt:d}");
	assert_heard(peer, "");
	far_site_come_back();
	assert_heard(peer, "RECEIPT{receipt-id:c} RECEIPT{receipt-id:d} "
			   "close 1000 Goodbye");
	far_site_check_got(true, true);
}
END_TEST

START_TEST(who_hangs_up_behind_a_commit_still_gets_its_receipts)
{
	far_site_listen();
	fake_engine.is_away = true;
	far_site_open_mixed();
	stomp_peer_mutter(peer, "COMMIT{transaction:t}{receipt:1}");
	stomp_peer_mutter(peer, "SEND{destination:/topic/b}{receipt:2}[x]");
	session_hang_up(peer->memory.session);
	assert_heard(peer, "");
	far_site_come_back();
	const char *heard = stomp_peer_heard(peer);
	ck_assert_msg(slice_starts_with(slice_of(heard),
			      SLICE("RECEIPT{receipt-id:1} RECEIPT{receipt-id:2} ")),
		"%s", heard);
	ck_assert_ptr_null(peer->memory.session);
	far_site_check_got(true, true);
}
END_TEST

START_TEST(commits_of_several_clients_wait_independently)
{
	fake_engine.is_away = true;
	far_site_open_mixed();
	stomp_peer_say(peer, "COMMIT{transaction:t}{receipt:c}");
	stomp_peer_say(reader, "BEGIN{transaction:t}");
	stomp_peer_say(reader, "SEND{destination:/queue/a}{transaction:t}[x]");
	stomp_peer_say(reader, "COMMIT{transaction:t}{receipt:d}");
	assert_heard(reader, "RECEIPT{receipt-id:d}");
	stomp_peer_say(reader, "BEGIN{transaction:t}");
	stomp_peer_say(reader, "SEND{destination:/queue/far/a}{transaction:t}[x]");
	stomp_peer_say(reader, "COMMIT{transaction:t}{receipt:e}");
	assert_heard(reader, "");
	far_site_come_back();
	assert_heard(reader, "RECEIPT{receipt-id:e}");
	assert_heard(peer, "RECEIPT{receipt-id:c}");
}
END_TEST

/* One engine refuses. */

START_TEST(what_an_engine_refuses_takes_effect_nowhere)
{
	/* Later, or within the call, or within the memory engine's answer. */
	fake_engine.decides_within = _i > 0;
	far_site_listen();
	far_site_open_queues(_i != 1);
	fake_engine_refuse(1, REFUSAL_DESTINATIONS);
	stomp_peer_mutter(peer, "COMMIT{transaction:t}{receipt:c}");
	stomp_peer_mutter(peer, "SEND{destination:/topic/b}{receipt:d}[x]");
	const char *heard = stomp_peer_heard(peer);
	const char *refused = strstr(heard, "{denied-destination:/queue/far/a}"
					    "{receipt-id:c}[There are too many"),
		   *receipt = strstr(heard, "RECEIPT{receipt-id:d}");
	ck_assert_msg(
		refused != NULL && receipt != NULL && refused < receipt, "%s", heard);
	ck_assert_ptr_null(strstr(heard, "RECEIPT{receipt-id:c}"));
	far_site_check_nothing();
	/* The id is free. */
	far_site_open();
	stomp_peer_say(peer, "ABORT{transaction:t}{receipt:a}");
	assert_heard(peer, "RECEIPT{receipt-id:a}");
}
END_TEST

START_TEST(a_refusal_reaches_who_has_not_asked_for_a_receipt)
{
	far_site_open_queues(true);
	fake_engine_refuse(1, REFUSAL_DESTINATIONS);
	stomp_peer_say(peer, "COMMIT{transaction:t}");
	ck_assert_ptr_nonnull(strstr(stomp_peer_heard(peer),
		"{denied-destination:/queue/far/a}[There are too many"));
	stomp_peer_say(peer, "SEND{destination:/topic/b}{receipt:d}[x]");
	assert_heard(peer, "RECEIPT{receipt-id:d}");
}
END_TEST

START_TEST(a_commit_that_fails_closes_nothing_and_says_nothing)
{
	fake_engine.decides_within = _i > 0;
	far_site_listen();
	far_site_open_queues(_i != 1);
	fake_engine_refuse(1, REFUSAL_DESTINATIONS);
	stomp_peer_mutter(peer, "COMMIT{transaction:t}{receipt:c}");
	stomp_peer_mutter(peer, "SEND{destination:/topic/b}{receipt:d}[x]");
	assert_heard(peer, "RECEIPT{receipt-id:d}");
	far_site_check_nothing();
}
END_TEST

START_TEST(a_commit_that_is_denied_ends_a_strict_session)
{
	fake_engine.decides_within = _i > 0;
	far_site_listen();
	far_site_open_queues(_i != 1);
	fake_engine_refuse(1, REFUSAL_NO_OWNER);
	stomp_peer_mutter(peer, "COMMIT{transaction:t}{receipt:c}");
	stomp_peer_mutter(peer, "SEND{destination:/topic/a}{receipt:d}[x]");
	stomp_peer_check_refused(peer, "Nobody owns destinations of that prefix", "c");
	far_site_check_nothing();
}
END_TEST

START_TEST(the_bounds_of_an_engine_hold_for_a_commit)
{
	far_site_open();
	far_site_add("/queue/a", "1");
	for (int i = 0; i < 4; i++)
		far_site_add("/queue/far/a", "2");
	stomp_peer_say(peer, "COMMIT{transaction:t}{receipt:c}");
	ck_assert_ptr_nonnull(strstr(stomp_peer_heard(peer),
		"{denied-destination:/queue/far/a}{receipt-id:c}[The queue is full"));
	ck_assert_uint_eq(far_site_room("/queue/a"), 3);
	ck_assert_uint_eq(far_site_room("/queue/far/a"), 3);
}
END_TEST

START_TEST(an_engine_is_not_asked_for_what_memory_refuses)
{
	far_site_open();
	for (int i = 0; i < 4; i++)
		far_site_add("/queue/a", "1");
	far_site_add("/queue/far/a", "2");
	stomp_peer_say(peer, "COMMIT{transaction:t}{receipt:c}");
	ck_assert_ptr_nonnull(strstr(stomp_peer_heard(peer),
		"{denied-destination:/queue/a}{receipt-id:c}[The queue is full"));
	ck_assert_uint_eq(fake_engine.asked, 0);
	ck_assert_uint_eq(fake_engine.taken, 0);
	ck_assert_uint_eq(far_site_room("/queue/a"), 3);
}
END_TEST

/* Acknowledgements. */

static void get_two(char ids[2][64])
{
	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/queue/b}{ack:client}");
	stomp_peer_say(reader, "SEND{destination:/queue/b}[near]");
	snprintf(ids[0], sizeof(ids[0]), "%s", far_site_next_ack(peer));
	stomp_peer_say(peer, "SUBSCRIBE{id:2}{destination:/queue/far/b}{ack:client}");
	stomp_peer_say(reader, "SEND{destination:/queue/far/b}[far]");
	snprintf(ids[1], sizeof(ids[1]), "%s", far_site_next_ack(peer));
}

static void acknowledge(char ids[2][64], const char *headers)
{
	for (int i = 0; i < 2; i++) {
		char frame[160];

		snprintf(frame, sizeof(frame), "ACK{id:%s}%s", ids[i], headers);
		stomp_peer_say(peer, frame);
	}
}

/* Both queues have what their consumer had not acknowledged. */
static void assert_left(const char *near, const char *away)
{
	far_site_lose(peer);
	stomp_peer_say(reader, "SUBSCRIBE{id:1}{destination:/queue/b}");
	assert_heard(reader, near);
	stomp_peer_say(reader, "SUBSCRIBE{id:2}{destination:/queue/far/b}");
	assert_heard(reader, away);
}

START_TEST(a_commit_settles_at_both_engines)
{
	char ids[2][64];

	get_two(ids);
	far_site_open();
	acknowledge(ids, "{transaction:t}");
	far_site_add("/topic/a", "x");
	stomp_peer_say(peer, "COMMIT{transaction:t}{receipt:c}");
	assert_heard(peer, "RECEIPT{receipt-id:c}");
	assert_left("", "");
}
END_TEST

START_TEST(what_a_refused_commit_acknowledges_can_be_acknowledged_again)
{
	char ids[2][64];

	get_two(ids);
	far_site_open();
	acknowledge(ids, "{transaction:t}");
	fake_engine_refuse(1, REFUSAL_DESTINATIONS);
	stomp_peer_say(peer, "COMMIT{transaction:t}{receipt:c}");
	ck_assert_ptr_nonnull(strstr(stomp_peer_heard(peer),
		"{denied-destination:/queue/far/b}{receipt-id:c}[There are too many"));
	if (_i == 0) {
		acknowledge(ids, "{receipt:r}");
		assert_heard(peer, "RECEIPT{receipt-id:r} RECEIPT{receipt-id:r}");
		assert_left("", "");
		return;
	}
	assert_left("MESSAGE{subscription:1}{destination:/queue/b}"
		    "{redelivered:true}[near]",
		"MESSAGE{subscription:2}{destination:/queue/far/b}"
		"{redelivered:true}[far]");
}
END_TEST

START_TEST(a_reply_leaves_when_all_engines_have_taken_their_part)
{
	stomp_peer_say(reader, "SUBSCRIBE{id:r}{destination:/temp-queue/r}");
	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/topic/ask}");
	stomp_peer_say(reader, "SEND{destination:/topic/ask}{reply-to:/temp-queue/r}");
	const char *at = strstr(stomp_peer_heard(peer), "{reply-to:");
	ck_assert_ptr_nonnull(at);
	char to[128];
	snprintf(to, sizeof(to), "%.*s", (int)strcspn(at + 10, "}"), at + 10);
	far_site_open();
	far_site_add(to, "answer");
	far_site_add("/topic/far/a", "x");
	fake_engine.is_away = true;
	stomp_peer_say(peer, "COMMIT{transaction:t}{receipt:c}");
	assert_heard(reader, "");
	far_site_come_back();
	ck_assert_ptr_nonnull(strstr(stomp_peer_heard(reader), "[answer]"));
	assert_heard(peer, "RECEIPT{receipt-id:c}");
}
END_TEST

static void add_order(Suite *suite)
{
	TCase *tcase = unit_case(suite, "order");

	tcase_add_checked_fixture(tcase, setup, far_site_end);
	tcase_add_test(tcase, a_commit_takes_effect_at_both_engines);
	tcase_add_test(tcase, only_engines_with_a_part_are_asked);
	tcase_add_test(tcase, an_ack_of_a_topic_is_no_part);
	tcase_add_test(tcase, nothing_takes_effect_while_an_engine_is_asked);
	tcase_add_test(tcase, memory_keeps_its_room_while_an_engine_is_asked);
	tcase_add_test(
		tcase, frames_behind_a_commit_wait_and_receipts_keep_their_order);
	tcase_add_test(tcase, a_disconnect_behind_a_commit_comes_last);
	tcase_add_test(tcase, who_hangs_up_behind_a_commit_still_gets_its_receipts);
	tcase_add_test(tcase, commits_of_several_clients_wait_independently);
	tcase_add_test(tcase, a_commit_settles_at_both_engines);
	tcase_add_test(tcase, a_reply_leaves_when_all_engines_have_taken_their_part);
}

static void add_refusals(Suite *suite)
{
	TCase *strict = unit_case(suite, "refused");
	TCase *soft = unit_case(suite, "softly refused");

	tcase_add_checked_fixture(strict, setup, far_site_end);
	tcase_add_loop_test(
		strict, a_commit_that_fails_closes_nothing_and_says_nothing, 0, 3);
	tcase_add_loop_test(
		strict, a_commit_that_is_denied_ends_a_strict_session, 0, 3);

	tcase_add_checked_fixture(soft, setup_soft, far_site_end);
	tcase_add_loop_test(soft, what_an_engine_refuses_takes_effect_nowhere, 0, 3);
	tcase_add_test(soft, a_refusal_reaches_who_has_not_asked_for_a_receipt);
	tcase_add_test(soft, the_bounds_of_an_engine_hold_for_a_commit);
	tcase_add_test(soft, an_engine_is_not_asked_for_what_memory_refuses);
	tcase_add_loop_test(soft,
		what_a_refused_commit_acknowledges_can_be_acknowledged_again, 0, 2);
}

int main(void)
{
	Suite *suite = suite_create("commits of two engines");

	add_order(suite);
	add_refusals(suite);
	return unit_run(suite);
}
