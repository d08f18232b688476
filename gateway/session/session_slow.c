/*
 * A peer that reads too slowly: the endpoint's policy decides what happens to its
 * queue. Only messages of topics are dropped, because their numbers show the gap. If
 * the queue is full of anything else, or the policy is "close", the session ends.
 */
#include "gateway/session/session_internal.h"

#include "gateway/base/log.h"
#include "gateway/session/handler.h"

enum slow_policy slow_policy(const struct endpoint *endpoint)
{
	if (slice_equal(endpoint->slow_consumer, SLICE("drop-oldest")))
		return SLOW_DROP_OLDEST;
	if (slice_equal(endpoint->slow_consumer, SLICE("latest")))
		return SLOW_LATEST;
	return SLOW_CLOSE;
}

static bool session_is_full(const struct session *session, size_t size)
{
	const struct limits *limits = &session->worker->config->limits;

	/* Pulled output counts as sent. */
	return session->queue.count > session->in_outlet &&
	       (session->queue.bounded >= limits->queue_messages ||
		       session->queue.bytes + size > limits->queue_bytes);
}

bool session_is_half_full(const struct session *session)
{
	const struct limits *limits = &session->worker->config->limits;

	return session->queue.bounded > limits->queue_messages / 2 ||
	       session->queue.bytes > limits->queue_bytes / 2;
}

bool session_is_urgent(const struct session *session)
{
	return session_is_half_full(session) ||
	       (session->policy == SLOW_LATEST && session->queue.count > 0);
}

void session_flush_first(struct session *session)
{
	if (session->state == SESSION_CLOSED)
		return;
	list_remove(&session->awake);
	list_append(&session->worker->flush_first, &session->awake);
}

static void session_note_dropped(struct session *session, size_t count)
{
	if (session->dropped == 0 && count > 0)
		log_info("session %.*s: slow consumer, messages of topics are dropped",
			SLICE_ARGS(session_label(session)));
	session_count_dropped(session, count);
}

void session_keep_latest(struct session *session)
{
	if (session->policy == SLOW_LATEST && session->state < SESSION_CLOSING)
		session_note_dropped(
			session, outbound_drop_stale(&session->queue,
					 session->in_outlet, &session->worker->names));
}

/*
 * Drops a bit more than necessary, so that not every message needs a walk through the
 * queue.
 */
static void session_drop_oldest(struct session *session, size_t size)
{
	const struct limits *limits = &session->worker->config->limits;
	uint64_t messages = limits->queue_messages - limits->queue_messages / 16 - 1;
	uint64_t bytes = limits->queue_bytes - limits->queue_bytes / 16;

	session_note_dropped(session,
		outbound_drop_oldest(&session->queue, session->in_outlet, messages,
			bytes > size ? bytes - size : 0, &session->worker->names));
}

bool session_make_room(struct session *session, size_t size)
{
	if (!session_is_full(session, size))
		return true;
	if (session->policy == SLOW_CLOSE)
		return false;
	session_keep_latest(session);
	if (session_is_full(session, size))
		session_drop_oldest(session, size);
	return !session_is_full(session, size);
}

enum bound session_full_bound(const struct session *session)
{
	const struct limits *limits = &session->worker->config->limits;

	return session->queue.bounded >= limits->queue_messages ? BOUND_QUEUE_MESSAGES
								: BOUND_QUEUE_BYTES;
}

void session_overflow(struct session *session, enum bound bound)
{
	metrics_refuse(session->worker->metrics, bound);
	outbound_cut(&session->queue, session->in_outlet, &session->worker->names);
	session_count_queue(session);
	log_info("session %.*s: slow consumer, its queue is emptied and it ends",
		SLICE_ARGS(session_label(session)));
	session_set_state(session, SESSION_OVERFLOWED);
	session_wake(session);
}

void session_tell_overflow(struct session *session)
{
	session_set_state(session, SESSION_OPEN); /* for the handler's last message */
	session_set_ending(
		session, ENDING_SLOW_CONSUMER); /* whatever reason the handler gave */
	if (session->handler->end != NULL)
		session->handler->end(session->conversation, ENDING_SLOW_CONSUMER);
	session_close(session, ENDING_SLOW_CONSUMER);
}
