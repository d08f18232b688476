/* tags: workers */
#include "gateway/broker/internal.h"
#include "gateway/broker/memory.h"
#include "tests/support/still_workers.h"
#include "tests/support/stomp_peer.h"
#include "tests/support/unit.h"

#include <stdio.h>

static struct workers *workers;

static void begin(void)
{
	workers = still_workers_create("");
}

static void end(void)
{
	still_workers_destroy(workers);
}

static struct window *window_at(unsigned worker)
{
	return &workers->all[worker]->broker->window;
}

static const struct {
	uint64_t deliveries, weight;
} weights[] = {
	{0, 0},
	{1, 1},
	{512, 512},
	{513, 512}, /* a wide message shares its walk with others */
	{4096, 512},
	{4104, 513},
	{80000, 10000},
};

START_TEST(a_wide_message_weighs_less)
{
	struct window *window = window_at(0);
	const uint32_t weight = window_dispatch(window, weights[_i].deliveries);

	ck_assert_uint_eq(weight, weights[_i].weight);
	ck_assert_int_eq(atomic_load(&window->under_way), weight);
	window_done(workers->all[0]->broker, 0, weight);
	ck_assert_int_eq(atomic_load(&window->under_way), 0);
}
END_TEST

START_TEST(a_home_dispatches_only_while_its_window_is_open)
{
	struct stomp_peer *peer = stomp_peer_connect(workers->all[0], "1.2");

	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/topic/a}");
	still_workers_settle(workers);
	for (unsigned i = 0; i < workers->count; i++)
		window_at(i)->size = 1;
	for (unsigned i = 0; i < 5; i++)
		stomp_peer_mutter(peer, "SEND{destination:/topic/a}[x]");
	size_t waited = 0;
	for (unsigned turn = 0; turn < 20; turn++) {
		still_workers_turn(workers);
		for (unsigned i = 0; i < workers->count; i++)
			ck_assert_int_le(atomic_load(&window_at(i)->under_way), 1);
		waited += still_workers_lanes(workers) > 0;
	}
	ck_assert_uint_gt(waited, 2);
	still_workers_settle(workers);
	ck_assert_uint_eq(still_workers_lanes(workers), 0);
	ck_assert_int_eq(strlen(stomp_peer_heard(peer)) > 0, 1);
	stomp_peer_destroy(peer);
}
END_TEST

static void set_windows(int64_t size)
{
	for (unsigned i = 0; i < workers->count; i++)
		window_at(i)->size = size;
}

static void take_turns(void)
{
	for (unsigned turn = 0; turn < 20; turn++)
		still_workers_turn(workers);
}

/* The leave waits for its account's turn; the subscription has ended. */
START_TEST(a_queue_delivers_nothing_to_who_is_leaving)
{
	struct stomp_peer *stayer = stomp_peer_connect(workers->all[0], "1.2");
	struct stomp_peer *goer =
		stomp_peer_connect(workers->all[workers->count - 1], "1.2");
	char ack[64], frame[128];

	stomp_peer_say(stayer, "SUBSCRIBE{id:1}{destination:/queue/a}"
			       "{ack:client-individual}");
	stomp_peer_say(stayer, "SEND{destination:/queue/a}[x]");
	still_workers_settle(workers);
	ck_assert_int_eq(
		sscanf(strstr(stomp_peer_heard(stayer), "{ack:"), "{ack:%63[^}]", ack),
		1);
	stomp_peer_say(goer, "SUBSCRIBE{id:2}{destination:/queue/a}"
			     "{ack:client-individual}");
	still_workers_settle(workers);

	set_windows(0);
	stomp_peer_mutter(goer, "UNSUBSCRIBE{id:2}");
	take_turns();
	ck_assert_uint_eq(still_workers_lanes(workers), 1);
	snprintf(frame, sizeof(frame), "NACK{id:%s}", ack);
	stomp_peer_mutter(stayer, frame);
	take_turns();
	set_windows(16384);
	still_workers_settle(workers);
	/* The second delivery, not the third. */
	ck_assert_ptr_nonnull(strstr(stomp_peer_heard(stayer), ".2}"));
	stomp_peer_destroy(stayer);
	stomp_peer_destroy(goer);
}
END_TEST

START_TEST(a_receiver_tells_its_home_at_the_end_of_a_turn)
{
	if (workers->count == 1)
		return;
	atomic_store(&window_at(1)->under_way, 7);
	window_done(workers->all[0]->broker, 1, 4);
	window_done(workers->all[0]->broker, 1, 3);
	ck_assert_int_eq(atomic_load(&window_at(1)->under_way), 7);
	window_tell_homes(workers->all[0]->broker);
	ck_assert_int_eq(atomic_load(&window_at(1)->under_way), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("window");
	TCase *tcase = unit_case(suite, "window");

	tcase_add_checked_fixture(tcase, begin, end);
	tcase_add_loop_test(tcase, a_wide_message_weighs_less, 0,
		sizeof(weights) / sizeof(*weights));
	tcase_add_test(tcase, a_home_dispatches_only_while_its_window_is_open);
	tcase_add_test(tcase, a_queue_delivers_nothing_to_who_is_leaving);
	tcase_add_test(tcase, a_receiver_tells_its_home_at_the_end_of_a_turn);
	return unit_run(suite);
}
