#include "gateway/worker.h"

#include "gateway/broker/broker.h"
#include "gateway/config.h"
#include "gateway/graveyard.h"
#include "gateway/log.h"
#include "gateway/session.h"
#include "protocol/xmalloc.h"

#include <stdlib.h>

/*
 * What a turn does at the most before it looks at the sockets again, so that a
 * burst starves neither pings nor polls nor new connections. A flush is one
 * write to a socket, 5 to 9 us of kernel time; a delivery or a post is far below
 * 1 us.
 */
enum {
	WORK_PER_TURN = 16384,
	FLUSHES_PER_TURN = 512,
};

void worker_post(struct worker *worker, struct post *post)
{
	inbox_push(&worker->inbox, post);
}

void worker_spend(struct worker *worker, size_t amount)
{
	worker->spent += amount;
}

static void worker_run_posts(struct worker *worker)
{
	struct post *post;

	for (worker->spent = 0; worker->spent < WORK_PER_TURN; worker->spent++) {
		post = inbox_pop(&worker->inbox);
		if (post == NULL)
			return;
		post->run(worker, post);
	}
}

static void worker_flush_sessions(struct worker *worker)
{
	struct list *link;

	for (int i = 0; i < FLUSHES_PER_TURN; i++) {
		link = list_take_first(&worker->awake);
		if (link == NULL)
			return;
		session_flush(link);
	}
}

/* The carriers see for themselves that the inbox is full, but not that it is no longer. */
static void worker_update_choke(struct worker *worker)
{
	bool full = worker_is_full(worker);

	if (full == worker->choked || worker->edge == NULL)
		return;
	worker->choked = full;
	log_debug("worker: publishers are %s", full ? "stopped" : "read again");
	if (!full)
		worker->edge_ops->relieve(worker->edge);
}

static bool worker_turn(void *context)
{
	struct worker *worker = context;
	bool more = false;

	worker_update_choke(worker);
	worker_run_posts(worker);
	worker_update_choke(worker);
	worker_flush_sessions(worker);
	if (worker->edge != NULL)
		more = worker->edge_ops->turn(worker->edge);
	if (worker->stopping && worker->live_sessions == 0 && worker->owing == 0)
		loop_stop(worker->loop);
	return more || worker->inbox.count > 0 || !list_is_empty(&worker->awake);
}

static void on_stop_timer(struct timer *timer)
{
	struct worker *worker = container_of(timer, struct worker, stop_timer);

	loop_stop(worker->loop);
}

struct worker *worker_create(const struct config *config, const struct hash_key *key)
{
	struct loop *loop = loop_create();
	if (loop == NULL)
		return NULL;

	struct worker *worker = xcalloc(1, sizeof(*worker));
	worker->config = config;
	worker->key = *key;
	worker->loop = loop;
	worker->stop_timer.fire = on_stop_timer;
	inbox_init(
		&worker->inbox, config->limits.inbox_posts, config->limits.inbox_bytes);
	table_init(&worker->names, key);
	table_init(&worker->sessions, key);
	list_init(&worker->all_sessions);
	list_init(&worker->awake);
	list_init(&worker->broadcast);
	worker->graveyard = graveyard_create(key);
	worker->broker = broker_create(worker);
	loop_on_turn(loop, worker_turn, worker);
	return worker;
}

int worker_start(struct worker *worker, const struct edge_ops *ops)
{
	worker->edge_ops = ops;
	worker->edge = ops->create(worker);
	return worker->edge == NULL ? -1 : 0;
}

void worker_run(struct worker *worker)
{
	loop_run(worker->loop);
}

void worker_stop(struct worker *worker)
{
	if (worker->stopping) {
		loop_stop(worker->loop);
		return;
	}
	worker->stopping = true;
	if (worker->edge != NULL)
		worker->edge_ops->close(worker->edge);
	session_close_all(worker);
	loop_timer_start(
		worker->loop, &worker->stop_timer, worker->config->times.drain);
}

void worker_destroy(struct worker *worker)
{
	if (worker == NULL)
		return;
	/* The edge serves nobody any more: peers could keep it busy for ever. */
	struct edge *edge = worker->edge;
	worker->edge = NULL;
	worker->stopping = true;
	session_kill_all(worker);
	loop_timer_stop(worker->loop, &worker->stop_timer);
	loop_advance(worker->loop, 0); /* deferred destruction, and the last posts */
	if (edge != NULL)
		worker->edge_ops->destroy(edge);
	loop_advance(worker->loop, 0);
	broker_destroy(worker->broker);
	graveyard_destroy(worker->graveyard);
	loop_destroy(worker->loop);
	table_finish(&worker->sessions);
	table_finish(&worker->names);
	free(worker);
}
