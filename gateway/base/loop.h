/*
 * The loop of one worker: a thread's clock, timers, sockets and deferred work.
 * libuv is behind it, and nobody else knows.
 *
 * A turn is: sockets that are ready, timers that are due, then the turn
 * function, then what was deferred. Whatever must not happen inside somebody
 * else's callback (freeing, flushing) happens in the last two.
 */
#ifndef GATEWAY_BASE_LOOP_H
#define GATEWAY_BASE_LOOP_H

#include "gateway/base/list.h"
#include "gateway/base/timer.h"

struct loop;

/*
 * The caller owns the loop and runs it on one thread. NULL after logging why: the
 * process is out of descriptors.
 */
struct loop *loop_create(void);

/* Frees the loop. No watch may be left; running timers are forgotten. NULL is fine. */
void loop_destroy(struct loop *loop);

/*
 * Runs turns on the calling thread until loop_stop(). Between two turns it waits for
 * sockets, timers and loop_wake().
 */
void loop_run(struct loop *loop);

/*
 * Ends loop_run() when the turn that is running has ended. On the loop's thread only. A
 * loop_turn() afterwards swallows the stop.
 */
void loop_stop(struct loop *loop);

/* Runs one turn without waiting: for a library that needs some to close down. */
void loop_turn(struct loop *loop);

/*
 * Lets the loop run a turn soon, also when it waits for events. From any thread or a
 * signal handler. Several calls before that turn count once, and cost little.
 */
void loop_wake(struct loop *loop);

/*
 * Calls `turn` at the end of each turn, at the loop's top level, and nothing that was
 * set before. It returns true when work is left, and is then called again after a look
 * at the sockets.
 */
void loop_on_turn(struct loop *loop, bool (*turn)(void *context), void *context);

/* Calls `heard` on the loop's thread whenever the process gets the signal. */
void loop_on_signal(
	struct loop *loop, int signal, void (*heard)(void *context), void *context);

/* Milliseconds of a monotonic clock, as of the beginning of this turn. */
uint64_t loop_now(const struct loop *loop);

/*
 * Nanoseconds of the monotonic clock, read just now: for code that bounds how long it
 * works in one turn.
 */
uint64_t loop_clock(void);

/*
 * Calls timer->fire() in `delay` milliseconds from now, once; moves a timer that runs
 * already. The timer must stay where it is until it has fired or is stopped. While
 * timers are fired, a delay of 0 counts as 1, so no timer fires twice in a turn.
 */
void loop_timer_start(struct loop *loop, struct timer *timer, uint64_t delay);

/*
 * Stops the timer: fire() is not called any more, not even when the timer was due in
 * this turn. Does nothing to a timer that is not running.
 */
void loop_timer_stop(struct loop *loop, struct timer *timer);

/*
 * For tests: moves the clock on by `milliseconds`, fires what becomes due in
 * order, and runs turns until nothing is left to do. Sockets are not looked at.
 */
void loop_advance(struct loop *loop, uint64_t milliseconds);

/* Work for the end of this turn. A zeroed task is idle. */
struct task {
	struct list link;
	void (*run)(struct task *task);
};

/*
 * Runs the task at the end of this turn, once. Does nothing when it waits already. It
 * must stay where it is until then; its own run() may free it.
 */
void loop_defer(struct loop *loop, struct task *task);

/*
 * The task does not run, and its memory is the caller's again. Does nothing to an idle
 * task.
 */
static inline void task_cancel(struct task *task)
{
	list_remove(&task->link);
}

/*
 * Work that would hold up the loop. run() is called on a thread of the process's pool,
 * then done(), at the loop's top level, which may free it.
 */
struct work {
	void (*run)(struct work *work);
	void (*done)(struct work *work);
	struct loop *loop; /* set by loop_work() */
	struct task task;
};

/*
 * Queues `work` for the pool. Its memory must live until done(); nothing can cancel it.
 */
void loop_work(struct loop *loop, struct work *work);

/*
 * Waits for all work and calls its done(), before what done() touches is destroyed. The
 * turn function is not called any more.
 */
void loop_finish_work(struct loop *loop);

enum watch_events {
	WATCH_IN = 1,
	WATCH_OUT = 2,
	WATCH_GONE = 4, /* the peer has shut down its side, or the socket failed */
};

/*
 * A socket that is looked at edge-triggered: ready() is called once when something
 * becomes possible, and again only after that was exhausted. With `level` it is called
 * as long as something is possible.
 */
struct watch {
	int fd;
	bool level;
	void (*ready)(struct watch *watch, unsigned events);
	struct loop *loop; /* set while it is watched */
};

/*
 * Begins to watch: fd, level and ready must be set. The watch must not move or be freed
 * before loop_unwatch(), and the caller keeps the fd. Returns -1 after logging why.
 */
int loop_watch(struct loop *loop, struct watch *watch, unsigned events);

/*
 * Ends the watch, before its fd is closed: else another file under the same number
 * would be watched. Does nothing to a watch that is not watched.
 */
void loop_unwatch(struct watch *watch);

/* The uv_loop_t, for libwebsockets, which joins it. It belongs to the loop. */
void *loop_uv(struct loop *loop);

#endif
