/*
 * An engine refuses later what a client has asked for: the client is told by the table
 * of client_refusal.h, whatever the request was.
 */
/* tags: workers */
#include "tests/support/far_site.h"
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
	begin("");
}

static void setup_soft(void)
{
	begin("'broker': {'deny': 'soft'}");
}

START_TEST(a_subscribe_that_has_failed_stays_and_works_later)
{
	stomp_peer_say(peer, "SUBSCRIBE{id:e}{destination:/user/queue/errors}");
	fake_engine_refuse(1, REFUSAL_DESTINATIONS);
	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/topic/far/a}{receipt:s}");
	ck_assert_ptr_nonnull(strstr(stomp_peer_heard(peer),
		"{denied-destination:/topic/far/a}{receipt-id:s}[There are too many"));
	stomp_peer_say(peer, "SEND{destination:/topic/far/a}[1]");
	assert_heard(peer, "");
	fake_engine_serve_failed();
	stomp_peer_say(peer, "SEND{destination:/topic/far/a}[2]");
	assert_heard(peer, "MESSAGE{subscription:1}{destination:/topic/far/a}[2]");
}
END_TEST

START_TEST(a_subscribe_that_is_denied_later_frees_its_id)
{
	stomp_peer_say(peer, "SUBSCRIBE{id:e}{destination:/user/queue/errors}");
	fake_engine_refuse(1, REFUSAL_NO_OWNER);
	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/topic/far/a}{receipt:s}");
	ck_assert_ptr_nonnull(strstr(stomp_peer_heard(peer),
		"{denied-destination:/topic/far/a}{receipt-id:s}[Nobody owns"));
	stomp_peer_say(peer, "UNSUBSCRIBE{id:1}{receipt:u}");
	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/topic/far/b}{receipt:t}");
	assert_heard(peer, "RECEIPT{receipt-id:u} RECEIPT{receipt-id:t}");
}
END_TEST

START_TEST(a_subscribe_that_is_strictly_denied_later_ends_the_session)
{
	fake_engine_refuse(1, REFUSAL_NO_OWNER);
	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/topic/far/a}{receipt:s}");
	ck_assert_ptr_nonnull(strstr(stomp_peer_heard(peer),
		"ERROR{message:Nobody owns destinations of that prefix}{receipt-id:s}"
		"{denied-destination:/topic/far/a}"));
	ck_assert_ptr_null(peer->memory.session);
}
END_TEST

static void get_one_from_far(const char *ack)
{
	char frame[128];

	snprintf(frame, sizeof(frame), "SUBSCRIBE{id:1}{destination:/queue/far/a}%s",
		ack);
	stomp_peer_say(peer, frame);
	stomp_peer_say(reader, "SEND{destination:/queue/far/a}[x]");
}

START_TEST(a_settlement_that_fails_is_told_at_errors)
{
	static const char *const commands[] = {"ACK", "NACK"};

	stomp_peer_say(peer, "SUBSCRIBE{id:e}{destination:/user/queue/errors}");
	get_one_from_far("{ack:client}");
	fake_engine_refuse(1, REFUSAL_DESTINATIONS);
	far_site_settle(peer, commands[_i], "{receipt:r}");
	ck_assert_ptr_nonnull(strstr(stomp_peer_heard(peer),
		"MESSAGE{subscription:e}{destination:/user/queue/errors}"
		"{message:There are too many destinations}{content-type:text/plain}"
		"{denied-destination:/queue/far/a}{receipt-id:r}["));
	ck_assert_ptr_nonnull(peer->memory.session);

	/* It had no effect: the message comes back when its consumer leaves. */
	stomp_peer_say(peer, "UNSUBSCRIBE{id:1}");
	get_one_from_far("");
	assert_heard(peer,
		"MESSAGE{subscription:1}{destination:/queue/far/a}{redelivered:true}"
		"[x] MESSAGE{subscription:1}{destination:/queue/far/a}[x]");
}
END_TEST

START_TEST(a_settlement_that_fails_has_no_receipt_and_closes_nothing)
{
	get_one_from_far("{ack:client-individual}");
	fake_engine_refuse(1, REFUSAL_DESTINATIONS);
	far_site_settle(peer, "ACK", "{receipt:r}");
	assert_heard(peer, "");
	stomp_peer_say(peer, "SEND{destination:/topic/a}{receipt:s}[x]");
	assert_heard(peer, "RECEIPT{receipt-id:s}");
}
END_TEST

START_TEST(a_settlement_that_is_denied_ends_the_session)
{
	get_one_from_far("{ack:client}");
	fake_engine_refuse(1, REFUSAL_QUEUE_FULL);
	far_site_settle(peer, "ACK", "{receipt:r}");
	ck_assert_ptr_nonnull(strstr(stomp_peer_heard(peer),
		"ERROR{message:The queue is full}{receipt-id:r}"
		"{denied-destination:/queue/far/a}"));
	ck_assert_ptr_null(peer->memory.session);
}
END_TEST

START_TEST(a_settlement_without_a_frame_may_fail_too)
{
	stomp_peer_say(peer, "SUBSCRIBE{id:e}{destination:/user/queue/errors}");
	get_one_from_far("");
	stomp_peer_heard(peer);
	stomp_peer_mutter(reader, "SEND{destination:/queue/far/a}[y]");
	/* The SEND arrives first. */
	while (fake_engine.taken < 2)
		still_workers_turn(workers);
	fake_engine_refuse(1, REFUSAL_DESTINATIONS);
	const char *heard = stomp_peer_heard(peer);
	ck_assert_ptr_nonnull(strstr(heard, "[y] MESSAGE{subscription:e}"));
	ck_assert_ptr_nonnull(strstr(heard, "{denied-destination:/queue/far/a}["));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("engine refusals");
	TCase *strict = unit_case(suite, "refusals");
	TCase *soft = unit_case(suite, "soft refusals");

	tcase_add_checked_fixture(strict, setup, far_site_end);
	tcase_add_test(strict, a_subscribe_that_has_failed_stays_and_works_later);
	tcase_add_test(
		strict, a_subscribe_that_is_strictly_denied_later_ends_the_session);
	tcase_add_loop_test(strict, a_settlement_that_fails_is_told_at_errors, 0, 2);
	tcase_add_test(
		strict, a_settlement_that_fails_has_no_receipt_and_closes_nothing);
	tcase_add_test(strict, a_settlement_that_is_denied_ends_the_session);
	tcase_add_test(strict, a_settlement_without_a_frame_may_fail_too);

	tcase_add_checked_fixture(soft, setup_soft, far_site_end);
	tcase_add_test(soft, a_subscribe_that_is_denied_later_frees_its_id);
	tcase_add_loop_test(soft, a_settlement_that_fails_is_told_at_errors, 0, 2);
	return unit_run(suite);
}
