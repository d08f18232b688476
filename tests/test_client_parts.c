/* A client that sends much runs its frames in parts, by the clock. */
/* tags: workers */
#include "gateway/session/session_internal.h"
#include "protocol/stomp.h"
#include "tests/support/still_workers.h"
#include "tests/support/stomp_peer.h"
#include "tests/support/unit.h"

static struct worker *worker;
static struct stomp_peer *peer;

static void setup(void)
{
	worker = still_workers_create("'limits': {'frame': 600}")->all[0];
	peer = stomp_peer_connect(worker, "1.2");
}

static void teardown(void)
{
	stomp_peer_destroy(peer);
	still_workers_destroy(worker->workers);
}

enum { FRAMES_MOST = 17 /* between two looks at the clock */ };

static uint64_t frames_run(void)
{
	return counter_read(&worker->metrics->frames[DIRECTION_IN][STOMP_SEND]);
}

/* In one piece, as a carrier has read them. */
static void say_sends(size_t count)
{
	struct buf bytes = {0};
	char frame[64];

	for (size_t i = 0; i < count; i++) {
		snprintf(frame, sizeof(frame),
			"SEND{destination:/topic/a}{receipt:%zu}", i);
		stomp_peer_write(&bytes, frame);
	}
	session_receive(peer->memory.session, buf_slice(&bytes), PAYLOAD_BINARY);
	buf_finish(&bytes);
}

START_TEST(a_client_without_time_runs_its_frames_in_parts)
{
	uint64_t before = 0;

	worker->reading_ns = 0;
	loop_set_defer_time(worker->loop, 0);
	say_sends(200);
	while (frames_run() < 200) {
		ck_assert(session_is_paused(peer->memory.session));
		ck_assert_uint_gt(frames_run(), before);
		/* The loop runs a few tasks, and this is one of them. */
		ck_assert_uint_le(frames_run() - before, 4 * FRAMES_MOST);
		before = frames_run();
		loop_turn(worker->loop);
	}
	still_workers_settle(worker->workers);
	ck_assert(!session_is_paused(peer->memory.session));
	const char *heard = stomp_peer_heard(peer);
	for (size_t i = 0; i < 200; i++) {
		char receipt[32];
		const int len = snprintf(
			receipt, sizeof(receipt), "RECEIPT{receipt-id:%zu}", i);

		ck_assert(strncmp(heard, receipt, (size_t)len) == 0);
		heard += len + 1;
	}
}
END_TEST

START_TEST(what_comes_meanwhile_follows_in_its_order)
{
	worker->reading_ns = 0;
	say_sends(40);
	ck_assert_uint_le(frames_run(), FRAMES_MOST);
	stomp_peer_mutter(peer, "SEND{destination:/topic/a}{receipt:last}");
	stomp_peer_mutter(peer, "DISCONNECT{receipt:bye}");
	still_workers_settle(worker->workers);
	ck_assert_uint_eq(frames_run(), 41);
	ck_assert_ptr_nonnull(strstr(stomp_peer_heard(peer),
		"RECEIPT{receipt-id:39} RECEIPT{receipt-id:last} "
		"RECEIPT{receipt-id:bye}"));
}
END_TEST

START_TEST(the_rest_of_a_piece_is_run_though_it_is_more_than_two_frames)
{
	worker->reading_ns = 0;
	say_sends(100); /* limits.frame is 600 */
	still_workers_settle(worker->workers);
	ck_assert_uint_eq(frames_run(), 100);
}
END_TEST

START_TEST(a_hang_up_waits_for_the_frames_before_it)
{
	worker->reading_ns = 0;
	say_sends(100);
	session_hang_up(peer->memory.session);
	still_workers_settle(worker->workers);
	ck_assert_uint_eq(frames_run(), 100);
	ck_assert_ptr_null(peer->memory.session);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("client_parts");
	TCase *tcase = unit_case(suite, "parts");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_client_without_time_runs_its_frames_in_parts);
	tcase_add_test(tcase, what_comes_meanwhile_follows_in_its_order);
	tcase_add_test(
		tcase, the_rest_of_a_piece_is_run_though_it_is_more_than_two_frames);
	tcase_add_test(tcase, a_hang_up_waits_for_the_frames_before_it);
	return unit_run(suite);
}
