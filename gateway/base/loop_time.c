/*
 * The two clocks of a loop and their timers: the time, and the time in which no loop
 * stood still, by which peers are judged.
 */
#include "gateway/base/loop_internal.h"

#include "gateway/base/standstill.h"

/*
 * The longest wait. A standstill within a wait is seen only from the end of that wait
 * on.
 */
enum { WAIT_MAX_MS = 1000 };

/* The clocks */

/* It only stands still or goes on, also when lost time is counted later. */
static void loop_update_deadline_now(struct loop *loop)
{
	const uint64_t lost =
		loop->standstill != NULL ? standstill_lost(loop->standstill) : 0;
	const uint64_t now = loop->now - lost - loop->stood_still;

	if (now > loop->deadline_now)
		loop->deadline_now = now;
}

void loop_update_now(struct loop *loop)
{
	loop->now = uv_now(&loop->uv) + loop->skew;
	if (loop->standstill != NULL &&
		standstill_turn(loop->standstill, loop->place, uv_now(&loop->uv)))
		loop->is_late = true;
	loop_update_deadline_now(loop);
}

/* How long until the first timer of the heap is due; UINT64_MAX: there is none. */
static uint64_t timers_wait(const struct timers *timers, uint64_t now)
{
	const struct timer *first = timers_first(timers);

	if (first == NULL)
		return UINT64_MAX;
	const uint64_t due = timers_due(timers, first);
	return due > now ? due - now : 0;
}

/* How long until the first timer or deadline is due; UINT64_MAX: there is none. */
static uint64_t loop_wait(const struct loop *loop)
{
	const uint64_t timers = timers_wait(&loop->timers, loop->now);
	const uint64_t deadlines = timers_wait(&loop->deadlines, loop->deadline_now);

	return timers < deadlines ? timers : deadlines;
}

static void loop_fire(struct timers *timers, uint64_t now)
{
	while (timers_wait(timers, now) == 0) {
		struct timer *first = timers_first(timers);

		timers_stop(timers, first);
		first->fire(first);
	}
}

void loop_fire_timers(struct loop *loop)
{
	loop->firing = true;
	loop_fire(&loop->timers, loop->now);
	loop_fire(&loop->deadlines, loop->deadline_now);
	loop->firing = false;
}

void loop_look_for_standstill(struct loop *loop)
{
	if (loop->standstill == NULL || loop_wait(loop) > 0)
		return;
	standstill_look(loop->standstill, uv_now(&loop->uv));
	loop_update_deadline_now(loop);
}

static void loop_on_alarm(uv_timer_t *alarm)
{
	(void)alarm;
}

void loop_set_alarm(struct loop *loop)
{
	uint64_t wait = loop_wait(loop);

	if (wait == UINT64_MAX && loop->standstill == NULL) {
		uv_timer_stop(&loop->alarm);
		return;
	}
	if (wait > WAIT_MAX_MS)
		wait = WAIT_MAX_MS;
	uv_timer_start(&loop->alarm, loop_on_alarm, wait, 0);
	if (loop->standstill != NULL)
		standstill_expect(
			loop->standstill, loop->place, uv_now(&loop->uv) + wait);
}

void loop_share_standstill(
	struct loop *loop, struct standstill *standstill, unsigned place)
{
	loop->standstill = standstill;
	loop->place = place;
}

/* Timers */

uint64_t loop_now(const struct loop *loop)
{
	return loop->now;
}

uint64_t loop_clock(void)
{
	return uv_hrtime();
}

uint64_t loop_deadline_now(const struct loop *loop)
{
	return loop->deadline_now;
}

bool loop_is_late(const struct loop *loop)
{
	return loop->is_late;
}

static struct timers *loop_heap(struct loop *loop, bool is_deadline)
{
	return is_deadline ? &loop->deadlines : &loop->timers;
}

static void loop_start(
	struct loop *loop, struct timer *timer, uint64_t delay, bool is_deadline)
{
	const uint64_t now = is_deadline ? loop->deadline_now : loop->now;

	/*
	 * A timer that restarts itself without delay must not keep the loop for ever.
	 */
	if (loop->firing && delay == 0)
		delay = 1;
	if (timer->is_deadline != is_deadline)
		loop_timer_stop(loop, timer);
	timer->is_deadline = is_deadline;
	timers_start(loop_heap(loop, is_deadline), timer, now + delay);
}

void loop_timer_start(struct loop *loop, struct timer *timer, uint64_t delay)
{
	loop_start(loop, timer, delay, false);
}

void loop_deadline_start(struct loop *loop, struct timer *timer, uint64_t delay)
{
	loop_start(loop, timer, delay, true);
}

uint64_t loop_timer_due(const struct loop *loop, const struct timer *timer)
{
	return timers_due(timer->is_deadline ? &loop->deadlines : &loop->timers, timer);
}

void loop_timer_stop(struct loop *loop, struct timer *timer)
{
	timers_stop(loop_heap(loop, timer->is_deadline), timer);
}

/* Moves both clocks on. */
static void loop_skip(struct loop *loop, uint64_t milliseconds)
{
	loop->skew += milliseconds;
	loop->now += milliseconds;
	loop->deadline_now += milliseconds;
}

void loop_advance(struct loop *loop, uint64_t milliseconds)
{
	while (loop_end_turn(loop))
		;
	for (;;) {
		const uint64_t wait = loop_wait(loop);

		if (wait > milliseconds)
			break;
		loop_skip(loop, wait);
		milliseconds -= wait;
		loop_fire_timers(loop);
		while (loop_end_turn(loop))
			;
	}
	loop_skip(loop, milliseconds);
}

void loop_stand_still(struct loop *loop, uint64_t milliseconds)
{
	loop->stood_still += milliseconds;
	loop->skew += milliseconds;
	loop->now += milliseconds;
	loop_advance(loop, 0);
}
