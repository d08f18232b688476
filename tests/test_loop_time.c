/* Deadlines and standstills. test_loop.c has the timers. */
#include "gateway/base/log.h"
#include "gateway/base/loop.h"
#include "gateway/base/standstill.h"
#include "tests/support/unit.h"

#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LOOPS = 2, PAUSE = 12000 };

static struct standstill *standstill;
static struct loop *loop;
static uint64_t start;
static struct buf told; /* the events, a blank after each */

static void setup(void)
{
	log_set_level(LOG_ERROR);
	standstill = standstill_create(LOOPS);
	loop = loop_create();
	loop_share_standstill(loop, standstill, 0);
	loop_turn(loop);
	start = loop_now(loop);
}

static void teardown(void)
{
	loop_destroy(loop);
	standstill_destroy(standstill);
	buf_finish(&told);
}

#define assert_told(expected)                                                          \
	do {                                                                           \
		ck_assert_slice_eq(buf_slice(&told), slice_of(expected));              \
		buf_clear(&told);                                                      \
	} while (0)

struct alarm {
	struct timer timer;
	const char *name;
};

static void ring(struct timer *timer)
{
	buf_printf(&told, "%s ", container_of(timer, struct alarm, timer)->name);
}

static struct alarm alarm_of(const char *name)
{
	return (struct alarm){.timer = {.fire = ring}, .name = name};
}

/* As if the loop had been expected to turn long ago. */
static void stand_still(unsigned which)
{
	standstill_expect(standstill, which, loop_now(loop) - PAUSE);
}

START_TEST(both_clocks_go_alike)
{
	struct alarm timer = alarm_of("timer"), deadline = alarm_of("deadline");
	const uint64_t before = loop_deadline_now(loop);

	loop_timer_start(loop, &timer.timer, 20);
	loop_deadline_start(loop, &deadline.timer, 10);
	loop_advance(loop, 9);
	assert_told("");
	loop_advance(loop, 1);
	assert_told("deadline ");
	loop_advance(loop, 10);
	assert_told("timer ");
	ck_assert_uint_eq(loop_deadline_now(loop), before + 20);
}
END_TEST

START_TEST(a_deadline_does_not_count_a_standstill)
{
	struct alarm timer = alarm_of("timer"), deadline = alarm_of("deadline");

	loop_timer_start(loop, &timer.timer, 20);
	loop_deadline_start(loop, &deadline.timer, 10);
	loop_advance(loop, 3);
	loop_stand_still(loop, 1000);
	assert_told("timer ");
	loop_advance(loop, 6);
	assert_told("");
	loop_advance(loop, 1);
	assert_told("deadline ");
	ck_assert_uint_eq(loop_now(loop) - start, 1010);
}
END_TEST

START_TEST(a_timer_becomes_a_deadline_and_back)
{
	struct alarm alarm = alarm_of("alarm");

	loop_timer_start(loop, &alarm.timer, 10);
	loop_deadline_start(loop, &alarm.timer, 20);
	loop_stand_still(loop, 1000);
	assert_told("");
	ck_assert_uint_eq(
		loop_timer_due(loop, &alarm.timer), loop_deadline_now(loop) + 20);
	loop_timer_start(loop, &alarm.timer, 30);
	loop_stand_still(loop, 30);
	assert_told("alarm ");
	loop_deadline_start(loop, &alarm.timer, 20);
	loop_timer_stop(loop, &alarm.timer);
	loop_advance(loop, 1000);
	assert_told("");
}
END_TEST

START_TEST(the_clock_of_deadlines_stands_still_after_a_late_turn)
{
	const uint64_t before = loop_deadline_now(loop);

	stand_still(0);
	loop_turn(loop);
	/* 12 s are lost, so it goes on when as much time has passed. */
	loop_advance(loop, 1);
	loop_turn(loop);
	ck_assert_uint_le(loop_deadline_now(loop), before + 1);
	ck_assert_uint_ge(standstill_lost(standstill), PAUSE);
}
END_TEST

START_TEST(it_stands_still_while_another_loop_does)
{
	struct alarm deadline = alarm_of("deadline");
	const uint64_t before = loop_deadline_now(loop);

	stand_still(1);
	loop_turn(loop);
	/* It looks only when it would judge somebody. */
	ck_assert_uint_eq(standstill_lost(standstill), 0);
	loop_deadline_start(loop, &deadline.timer, 0);
	loop_turn(loop);
	ck_assert_uint_ge(standstill_lost(standstill), PAUSE);
	ck_assert_uint_le(loop_deadline_now(loop), before + PAUSE / 2);
}
END_TEST

/* After a standstill */

struct peer {
	struct watch watch;
	int ends[2];
};

static void hear(struct watch *watch, unsigned events)
{
	char byte;

	(void)events;
	ck_assert_int_eq(read(watch->fd, &byte, 1), 1);
	buf_append_char(&told, '.');
}

START_TEST(all_that_has_come_is_read_before_any_timer_is_fired)
{
	enum { PEERS = 600 }; /* more than the loop reads in one turn */
	static struct peer peers[PEERS];
	struct alarm deadline = alarm_of("deadline"), timer = alarm_of("timer");
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	for (int i = 0; i < PEERS; i++) {
		ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, peers[i].ends), 0);
		peers[i].watch = (struct watch){.fd = peers[i].ends[0], .ready = hear};
		ck_assert_int_eq(loop_watch(loop, &peers[i].watch, WATCH_IN), 0);
		ck_assert_int_eq(write(peers[i].ends[1], "", 1), 1);
	}
	loop_deadline_start(loop, &deadline.timer, 0);
	loop_timer_start(loop, &timer.timer, 0);
	stand_still(0);
	loop_turn(loop);
	if (!timer_is_running(&timer.timer)) {
		ck_assert_uint_ge(told.len, PEERS);
		for (int i = 0; i < PEERS; i++)
			ck_assert_int_eq(told.data[i], '.');
	}
	while (timer_is_running(&timer.timer))
		loop_turn(loop);
	for (int i = 0; i < PEERS; i++)
		ck_assert_int_eq(told.data[i], '.');
	for (int i = 0; i < PEERS; i++) {
		loop_unwatch(&peers[i].watch);
		close(peers[i].ends[0]);
		close(peers[i].ends[1]);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("loop_time");
	TCase *clocks = unit_case(suite, "clocks"), *late = unit_case(suite, "late");

	tcase_add_checked_fixture(clocks, setup, teardown);
	tcase_add_test(clocks, both_clocks_go_alike);
	tcase_add_test(clocks, a_deadline_does_not_count_a_standstill);
	tcase_add_test(clocks, a_timer_becomes_a_deadline_and_back);
	tcase_add_test(clocks, the_clock_of_deadlines_stands_still_after_a_late_turn);
	tcase_add_test(clocks, it_stands_still_while_another_loop_does);
	tcase_add_checked_fixture(late, setup, teardown);
	tcase_add_test(late, all_that_has_come_is_read_before_any_timer_is_fired);
	return unit_run(suite);
}
