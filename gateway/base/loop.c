/*
 * libuv provides the poll and the wake-up. The sockets are in an epoll set of our own
 * inside libuv's. It is edge-triggered, one registration lasts for a connection's
 * life, and a watch costs 32 bytes instead of a uv_poll_t. The kernel knows it by its
 * descriptor, so another watch may take its place without a system call.
 *
 * The end of a turn runs in libuv's prepare phase, which comes after the callbacks of
 * sockets and timers and right before the loop would block.
 */
#include "gateway/base/loop_internal.h"

#include "gateway/base/log.h"
#include "gateway/base/standstill.h"
#include "protocol/xmalloc.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	NO_FD = -1,
	WATCHES_MIN = 64, /* the least places of the table */
	/* Of the deferred tasks in a turn: a session takes 20 to 200 us to free. */
	DEFER_NS = 500000,
	TASKS_LEAST = 4,
};

/* False when none waits. */
static bool loop_run_task(struct loop *loop)
{
	struct list *link = list_take_first(&loop->deferred);

	if (link == NULL)
		return false;
	struct task *task = container_of(link, struct task, link);
	task->run(task);
	return true;
}

/*
 * Thousands may wait: the sessions of clients that close together. Returns true when a
 * task has run.
 */
static bool loop_run_deferred(struct loop *loop)
{
	const uint64_t over = loop_clock() + loop->defer_ns;
	bool ran = false;

	for (int i = 0; i < TASKS_LEAST || loop_clock() < over; i++) {
		if (!loop_run_task(loop))
			return ran;
		ran = true;
	}
	return ran;
}

bool loop_end_turn(struct loop *loop)
{
	bool more = loop->turn != NULL && loop->turn(loop->turn_context);

	if (list_is_empty(&loop->deferred))
		return more;
	return loop_run_deferred(loop) || more;
}

static void loop_on_idle(uv_idle_t *idle)
{
	(void)idle;
}

static void loop_on_wake(uv_async_t *wake)
{
	(void)wake; /* the turn function looks into the inbox */
}

static unsigned loop_events_from_epoll(uint32_t events)
{
	return (events & EPOLLIN ? WATCH_IN : 0) | (events & EPOLLOUT ? WATCH_OUT : 0) |
	       (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR) ? WATCH_GONE : 0);
}

/* Returns how many sockets were ready, at most EVENTS_PER_WAIT. */
static int loop_look(struct loop *loop)
{
	const int ready = epoll_wait(loop->epoll, loop->events, EVENTS_PER_WAIT, 0);

	loop->event_count = ready;
	for (int i = 0; i < ready; i++) {
		const struct epoll_event *event = &loop->events[i];

		if (event->data.fd == NO_FD)
			continue;
		struct watch *watch = loop->watches[event->data.fd];
		if (watch != NULL)
			watch->ready(watch, loop_events_from_epoll(event->events));
	}
	loop->event_count = 0;
	return ready;
}

static void loop_on_sockets(uv_poll_t *poll, int status, int events)
{
	struct loop *loop = poll->data;

	(void)status;
	(void)events;
	loop_update_now(loop);
	/*
	 * One batch for a turn: libuv's poll is level-triggered and reports the rest
	 * again.
	 */
	loop_look(loop);
}

/*
 * Reads what has come while the loop stood still. The kernel reports sockets in the
 * order in which they became ready, so no peer can make this endless.
 */
static void loop_catch_up(struct loop *loop)
{
	size_t looks = loop->watch_room / EVENTS_PER_WAIT + 1;

	while (looks-- > 0 && loop_look(loop) == EVENTS_PER_WAIT)
		;
	loop->is_late = false;
}

static void loop_on_prepare(uv_prepare_t *prepare)
{
	struct loop *loop = prepare->data;

	loop_update_now(loop);
	if (loop->is_late)
		loop_catch_up(loop);
	loop_look_for_standstill(loop);
	loop_fire_timers(loop);
	if (loop_end_turn(loop))
		uv_idle_start(&loop->idle, loop_on_idle);
	else
		uv_idle_stop(&loop->idle);
	loop_set_alarm(loop);
}

struct loop *loop_create(void)
{
	struct loop *loop = xcalloc(1, sizeof(*loop));

	list_init(&loop->deferred);
	loop->defer_ns = DEFER_NS;
	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll == -1) {
		log_error("loop: epoll: %s", strerror(errno));
		free(loop);
		return NULL;
	}
	int error = uv_loop_init(&loop->uv);
	if (error != 0) {
		log_error("loop: %s", uv_strerror(error));
		close(loop->epoll);
		free(loop);
		return NULL;
	}
	uv_prepare_init(&loop->uv, &loop->prepare);
	uv_idle_init(&loop->uv, &loop->idle);
	uv_timer_init(&loop->uv, &loop->alarm);
	uv_async_init(&loop->uv, &loop->wake, loop_on_wake);
	uv_poll_init(&loop->uv, &loop->sockets, loop->epoll);
	loop->prepare.data = loop->sockets.data = loop;
	uv_prepare_start(&loop->prepare, loop_on_prepare);
	uv_poll_start(&loop->sockets, UV_READABLE, loop_on_sockets);
	loop_update_now(loop);
	return loop;
}

void loop_destroy(struct loop *loop)
{
	if (loop == NULL)
		return;
	loop->turn = NULL;
	while (loop_run_task(loop))
		;
	uv_close((uv_handle_t *)&loop->prepare, NULL);
	uv_close((uv_handle_t *)&loop->idle, NULL);
	uv_close((uv_handle_t *)&loop->alarm, NULL);
	uv_close((uv_handle_t *)&loop->wake, NULL);
	uv_close((uv_handle_t *)&loop->sockets, NULL);
	for (size_t i = 0; i < loop->signal_count; i++)
		uv_close((uv_handle_t *)&loop->signals[i].handle, NULL);
	uv_run(&loop->uv, UV_RUN_NOWAIT); /* swallows a loop_stop() */
	uv_run(&loop->uv, UV_RUN_DEFAULT);

	int error = uv_loop_close(&loop->uv);
	assert(error == 0);
	(void)error;
	close(loop->epoll);
	timers_finish(&loop->timers);
	timers_finish(&loop->deadlines);
	free(loop->watches);
	free(loop);
}

void loop_run(struct loop *loop)
{
	uv_run(&loop->uv, UV_RUN_DEFAULT);
	if (loop->standstill != NULL)
		standstill_expect(loop->standstill, loop->place, UINT64_MAX);
}

void loop_stop(struct loop *loop)
{
	uv_stop(&loop->uv);
}

void loop_turn(struct loop *loop)
{
	uv_run(&loop->uv, UV_RUN_NOWAIT);
}

void loop_wake(struct loop *loop)
{
	uv_async_send(&loop->wake);
}

void loop_on_turn(struct loop *loop, bool (*turn)(void *context), void *context)
{
	loop->turn = turn;
	loop->turn_context = context;
}

static void loop_on_uv_signal(uv_signal_t *handle, int number)
{
	struct loop_signal *signal = handle->data;

	(void)number;
	signal->heard(signal->context);
}

void loop_on_signal(
	struct loop *loop, int number, void (*heard)(void *context), void *context)
{
	assert(loop->signal_count < SIGNALS_MAX);
	struct loop_signal *signal = &loop->signals[loop->signal_count++];

	signal->heard = heard;
	signal->context = context;
	uv_signal_init(&loop->uv, &signal->handle);
	signal->handle.data = signal;
	uv_signal_start(&signal->handle, loop_on_uv_signal, number);
}

void loop_set_defer_time(struct loop *loop, uint64_t nanoseconds)
{
	loop->defer_ns = nanoseconds;
}

void loop_defer(struct loop *loop, struct task *task)
{
	if (!list_is_linked(&task->link))
		list_append(&loop->deferred, &task->link);
}

static uint32_t loop_events_to_epoll(unsigned events)
{
	return (events & WATCH_IN ? EPOLLIN : 0) | (events & WATCH_OUT ? EPOLLOUT : 0) |
	       (events & WATCH_GONE ? EPOLLRDHUP : 0);
}

/* Adds or changes the registration. Returns -1 after logging why. */
static int loop_register(
	struct loop *loop, struct watch *watch, int operation, unsigned events)
{
	struct epoll_event event = {
		.events = loop_events_to_epoll(events) | (watch->level ? 0 : EPOLLET),
		.data.fd = watch->fd,
	};

	if (epoll_ctl(loop->epoll, operation, watch->fd, &event) == 0)
		return 0;
	log_error("loop: cannot watch a socket: %s", strerror(errno));
	return -1;
}

/* Takes all but `kept` out of what this turn has fetched for the watch. */
static void loop_drop_events(struct loop *loop, struct watch *watch, uint32_t kept)
{
	for (int i = 0; i < loop->event_count; i++) {
		struct epoll_event *event = &loop->events[i];

		if (event->data.fd != watch->fd)
			continue;
		event->events &= kept;
		if (event->events == 0)
			event->data.fd = NO_FD;
	}
}

/* The table grows with the numbers of the descriptors. */
static void loop_place(struct loop *loop, struct watch *watch)
{
	const size_t fd = (size_t)watch->fd;

	if (fd >= loop->watch_room) {
		loop->watch_room = 2 * fd + WATCHES_MIN;
		loop->watches = xrealloc(
			loop->watches, loop->watch_room * sizeof(struct watch *));
	}
	loop->watches[fd] = watch;
	watch->loop = loop;
}

int loop_watch(struct loop *loop, struct watch *watch, unsigned events)
{
	if (loop_register(loop, watch, EPOLL_CTL_ADD, events) == -1)
		return -1;
	loop_place(loop, watch);
	return 0;
}

void loop_move(struct watch *from, struct watch *to)
{
	assert(from->loop != NULL && from->fd == to->fd && from->level == to->level);
	loop_place(from->loop, to);
	from->loop = NULL;
}

int loop_rewatch(struct watch *watch, unsigned events)
{
	struct loop *loop = watch->loop;

	if (loop == NULL) {
		log_error("loop: cannot change a watch that has not begun");
		return -1;
	}
	if (loop_register(loop, watch, EPOLL_CTL_MOD, events) == -1)
		return -1;
	/* epoll reports the last two of these unasked. */
	loop_drop_events(
		loop, watch, loop_events_to_epoll(events) | EPOLLHUP | EPOLLERR);
	return 0;
}

void loop_unwatch(struct watch *watch)
{
	struct loop *loop = watch->loop;

	if (loop == NULL)
		return;
	watch->loop = NULL;
	loop->watches[watch->fd] = NULL;
	epoll_ctl(loop->epoll, EPOLL_CTL_DEL, watch->fd, NULL);
	loop_drop_events(loop, watch, 0);
}
