/* The sessions that a turn writes to, and those that it leaves to the next. */
/* tags: workers */
#include "gateway/worker/worker.h"

#include "gateway/session/session_internal.h"
#include "protocol/xmalloc.h"
#include "tests/support/memory_outlet.h"
#include "tests/support/still_workers.h"
#include "tests/support/unit.h"

static const uint64_t TURN_WITHOUT_END = UINT64_MAX / 2;

static struct worker *worker;

static void setup(void)
{
	worker = still_workers_create("")->all[0];
}

static void teardown(void)
{
	still_workers_destroy(worker->workers);
}

static void fan_out_to(struct session *session)
{
	struct message *message = message_create_text(SLICE("x"), PAYLOAD_TEXT);

	session_send(session, &(struct delivery){.message = message});
	message_unref(message);
}

static void post_free(struct worker *self, struct post *one)
{
	(void)self;
	free(one);
}

static struct post *post_create(void (*run)(struct worker *self, struct post *one))
{
	struct post *one = xcalloc(1, sizeof(*one));

	one->run = run;
	return one;
}

START_TEST(a_turn_that_has_lasted_long_enough_leaves_sessions_to_the_next)
{
	enum { SESSIONS = 100 };
	static struct memory_outlet outlets[SESSIONS];
	unsigned woken[4] = {0};

	for (int i = 0; i < SESSIONS; i++) {
		struct session *session =
			still_workers_open(worker, "/echo", SESSION_RAW, "");

		memory_outlet_attach(&outlets[i], session);
		session_send_text(session, SLICE("x"), PAYLOAD_TEXT);
	}
	worker->turn_ns = 0;
	for (unsigned turns = 1; turns <= 3; turns++) {
		loop_turn(worker->loop);
		for (int i = 0; i < SESSIONS; i++)
			woken[turns] += outlets[i].wakes;
		ck_assert_uint_gt(woken[turns], woken[turns - 1]);
		ck_assert_uint_eq(woken[turns], turns * woken[1]);
		ck_assert_uint_lt(woken[turns], SESSIONS);
	}
	worker->turn_ns = TURN_WITHOUT_END;
	loop_turn(worker->loop);
	for (int i = 0; i < SESSIONS; i++) {
		ck_assert_uint_eq(outlets[i].wakes, 1);
		ck_assert_str_eq(memory_outlet_got(&outlets[i]), "x");
	}
	/* The sessions go before their outlets. */
	sessions_kill(worker->sessions);
	for (int i = 0; i < SESSIONS; i++)
		memory_outlet_finish(&outlets[i]);
}
END_TEST

START_TEST(an_answer_does_not_wait_behind_a_crowd)
{
	enum { MANY_SESSIONS = 100 };
	static struct memory_outlet outlets[MANY_SESSIONS + 1];

	for (int i = 0; i <= MANY_SESSIONS; i++) {
		struct session *session =
			still_workers_open(worker, "/echo", SESSION_RAW, "");

		memory_outlet_attach(&outlets[i], session);
		if (i < MANY_SESSIONS)
			fan_out_to(session);
		else
			session_send_text(session, SLICE("x"), PAYLOAD_TEXT);
	}
	worker->turn_ns = 0;
	loop_turn(worker->loop);
	ck_assert_uint_eq(outlets[0].wakes, 1);
	ck_assert_uint_eq(outlets[MANY_SESSIONS - 1].wakes, 0);
	ck_assert_uint_eq(outlets[MANY_SESSIONS].wakes, 1);
	sessions_kill(worker->sessions);
	for (int i = 0; i <= MANY_SESSIONS; i++)
		memory_outlet_finish(&outlets[i]);
}
END_TEST

/* A post that another worker has sent before this one has run all of its own. */
static void neighbour_run(struct worker *self, struct post *one)
{
	struct worker *neighbour = self->workers->all[1];

	worker_post(neighbour, self->index, one);
	loop_turn(neighbour->loop);
}

START_TEST(a_neighbour_that_posts_little_in_every_turn_puts_nobody_off)
{
	static struct memory_outlet waiting;
	struct workers *workers = still_workers_create_of(2, "");
	struct worker *busy = workers->all[0];
	struct post *one = post_create(neighbour_run);

	memory_outlet_attach(
		&waiting, still_workers_open(busy, "/echo", SESSION_RAW, ""));
	fan_out_to(waiting.session);
	worker_post(busy, busy->index, one);
	loop_turn(busy->loop);
	ck_assert_uint_eq(waiting.wakes, 1);
	one->run = post_free;
	still_workers_settle(workers);
	still_workers_destroy(workers);
	memory_outlet_finish(&waiting);
}
END_TEST

START_TEST(what_posts_bring_is_joined_but_not_for_ever)
{
	enum { FOR_EVER = 500 };
	static struct memory_outlet waiting;
	struct session *session = still_workers_open(worker, "/echo", SESSION_RAW, "");
	int turns = 0;

	memory_outlet_attach(&waiting, session);
	fan_out_to(session);
	worker->work_per_turn = 1;
	for (int i = 0; i < FOR_EVER; i++)
		worker_post(worker, worker->index, post_create(post_free));
	while (waiting.wakes == 0) {
		loop_turn(worker->loop);
		turns++;
	}
	ck_assert_int_gt(turns, 1);
	ck_assert_int_lt(turns, FOR_EVER / 2);
	fan_out_to(session);
	loop_turn(worker->loop);
	ck_assert_uint_eq(waiting.wakes, 2);
	still_workers_settle(worker->workers);
	sessions_kill(worker->sessions);
	memory_outlet_finish(&waiting);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("worker_flush");
	TCase *tcase = unit_case(suite, "flush");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(
		tcase, a_turn_that_has_lasted_long_enough_leaves_sessions_to_the_next);
	tcase_add_test(tcase, an_answer_does_not_wait_behind_a_crowd);
	tcase_add_test(
		tcase, a_neighbour_that_posts_little_in_every_turn_puts_nobody_off);
	tcase_add_test(tcase, what_posts_bring_is_joined_but_not_for_ever);
	return unit_run(suite);
}
