/* A worker calls its residents in each turn and at its end. */
#include "gateway/worker/resident.h"

#include "gateway/worker/worker.h"
#include "tests/support/still_workers.h"
#include "tests/support/unit.h"

struct lodger {
	struct resident resident;
	int left; /* turns in which it reports work left */
};

static struct worker *worker;
static struct lodger lodger;
static struct buf called;

static void on_turn(struct resident *resident)
{
	ck_assert_ptr_eq(resident, &lodger.resident);
	buf_append(&called, SLICE("turn "));
}

static bool on_end_turn(struct resident *resident)
{
	ck_assert_ptr_eq(resident, &lodger.resident);
	buf_append(&called, SLICE("end "));
	return lodger.left > 0 && lodger.left-- > 0;
}

static void on_stop(struct resident *resident)
{
	ck_assert_ptr_eq(resident, &lodger.resident);
	buf_append(&called, SLICE("stop "));
}

static void on_kill(struct resident *resident)
{
	ck_assert_ptr_eq(resident, &lodger.resident);
	buf_append(&called, SLICE("kill "));
}

static void on_destroy(struct resident *resident)
{
	ck_assert_ptr_eq(resident, &lodger.resident);
	buf_append(&called, SLICE("destroy "));
}

static const struct resident_ops lodger_ops = {
	.turn = on_turn,
	.end_turn = on_end_turn,
	.stop = on_stop,
	.kill = on_kill,
	.destroy = on_destroy,
};

static const struct resident_ops idle_ops = {.turn = NULL};

static void begin(const struct resident_ops *ops)
{
	worker = still_workers_create_of(1, "")->all[0];
	lodger = (struct lodger){.resident.ops = ops};
	worker_add_resident(worker, &lodger.resident);
}

static void assert_called(const char *expected)
{
	ck_assert_slice_eq(buf_slice(&called), slice_of(expected));
	buf_clear(&called);
}

START_TEST(a_resident_is_called_at_both_ends_of_a_turn)
{
	begin(&lodger_ops);
	loop_turn(worker->loop);
	assert_called("turn end ");
	still_workers_destroy(worker->workers);
	buf_finish(&called);
}
END_TEST

START_TEST(while_a_resident_has_work_left_turns_follow)
{
	begin(&lodger_ops);
	lodger.left = 2;
	loop_advance(worker->loop, 0);
	assert_called("turn end turn end turn end ");
	still_workers_destroy(worker->workers);
	buf_finish(&called);
}
END_TEST

START_TEST(a_resident_is_stopped_killed_and_then_destroyed)
{
	begin(&lodger_ops);
	worker_stop(worker);
	assert_called("stop ");
	worker_kill(worker);
	assert_called("kill ");
	still_workers_destroy(worker->workers);
	ck_assert(slice_ends_with(buf_slice(&called), SLICE("end destroy ")));
	buf_finish(&called);
}
END_TEST

START_TEST(a_resident_may_have_nothing_to_do)
{
	begin(&idle_ops);
	loop_turn(worker->loop);
	worker_stop(worker);
	still_workers_destroy(worker->workers);
	assert_called("");
	buf_finish(&called);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("resident");
	TCase *tcase = unit_case(suite, "resident");

	tcase_add_test(tcase, a_resident_is_called_at_both_ends_of_a_turn);
	tcase_add_test(tcase, while_a_resident_has_work_left_turns_follow);
	tcase_add_test(tcase, a_resident_is_stopped_killed_and_then_destroyed);
	tcase_add_test(tcase, a_resident_may_have_nothing_to_do);
	return unit_run(suite);
}
