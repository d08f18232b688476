/*
 * The deadlines of a session: one timer watches all of them. The timer is set lazily.
 * An event that moves a deadline away does not touch the timer; the timer finds the
 * later deadline when it fires.
 */
#include "gateway/session/session_internal.h"

/*
 * While output waits, the kernel's room says little: it comes in large pieces. So the
 * session asks twice how much the peer has acknowledged, soon after the wait began and
 * a little before its end. Times are eighths of times.progress.
 */
enum { LOOKS = 2, FIRST_LOOK = 1, SECOND_LOOK = 7, EIGHTHS = 8 };

/* When output that waits is looked at again, or the peer is given up. */
static uint64_t session_progress_at(const struct session *session)
{
	const uint64_t whole = session->worker->config->times.progress;

	if (session->looks == LOOKS)
		return session->taken_at + whole;
	return session->taken_at +
	       whole / EIGHTHS * (session->looks == 0 ? FIRST_LOOK : SECOND_LOOK);
}

/* True when it was time to look, and the peer's time is not over. */
static bool session_looks(struct session *session)
{
	const struct outlet_ops *ops = session->outlet->ops;

	if (session->queue.count == 0 || session->looks == LOOKS ||
		session_deadline_now(session) < session_progress_at(session))
		return false;
	const enum probe probe = session->looks++ == 0 ? PROBE_FIRST : PROBE_AGAIN;
	if (ops->look != NULL)
		ops->look(session->outlet, probe);
	return true;
}

void session_progressed(struct session *session)
{
	if (session->state != SESSION_CLOSED && session->looks > 0)
		session_note_progress(session);
}

/*
 * A closing session whose peer reads gets all queued output, then the close. If the
 * peer makes no progress, the session ends; sooner when the peer was at fault.
 */
static uint64_t session_closing_deadline(const struct session *session)
{
	const struct times *times = &session->worker->config->times;
	uint64_t since = session->closing_at > session->taken_at ? session->closing_at
								 : session->taken_at;

	if (session->queue.count == 0 || ending_is_peers_fault(session->ending))
		return since + times->linger;
	if (session->looks < LOOKS)
		return session_progress_at(session);
	return since + times->progress;
}

uint64_t session_next_deadline(const struct session *session)
{
	const struct times *times = &session->worker->config->times;
	uint64_t deadline = 0;

	if (session->outlet == NULL) {
		uint64_t since = session->detached_at > session->closing_at
					 ? session->detached_at
					 : session->closing_at;
		return since + times->disconnect;
	}
	if (session->state == SESSION_CLOSING)
		return session_closing_deadline(session);
	if (session->framing == SESSION_SOCKJS) {
		deadline = session->taken_at + times->heartbeat;
		if (session->beat_due)
			deadline += times->progress; /* the close is not taken */
	}
	if (session->queue.count > 0) {
		uint64_t progress = session_progress_at(session);

		if (deadline == 0 || progress < deadline)
			deadline = progress;
	}
	return deadline;
}

void session_reschedule(struct session *session)
{
	uint64_t deadline = session_next_deadline(session);
	uint64_t now = session_deadline_now(session);

	if (session->state == SESSION_CLOSED || deadline == 0)
		loop_timer_stop(session->worker->loop, &session->timer);
	else
		loop_deadline_start(session->worker->loop, &session->timer,
			deadline > now ? deadline - now : 0);
}

void session_on_timer(struct timer *timer)
{
	struct session *session = container_of(timer, struct session, timer);
	const struct times *times = &session->worker->config->times;
	uint64_t now = session_deadline_now(session);

	if (session->outlet != NULL && session_looks(session)) {
		session_reschedule(session);
		return;
	}
	const uint64_t deadline = session_next_deadline(session);
	if (deadline != 0 && now >= deadline) {
		if (session->outlet == NULL) {
			session_set_ending(session, ENDING_INTERRUPTED);
			session_finish(session);
			return;
		}
		if (session->state == SESSION_CLOSING || session->beat_due ||
			(session->queue.count > 0 &&
				now - session->taken_at >= times->progress)) {
			session_set_ending(session, ENDING_SLOW_CONSUMER);
			metrics_refuse(session->worker->metrics, BOUND_PROGRESS);
			session_finish(session);
			return;
		}
		session_beat(session);
	}
	session_reschedule(session);
}

void session_probe(struct session *session, enum probe probe)
{
	struct outlet *outlet = session->outlet;

	if (outlet != NULL && outlet->ops->probe != NULL)
		outlet->ops->probe(outlet, probe);
}

void session_beat(struct session *session)
{
	if (session->framing != SESSION_SOCKJS || session->state >= SESSION_CLOSING)
		return;
	session->beat_due = true;
	session_wake(session);
}
