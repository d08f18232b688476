#include "gateway/session/session_internal.h"

#include "protocol/xmalloc.h"

#include <stdlib.h>

/*
 * A turn wakes outlets until its time is over. While a turn leaves posts, more output
 * may come for the same sessions and join one write. So up to this many turns in a row
 * only run posts and do not flush.
 */
enum {
	FLUSHES_LEAST = 8, /* even when the turn's time is over */
	TURNS_PUT_OFF = 128,
};

/* For want of memory. */
enum {
	RELIEF = 16,        /* below this part of the limit, sessions end */
	SHED_EVERY_MS = 20, /* what has ended has been freed then */
	SHED_NS = 300000,   /* of a turn */
};

/* At a stop. */
enum {
	CLOSE_EVERY_MS = 50,
	CLOSES_LEAST = 16, /* sessions in each step */
};

/* For want of memory. */

/* Each worker sheds its share of what makes the room an eighth again. */
static void sessions_save_memory(struct sessions *sessions)
{
	const struct workers *workers = sessions->worker->workers;
	const int64_t part = workers->budget.limit / RELIEF;
	const int64_t room = budget_room(workers);
	const uint64_t now = loop_now(sessions->worker->loop);

	if (sessions->shedding.bytes > 0)
		sessions->sheds_at = now + SHED_EVERY_MS;
	if (room >= part || now < sessions->sheds_at)
		return;
	sessions->sheds_at = now + SHED_EVERY_MS;
	sessions_shed(sessions, (uint64_t)(2 * part - room) / workers->count + 1);
}

/* A turn. */

/*
 * A flush ends in a system call, which leaves little of the next session in a cache. So
 * the second next session is fetched meanwhile, and the next one's outlet.
 */
static void sessions_look_ahead(const struct list *some)
{
	const struct list *next = some->next;

	if (next == some)
		return;
	__builtin_prefetch(container_of(next, struct session, awake)->outlet);
	if (next->next != some)
		session_fetch(container_of(next->next, struct session, awake));
}

static void sessions_flush(struct sessions *sessions, struct list *some)
{
	struct list *link;

	for (int i = 0; i < FLUSHES_LEAST || !worker_turn_is_over(sessions->worker);
		i++) {
		link = list_take_first(some);
		if (link == NULL)
			return;
		sessions_look_ahead(some);
		session_flush(container_of(link, struct session, awake));
	}
}

static bool sessions_put_off(struct sessions *sessions)
{
	if (worker_next_post(sessions->worker) == NULL)
		sessions->turns_put_off = 0;
	else if (sessions->turns_put_off < TURNS_PUT_OFF) {
		sessions->turns_put_off++;
		return true;
	}
	return false;
}

static void sessions_turn(struct resident *resident)
{
	struct sessions *sessions = container_of(resident, struct sessions, resident);
	struct list *pressed = &sessions->worker->flush_first;

	sessions_save_memory(sessions);
	sessions_shed_some(sessions);
	sessions_flush(sessions, &sessions->answering);
	/* Both lists: sessions under pressure must not keep the others waiting. */
	if (!list_is_empty(pressed))
		sessions_flush(sessions, pressed);
	if (!sessions_put_off(sessions))
		sessions_flush(sessions, &sessions->awake);
}

static bool sessions_end_turn(struct resident *resident)
{
	const struct sessions *sessions =
		container_of(resident, struct sessions, resident);

	batch_cache_clear(
		sessions->batch_cache); /* its messages may leave the worker now */
	return !list_is_empty(&sessions->awake) ||
	       !list_is_empty(&sessions->worker->flush_first) ||
	       !list_is_empty(&sessions->answering) || sessions->shedding.bytes > 0;
}

/* Their end. */

/* False when the session has a reason to end: it ends soon, or was already notified. */
static bool session_goes_on(const struct session *session)
{
	return session->state < SESSION_CLOSING && session->ending == ENDING_NONE;
}

static void session_go_away(struct session *session)
{
	if (session->state != SESSION_OVERFLOWED)
		session_set_ending(session, ENDING_GOING_AWAY);
	session_begin_end(session, ENDING_GOING_AWAY);
}

bool sessions_close_some(struct sessions *sessions, uint64_t count)
{
	/* Those that were told stand last: the next call looks at others. */
	for (uint64_t looks = sessions->worker->live_sessions; looks > 0; looks--) {
		struct session *session = sessions_first(sessions);

		if (session_goes_on(session)) {
			if (count == 0)
				return true;
			count--;
			session_go_away(session);
		}
		sessions_move_last(sessions, session);
	}
	return false;
}

void sessions_kill(struct sessions *sessions)
{
	list_for_each (link, &sessions->all) {
		struct session *session = container_of(link, struct session, link);

		session_set_ending(session, ENDING_GOING_AWAY);
		session_finish(session);
	}
}

/*
 * Spreads the closes over half of the drain time, so that the clients do not all
 * reconnect at the same moment.
 */
static void sessions_on_close_timer(struct timer *timer)
{
	struct sessions *sessions = container_of(timer, struct sessions, close_timer);

	if (sessions_close_some(sessions, sessions->close_step))
		loop_timer_start(sessions->worker->loop, timer, CLOSE_EVERY_MS);
}

static void sessions_on_stop(struct resident *resident)
{
	struct sessions *sessions = container_of(resident, struct sessions, resident);
	const struct worker *worker = sessions->worker;
	const uint64_t steps = worker->config->times.drain / 2 / CLOSE_EVERY_MS + 1;

	sessions->close_step = worker->live_sessions / steps + CLOSES_LEAST;
	sessions_on_close_timer(&sessions->close_timer);
}

static void sessions_on_kill(struct resident *resident)
{
	struct sessions *sessions = container_of(resident, struct sessions, resident);

	loop_timer_stop(sessions->worker->loop, &sessions->close_timer);
	sessions_kill(sessions);
}

static void sessions_destroy(struct resident *resident)
{
	struct sessions *sessions = container_of(resident, struct sessions, resident);

	tombstones_destroy(sessions->tombstones);
	batch_cache_destroy(sessions->batch_cache);
	table_finish(&sessions->by_key);
	free(sessions->shedding.sums);
	free(sessions);
}

static const struct resident_ops sessions_ops = {
	.turn = sessions_turn,
	.end_turn = sessions_end_turn,
	.stop = sessions_on_stop,
	.kill = sessions_on_kill,
	.destroy = sessions_destroy,
};

struct sessions *sessions_create(
	struct worker *worker, const struct handler *const *handlers)
{
	struct sessions *sessions = xcalloc(1, sizeof(*sessions));

	sessions->resident.ops = &sessions_ops;
	sessions->worker = worker;
	sessions->handlers = handlers;
	list_init(&sessions->all);
	table_init(&sessions->by_key, &worker->key);
	list_init(&sessions->awake);
	list_init(&sessions->answering);
	sessions->shedding.turn_ns = SHED_NS;
	sessions->batch_cache = batch_cache_create(worker->workers);
	sessions->tombstones =
		tombstones_create(&worker->key, worker->config->limits.ended_sessions);
	sessions->close_timer.fire = sessions_on_close_timer;
	worker_add_resident(worker, &sessions->resident);
	return sessions;
}
