/*
 * Back-pressure of one session. The handler pauses its session while it waits for
 * something (the check of a password, a COMMIT). Meanwhile the carrier keeps the
 * peer's input and registers a waiter, which is resumed later. Unread input fills the
 * peer's own buffers and stops the peer.
 */
#include "gateway/session/session_internal.h"

#include <assert.h>

enum { WAITERS_MAX = 16 }; /* a well-behaved peer needs one */

bool session_is_paused(const struct session *session)
{
	return session->pauses > 0 && session->state < SESSION_CLOSING;
}

void session_pause(struct session *session)
{
	session->pauses++;
}

void session_resume(struct session *session)
{
	assert(session->pauses > 0);
	if (--session->pauses > 0)
		return;
	/* The input that came meanwhile follows now. */
	if (session->state < SESSION_CLOSING)
		session_heard(session);
	session_end_pauses(session);
}

bool session_wait(struct session *session, struct waiter *waiter)
{
	size_t count = 0;

	assert(session_is_paused(session) && !list_is_linked(&waiter->link));
	list_for_each (link, &session->waiters) {
		if (++count == WAITERS_MAX)
			return false;
	}
	list_append(&session->waiters, &waiter->link);
	return true;
}

/*
 * The first waiter may bring input that pauses the session again: the others then wait
 * on.
 */
static void session_wake_waiters(struct task *task)
{
	struct session *session = container_of(task, struct session, wake_waiters);
	struct list *link;

	while (!session_is_paused(session) &&
		(link = list_take_first(&session->waiters)) != NULL) {
		struct waiter *waiter = container_of(link, struct waiter, link);

		waiter->resume(waiter);
	}
}

void session_pause_init(struct session *session)
{
	list_init(&session->waiters);
	session->wake_waiters.run = session_wake_waiters;
}

void session_end_pauses(struct session *session)
{
	if (!list_is_empty(&session->waiters))
		loop_defer(session->worker->loop, &session->wake_waiters);
}

void session_pause_finish(struct session *session)
{
	task_cancel(&session->wake_waiters);
	session_wake_waiters(&session->wake_waiters);
}
