/* The heart-beats of a STOMP conversation: ours, and the client's. */
/* tags: workers */
#include "tests/support/still_workers.h"
#include "tests/support/stomp_peer.h"
#include "tests/support/unit.h"

static struct worker *worker;
static struct stomp_peer *peer;

static void setup_with(const char *times)
{
	char settings[120];

	snprintf(settings, sizeof(settings), "'times': {%s}", times);
	worker = still_workers_create(settings)->all[0];
	peer = stomp_peer_create(worker);
}

static void setup(void)
{
	setup_with("'stomp_send': 5000, 'stomp_send_least': 1000, 'stomp_want': 2000");
}

static void teardown(void)
{
	stomp_peer_destroy(peer);
	still_workers_destroy(worker->workers);
}

static void pass(uint64_t milliseconds)
{
	still_workers_advance(worker->workers, milliseconds);
}

static const struct {
	const char *offer;
	const char *answer;  /* our offer */
	uint64_t beat, dead; /* ms; 0: never */
} beats[] = {
	{"0,0", "5000,2000", 0, 0},
	{"0,1", "1000,2000", 1000, 0}, /* no more often than that */
	{"0,1000", "1000,2000", 1000, 0},
	{"0,4000", "4000,2000", 4000, 0}, /* the interval that it asks for */
	{"0,5000", "5000,2000", 5000, 0},
	{"0,8000", "5000,2000", 8000, 0}, /* the slower side sets the pace */
	{"2000,0", "5000,2000", 0, 7000}, /* 5 s more than agreed */
	{"1,0", "5000,2000", 0, 7000},
	{"10000,0", "5000,2000", 0, 20000}, /* twice the agreed interval */
	{"10000,5000", "5000,2000", 5000, 20000},
};

static void connect_offering(const char *offer, const char *answer)
{
	char frame[80], connected[80];

	snprintf(frame, sizeof(frame), "CONNECT{accept-version:1.2}{heart-beat:%s}",
		offer);
	snprintf(connected, sizeof(connected), "CONNECTED{version:1.2}{heart-beat:%s}",
		answer);
	stomp_peer_say(peer, frame);
	assert_heard(peer, connected);
	peer->connected = true;
}

/* Its timers run late, like a hidden page's, but it lives. */
static void connect_lazily(const char *offer)
{
	connect_offering(offer, "5000,2000");
	stomp_peer_say_raw(peer, SLICE("\n"));
}

/* How long until the next one. */
static uint64_t beat_comes_after(void)
{
	for (uint64_t passed = 1;; passed++) {
		pass(1);
		const char *heard = stomp_peer_heard(peer);
		if (strcmp(heard, "") == 0)
			continue;
		ck_assert_str_eq(heard, "LF");
		return passed;
	}
}

START_TEST(the_server_beats_a_little_before_it_must)
{
	uint64_t beat = beats[_i].beat;

	connect_offering(beats[_i].offer, beats[_i].answer);
	if (beat == 0) {
		pass(6999);
		assert_heard(peer, "");
		return;
	}
	/* A tenth of the interval, and at most a slot. */
	for (int i = 0; i < 3; i++) {
		uint64_t passed = beat_comes_after();

		ck_assert_uint_le(passed, beat * 9 / 10);
		ck_assert_uint_gt(passed, beat * 9 / 10 - 64);
	}
}
END_TEST

START_TEST(who_does_not_beat_is_given_up)
{
	connect_offering(beats[_i].offer, beats[_i].answer);
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
	connect_offering("0,1000", "1000,2000");
	pass(500);
	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/topic/a}{receipt:r}");
	assert_heard(peer, "RECEIPT{receipt-id:r}");
	pass(830);
	assert_heard(peer, "");
	pass(70);
	assert_heard(peer, "LF");
}
END_TEST

START_TEST(any_byte_and_a_pong_count_as_heart_beats_of_theirs)
{
	connect_offering("2000,0", "5000,2000");
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
	connect_offering("2000,1000", "1000,2000");
	peer->memory.blocked = true;
	session_detach(peer->memory.session);
	session_close(peer->memory.session, ENDING_GOING_AWAY);
	pass(4999); /* beats and the deadline would both be due */
	ck_assert_int_eq(session_state(peer->memory.session), SESSION_CLOSING);
	pass(1);
	peer->memory.session = NULL;
}
END_TEST

/* Beats of one slot share one turn. */
START_TEST(beats_of_many_share_their_turns)
{
	enum { PEERS = 200, SPREAD = 900 };
	struct stomp_peer *peers[PEERS];
	unsigned times = 0;

	for (int i = 0; i < PEERS; i++) {
		peers[i] = stomp_peer_create(worker);
		stomp_peer_say(
			peers[i], "CONNECT{accept-version:1.2}{heart-beat:0,1000}");
		assert_heard(peers[i], "CONNECTED{version:1.2}{heart-beat:1000,2000}");
		peers[i]->connected = true;
		pass(i % 2 == 0 ? 4 : 5);
	}
	for (int i = 0; i < 2000; i++) {
		unsigned beating = 0;

		pass(1);
		for (int j = 0; j < PEERS; j++)
			beating += strcmp(stomp_peer_heard(peers[j]), "") != 0;
		times += beating > 0;
	}
	/* Two seconds of at most 62 ms each, not one moment for each of 200 peers. */
	ck_assert_uint_le(times, 2000 / 62 + 2);
	for (int i = 0; i < PEERS; i++)
		stomp_peer_destroy(peers[i]);
}
END_TEST

/* Silence. */

START_TEST(who_is_late_is_probed_and_lives_as_long_as_he_is_there)
{
	connect_lazily("10000,0");
	peer->memory.is_there = true;
	pass(10999);
	ck_assert_uint_eq(peer->memory.probes, 0);
	pass(1);
	ck_assert_uint_eq(peer->memory.probes, 1);
	pass(3600000);
	ck_assert_ptr_nonnull(peer->memory.session);
	ck_assert_uint_le(peer->memory.probes, 3600 / 11 + 2); /* not more often */
	peer->memory.is_there = false;
	pass(11000 + 20000);
	stomp_peer_check_refused(peer, "No heart-beat came in time", "");
}
END_TEST

START_TEST(who_beats_in_time_is_not_probed)
{
	connect_lazily("10000,0");
	for (int i = 0; i < 100; i++) {
		pass(10500);
		stomp_peer_say_raw(peer, SLICE("\n"));
	}
	ck_assert_uint_eq(peer->memory.probes, 0);
	assert_heard(peer, "");
}
END_TEST

START_TEST(who_promises_no_beats_is_not_probed)
{
	connect_lazily("0,0");
	pass(3600000);
	ck_assert_uint_eq(peer->memory.probes, 0);
}
END_TEST

START_TEST(bytes_that_its_machine_takes_excuse_a_page_that_has_spoken)
{
	connect_lazily("10000,0");
	peer->memory.takes = true;
	pass(3600000);
	ck_assert_ptr_nonnull(peer->memory.session);
	peer->memory.takes = false;
	pass(13000 + 20000);
	stomp_peer_check_refused(peer, "No heart-beat came in time", "");
}
END_TEST

START_TEST(bytes_that_its_machine_takes_do_not_stand_for_a_first_word)
{
	connect_offering("10000,0", "5000,2000");
	peer->memory.takes = true;
	pass(64999); /* a page that was opened hidden is so late */
	assert_heard(peer, "");
	pass(1);
	stomp_peer_check_refused(peer, "No heart-beat came in time", "");
}
END_TEST

START_TEST(polls_do_not_stand_for_a_first_word)
{
	connect_offering("10000,0", "5000,2000");
	for (int i = 0; i < 12; i++) {
		pass(5000);
		session_attended(peer->memory.session);
	}
	pass(4999);
	assert_heard(peer, "");
	pass(1);
	stomp_peer_check_refused(peer, "No heart-beat came in time", "");
}
END_TEST

START_TEST(polls_excuse_a_page_that_has_spoken)
{
	connect_lazily("10000,0");
	for (int i = 0; i < 100; i++) {
		pass(19999);
		session_attended(peer->memory.session);
	}
	assert_heard(peer, "");
}
END_TEST

/* Our beats are late then, so one leaves immediately. */
START_TEST(time_in_which_we_stood_still_counts_against_nobody)
{
	connect_offering("2000,1000", "1000,2000");
	pass(6000);
	stomp_peer_heard(peer);
	still_workers_stand_still(worker->workers, 60000);
	assert_heard(peer, "LF");
	stomp_peer_say_raw(peer, SLICE("\n"));
	pass(6000);
	stomp_peer_heard(peer);
	still_workers_stand_still(worker->workers, 60000);
	pass(999);
	assert_heard(peer, "LF LF");
	pass(1);
	stomp_peer_check_refused(peer, "No heart-beat came in time", "");
}
END_TEST

START_TEST(a_connect_that_was_not_read_in_time_is_not_late)
{
	still_workers_stand_still(worker->workers, 60000);
	pass(9999);
	assert_heard(peer, "");
	pass(1);
	stomp_peer_check_refused(peer, "No CONNECT came in time", "");
}
END_TEST

/* Frames that are late. */

#define UNFINISHED "A frame has begun, but its NUL has not come"

static void begin_frame(void)
{
	stomp_peer_say_raw(
		peer, SLICE("SEND\ndestination:/topic/a\ncontent-length:99999\n\n"));
}

static void go_on(size_t bytes)
{
	struct buf body = {0};

	memset(buf_reserve(&body, bytes), 'x', bytes);
	body.len = bytes;
	stomp_peer_say_raw(peer, buf_slice(&body));
	buf_finish(&body);
}

START_TEST(a_frame_whose_rest_does_not_come_is_refused)
{
	connect_offering("0,0", "5000,2000");
	begin_frame();
	pass(10000);
	go_on(16383);
	pass(9999);
	assert_heard(peer, "");
	pass(1);
	stomp_peer_check_refused(peer, UNFINISHED, "");
}
END_TEST

START_TEST(a_frame_that_comes_slowly_is_awaited)
{
	connect_offering("0,0", "5000,2000");
	begin_frame();
	for (int i = 0; i < 5; i++) {
		pass(19999);
		go_on(16384);
		pass(1);
	}
	assert_heard(peer, "");
	pass(20000);
	stomp_peer_check_refused(peer, UNFINISHED, "");
}
END_TEST

START_TEST(a_frame_is_not_late_while_we_stood_still)
{
	connect_offering("0,0", "5000,2000");
	begin_frame();
	pass(15000);
	still_workers_stand_still(worker->workers, 60000);
	pass(4999);
	assert_heard(peer, "");
	pass(1);
	stomp_peer_check_refused(peer, UNFINISHED, "");
}
END_TEST

START_TEST(each_frame_has_its_own_time)
{
	connect_offering("0,0", "5000,2000");
	for (int i = 0; i < 4; i++) {
		stomp_peer_say_raw(peer, SLICE("SEND\ndestination:/topic/a\n"));
		pass(15000);
		stomp_peer_say_raw(peer, SLICE("\nx"));
		stomp_peer_say_raw(peer, ((struct slice){"", 1}));
	}
	pass(60000); /* none is unfinished */
	assert_heard(peer, "");
	begin_frame();
	pass(19999);
	assert_heard(peer, "");
	pass(1);
	stomp_peer_check_refused(peer, UNFINISHED, "");
}
END_TEST

START_TEST(what_is_not_read_is_not_late)
{
	connect_offering("0,0", "5000,2000");
	begin_frame();
	session_pause(peer->memory.session);
	pass(60000);
	session_resume(peer->memory.session);
	assert_heard(peer, "");
	pass(20000);
	stomp_peer_check_refused(peer, UNFINISHED, "");
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
	tcase_add_test(tcase, beats_of_many_share_their_turns);
	tcase_add_test(tcase, who_is_late_is_probed_and_lives_as_long_as_he_is_there);
	tcase_add_test(tcase, who_beats_in_time_is_not_probed);
	tcase_add_test(tcase, who_promises_no_beats_is_not_probed);
	tcase_add_test(
		tcase, bytes_that_its_machine_takes_excuse_a_page_that_has_spoken);
	tcase_add_test(
		tcase, bytes_that_its_machine_takes_do_not_stand_for_a_first_word);
	tcase_add_test(tcase, polls_do_not_stand_for_a_first_word);
	tcase_add_test(tcase, polls_excuse_a_page_that_has_spoken);
	tcase_add_test(tcase, time_in_which_we_stood_still_counts_against_nobody);
	tcase_add_test(tcase, a_connect_that_was_not_read_in_time_is_not_late);
	tcase_add_test(tcase, a_frame_whose_rest_does_not_come_is_refused);
	tcase_add_test(tcase, a_frame_that_comes_slowly_is_awaited);
	tcase_add_test(tcase, a_frame_is_not_late_while_we_stood_still);
	tcase_add_test(tcase, each_frame_has_its_own_time);
	tcase_add_test(tcase, what_is_not_read_is_not_late);
	return unit_run(suite);
}
