/*
 * When a session does something by itself: one timer that looks at all of its
 * deadlines. It is set lazily: what moves a deadline away costs nothing, and the
 * timer finds out when it fires.
 */
#include "gateway/session/session_internal.h"

/*
 * A closing session whose peer reads gets all that was queued, then the close. One
 * that stands still is given up, sooner when the peer was at fault.
 */
static uint64_t session_closing_look(const struct session *session)
{
	const struct times *times = &session->worker->config->times;
	uint64_t since = session->closing_at > session->taken_at ? session->closing_at
								 : session->taken_at;

	if (session->queue.count == 0 || ending_is_peers_fault(session->ending))
		return since + times->linger;
	return since + times->progress;
}

uint64_t session_next_look(const struct session *session)
{
	const struct times *times = &session->worker->config->times;
	uint64_t look = 0;

	if (session->outlet == NULL) {
		uint64_t since = session->detached_at > session->closing_at
					 ? session->detached_at
					 : session->closing_at;
		return since + times->disconnect;
	}
	if (session->state == SESSION_CLOSING)
		return session_closing_look(session);
	if (session->framing == SESSION_SOCKJS) {
		look = session->taken_at + times->heartbeat;
		if (session->beat_due)
			look += times->progress; /* not even that is taken */
	}
	if (session->queue.count > 0) {
		uint64_t progress = session->taken_at + times->progress;

		if (look == 0 || progress < look)
			look = progress;
	}
	return look;
}

void session_plan(struct session *session)
{
	uint64_t look = session_next_look(session), now = session_now(session);

	if (session->state == SESSION_CLOSED || look == 0)
		loop_timer_stop(session->worker->loop, &session->timer);
	else
		loop_timer_start(session->worker->loop, &session->timer,
			look > now ? look - now : 0);
}

void session_on_timer(struct timer *timer)
{
	struct session *session = container_of(timer, struct session, timer);
	const struct times *times = &session->worker->config->times;
	uint64_t now = session_now(session), look = session_next_look(session);

	if (look != 0 && now >= look) {
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
	session_plan(session);
}

void session_probe(struct session *session, bool again)
{
	struct outlet *outlet = session->outlet;

	if (outlet != NULL && outlet->ops->probe != NULL)
		outlet->ops->probe(outlet, again);
}

void session_beat(struct session *session)
{
	if (session->framing != SESSION_SOCKJS || session->state >= SESSION_CLOSING)
		return;
	session->beat_due = true;
	session_wake(session);
}
