/*
 * The loop of one worker: a thread's clock, timers, sockets and deferred work. It
 * wraps libuv, which only loop.c and loop_work.c use.
 *
 * A turn is: ready sockets, due timers, the turn function, then the deferred tasks, as
 * many as its time allows. Work that must not happen inside another callback (freeing,
 * flushing) happens in the last two.
 */
#ifndef GATEWAY_BASE_LOOP_H
#define GATEWAY_BASE_LOOP_H

#include "gateway/base/list.h"
#include "gateway/base/timer.h"

struct loop;
struct addrinfo;
struct standstill;

/*
 * The caller owns the loop and runs it on one thread. NULL after logging why: the
 * process is out of descriptors.
 */
struct loop *loop_create(void);

/* Frees the loop. No watch may be left; running timers are dropped. NULL is fine. */
void loop_destroy(struct loop *loop);

/*
 * Runs turns on the calling thread until loop_stop(). Between two turns it waits for
 * sockets, timers and loop_wake().
 */
void loop_run(struct loop *loop);

/*
 * Ends loop_run() when the present turn has ended. On the loop's thread only. A
 * loop_turn() afterwards cancels the stop.
 */
void loop_stop(struct loop *loop);

/* Runs one turn without waiting: for a library that needs some to close down. */
void loop_turn(struct loop *loop);

/*
 * Makes the loop run a turn soon, even when it waits for events. From any thread or a
 * signal handler. Several calls before that turn count once, and are cheap.
 */
void loop_wake(struct loop *loop);

/*
 * Calls `turn` at the end of each turn, at the loop's top level. Replaces the previous
 * one. `turn` returns true when work is left, and is then called again after a look at
 * the sockets.
 */
void loop_on_turn(struct loop *loop, bool (*turn)(void *context), void *context);

/* Calls `heard` on the loop's thread whenever the process gets the signal. */
void loop_on_signal(
	struct loop *loop, int signal, void (*heard)(void *context), void *context);

/* Milliseconds of a monotonic clock, as of the beginning of this turn. */
uint64_t loop_now(const struct loop *loop);

/*
 * Nanoseconds of the monotonic clock, read just now: for code that bounds its work in
 * one turn.
 */
uint64_t loop_clock(void);

/*
 * Calls timer->fire() in `delay` milliseconds from now, once; moves a timer that runs
 * already. The timer must not move in memory until it has fired or is stopped. While
 * timers are fired, a delay of 0 counts as 1, so no timer fires twice in a turn.
 */
void loop_timer_start(struct loop *loop, struct timer *timer, uint64_t delay);

/*
 * Stops the timer: fire() is not called any more, even if the timer was due in this
 * turn. Does nothing to a timer that is not running.
 */
void loop_timer_stop(struct loop *loop, struct timer *timer);

/*
 * When a running timer is due: on the clock of loop_now(), or of loop_deadline_now() if
 * loop_deadline_start() has started it.
 */
uint64_t loop_timer_due(const struct loop *loop, const struct timer *timer);

/*
 * Deadlines of peers: how long a peer may be silent, or take to read, to answer or to
 * close. Their clock stands still while this loop does, or another loop that shares
 * `standstill`: a process that was stopped must not judge its peers by that time. After
 * a late turn, all sockets are read before any timer is fired.
 */

/* Milliseconds of that clock, as of this turn. It never runs ahead of loop_now(). */
uint64_t loop_deadline_now(const struct loop *loop);

/*
 * True in a late turn until all sockets were reported. Whoever gets a report reads
 * something of that socket now, whatever its turn has read so far: timers are fired
 * afterwards.
 */
bool loop_is_late(const struct loop *loop);

/* As loop_timer_start(), in `delay` milliseconds of that clock. */
void loop_deadline_start(struct loop *loop, struct timer *timer, uint64_t delay);

/*
 * The loop has the place `place` in `standstill`, which must outlive it. Without this,
 * both clocks are one.
 */
void loop_share_standstill(
	struct loop *loop, struct standstill *standstill, unsigned place);

/*
 * For tests: moves the clock on by `milliseconds`, fires the due timers in order, and
 * runs turns until no work is left. Sockets are not looked at. No turn is late.
 */
void loop_advance(struct loop *loop, uint64_t milliseconds);

/* For tests: the same, as if the loop had stood still for that time. */
void loop_stand_still(struct loop *loop, uint64_t milliseconds);

/* Work for the end of a turn. A zeroed task is idle. */
struct task {
	struct list link;
	void (*run)(struct task *task);
};

/*
 * Runs the task at the end of this turn, once. Where many wait, it may be the end of a
 * later turn: the tasks of a turn have half a millisecond, and each waits for those
 * before it. Does nothing when it waits already. It must not move in memory until then;
 * its own run() may free it.
 */
void loop_defer(struct loop *loop, struct task *task);

/*
 * For tests: how long deferred tasks run in a turn, in nanoseconds. A few run in any
 * case.
 */
void loop_set_defer_time(struct loop *loop, uint64_t nanoseconds);

/* Cancels the task; its memory is the caller's again. Does nothing to an idle task. */
static inline void task_cancel(struct task *task)
{
	list_remove(&task->link);
}

/*
 * Work that would hold up the loop. A thread of the process's pool calls run(). Then
 * the loop calls done(), at its top level; done() may free the work.
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

/* A name that is being resolved. */
struct lookup;

/*
 * Resolves the name of a host to addresses for TCP. DNS may take seconds, so the pool
 * does it, with half of its threads at most: other work goes on. Then the loop calls
 * done() at its top level. `found` is the caller's, who calls freeaddrinfo(); or it is
 * NULL, and `why` says the reason for the call. `port` is a number, put into each
 * address.
 *
 * The lookup belongs to the loop, and is gone when done() returns.
 */
struct lookup *loop_resolve(struct loop *loop, const char *host, const char *port,
	void (*done)(void *context, struct addrinfo *found, const char *why),
	void *context);

/* Drops the result: done() is not called any more. NULL is fine. */
void lookup_cancel(struct lookup *lookup);

/*
 * Waits for all work and lookups, and calls their done(). Call it before the objects of
 * done() are destroyed. The turn function is not called any more. A lookup that a
 * thread has begun is waited for even if it is cancelled.
 */
void loop_finish_work(struct loop *loop);

enum watch_events {
	WATCH_IN = 1,
	WATCH_OUT = 2,
	WATCH_GONE = 4, /* the peer has shut down its side, or the socket has failed */
};

/*
 * A socket that is watched edge-triggered: ready() is called once when the socket
 * becomes ready, and again only after that was exhausted. With `level` it is called as
 * long as the socket is ready.
 */
struct watch {
	int fd;
	bool level;
	void (*ready)(struct watch *watch, unsigned events);
	struct loop *loop; /* set while watched */
};

/*
 * Begins to watch: fd, level and ready must be set. The watch must not move or be freed
 * before loop_unwatch(), and the caller keeps the fd. Returns -1 after logging why.
 */
int loop_watch(struct loop *loop, struct watch *watch, unsigned events);

/*
 * Changes what a watch is asked for; nothing is allowed too. The next turn reports what
 * is ready by then, also to an edge-triggered watch that has been told before. Events
 * that this turn has fetched reach ready() only if they are still asked for. For
 * connections whose library or protocol changes what it waits for: HTTP calls to
 * programs, upstreams.
 *
 * Returns -1 after logging why, and changes nothing: the watch is not watched, or the
 * kernel refuses. A socket that has failed reports WATCH_GONE whatever is asked for,
 * and with `level` in each turn until loop_unwatch().
 */
int loop_rewatch(struct watch *watch, unsigned events);

/*
 * Another watch goes on in place of `from`, which is watched: for the same fd, level
 * and events. It costs no system call. What was reported to `from` is not reported
 * again: unread bytes, or the end of the peer's side. The caller must pass on what `to`
 * has to know of that.
 */
void loop_move(struct watch *from, struct watch *to);

/*
 * Ends the watch. Call it before the fd is closed: else another file under the same
 * number would be watched. Does nothing to a watch that is not watched.
 */
void loop_unwatch(struct watch *watch);

#endif
