/* The heart-beats of a STOMP conversation: ours, and those that we wait for. */
#include "tests/still_crew.h"
#include "tests/stomp_peer.h"
#include "tests/unit.h"

static struct worker *worker;
static struct stomp_peer *peer;

static void setup(void)
{
	worker = still_crew_create("'times': {'stomp_send': 1000, 'stomp_want': 2000}")
			 ->workers[0];
	peer = stomp_peer_create(worker);
}

static void teardown(void)
{
	stomp_peer_destroy(peer);
	still_crew_destroy(worker->crew);
}

static void pass(uint64_t milliseconds)
{
	still_crew_advance(worker->crew, milliseconds);
}

static const struct {
	const char *offer;
	uint64_t beat, dead; /* ms; 0: never */
} beats[] = {
	{"0,0", 0, 0},
	{"0,1000", 900, 0},
	{"0,1", 900, 0}, /* the slower side sets the pace */
	{"0,5000", 4500, 0},
	{"2000,0", 0, 7000}, /* 5 s more than agreed */
	{"1,0", 0, 7000},
	{"10000,0", 0, 20000}, /* twice of what was agreed */
	{"10000,5000", 4500, 20000},
};

static void connect_offering(const char *offer)
{
	char frame[80];

	snprintf(frame, sizeof(frame), "CONNECT{accept-version:1.2}{heart-beat:%s}",
		offer);
	stomp_peer_say(peer, frame);
	assert_heard(peer, "CONNECTED{version:1.2}{heart-beat:1000,2000}");
	peer->connected = true;
}

START_TEST(the_server_beats_a_little_before_it_must)
{
	connect_offering(beats[_i].offer);
	if (beats[_i].beat == 0) {
		pass(6999);
		assert_heard(peer, "");
		return;
	}
	for (int i = 0; i < 3; i++) {
		pass(beats[_i].beat - 1);
		assert_heard(peer, "");
		pass(1);
		assert_heard(peer, "LF");
	}
}
END_TEST

START_TEST(who_does_not_beat_is_given_up)
{
	connect_offering(beats[_i].offer);
	if (beats[_i].dead == 0) {
		pass(3600000);
		ck_assert_ptr_nonnull(peer->memory.session);
		return;
	}
	pass(beats[_i].dead - 1);
	stomp_peer_heard(peer);
	stomp_peer_say_raw(peer, SLICE("\n"));
	pass(beats[_i].dead - 1);
	stomp_peer_heard(peer);
	pass(1);
	stomp_peer_check_refused(peer, "No heart-beat came in time", "");
}
END_TEST

START_TEST(a_frame_counts_as_a_heart_beat_of_ours)
{
	connect_offering("0,1000");
	pass(500);
	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/topic/a}{receipt:r}");
	assert_heard(peer, "RECEIPT{receipt-id:r}");
	pass(899);
	assert_heard(peer, "");
	pass(1);
	assert_heard(peer, "LF");
}
END_TEST

START_TEST(any_byte_and_a_pong_count_as_heart_beats_of_theirs)
{
	connect_offering("2000,0");
	pass(6999);
	stomp_peer_say_raw(peer, SLICE("SEND\ndestin"));
	pass(6999);
	session_heard(peer->memory.session);
	pass(6999);
	assert_heard(peer, "");
}
END_TEST

START_TEST(a_closing_session_does_not_beat)
{
	connect_offering("2000,1000");
	peer->memory.blocked = true;
	session_detach(peer->memory.session);
	session_close(peer->memory.session, ENDING_GOING_AWAY);
	pass(4999); /* beats and the deadline would both be due */
	ck_assert_int_eq(session_state(peer->memory.session), SESSION_CLOSING);
	pass(1);
	peer->memory.session = NULL;
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("client_beat");
	TCase *tcase = unit_case(suite, "heart-beats");

	tcase_add_checked_fixture(tcase, setup, teardown);
	unit_add_table(tcase, the_server_beats_a_little_before_it_must, beats);
	unit_add_table(tcase, who_does_not_beat_is_given_up, beats);
	tcase_add_test(tcase, a_frame_counts_as_a_heart_beat_of_ours);
	tcase_add_test(tcase, any_byte_and_a_pong_count_as_heart_beats_of_theirs);
	tcase_add_test(tcase, a_closing_session_does_not_beat);
	return unit_run(suite);
}
