#include "gateway/base/timer.h"

#include "protocol/xmalloc.h"

#include <assert.h>
#include <stdlib.h>

/*
 * Positions count from 1. Each has four children, so the heap is half as high as with
 * two. The heap has the times itself: of thousands of timers, most are in no cache.
 */
enum { CHILDREN = 4 };

static size_t timers_parent(size_t position)
{
	return (position - 2) / CHILDREN + 1;
}

static size_t timers_first_child(size_t position)
{
	return CHILDREN * (position - 1) + 2;
}

void timers_finish(struct timers *timers)
{
	free(timers->heap);
	*timers = (struct timers){0};
}

static void timers_put(struct timers *timers, struct timer_entry entry, size_t position)
{
	timers->heap[position] = entry;
	entry.timer->position = (uint32_t)position;
}

static void timers_rise(
	struct timers *timers, struct timer_entry entry, size_t position)
{
	while (position > 1) {
		const size_t parent = timers_parent(position);

		if (timers->heap[parent].at <= entry.at)
			break;
		timers_put(timers, timers->heap[parent], position);
		position = parent;
	}
	timers_put(timers, entry, position);
}

/* The child that is due first; 0 when there is none. */
static size_t timers_earliest_child(const struct timers *timers, size_t position)
{
	const size_t first = timers_first_child(position);
	size_t earliest = first;

	if (first > timers->count)
		return 0;
	for (size_t i = first + 1; i < first + CHILDREN && i <= timers->count; i++) {
		if (timers->heap[i].at < timers->heap[earliest].at)
			earliest = i;
	}
	return earliest;
}

static void timers_sink(
	struct timers *timers, struct timer_entry entry, size_t position)
{
	size_t child;

	while ((child = timers_earliest_child(timers, position)) != 0 &&
		timers->heap[child].at < entry.at) {
		timers_put(timers, timers->heap[child], position);
		position = child;
	}
	timers_put(timers, entry, position);
}

/* Puts it where it belongs; `position` is free. */
static void timers_settle(
	struct timers *timers, struct timer_entry entry, size_t position)
{
	if (position > 1 && timers->heap[timers_parent(position)].at > entry.at)
		timers_rise(timers, entry, position);
	else
		timers_sink(timers, entry, position);
}

void timers_start(struct timers *timers, struct timer *timer, uint64_t due)
{
	if (timer->position == 0) {
		if (timers->count + 1 >= timers->capacity) {
			timers->capacity =
				timers->capacity == 0 ? 64 : timers->capacity * 2;
			timers->heap = xrealloc(
				timers->heap, timers->capacity * sizeof(*timers->heap));
		}
		timer->position = (uint32_t)++timers->count;
	}
	timers_settle(timers, (struct timer_entry){due, timer}, timer->position);
}

void timers_stop(struct timers *timers, struct timer *timer)
{
	const size_t position = timer->position;

	if (position == 0)
		return;
	timer->position = 0;

	const struct timer_entry last = timers->heap[timers->count--];
	if (last.timer != timer)
		timers_settle(timers, last, position);
}

struct timer *timers_first(const struct timers *timers)
{
	return timers->count == 0 ? NULL : timers->heap[1].timer;
}

uint64_t timers_due(const struct timers *timers, const struct timer *timer)
{
	assert(timer_is_running(timer));
	return timers->heap[timer->position].at;
}
