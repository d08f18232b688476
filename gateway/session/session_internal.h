/*
 * Shared by sessions.c and the session_*.c only. sessions.c runs all sessions of a
 * worker, sessions_shed.c ends some for want of memory, session.c runs one session.
 * session_outlet.c sends its output, session_pause.c
 * stops its input, session_slow.c handles a peer that reads too slowly,
 * session_times.c watches the deadlines, session_count.c counts and logs,
 * session_account.c charges its account.
 */
#ifndef GATEWAY_SESSION_SESSION_INTERNAL_H
#define GATEWAY_SESSION_SESSION_INTERNAL_H

#include "gateway/session/session.h"
#include "gateway/session/sessions.h"
#include "gateway/worker/metrics.h"
#include "gateway/worker/resident.h"

struct handler;

enum shedding_pass {
	SHEDDING_SUMS,     /* what the sessions of each account weigh */
	SHEDDING_HEAVIEST, /* of the heaviest account's sessions */
	SHEDDING_ENDS,
};

/* sessions_shed() is under way while `bytes` is not 0. */
struct shedding {
	uint64_t bytes; /* still to be shed */
	enum shedding_pass pass;
	uint64_t left;     /* sessions to be looked at in this pass */
	uint64_t *sums;    /* by account; owned */
	uint32_t account;  /* the heaviest */
	uint64_t heaviest; /* bytes, of its heaviest session */
	uint64_t turn_ns;  /* how long a turn may go on with it */
};

struct sessions {
	struct resident resident;
	struct worker *worker;
	const struct handler *const *handlers; /* by enum handler_kind */
	struct list all;                       /* all sessions until they are freed */
	struct table by_key;                   /* sessions that have an id */
	struct list awake;      /* sessions with output for their outlet */
	struct list answering;  /* sessions with no more than one answer queued */
	unsigned turns_put_off; /* turns in a row that skipped those in awake */
	struct batch_cache *batch_cache; /* the latest batch of this turn */
	uint64_t opened;                 /* ever; numbers the labels */
	uint64_t sheds_at;               /* not before: sessions end for memory */
	struct shedding shedding;
	struct tombstones *tombstones;

	/* At a stop. */
	struct timer close_timer; /* closes the next sessions */
	uint64_t close_step;      /* how many at a time */
};

struct session {
	/*
	 * The fields that each delivery touches stand together, in a few cache lines.
	 */
	struct worker *worker;
	struct outlet *outlet;
	const struct handler *handler;
	void *conversation; /* the state of the handler */
	struct list awake;  /* in sessions->awake, ->answering or worker->flush_first */
	struct outbound queue;
	size_t in_outlet;  /* the oldest messages, which an outlet has pulled */
	struct tap *tap;   /* owned; NULL: no tap */
	uint64_t sent_at;  /* latest output; by loop_now(), as opened_at */
	uint64_t taken_at; /* the kernel took a frame, or the queue began to fill */
	uint32_t account;  /* its address's, or its user's */
	uint16_t pauses;
	uint8_t looks;     /* at the peer's progress, since taken_at */
	uint8_t state;     /* enum session_state */
	uint8_t policy;    /* enum slow_policy */
	uint8_t framing;   /* enum session_framing */
	uint8_t transport; /* enum transport: the one that opened it */
	bool open_due;     /* the SockJS frame o must be sent */
	bool beat_due;     /* the SockJS frame h must be sent */
	uint8_t family;
	uint8_t ending;   /* enum ending: why it ends */
	uint64_t counted; /* the part of queue.bytes that is in the metrics */
	struct traffic {
		uint64_t messages, bytes;
	} traffic[DIRECTIONS];

	const struct endpoint *endpoint; /* held */
	struct table_node node; /* in sessions->by_key, by a key of its own, or none */
	struct list link;       /* in sessions->all */
	struct name *origin;    /* NULL: bound to none */
	struct name *cookie;    /* NULL: bound to none */
	struct address address;
	int64_t held;                /* bytes that its account is charged for it */
	const char *error;           /* NULL: none */
	struct name *user;           /* NULL: not logged in */
	struct session_shown *shown; /* NULL: the opening request showed no login */
	char label[16];

	struct counter *gauge; /* of the sessions of its transport and endpoint */
	uint64_t opened_at;
	uint64_t dropped; /* messages that the policy has dropped */

	struct list waiters;
	struct task wake_waiters; /* resumes the waiters */

	/* By loop_deadline_now(), as taken_at. */
	struct timer timer;   /* one timer for all deadlines */
	uint64_t heard_at;    /* latest sign of life of the peer */
	uint64_t attended_at; /* the same, or of the peer's machine */
	uint64_t detached_at; /* when the last outlet was detached */
	uint64_t closing_at;
	struct task reap;
};

/*
 * A walk over all sessions that takes several turns looks at the first one, and moves
 * it last. There must be one.
 */
static inline struct session *sessions_first(struct sessions *sessions)
{
	return container_of(sessions->all.next, struct session, link);
}

static inline void sessions_move_last(
	struct sessions *sessions, struct session *session)
{
	list_remove(&session->link);
	list_append(&sessions->all, &session->link);
}

/* sessions_shed.c: goes on with a sessions_shed() that is under way, for a part. */
void sessions_shed_some(struct sessions *sessions);

/* In milliseconds, as of the beginning of the turn. */
static inline uint64_t session_now(const struct session *session)
{
	return loop_now(session->worker->loop);
}

/* The same on the clock by which the peer is judged. */
static inline uint64_t session_deadline_now(const struct session *session)
{
	return loop_deadline_now(session->worker->loop);
}

/* The peer takes output, or has none to take: its time begins anew. */
static inline void session_note_progress(struct session *session)
{
	session->taken_at = session_deadline_now(session);
	session->looks = 0;
}

/* session.c */

/*
 * Sets the state; nothing else writes it. Any transition that the table does not have
 * is a bug of ours and aborts:
 *
 *              | the open   | the queue  | its turn:  | session_    | session_finish():
 *              | frame left | is full    | the handler| close()     | close frame left,
 *              |            |            | is notified|             | outlet lost, late
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
 * Wakes the outlet, which writes what it can. After an overflow, calls
 * session_tell_overflow() first. If something is left, applies the policy "latest" and
 * watches the peer's progress.
 */
void session_flush(struct session *session);

/*
 * Wakes the session's outlet at the end of this turn, or of a later one if posts are
 * left. Repeated calls have no further effect.
 */
void session_wake(struct session *session);

/*
 * Flushes a waiting session before those that a fan-out has woken: answers are short,
 * and their client waits for them.
 */
void session_prioritise(struct session *session);

/*
 * Sets why the session ends, for its log line and the close frame. Only the first call
 * counts. Ends nothing.
 */
void session_set_ending(struct session *session, enum ending ending);

/*
 * Lets the handler end the conversation, for ENDING_CLOSED or ENDING_GOING_AWAY, as
 * handler.h says.
 */
void session_begin_end(struct session *session, enum ending why);

/*
 * The only way out: the session becomes CLOSED and calls its outlet's end(). Its
 * handler's close() follows at the loop's top level. Its key is free and has a
 * tombstone. A second call does nothing.
 */
void session_finish(struct session *session);

/* session_shown.c */

/* Keeps copies of what the opening request has shown of a login, if anything. */
void session_keep_shown(struct session *session, const struct peer *peer);
void session_forget_shown(struct session *session);

/* True unless a trusted proxy names another user than when the session was opened. */
bool session_user_admits(const struct session *session, const struct peer *peer);

/* session_count.c: the figures of the session and of its worker's metrics. */

/*
 * Called once, before the session's first output: counts it under its transport and
 * endpoint, which keeps counting there after a reload.
 */
void session_count_opened(struct session *session);

/*
 * Called once, when the session is over: removes it from the gauges, counts its ending
 * and writes the log line "session ended".
 */
void session_count_ended(struct session *session);

/*
 * Updates the gauge of queued bytes. Called once a turn, so that queueing itself does
 * not touch the gauge.
 */
void session_count_queue(struct session *session);

/*
 * Counts messages that the endpoint's policy has dropped. With the first, the session
 * counts as slow.
 */
void session_count_dropped(struct session *session, size_t count);

/* Counts `bytes` that the kernel has taken, as the transport carries them. */
void session_count_out(struct session *session, size_t bytes);

/*
 * Called before the `count` oldest messages, at least one, leave the queue. Counts the
 * frames and measures the delay of each.
 */
void session_count_delivered(const struct session *session, size_t count);

/*
 * session_account.c: moves what is charged for the session to another account.
 * ACCOUNT_HOUSE: its end gives everything back.
 */
void session_join_account(struct session *session, uint32_t account);

/* session_pause.c */

/* Starts without a pause and without waiters. */
void session_pause_init(struct session *session);

/*
 * Resumes the waiters at the loop's top level, because the last pause or the session
 * has ended.
 */
void session_end_pauses(struct session *session);

/*
 * Called when the session is freed: resumes all waiters now. They find the session
 * ended.
 */
void session_pause_finish(struct session *session);

/* session_slow.c */

/*
 * Reads the endpoint's `slow_consumer`, which the configuration has checked. Any
 * unknown value means "close".
 */
enum slow_policy slow_policy(const struct endpoint *endpoint);

/*
 * True when the queue has more than half of limits.queue_messages or
 * limits.queue_bytes.
 */
bool session_is_half_full(const struct session *session);

/*
 * Wakes the session's outlet before any post of this turn adds more. For a queue that
 * has passed half of its limit.
 */
void session_flush_first(struct session *session);

/*
 * Drops what the policy lets it drop, until a message of `size` bytes fits the queue.
 * False when the message still does not fit.
 */
bool session_make_room(struct session *session, size_t size);

/*
 * Which of limits.queue_messages and limits.queue_bytes the queue has reached. Asked
 * only of a full queue.
 */
enum bound session_full_bound(const struct session *session);

/*
 * For the policy "latest", when the peer takes nothing: drops all but the newest
 * message of each destination. Messages that the outlet has pulled stay.
 */
void session_keep_latest(struct session *session);

/*
 * The queue is full: drops everything that the outlet has not pulled, and counts
 * `bound`. The next session_flush() notifies the handler, by session_tell_overflow().
 */
void session_overflow(struct session *session, enum bound bound);

/*
 * Opens the session once more for the handler's last message, the ERROR "Slow
 * consumer", then closes it.
 */
void session_tell_overflow(struct session *session);

/* session_times.c */

/*
 * The next time to look at the session, in milliseconds of loop_deadline_now(), or 0
 * for never.
 * The deadlines: a heartbeat, a peer that takes nothing, one that does not come back,
 * one that does not close.
 */
uint64_t session_next_deadline(const struct session *session);

/*
 * Sets the timer to session_next_deadline(). Call it when a deadline may have become
 * earlier; session_on_timer() finds later ones.
 */
void session_reschedule(struct session *session);

/*
 * The timer's fire(): ends a session whose deadline has passed, or makes its heartbeat
 * due.
 */
void session_on_timer(struct timer *timer);

#endif
