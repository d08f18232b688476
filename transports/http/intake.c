#include "transports/http/intake.h"

#include "gateway/worker/metrics.h"

enum { MESSAGES_KEPT = 65536 }; /* bytes of memory kept for the next request */

static struct session *intake_find(struct worker *worker, const struct intake_ask *ask)
{
	struct session *session = session_find(worker, ask->endpoint, ask->session);

	if (session == NULL || !session_admits(session, &ask->peer) ||
		session_family(session) != ask->link->family)
		return NULL;
	return session;
}

bool intake_knows(struct worker *worker, const struct intake_ask *ask)
{
	return intake_find(worker, ask) != NULL;
}

enum intake intake_take(struct worker *worker, struct sockjs_messages *messages,
	const struct intake_ask *ask, struct waiter *waiter)
{
	struct session *session = intake_find(worker, ask);

	if (session == NULL) {
		counter_add(&worker->metrics->unknown_sessions, 1);
		return INTAKE_UNKNOWN;
	}
	if (ask->only_looks)
		return INTAKE_TAKEN;
	if (session_is_paused(session)) {
		if (session_wait(session, waiter))
			return INTAKE_WAITS;
		metrics_refuse(worker->metrics, BOUND_WAITERS);
		return INTAKE_CROWDED;
	}
	switch (ask->link->decode(
		messages, ask->body, ask->form, worker->config->limits.frame)) {
	case SOCKJS_DECODE_BROKEN:
		return INTAKE_BROKEN;
	case SOCKJS_DECODE_NO_ARRAY:
		return INTAKE_NO_ARRAY;
	case SOCKJS_DECODE_TOO_BIG:
		sockjs_messages_shrink(messages, MESSAGES_KEPT);
		return INTAKE_TOO_BIG;
	case SOCKJS_DECODE_DONE:
		break;
	}
	session_heard(session);
	session_count_bytes(session, ask->body.len);
	for (size_t i = 0; i < messages->count; i++)
		session_receive(session, sockjs_message(messages, i), PAYLOAD_TEXT);
	sockjs_messages_shrink(messages, MESSAGES_KEPT);
	return INTAKE_TAKEN;
}
