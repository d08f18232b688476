#include "transports/intake.h"

#include "gateway/metrics.h"

enum { MESSAGES_KEPT = 65536 }; /* bytes of memory for the next request */

static struct session *intake_find(struct worker *worker, const struct intake_ask *ask)
{
	struct session *session = session_find(worker, ask->endpoint, ask->session);

	if (session == NULL || !session_admits(session, &ask->peer) ||
		session_family(session) != ask->link->family)
		return NULL;
	return session;
}

enum intake intake_take(struct worker *worker, struct sockjs_messages *messages,
	const struct intake_ask *ask, struct waiter *waiter)
{
	struct session *session = intake_find(worker, ask);

	if (session == NULL) {
		counter_add(&worker->metrics->unknown_sessions, 1);
		return INTAKE_UNKNOWN;
	}
	if (session_is_held(session)) {
		if (session_wait(session, waiter))
			return INTAKE_WAITS;
		metrics_refuse(worker->metrics, BOUND_WAITERS);
		return INTAKE_CROWDED;
	}
	switch (ask->link->decode(messages, ask->body, ask->form)) {
	case SOCKJS_DECODE_BROKEN:
		return INTAKE_BROKEN;
	case SOCKJS_DECODE_NO_ARRAY:
		return INTAKE_NO_ARRAY;
	case SOCKJS_DECODE_DONE:
		break;
	}
	session_heard(session);
	session_count_bytes(session, ask->body.len);
	for (size_t i = 0; i < messages->count; i++)
		session_receive(session, sockjs_message(messages, i), false);
	if (messages->text.capacity > MESSAGES_KEPT)
		sockjs_messages_finish(messages);
	return INTAKE_TAKEN;
}
