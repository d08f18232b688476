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
	uint64_t skew; /* the sum of loop_advance() */
	struct timers timers;
	bool firing; /* timers are being fired */
	struct list deferred;
	size_t working; /* how much is unfinished */
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

#endif
