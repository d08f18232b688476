/*
 * Timers in an array heap. A timer is embedded in its object; a zeroed one is stopped.
 * Starting, moving and stopping cost a few moves, whatever the number of timers is.
 */
#ifndef GATEWAY_BASE_TIMER_H
#define GATEWAY_BASE_TIMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct timer {
	uint32_t position; /* in the heap, from 1; 0: stopped */
	bool is_deadline;  /* its heap is the one of the loop's deadlines */
	void (*fire)(struct timer *timer);
};

/* A place in the heap. */
struct timer_entry {
	uint64_t at; /* ms on the loop's clock */
	struct timer *timer;
};

struct timers {
	struct timer_entry *heap;
	size_t count, capacity;
};

/*
 * Frees the heap and touches no timer: timer_is_running() stays true for timers that
 * ran.
 */
void timers_finish(struct timers *timers);

/* Starts the timer, or moves it when it is already running. */
void timers_start(struct timers *timers, struct timer *timer, uint64_t due);

/* Stops the timer. Does nothing to a timer that is not running. */
void timers_stop(struct timers *timers, struct timer *timer);

/*
 * The timer that is due next, or NULL. It stays started; the caller calls
 * timers_stop() and then fire().
 */
struct timer *timers_first(const struct timers *timers);

/* When a running timer is due. */
uint64_t timers_due(const struct timers *timers, const struct timer *timer);

static inline bool timer_is_running(const struct timer *timer)
{
	return timer->position != 0;
}

#endif
