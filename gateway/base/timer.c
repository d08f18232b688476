#include "gateway/base/timer.h"

#include "protocol/xmalloc.h"

#include <stdlib.h>

/* Positions count from 1, so that heap[position / 2] is the parent. */

void timers_finish(struct timers *timers)
{
	free(timers->heap);
	*timers = (struct timers){0};
}

static void timers_put(struct timers *timers, struct timer *timer, size_t position)
{
	timers->heap[position] = timer;
	timer->position = position;
}

static void timers_rise(struct timers *timers, struct timer *timer)
{
	size_t position = timer->position;

	while (position > 1 && timers->heap[position / 2]->due > timer->due) {
		timers_put(timers, timers->heap[position / 2], position);
		position /= 2;
	}
	timers_put(timers, timer, position);
}

static void timers_sink(struct timers *timers, struct timer *timer)
{
	size_t position = timer->position;

	for (;;) {
		size_t child = position * 2;

		if (child > timers->count)
			break;
		if (child < timers->count &&
			timers->heap[child + 1]->due < timers->heap[child]->due)
			child++;
		if (timers->heap[child]->due >= timer->due)
			break;
		timers_put(timers, timers->heap[child], position);
		position = child;
	}
	timers_put(timers, timer, position);
}

static void timers_settle(struct timers *timers, struct timer *timer)
{
	timers_rise(timers, timer);
	timers_sink(timers, timer);
}

void timers_start(struct timers *timers, struct timer *timer, uint64_t due)
{
	timer->due = due;
	if (timer->position == 0) {
		if (timers->count + 1 >= timers->capacity) {
			timers->capacity =
				timers->capacity == 0 ? 64 : timers->capacity * 2;
			timers->heap = xrealloc(timers->heap,
				timers->capacity * sizeof(struct timer *));
		}
		timers_put(timers, timer, ++timers->count);
	}
	timers_settle(timers, timer);
}

void timers_stop(struct timers *timers, struct timer *timer)
{
	size_t position = timer->position;

	if (position == 0)
		return;
	timer->position = 0;

	struct timer *last = timers->heap[timers->count--];
	if (last != timer) {
		timers_put(timers, last, position);
		timers_settle(timers, last);
	}
}

struct timer *timers_first(const struct timers *timers)
{
	return timers->count == 0 ? NULL : timers->heap[1];
}
