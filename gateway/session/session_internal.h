/*
 * What sessions.c and the session_*.c share; nobody else includes it. sessions.c is
 * what a worker does with all of them, session.c what a session does, session_outlet.c
 * how its output leaves, session_pause.c when it hears nothing, session_slow.c when its
 * peer reads too slowly, session_times.c when it does something by itself,
 * session_count.c what is said of it.
 */
#ifndef GATEWAY_SESSION_SESSION_INTERNAL_H
#define GATEWAY_SESSION_SESSION_INTERNAL_H

#include "gateway/session/session.h"
#include "gateway/session/sessions.h"
#include "gateway/worker/metrics.h"
#include "gateway/worker/resident.h"

struct handler;

struct sessions {
	struct resident resident;
	struct worker *worker;
	const struct handler *const *handlers; /* by enum handler_kind */
	struct list all;                       /* until they are freed */
	struct table by_key;                   /* those that have an id */
	struct list awake;      /* those that have output for their outlet */
	struct list answering;  /* those that have no more than one answer */
	unsigned turns_put_off; /* in which posts came before those that are awake */
	struct batch_cache *batch_cache; /* what was joined last in this turn */
	uint64_t opened;                 /* ever; numbers their labels */
	struct tombstones *tombstones;

	/* At a stop. */
	struct timer close_timer; /* closes the next, */
	uint64_t close_step;      /* so many */
};

struct session {
	/* What each delivery touches stands together: a few cache lines of many. */
	struct worker *worker;
	struct outlet *outlet;
	const struct handler *handler;
	void *conversation; /* the handler's */
	struct list awake;  /* in sessions->awake, ->answering or worker->flush_first */
	struct outbound queue;
	size_t in_outlet;  /* the oldest messages, which an outlet has rendered */
	struct tap *tap;   /* owned; NULL: nothing watches */
	uint64_t sent_at;  /* the handler sent; by loop_now(), as all times here */
	uint64_t taken_at; /* the kernel took a frame, or the first began to wait */
	enum session_state state;
	unsigned pauses;
	uint8_t policy;    /* enum slow_policy */
	uint8_t framing;   /* enum session_framing */
	uint8_t transport; /* enum transport: what it was opened with */
	bool open_due;     /* the SockJS frame o waits */
	bool beat_due;     /* the SockJS frame h waits */
	uint8_t family;
	uint8_t ending;   /* enum ending: why it ends */
	uint64_t counted; /* what the metrics know of queue.bytes */
	struct traffic {
		uint64_t messages, bytes;
	} traffic[DIRECTIONS];

	const struct endpoint *endpoint; /* held */
	struct table_node node;          /* in sessions->by_key, when it has a key */
	char *key;                       /* NULL: it cannot be found */
	struct list link;                /* in sessions->all */
	struct name *origin;             /* NULL: bound to none */
	struct name *cookie;             /* the same */
	struct name *address;
	const char *error; /* NULL: none */
	struct name *user; /* NULL: nobody has logged in */
	char label[17];

	struct counter *gauge; /* of those like it */
	uint64_t opened_at;
	uint64_t dropped; /* messages, by the policy */

	struct list waiters;
	struct task wake_waiters; /* tells them */

	struct timer timer;   /* one looks at all times */
	uint64_t heard_at;    /* the peer showed life */
	uint64_t attended_at; /* or its machine did */
	uint64_t detached_at; /* the last outlet went */
	uint64_t closing_at;
	struct task reap;
};

/* In milliseconds, as of the beginning of the turn. */
static inline uint64_t session_now(const struct session *session)
{
	return loop_now(session->worker->loop);
}

/* session.c */

/*
 * The one writer of the state. Any other step than these is a mistake of ours and
 * aborts:
 *
 *              | the open   | the queue  | its turn:  | session_    | session_finish():
 *              | frame left | is full    | the handler| close()     | close frame left,
 *              |            |            | is told    |             | outlet lost, late
 *   -----------+------------+------------+------------+-------------+------------------
 *   CONNECTING | OPEN       | OVERFLOWED | -          | CLOSING     | CLOSED
 *   OPEN       | -          | OVERFLOWED | -          | CLOSING     | CLOSED
 *   OVERFLOWED | stays      | stays      | OPEN, then | CLOSING     | CLOSED
 *              |            |            | CLOSING    |             |
 *   CLOSING    | stays      | stays      | -          | stays       | CLOSED
 *   CLOSED     | -          | -          | -          | stays       | stays
 *
 * A raw session (WebSocket, TCP) begins OPEN.
 */
void session_set_state(struct session *session, enum session_state state);

/*
 * Wakes the outlet, which writes what it can; after an overflow, first calls
 * session_tell_overflow(). If something is left, applies the policy "latest" and
 * watches the peer's progress.
 */
void session_flush(struct session *session);

/*
 * Wakes the session's outlet at the end of this turn, or of a later one when posts are
 * left. Any number of calls count once.
 */
void session_wake(struct session *session);

/*
 * Moves a session that waits to be flushed before those that a fan-out has woken:
 * answers are short, and their client waits.
 */
void session_prioritise(struct session *session);

/*
 * Sets why the session ends, for its log line and the close frame. Only the first call
 * counts. Ends nothing.
 */
void session_set_ending(struct session *session, enum ending ending);

/*
 * The one way out: the session is CLOSED, its outlet's end() is called, its handler's
 * close() follows at the loop's top level. Its key is free and has a tombstone. A
 * second call does nothing.
 */
void session_finish(struct session *session);

/* session_count.c: the metrics of its worker, and what it has carried itself. */

/*
 * Called once, before the session's first output: counts it under its transport and
 * endpoint, which keeps counting there after a reload.
 */
void session_count_opened(struct session *session);

/*
 * Called once, when the session is over: takes it out of the figures, counts its ending
 * and writes the log line "session ended".
 */
void session_count_ended(struct session *session);

/*
 * Adds to the gauge of queued bytes what has changed since the last call. Called once a
 * turn, so that a queue costs nothing meanwhile.
 */
void session_count_queue(struct session *session);

/*
 * Counts messages that the endpoint's policy has dropped. The session counts as slow
 * with the first.
 */
void session_count_dropped(struct session *session, size_t count);

/* Counts `bytes` that the kernel has taken, as the transport carries them. */
void session_count_out(struct session *session, size_t bytes);

/*
 * Called before the `count` oldest messages, at least one, leave the queue: counts
 * frames and measures how long each was under way.
 */
void session_count_delivered(const struct session *session, size_t count);

/* session_pause.c */

/* For a session that is being made: nothing pauses it, and no waiter is registered. */
void session_pause_init(struct session *session);

/*
 * Resumes the waiters at the loop's top level: no pause is left, or the session has
 * ended.
 */
void session_end_pauses(struct session *session);

/*
 * For a session that is being freed: resumes all waiters now; they find the session
 * ended.
 */
void session_pause_finish(struct session *session);

/* session_slow.c */

/*
 * Reads the endpoint's `slow_consumer`, which the configuration has checked: anything
 * else means "close".
 */
enum slow_policy slow_policy(const struct endpoint *endpoint);

/*
 * True when the queue has more than half of limits.queue_messages or
 * limits.queue_bytes.
 */
bool session_is_half_full(const struct session *session);

/*
 * Wakes the session's outlet before any post of this turn brings more. For a queue that
 * has passed half of its limit.
 */
void session_flush_first(struct session *session);

/*
 * Drops what the policy lets it drop until a message of `size` bytes fits the queue.
 * False when it does not fit, whatever is dropped.
 */
bool session_make_room(struct session *session, size_t size);

/*
 * Which of limits.queue_messages and limits.queue_bytes the queue has reached. Asked
 * only of a full queue.
 */
enum bound session_full_bound(const struct session *session);

/*
 * For the policy "latest", when the peer takes nothing: drops all but the newest of
 * each destination. What the outlet has under way stays.
 */
void session_keep_latest(struct session *session);

/*
 * The queue is full: drops all that the outlet has not under way and counts `bound`.
 * The next session_flush() tells the handler, by session_tell_overflow().
 */
void session_overflow(struct session *session, enum bound bound);

/*
 * Opens the session once more for the handler's last word, the ERROR "Slow consumer",
 * then closes it.
 */
void session_tell_overflow(struct session *session);

/* session_times.c */

/*
 * When the session must be looked at, in milliseconds of loop_now(), or 0 for never: a
 * heartbeat, a peer that takes nothing, one that does not come back, one that does not
 * close.
 */
uint64_t session_next_deadline(const struct session *session);

/*
 * Sets the timer to session_next_deadline(). Call it when a deadline may have become
 * earlier; a later one is found by session_on_timer().
 */
void session_reschedule(struct session *session);

/*
 * The timer's fire(): ends a session whose deadline has passed, or makes its heartbeat
 * due.
 */
void session_on_timer(struct timer *timer);

#endif
