/*
 * Calls that wait: the next frames of the client wait for the answer, and a receipt
 * learns later how many answers it waits for.
 */
/* tags: workers */
#include "gateway/broker/internal.h"
#include "gateway/broker/send.h"
#include "gateway/broker/service.h"
#include "tests/support/console_site.h"
#include "tests/support/still_workers.h"
#include "tests/support/unit.h"

/* A service that answers when the test says so. */
static struct {
	struct broker *broker;
	struct handle participant;
	uint64_t request;
	unsigned asked;
} slow;

static enum broker_result slow_send(struct publication *publication,
	const struct stomp_frame *frame, struct slice rest,
	struct broker_refusal *refusal)
{
	(void)frame;
	(void)rest;
	(void)refusal;
	slow.broker = publication->broker;
	slow.participant = publication->participant;
	slow.request = publication->request;
	slow.asked++;
	publication->answers = 1;
	publication->waits = true;
	return BROKER_TAKEN;
}

static const struct service slow_service = {
	.prefix = SLICE_INIT("/slow"), .send = slow_send};
static const struct service *const services[] = {&slow_service, NULL};

/* As a route would that publishes `messages` messages after its answer. */
static void answer(size_t messages)
{
	broker_expect(slow.broker, slow.participant.number, slow.request, messages);
	for (size_t i = 0; i <= messages; i++)
		broker_answer(slow.broker, slow.participant, slow.request, NULL);
	broker_resume(slow.broker, slow.participant.number);
}

static struct stomp_peer *peer;

static void setup(void)
{
	console_site_begin("");
	console_site.worker->broker->services = services;
	peer = console_site.watcher;
	slow.asked = 0;
}

static void teardown(void)
{
	console_site.watcher = peer;
	console_site_end();
}

static void settle(void)
{
	still_workers_settle(console_site.worker->workers);
}

START_TEST(the_next_frames_wait)
{
	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/topic/a}");
	stomp_peer_mutter(peer, "SEND{destination:/slow/a}{receipt:1}");
	stomp_peer_mutter(peer, "SEND{destination:/topic/a}{receipt:2}[x]");
	stomp_peer_say(peer, "SEND{destination:/slow/b}{receipt:3}");
	ck_assert_uint_eq(slow.asked, 1);
	assert_heard(peer, "");
	answer(0);
	settle();
	ck_assert_uint_eq(slow.asked, 2);
	assert_heard(peer, "RECEIPT{receipt-id:1} RECEIPT{receipt-id:2} "
			   "MESSAGE{subscription:1}{destination:/topic/a}[x]");
	answer(0);
	settle();
	assert_heard(peer, "RECEIPT{receipt-id:3}");
}
END_TEST

START_TEST(a_receipt_learns_how_many_answers_it_waits_for)
{
	stomp_peer_say(peer, "SEND{destination:/slow/a}{receipt:1}");
	broker_expect(slow.broker, slow.participant.number, slow.request, 2);
	for (int i = 0; i < 3; i++) {
		assert_heard(peer, "");
		broker_answer(slow.broker, slow.participant, slow.request, NULL);
		settle();
	}
	assert_heard(peer, "RECEIPT{receipt-id:1}");
	broker_resume(slow.broker, slow.participant.number);
}
END_TEST

START_TEST(without_a_receipt_it_waits_all_the_same)
{
	stomp_peer_mutter(peer, "SEND{destination:/slow/a}");
	stomp_peer_say(peer, "BEGIN{transaction:t}{receipt:1}");
	assert_heard(peer, "");
	answer(3);
	settle();
	assert_heard(peer, "RECEIPT{receipt-id:1}");
}
END_TEST

START_TEST(a_disconnect_waits_too)
{
	stomp_peer_mutter(peer, "SEND{destination:/slow/a}{receipt:1}");
	stomp_peer_say(peer, "DISCONNECT{receipt:2}");
	assert_heard(peer, "");
	answer(1);
	settle();
	const char *heard = stomp_peer_heard(peer);
	ck_assert_msg(
		strncmp(heard, "RECEIPT{receipt-id:1} RECEIPT{receipt-id:2}", 43) == 0,
		"%s", heard);
}
END_TEST

START_TEST(an_answer_that_comes_after_the_end_does_nothing)
{
	struct session *session = peer->memory.session;

	stomp_peer_say(peer, "SEND{destination:/slow/a}{receipt:1}");
	peer->memory.session = NULL;
	session_lost(session, ENDING_INTERRUPTED);
	settle();
	answer(2);
	settle();
	ck_assert_uint_eq(slow.asked, 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("waits");
	TCase *tcase = unit_case(suite, "waits");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, the_next_frames_wait);
	tcase_add_test(tcase, a_receipt_learns_how_many_answers_it_waits_for);
	tcase_add_test(tcase, without_a_receipt_it_waits_all_the_same);
	tcase_add_test(tcase, a_disconnect_waits_too);
	tcase_add_test(tcase, an_answer_that_comes_after_the_end_does_nothing);
	return unit_run(suite);
}
