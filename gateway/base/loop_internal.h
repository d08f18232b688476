/* What the files of the loop share. The only file that includes uv.h. */
#ifndef GATEWAY_BASE_LOOP_INTERNAL_H
#define GATEWAY_BASE_LOOP_INTERNAL_H

#include "gateway/base/loop.h"

#include <sys/epoll.h>
#include <uv.h>

enum { EVENTS_PER_WAIT = 256, SIGNALS_MAX = 4 };

struct loop_signal {
	uv_signal_t handle;
	void (*heard)(void *context);
	void *context;
};

struct loop {
	uv_loop_t uv;
	uv_prepare_t prepare;
	uv_idle_t idle; /* runs while work is left, so that the poll does not block */
	uv_timer_t alarm;
	uv_async_t wake;
	uv_poll_t sockets;
	int epoll;

	struct loop_signal signals[SIGNALS_MAX];
	size_t signal_count;

	uint64_t now;
	uint64_t skew;         /* the sum of loop_advance() and loop_stand_still() */
	uint64_t stood_still;  /* the sum of loop_stand_still() */
	uint64_t deadline_now; /* the clock that stands still while a loop does */
	struct timers timers;
	struct timers deadlines;       /* by deadline_now */
	struct standstill *standstill; /* NULL: the loop is never late */
	unsigned place;                /* there */
	bool is_late; /* sockets are read once more before timers are fired */
	bool firing;  /* timers are being fired */
	struct list deferred;
	uint64_t defer_ns; /* how long tasks run in a turn */
	size_t working;    /* how much is unfinished */
	bool (*turn)(void *context);
	void *turn_context;

	/*
	 * By descriptor; NULL: not watched. The kernel knows a watch by that number, so
	 * that it may move. Where nothing was watched yet, a place has no value.
	 */
	struct watch **watches;
	size_t watch_room;

	/* The events of this turn; loop_drop_events() removes those of a watch. */
	struct epoll_event events[EVENTS_PER_WAIT];
	int event_count;
};

/* loop.c */

/*
 * Calls the turn function and runs the deferred tasks. True when work is left: a task
 * may have made more.
 */
bool loop_end_turn(struct loop *loop);

/* loop_time.c */

/* Reads the clock. Notes whether this turn comes late. */
void loop_update_now(struct loop *loop);

/*
 * Looks for other loops that stand still, if a timer is due. Call it before timers are
 * fired: those of both kinds may judge a peer.
 */
void loop_look_for_standstill(struct loop *loop);

/* Fires what is due by either clock. */
void loop_fire_timers(struct loop *loop);

/*
 * The next wait for events ends when the first timer is due, or earlier. The loop is
 * late if it turns later than that.
 */
void loop_set_alarm(struct loop *loop);

#endif
