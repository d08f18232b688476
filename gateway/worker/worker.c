#include "gateway/worker/worker.h"

#include "gateway/base/log.h"
#include "gateway/broker/broker.h"
#include "gateway/config/config.h"
#include "gateway/session/graveyard.h"
#include "gateway/session/joint.h"
#include "gateway/session/session.h"
#include "gateway/worker/metrics.h"
#include "protocol/xmalloc.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

/*
 * What a turn does at the most before it looks at the sockets again, so that a
 * burst starves neither pings nor polls nor new connections. A delivery or a post is far
 * below 1 us; a write to a socket takes 4 to 9 us of kernel time, a request 20, so those
 * go by the clock. To look at the sockets costs 3 us. While posts are left that
 * a turn could not run, more may come for the same sessions, and joins one write: so many
 * turns only bring messages to their sessions.
 */
enum {
	WORK_PER_TURN = 2048,
	TURN_NS = 150000,
	FLUSHES_LEAST = 8, /* whatever the clock says */
	TURNS_PUT_OFF = 128,
};

/* At a stop. */
enum {
	CLOSE_EVERY_MS = 50,
	CLOSES_LEAST = 16, /* a few sessions are closed at once */
};

void worker_post(struct worker *worker, unsigned to, struct post *post)
{
	worker->posts++;
	worker->bytes += (int64_t)post->size;
	if (to == worker->index)
		inbox_push(&worker->inbox, post);
	else
		batch_add(&worker->batches[to], post);
}

void worker_spend(struct worker *worker, size_t amount)
{
	worker->spent += amount;
}

size_t worker_allowance(const struct worker *worker)
{
	return worker->spent < worker->work_per_turn
		       ? worker->work_per_turn - worker->spent
		       : 0;
}

const struct post *worker_next_post(const struct worker *worker)
{
	return inbox_first(&worker->inbox);
}

struct post *worker_take_post(struct worker *worker)
{
	struct post *post = inbox_pop(&worker->inbox);

	if (post == NULL)
		return NULL;
	worker->posts--;
	worker->bytes -= (int64_t)post->size;
	return post;
}

void worker_return_post(struct worker *worker, struct post *post)
{
	worker->posts++;
	worker->bytes += (int64_t)post->size;
	inbox_return(&worker->inbox, post);
}

unsigned worker_home(const struct worker *worker, struct slice name)
{
	/* The upper half: tables take the lower bits, and would fill unevenly. */
	uint64_t hash = hash_slice(&worker->key, name) >> 32;

	return (unsigned)((hash * worker->crew->count) >> 32);
}

/* Flow control. */

/* How much waits in all inboxes, as far as a worker knows. */
struct waiting {
	int64_t posts, bytes;
};

static struct waiting worker_waiting(const struct worker *worker)
{
	struct crew *crew = worker->crew;

	return (struct waiting){
		.posts = worker->posts +
			 atomic_load_explicit(&crew->posts, memory_order_relaxed),
		.bytes = worker->bytes +
			 atomic_load_explicit(&crew->bytes, memory_order_relaxed),
	};
}

bool worker_is_full(struct worker *worker)
{
	const struct limits *limits = &worker->config->limits;
	struct waiting waiting = worker_waiting(worker);

	if (!worker->choked && (waiting.posts >= (int64_t)limits->inbox_posts ||
				       waiting.bytes >= (int64_t)limits->inbox_bytes)) {
		worker->choked = true;
		metrics_refuse(worker->metrics, BOUND_INBOX);
		log_debug("worker %u: publishers are stopped: %" PRId64
			  " posts with %" PRId64 " bytes wait",
			worker->index, waiting.posts, waiting.bytes);
	}
	return worker->choked;
}

/* True when publishers were held and can be read again. */
static bool worker_can_relieve(const struct worker *worker)
{
	const struct limits *limits = &worker->config->limits;

	if (!worker->choked)
		return false;
	struct waiting waiting = worker_waiting(worker);
	return waiting.posts <= (int64_t)(limits->inbox_posts / 2) &&
	       waiting.bytes <= (int64_t)(limits->inbox_bytes / 2);
}

static void worker_relieve(struct worker *worker)
{
	if (!worker_can_relieve(worker))
		return;
	worker->choked = false;
	log_debug("worker %u: publishers are read again", worker->index);
	if (worker->edge != NULL)
		worker->edge_ops->relieve(worker->edge);
}

/* Adds a change to a number of the crew. True when it fell to half of `most`. */
static bool tell(_Atomic int64_t *number, int64_t *change, uint64_t most)
{
	int64_t half = (int64_t)(most / 2), before, by = *change;

	if (by == 0)
		return false;
	*change = 0;
	before = atomic_fetch_add(number, by);
	return before > half && before + by <= half;
}

/*
 * Ahead of the posts themselves, so that the crew never counts less than there is: it
 * is only then at rest when its number says so.
 */
static void worker_tell_crew(struct worker *worker)
{
	const struct limits *limits = &worker->config->limits;
	struct crew *crew = worker->crew;
	int64_t busy = (int64_t)(worker->live_sessions + worker->owing);
	int64_t change = worker->posts + busy - worker->busy_told;

	bool posts = tell(&crew->posts, &worker->posts, limits->inbox_posts);
	bool bytes = tell(&crew->bytes, &worker->bytes, limits->inbox_bytes);
	if (posts || bytes) {
		for (unsigned i = 0; i < crew->count; i++)
			loop_wake(crew->workers[i]->loop);
	}
	worker->busy_told = busy;
	if ((change != 0 || worker->stopping) &&
		atomic_fetch_add(&crew->busy, change) + change == 0 && worker->stopping)
		crew_end(crew);
}

static void worker_send_batches(struct worker *worker)
{
	for (unsigned i = 0; i < worker->crew->count; i++) {
		struct worker *other = worker->crew->workers[i];

		if (worker->batches[i].newest != NULL &&
			inbox_deliver(&other->inbox, &worker->batches[i]))
			loop_wake(other->loop);
	}
}

/* A turn. */

bool worker_turn_is_over(const struct worker *worker)
{
	return loop_clock() >= worker->turn_over;
}

static void worker_run_posts(struct worker *worker)
{
	inbox_collect(&worker->inbox);
	for (worker->spent = 0; worker->spent < worker->work_per_turn &&
				list_is_empty(&worker->pressed);
		worker->spent++) {
		struct post *post = worker_take_post(worker);

		if (post == NULL)
			return;
		post->run(worker, post);
	}
}

static void worker_flush(struct worker *worker, struct list *sessions)
{
	struct list *link;

	for (int i = 0; i < FLUSHES_LEAST || !worker_turn_is_over(worker); i++) {
		link = list_take_first(sessions);
		if (link == NULL)
			return;
		session_flush(link);
	}
}

static bool worker_puts_off(struct worker *worker)
{
	if (worker_next_post(worker) == NULL)
		worker->turns_put_off = 0;
	else if (worker->turns_put_off < TURNS_PUT_OFF) {
		worker->turns_put_off++;
		return true;
	}
	return false;
}

static void worker_flush_sessions(struct worker *worker)
{
	worker_flush(worker, &worker->answering);
	if (!list_is_empty(&worker->pressed))
		worker_flush(worker, &worker->pressed);
	else if (!worker_puts_off(worker))
		worker_flush(worker, &worker->awake);
}

static bool worker_is_busy(const struct worker *worker)
{
	return !inbox_is_empty(&worker->inbox) || !list_is_empty(&worker->awake) ||
	       !list_is_empty(&worker->pressed) || !list_is_empty(&worker->answering);
}

static bool worker_turn(void *context)
{
	struct worker *worker = context;
	bool more = false;

	worker->turn_over = loop_clock() + worker->turn_ns;
	worker_run_posts(worker);
	worker_relieve(worker);
	worker_flush_sessions(worker);
	if (worker->edge != NULL && !worker->killed)
		more = worker->edge_ops->turn(worker->edge);
	joint_clear(worker->joint); /* its messages may leave the worker now */
	worker_tell_crew(worker);
	worker_send_batches(worker);
	if (atomic_load_explicit(&worker->crew->ended, memory_order_relaxed))
		loop_stop(worker->loop);
	return more || worker_is_busy(worker) || worker_can_relieve(worker);
}

/* Life. */

static void on_stop_timer(struct timer *timer)
{
	struct worker *worker = container_of(timer, struct worker, stop_timer);

	loop_stop(worker->loop);
}

static void on_close_timer(struct timer *timer)
{
	struct worker *worker = container_of(timer, struct worker, close_timer);

	if (session_close_some(worker, worker->close_step))
		loop_timer_start(worker->loop, timer, CLOSE_EVERY_MS);
}

struct worker *worker_create(struct crew *crew, unsigned index, unsigned count)
{
	struct loop *loop = loop_create();
	if (loop == NULL)
		return NULL;

	struct worker *worker = xcalloc(1, sizeof(*worker));
	worker->crew = crew;
	worker->index = index;
	worker->config = config_ref(crew->config);
	worker->key = crew->key;
	worker->loop = loop;
	worker->metrics = metrics_create(crew->census);
	worker->batches = xcalloc(count, sizeof(*worker->batches));
	worker->work_per_turn = WORK_PER_TURN;
	worker->turn_ns = TURN_NS;
	worker->stop_timer.fire = on_stop_timer;
	worker->close_timer.fire = on_close_timer;
	inbox_init(&worker->inbox);
	names_init(&worker->names, &worker->key, index);
	table_init(&worker->sessions, &worker->key);
	list_init(&worker->all_sessions);
	list_init(&worker->awake);
	list_init(&worker->pressed);
	list_init(&worker->answering);
	list_init(&worker->broadcast);
	worker->joint = joint_create();
	worker->graveyard =
		graveyard_create(&worker->key, worker->config->limits.ended_sessions);
	worker->broker = broker_create(worker, count);
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
	clockid_t clock;

	if (pthread_getcpuclockid(pthread_self(), &clock) == 0)
		atomic_store(&worker->cpu_clock, clock);

	loop_run(worker->loop);
}

void worker_configure(struct worker *worker, const struct config *config)
{
	const struct config *before = worker->config;

	worker->config = config_ref(config);
	config_unref(before);
}

void worker_stop(struct worker *worker)
{
	const uint64_t drain = worker->config->times.drain;
	const uint64_t steps = drain / 2 / CLOSE_EVERY_MS + 1;

	worker->stopping = true;
	worker->close_step = worker->live_sessions / steps + CLOSES_LEAST;
	on_close_timer(&worker->close_timer);
	loop_timer_start(worker->loop, &worker->stop_timer, drain);
}

void worker_kill(struct worker *worker)
{
	/* The edge serves nobody any more: peers could keep it busy for ever. */
	worker->stopping = worker->killed = true;
	loop_timer_stop(worker->loop, &worker->stop_timer);
	loop_timer_stop(worker->loop, &worker->close_timer);
	session_kill_all(worker);
}

void worker_drop_edge(struct worker *worker)
{
	struct edge *edge = worker->edge;

	worker->edge = NULL;
	if (edge != NULL)
		worker->edge_ops->destroy(edge);
}

void worker_destroy(struct worker *worker)
{
	if (worker == NULL)
		return;
	loop_finish_work(worker->loop);
	broker_destroy(worker->broker);
	graveyard_destroy(worker->graveyard);
	joint_destroy(worker->joint);
	loop_destroy(worker->loop);
	table_finish(&worker->sessions);
	names_finish(&worker->names);
	stomp_spare_finish(&worker->spare);
	metrics_destroy(worker->metrics);
	config_unref(worker->config);
	free(worker->batches);
	free(worker);
}
