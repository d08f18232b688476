/*
 * The session's side towards its outlet: the outlet attaches, pulls and reports what
 * the kernel has taken.
 */
#include "gateway/session/session_internal.h"

#include "gateway/session/handler.h"

struct outlet *session_outlet(const struct session *session)
{
	return session->outlet;
}

bool session_attach(struct session *session, struct outlet *outlet)
{
	if (session->outlet != NULL || session->state == SESSION_CLOSED)
		return false;
	session->outlet = outlet;
	session_note_progress(session);
	if (session->state == SESSION_CLOSING)
		session->closing_at = session->taken_at; /* its time begins now */
	session_attended(session);
	if (session_next(session) != SESSION_NEXT_NOTHING)
		session_wake(session);
	if (session->open_due)
		session_prioritise(session);
	session_reschedule(session);
	return true;
}

void session_detach(struct session *session)
{
	session->outlet = NULL;
	session->in_outlet = 0;
	session->beat_due = false;
	session->detached_at = session_deadline_now(session);
	session_reschedule(session);
}

void session_lost(struct session *session, enum ending ending)
{
	session->outlet = NULL;
	session_set_ending(session, ending);
	session_finish(session);
}

enum session_next session_next(const struct session *session)
{
	if (session->state == SESSION_CLOSED)
		return SESSION_NEXT_NOTHING;
	if (session->open_due)
		return SESSION_NEXT_OPEN;
	if (session->queue.count > 0)
		return SESSION_NEXT_MESSAGES;
	if (session->state == SESSION_CLOSING)
		return SESSION_NEXT_CLOSE;
	return session->beat_due ? SESSION_NEXT_BEAT : SESSION_NEXT_NOTHING;
}

bool session_reserve(const struct session *session, struct buf *buf, size_t extra)
{
	return budget_reserve(session->worker->workers, buf, extra);
}

struct batch session_pull(
	struct session *session, const struct batch_format *how, size_t budget)
{
	const struct batch batch = batch_cache_pull(
		session->worker->sessions->batch_cache, &session->queue, how, budget);

	if (session->in_outlet < batch.count)
		session->in_outlet = batch.count;
	return batch;
}

/* The handler only notes it: it must not queue or close here. */
static void session_tell_sent(struct session *session, size_t count)
{
	if (session->handler->sent == NULL || count == 0)
		return;
	session_count_delivered(session, count);
	for (size_t i = 0; i < count; i++) {
		const struct delivery *item = outbound_item(&session->queue, i);

		if (item->flags & DELIVERY_TOLD)
			session->handler->sent(session->conversation, item->ordinal);
	}
}

/* The kernel has taken the oldest messages. */
static void session_pop(struct session *session, size_t count)
{
	session_tell_sent(session, count);
	outbound_pop(&session->queue, count, &session->worker->names);
	session_count_queue(session);
	session->traffic[DIRECTION_OUT].messages += count;
	session->in_outlet -= count;
}

void session_popped(
	struct session *session, enum session_next what, size_t count, size_t bytes)
{
	if (session->state == SESSION_CLOSED)
		return;
	session_note_progress(session);
	session_count_out(session, bytes);
	switch (what) {
	case SESSION_NEXT_NOTHING:
		break;
	case SESSION_NEXT_OPEN:
		session->open_due = false;
		if (session->state == SESSION_CONNECTING)
			session_set_state(session, SESSION_OPEN);
		break;
	case SESSION_NEXT_MESSAGES:
		session_pop(session, count);
		if (session->state == SESSION_CLOSING)
			session_reschedule(session);
		break;
	case SESSION_NEXT_BEAT:
		session->beat_due = false;
		session_reschedule(session);
		break;
	case SESSION_NEXT_CLOSE:
		session->outlet = NULL;
		session_finish(session);
		break;
	}
}

enum ending session_ending(const struct session *session)
{
	return session->ending;
}
