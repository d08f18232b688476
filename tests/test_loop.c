#include "gateway/base/loop.h"

#include "gateway/base/log.h"
#include "tests/support/descriptors.h"
#include "tests/support/unit.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

static struct loop *loop;
static struct buf told; /* the events, a blank after each */

static void setup(void)
{
	log_set_level(LOG_ERROR);
	loop = loop_create();
	ck_assert_ptr_nonnull(loop);
}

static void teardown(void)
{
	loop_destroy(loop);
	buf_finish(&told);
}

#define assert_told(expected)                                                          \
	do {                                                                           \
		ck_assert_slice_eq(buf_slice(&told), slice_of(expected));              \
		buf_clear(&told);                                                      \
	} while (0)

/* Timers and time */

struct alarm {
	struct timer timer;
	const char *name;
	int again; /* how often it starts itself anew */
	uint64_t every;
	struct timer *stops; /* another one that it stops */
};

static uint64_t start;

static void ring(struct timer *timer)
{
	struct alarm *alarm = container_of(timer, struct alarm, timer);

	buf_printf(&told, "%s@%llu ", alarm->name,
		(unsigned long long)(loop_now(loop) - start));
	if (alarm->stops != NULL)
		loop_timer_stop(loop, alarm->stops);
	if (alarm->again-- > 0)
		loop_timer_start(loop, timer, alarm->every);
}

static struct alarm alarm_of(const char *name)
{
	start = loop_now(loop);
	return (struct alarm){.timer = {.fire = ring}, .name = name};
}

START_TEST(timers_fire_in_order_at_their_time)
{
	struct alarm a = alarm_of("a"), b = alarm_of("b"), c = alarm_of("c");

	loop_timer_start(loop, &b.timer, 20);
	loop_timer_start(loop, &c.timer, 30);
	loop_timer_start(loop, &a.timer, 10);
	loop_advance(loop, 9);
	assert_told("");
	loop_advance(loop, 1);
	assert_told("a@10 ");
	loop_advance(loop, 1000);
	assert_told("b@20 c@30 ");
	ck_assert_uint_eq(loop_now(loop) - start, 1010);
}
END_TEST

START_TEST(a_timer_may_start_itself_anew)
{
	struct alarm a = alarm_of("a");

	a.again = 3;
	a.every = 10;
	loop_timer_start(loop, &a.timer, 0);
	loop_advance(loop, 25);
	assert_told("a@0 a@10 a@20 ");
	loop_advance(loop, 1000);
	assert_told("a@30 ");
}
END_TEST

START_TEST(a_timer_without_delay_fires_once_a_turn)
{
	struct alarm a = alarm_of("a");

	a.again = 1000000;
	a.every = 0;
	loop_timer_start(loop, &a.timer, 0);
	loop_advance(loop, 0);
	assert_told("a@0 ");
	loop_advance(loop, 2);
	assert_told("a@1 a@2 ");
}
END_TEST

START_TEST(a_timer_may_stop_another_that_is_due)
{
	struct alarm a = alarm_of("a"), b = alarm_of("b");

	a.stops = &b.timer;
	loop_timer_start(loop, &a.timer, 10);
	loop_timer_start(loop, &b.timer, 10);
	b.stops = &a.timer;
	loop_advance(loop, 10);
	ck_assert_uint_eq(told.len, strlen("a@10 ")); /* either, not both */
	ck_assert(!timer_is_running(&a.timer) && !timer_is_running(&b.timer));
}
END_TEST

START_TEST(a_turn_of_the_real_loop_fires_what_is_due)
{
	struct alarm a = alarm_of("a"), b = alarm_of("b");

	loop_timer_start(loop, &a.timer, 0);
	loop_timer_start(loop, &b.timer, 1000000);
	loop_turn(loop);
	ck_assert(slice_starts_with(buf_slice(&told), SLICE("a@")));
	ck_assert(timer_is_running(&b.timer));
}
END_TEST

/* Turns and deferred work */

struct chore {
	struct task task;
	const char *name;
	struct chore *next; /* deferred by it */
};

static void work(struct task *task)
{
	struct chore *chore = container_of(task, struct chore, task);

	buf_printf(&told, "%s ", chore->name);
	if (chore->next != NULL)
		loop_defer(loop, &chore->next->task);
}

static struct chore chore_of(const char *name)
{
	return (struct chore){.task = {.run = work}, .name = name};
}

static bool turn(void *context)
{
	int *left = context;

	buf_append(&told, SLICE("turn "));
	return --*left > 0;
}

START_TEST(deferred_work_is_done_once_in_its_order_after_the_turn)
{
	struct chore a = chore_of("a"), b = chore_of("b"), c = chore_of("c");
	int left = 0;

	loop_on_turn(loop, turn, &left);
	a.next = &c;
	loop_defer(loop, &a.task);
	loop_defer(loop, &b.task);
	loop_defer(loop, &a.task);
	assert_told("");
	loop_advance(loop, 0);
	assert_told("turn a b c turn "); /* it may have left work for a turn */
	loop_advance(loop, 0);
	assert_told("turn ");
}
END_TEST

START_TEST(cancelled_work_is_not_done)
{
	struct chore a = chore_of("a"), b = chore_of("b");

	loop_defer(loop, &a.task);
	loop_defer(loop, &b.task);
	task_cancel(&a.task);
	task_cancel(&a.task);
	loop_advance(loop, 0);
	assert_told("b ");
}
END_TEST

static void free_task(struct task *task)
{
	free(container_of(task, struct chore, task));
	buf_append(&told, SLICE("freed "));
}

START_TEST(a_task_may_free_itself)
{
	struct chore *chore = calloc(1, sizeof(*chore));

	chore->task.run = free_task;
	loop_defer(loop, &chore->task);
	loop_turn(loop);
	assert_told("freed ");
}
END_TEST

START_TEST(deferred_work_without_time_takes_several_turns_in_its_order)
{
	static const char *const names[] = {
		"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};
	struct chore chores[10];
	size_t before = 0;
	int turns = 0;

	loop_set_defer_time(loop, 0);
	for (int i = 0; i < 10; i++) {
		chores[i] = chore_of(names[i]);
		loop_defer(loop, &chores[i].task);
	}
	for (; told.len < 20; turns++) {
		loop_turn(loop);
		ck_assert_uint_gt(told.len, before);
		ck_assert_uint_le(told.len - before, 2 * 4);
		before = told.len;
	}
	ck_assert_int_gt(turns, 2);
	assert_told("0 1 2 3 4 5 6 7 8 9 ");
}
END_TEST

START_TEST(turns_follow_while_work_is_left)
{
	int left = 3;

	loop_on_turn(loop, turn, &left);
	loop_advance(loop, 0);
	assert_told("turn turn turn ");
}
END_TEST

/* Waking */

static bool stop_when_woken(void *context)
{
	if (*(atomic_bool *)context)
		loop_stop(loop);
	return false;
}

static void *wake(void *context)
{
	*(atomic_bool *)context = true;
	loop_wake(loop);
	loop_wake(loop);
	return NULL;
}

START_TEST(a_thread_may_wake_the_loop)
{
	atomic_bool woken = false;
	pthread_t thread;

	loop_on_turn(loop, stop_when_woken, &woken);
	ck_assert_int_eq(pthread_create(&thread, NULL, wake, &woken), 0);
	loop_run(loop);
	pthread_join(thread, NULL);
	ck_assert(woken);
}
END_TEST

static void on_signal(void *context)
{
	buf_append(&told, SLICE("signal "));
	loop_stop(context);
}

START_TEST(a_signal_is_heard_on_the_loop)
{
	loop_on_signal(loop, SIGUSR1, on_signal, loop);
	raise(SIGUSR1);
	assert_told("");
	loop_run(loop);
	assert_told("signal ");
}
END_TEST

/* The end */

START_TEST(nothing_is_left_of_a_loop)
{
	struct alarm a = alarm_of("a");
	struct chore b = chore_of("b");
	int before = descriptors_count(); /* one loop is there: libuv keeps a pipe */
	struct loop *first = loop;

	loop = loop_create();
	loop_timer_start(loop, &a.timer, 10);
	loop_defer(loop, &b.task);
	loop_stop(loop);
	loop_destroy(loop);
	loop = first;
	ck_assert_int_eq(descriptors_count(), before);
	assert_told("b "); /* deferred tasks have run, timers are dropped */
	loop_destroy(NULL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("loop");
	TCase *timers = unit_case(suite, "timers");
	TCase *turns = unit_case(suite, "turns");
	TCase *ends = unit_case(suite, "waking and ending");

	tcase_add_checked_fixture(timers, setup, teardown);
	tcase_add_test(timers, timers_fire_in_order_at_their_time);
	tcase_add_test(timers, a_timer_may_start_itself_anew);
	tcase_add_test(timers, a_timer_without_delay_fires_once_a_turn);
	tcase_add_test(timers, a_timer_may_stop_another_that_is_due);
	tcase_add_test(timers, a_turn_of_the_real_loop_fires_what_is_due);

	tcase_add_checked_fixture(turns, setup, teardown);
	tcase_add_test(turns, deferred_work_is_done_once_in_its_order_after_the_turn);
	tcase_add_test(turns, cancelled_work_is_not_done);
	tcase_add_test(turns, a_task_may_free_itself);
	tcase_add_test(
		turns, deferred_work_without_time_takes_several_turns_in_its_order);
	tcase_add_test(turns, turns_follow_while_work_is_left);

	tcase_add_checked_fixture(ends, setup, teardown);
	tcase_add_test(ends, a_thread_may_wake_the_loop);
	tcase_add_test(ends, a_signal_is_heard_on_the_loop);
	tcase_add_test(ends, nothing_is_left_of_a_loop);
	return unit_run(suite);
}
