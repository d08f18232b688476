/*
 * The deadlines of a session: one timer watches all of them. The timer is set lazily.
 * An event that moves a deadline away does not touch the timer; the timer finds the
 * later deadline when it fires.
 */
#include "gateway/session/session_internal.h"

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
		uint64_t progress = session->taken_at + times->progress;

		if (deadline == 0 || progress < deadline)
			deadline = progress;
	}
	return deadline;
}

void session_reschedule(struct session *session)
{
	uint64_t deadline = session_next_deadline(session), now = session_now(session);

	if (session->state == SESSION_CLOSED || deadline == 0)
		loop_timer_stop(session->worker->loop, &session->timer);
	else
		loop_timer_start(session->worker->loop, &session->timer,
			deadline > now ? deadline - now : 0);
}

void session_on_timer(struct timer *timer)
{
	struct session *session = container_of(timer, struct session, timer);
	const struct times *times = &session->worker->config->times;
	uint64_t now = session_now(session), deadline = session_next_deadline(session);

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
