/* tags: workers */
#include "gateway/session/pressure.h"

#include "gateway/base/footprint.h"
#include "gateway/base/log.h"
#include "gateway/session/session_internal.h"
#include "protocol/xmalloc.h"
#include "tests/support/memory_outlet.h"
#include "tests/support/recorder.h"
#include "tests/support/still_workers.h"
#include "tests/support/unit.h"

enum { SOFT = 1000000, SESSIONS = 4 };

static struct workers *workers;
static struct pressure pressure;
static struct session *sessions[SESSIONS];
static struct memory_outlet outlets[SESSIONS];

static void setup(void)
{
	workers = still_workers_create("'limits': {'memory': 1000000}");
	pressure_start(&pressure, workers);
	/* These tests inject what the process has; the rest is for test_budget.c. */
	workers->budget.limit = 0;
	for (unsigned i = 0; i < SESSIONS; i++) {
		outlets[i] =
			(struct memory_outlet){.wire = WIRE_PLAIN, .blocked = true};
		sessions[i] = still_workers_open(
			workers->all[i % workers->count], "/echo", SESSION_RAW, "");
		memory_outlet_attach(&outlets[i], sessions[i]);
	}
	recorder_told();
}

static void teardown(void)
{
	still_workers_destroy(workers);
	for (unsigned i = 0; i < SESSIONS; i++)
		memory_outlet_finish(&outlets[i]);
}

static void look(uint64_t used)
{
	pressure_look(&pressure, used);
	still_workers_settle(workers);
}

static void say(unsigned who, size_t len)
{
	static char text[100000];

	session_send_text(sessions[who], (struct slice){text, len}, false);
}

static bool is_open_for_all(void)
{
	struct session *session =
		still_workers_open(workers->all[0], "/echo", SESSION_RAW, "");

	if (session == NULL)
		return false;
	session_lost(session, ENDING_INTERRUPTED);
	still_workers_settle(workers);
	return true;
}

static const char *open_ones(void)
{
	static char open[SESSIONS + 1];
	size_t len = 0;

	for (unsigned i = 0; i < SESSIONS; i++) {
		if (outlets[i].session != NULL &&
			session_state(outlets[i].session) == SESSION_OPEN)
			open[len++] = (char)('0' + i);
	}
	open[len] = '\0';
	return open;
}

START_TEST(above_the_soft_limit_no_session_is_opened_until_there_is_some_air)
{
	look(SOFT);
	ck_assert(is_open_for_all());
	look(SOFT + 1);
	ck_assert(!is_open_for_all());
	look(SOFT - 1000);
	ck_assert(!is_open_for_all());
	look(SOFT / 2);
	ck_assert(is_open_for_all());
}
END_TEST

START_TEST(nobody_is_shed_before_that_was_tried)
{
	say(0, 50000);
	look(2 * SOFT);
	ck_assert_str_eq(open_ones(), "0123");
}
END_TEST

START_TEST(those_for_whom_most_waits_are_shed_and_the_others_are_not)
{
	say(0, 20000);
	say(1, 90000);
	say(2, 80000);
	say(3, 21000);
	look(2 * SOFT);
	look(2 * SOFT);
	if (workers->count == 1) {
		ck_assert_str_eq(open_ones(), "03");
		look(2 * SOFT);
		look(2 * SOFT);
	}
	look(2 * SOFT);
	ck_assert_str_eq(open_ones(), "");
}
END_TEST

/* How many of four sessions are shed, each with so many bytes. */
static int shed_of_four(size_t len)
{
	static char text[SOFT];
	struct workers *one =
		still_workers_create_of(1, "'limits': {'memory': 1000000}");
	struct session *heavy[4];
	int shed = 0;

	pressure_start(&pressure, one);
	one->budget.limit = 0;
	for (size_t i = 0; i < COUNT(heavy); i++) {
		heavy[i] = still_workers_open(one->all[0], "/echo", SESSION_RAW, "");
		session_send_text(heavy[i], (struct slice){text, len}, false);
	}
	pressure_look(&pressure, SOFT + 1);
	pressure_look(&pressure, SOFT + 1);
	still_workers_settle(one);
	for (size_t i = 0; i < COUNT(heavy); i++)
		shed += session_state(heavy[i]) == SESSION_CLOSING;
	still_workers_destroy(one);
	return shed;
}

START_TEST(so_many_are_shed_that_new_ones_are_welcome_and_no_more)
{
	ck_assert_int_eq(shed_of_four(SOFT / 4), 1);
	ck_assert_int_eq(shed_of_four(SOFT / 12), 2);
}
END_TEST

static struct session *open_for(struct worker *worker, const char *user, size_t len)
{
	static const char text[100000];
	struct session *session = still_workers_open(worker, "/echo", SESSION_RAW, "");

	session_set_user(session, slice_of(user));
	session_send_text(session, (struct slice){text, len}, false);
	return session;
}

START_TEST(the_account_with_most_in_its_queues_is_shed_first)
{
	struct workers *one =
		still_workers_create_of(1, "'limits': {'memory': 1000000}");
	struct worker *worker = one->all[0];
	struct session *ben = open_for(worker, "ben", 90000);
	struct session *ana[] = {open_for(worker, "ana", 60000),
		open_for(worker, "ana", 50000), open_for(worker, "ana", 10000)};

	pressure_start(&pressure, one);
	one->budget.limit = 0;
	pressure_look(&pressure, SOFT + 1);
	pressure_look(&pressure, SOFT + 1);
	still_workers_settle(one);
	ck_assert_int_eq(session_state(ben), SESSION_OPEN);
	ck_assert_int_eq(session_state(ana[0]), SESSION_CLOSING);
	ck_assert_int_eq(session_state(ana[1]), SESSION_CLOSING);
	ck_assert_int_eq(session_state(ana[2]), SESSION_OPEN); /* not worth it */
	still_workers_destroy(one);
}
END_TEST

/* Three passes, each of which looks at sixteen sessions in a turn. */
START_TEST(a_look_at_many_sessions_takes_turns)
{
	enum { MANY = 40, TURNS = 9 };
	struct workers *one =
		still_workers_create_of(1, "'limits': {'memory': 1000000}");
	struct worker *worker = one->all[0];
	struct session *heavy = NULL, *light[MANY];

	for (size_t i = 0; i < MANY; i++) {
		light[i] = open_for(worker, "ana", 10000);
		if (i == MANY / 2)
			heavy = open_for(worker, "ana", 90000);
	}
	still_workers_settle(one);
	worker->sessions->shedding.turn_ns = 0;
	sessions_shed(worker->sessions, 1);
	for (int i = 1; i < TURNS - 1; i++)
		still_workers_turn(one);
	ck_assert_int_eq(session_state(heavy), SESSION_OPEN);
	session_lost(light[0], ENDING_INTERRUPTED); /* the passes look at others */
	still_workers_turn(one);
	still_workers_turn(one);
	ck_assert_int_eq(session_state(heavy), SESSION_CLOSING);
	for (size_t i = 1; i < MANY; i++)
		ck_assert_int_eq(session_state(light[i]), SESSION_OPEN);
	ck_assert_uint_eq(worker->sessions->shedding.bytes, 0);
	still_workers_destroy(one);
}
END_TEST

/* What is counted fills the limit, whatever the process has at the latest look. */
START_TEST(below_a_sixteenth_of_room_sessions_are_shed_without_a_look)
{
	enum { LIMIT = 256 << 20 };
	struct workers *one = still_workers_create_of(1, "");
	struct session *heavy = open_for(one->all[0], "ana", 90000);
	struct session *light = open_for(one->all[0], "ana", 10000);

	one->budget.limit = LIMIT;
	atomic_store(&one->budget.correction, LIMIT - LIMIT / 8 - xmalloc_bytes());
	still_workers_settle(one);
	ck_assert_int_eq(session_state(heavy), SESSION_OPEN);
	atomic_fetch_add(&one->budget.correction, LIMIT / 8);
	still_workers_turn(one);
	still_workers_settle(one);
	ck_assert_int_eq(session_state(heavy), SESSION_CLOSING);
	ck_assert_int_eq(session_state(light), SESSION_OPEN);
	still_workers_destroy(one);
}
END_TEST

START_TEST(what_the_process_has_beside_is_corrected_beyond_a_quarter)
{
	const int64_t counted = xmalloc_bytes();

	pressure_look(&pressure, (uint64_t)counted + SOFT / 4);
	ck_assert_int_le(atomic_load(&workers->budget.correction), SOFT / 100);
	pressure_look(&pressure, (uint64_t)counted + SOFT);
	ck_assert_int_ge(
		atomic_load(&workers->budget.correction), SOFT / 4 * 3 - SOFT / 100);
	pressure_look(&pressure, (uint64_t)counted);
	ck_assert_int_eq(atomic_load(&workers->budget.correction), 0);
}
END_TEST

START_TEST(a_little_below_the_limit_is_not_enough_for_new_sessions)
{
	say(0, 50000);
	look(SOFT + 1);
	look(SOFT - 1000);
	ck_assert_str_eq(open_ones(), "123");
	ck_assert(!is_open_for_all());
}
END_TEST

START_TEST(who_has_nothing_waiting_is_never_shed)
{
	for (int i = 0; i < 10; i++)
		look(2 * SOFT);
	ck_assert_str_eq(open_ones(), "0123");
}
END_TEST

START_TEST(who_is_shed_has_a_last_word)
{
	say(1, 50000);
	look(2 * SOFT);
	look(2 * SOFT);
	ck_assert_str_eq(recorder_told(), "overflow");
	outlets[1].blocked = false;
	memory_outlet_pull(&outlets[1]);
	ck_assert_str_eq(
		memory_outlet_got(&outlets[1]), "too slow close 1008 Slow consumer");
}
END_TEST

START_TEST(the_footprint_is_what_the_process_has)
{
	enum { MANY = 32 << 20 };
	uint64_t before = footprint_used();
	char *more = malloc(MANY);

	ck_assert_ptr_nonnull(more);
	memset(more, 1, MANY);
	ck_assert_uint_ge(footprint_used(), before + MANY / 2);
	ck_assert_uint_gt(footprint_limit(), footprint_used());
	free(more);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pressure");
	TCase *tcase = unit_case(suite, "pressure");

	still_workers_run(&recorder_handler);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase,
		above_the_soft_limit_no_session_is_opened_until_there_is_some_air);
	tcase_add_test(tcase, nobody_is_shed_before_that_was_tried);
	tcase_add_test(
		tcase, those_for_whom_most_waits_are_shed_and_the_others_are_not);
	tcase_add_test(tcase, so_many_are_shed_that_new_ones_are_welcome_and_no_more);
	tcase_add_test(tcase, a_little_below_the_limit_is_not_enough_for_new_sessions);
	tcase_add_test(tcase, the_account_with_most_in_its_queues_is_shed_first);
	tcase_add_test(tcase, a_look_at_many_sessions_takes_turns);
	tcase_add_test(
		tcase, below_a_sixteenth_of_room_sessions_are_shed_without_a_look);
	tcase_add_test(
		tcase, what_the_process_has_beside_is_corrected_beyond_a_quarter);
	tcase_add_test(tcase, who_has_nothing_waiting_is_never_shed);
	tcase_add_test(tcase, who_is_shed_has_a_last_word);
	tcase_add_test(tcase, the_footprint_is_what_the_process_has);
	return unit_run(suite);
}
