#include "gateway/worker/worker.h"

#include "gateway/base/log.h"
#include "gateway/config/config.h"
#include "gateway/worker/metrics.h"
#include "gateway/worker/resident.h"
#include "protocol/xmalloc.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

/*
 * Bounds the work of a turn before it looks at the sockets again, so that a burst
 * delays neither pings nor polls nor new connections. A delivery or a post takes far
 * less than 1 us, so these are counted. A write to a socket takes 4 to 9 us of kernel
 * time, a request 20 us, so the clock bounds those. One look at the sockets costs 3
 * us.
 */
enum {
	WORK_PER_TURN = 2048,
	TURN_NS = 150000,
	READING_NS = 2000000, /* a frame takes 1 us, and some take 20 */
};

void worker_post(struct worker *worker, unsigned to, struct post *post)
{
	worker->posts++;
	worker->bytes += (int64_t)post->size;
	if (to == worker->index)
		inbox_push(&worker->inbox, post);
	else
		post_batch_add(&worker->batches[to], post);
}

void worker_post_copy(struct worker *worker, unsigned to, const struct post *post,
	size_t size, struct slice *const texts[])
{
	worker_post(worker, to, post_copy(post, size, texts));
}

bool worker_is_ready(const struct worker *worker, struct buf *why)
{
	if (!worker->stopping)
		return worker->is_ready == NULL || worker->is_ready(worker, why);
	buf_append(why, SLICE("draining"));
	return false;
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

void worker_keep_post(struct worker *worker, const struct post *post)
{
	worker->posts++;
	worker->bytes += (int64_t)post->size;
}

void worker_release_post(struct worker *worker, const struct post *post)
{
	worker->posts--;
	worker->bytes -= (int64_t)post->size;
}

struct post *worker_take_post(struct worker *worker)
{
	struct post *post = inbox_pop(&worker->inbox);

	if (post == NULL)
		return NULL;
	worker_release_post(worker, post);
	return post;
}

void worker_return_post(struct worker *worker, struct post *post)
{
	worker_keep_post(worker, post);
	inbox_return(&worker->inbox, post);
}

unsigned worker_home(const struct worker *worker, struct slice name)
{
	return worker_home_of_hash(worker, hash_slice(&worker->key, name));
}

unsigned worker_home_of_hash(const struct worker *worker, uint64_t hash)
{
	/* The upper half: tables use the lower bits, and would fill unevenly. */
	return (unsigned)(((hash >> 32) * worker->workers->count) >> 32);
}

/* Flow control. */

/* How much is queued in all inboxes, as far as a worker knows. */
struct waiting {
	int64_t posts, bytes;
};

static struct waiting worker_waiting(const struct worker *worker)
{
	struct workers *workers = worker->workers;

	return (struct waiting){
		.posts = worker->posts +
			 atomic_load_explicit(&workers->posts, memory_order_relaxed),
		.bytes = worker->bytes +
			 atomic_load_explicit(&workers->bytes, memory_order_relaxed),
	};
}

bool worker_apply_backpressure(struct worker *worker)
{
	const struct limits *limits = &worker->config->limits;
	struct waiting waiting = worker_waiting(worker);

	if (!worker->backpressured &&
		(waiting.posts >= (int64_t)limits->inbox_posts ||
			waiting.bytes >= (int64_t)limits->inbox_bytes)) {
		worker->backpressured = true;
		metrics_refuse(worker->metrics, BOUND_INBOX);
		log_debug("worker %u: publishers are stopped: %" PRId64
			  " posts with %" PRId64 " bytes wait",
			worker->index, waiting.posts, waiting.bytes);
	}
	return worker->backpressured;
}

/* True when publishers were paused and can be read again. */
static bool worker_can_resume_reading(const struct worker *worker)
{
	const struct limits *limits = &worker->config->limits;

	if (!worker->backpressured)
		return false;
	struct waiting waiting = worker_waiting(worker);
	return waiting.posts <= (int64_t)(limits->inbox_posts / 2) &&
	       waiting.bytes <= (int64_t)(limits->inbox_bytes / 2);
}

static void worker_resume_reading(struct worker *worker)
{
	if (!worker_can_resume_reading(worker))
		return;
	worker->backpressured = false;
	log_debug("worker %u: publishers are read again", worker->index);
	if (worker->edge != NULL)
		worker->edge_ops->resume_reading(worker->edge);
}

/*
 * Adds a change to a number that the workers share. True when the number fell to half
 * of `most`.
 */
static bool worker_tell(_Atomic int64_t *number, int64_t *change, uint64_t most)
{
	int64_t half = (int64_t)(most / 2), before, by = *change;

	if (by == 0)
		return false;
	*change = 0;
	before = atomic_fetch_add(number, by);
	return before > half && before + by <= half;
}

/*
 * Called before the posts are handed over, so that the shared numbers are never too
 * low: they decide whether the workers are at rest.
 */
static void worker_tell_workers(struct worker *worker)
{
	const struct limits *limits = &worker->config->limits;
	struct workers *workers = worker->workers;
	int64_t busy = (int64_t)(worker->live_sessions + worker->owing);
	int64_t change = worker->posts + busy - worker->busy_told;

	bool posts = worker_tell(&workers->posts, &worker->posts, limits->inbox_posts);
	bool bytes = worker_tell(&workers->bytes, &worker->bytes, limits->inbox_bytes);
	if (posts || bytes) {
		for (unsigned i = 0; i < workers->count; i++)
			loop_wake(workers->all[i]->loop);
	}
	worker->busy_told = busy;
	if ((change != 0 || worker->stopping) &&
		atomic_fetch_add(&workers->busy, change) + change == 0 &&
		worker->stopping)
		workers_end(workers);
}

static void worker_send_batches(struct worker *worker)
{
	for (unsigned i = 0; i < worker->workers->count; i++) {
		struct worker *other = worker->workers->all[i];

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

void worker_begin_reading(struct worker *worker)
{
	worker->reading_over = 0;
}

bool worker_reading_is_over(struct worker *worker)
{
	const uint64_t now = loop_clock();

	if (worker->reading_over == 0)
		worker->reading_over = now + worker->reading_ns;
	return now >= worker->reading_over;
}

static void worker_run_posts(struct worker *worker)
{
	inbox_collect(&worker->inbox);
	for (worker->spent = 0; worker->spent < worker->work_per_turn &&
				list_is_empty(&worker->flush_first);
		worker->spent++) {
		struct post *post = worker_take_post(worker);

		if (post == NULL)
			return;
		post->run(worker, post);
	}
}

static void worker_turn_residents(struct worker *worker)
{
	list_for_each (link, &worker->residents) {
		struct resident *resident = container_of(link, struct resident, link);

		if (resident->ops->turn != NULL)
			resident->ops->turn(resident);
	}
}

/* True when a resident has work left. */
static bool worker_end_turn(struct worker *worker)
{
	bool more = false;

	list_for_each (link, &worker->residents) {
		struct resident *resident = container_of(link, struct resident, link);

		if (resident->ops->end_turn != NULL &&
			resident->ops->end_turn(resident))
			more = true;
	}
	return more;
}

static bool worker_turn(void *context)
{
	struct worker *worker = context;
	bool more = false;

	worker->turn_over = loop_clock() + worker->turn_ns;
	worker_begin_reading(worker);
	worker_run_posts(worker);
	worker_resume_reading(worker);
	worker_turn_residents(worker);
	if (worker->edge != NULL && !worker->killed)
		more = worker->edge_ops->turn(worker->edge);
	if (worker_end_turn(worker))
		more = true;
	worker_tell_workers(worker);
	worker_send_batches(worker);
	worker_begin_reading(worker);
	if (atomic_load_explicit(&worker->workers->ended, memory_order_relaxed))
		loop_stop(worker->loop);
	return more || !inbox_is_empty(&worker->inbox) ||
	       worker_can_resume_reading(worker);
}

/* Life. */

static void worker_on_stop_timer(struct timer *timer)
{
	struct worker *worker = container_of(timer, struct worker, stop_timer);

	loop_stop(worker->loop);
}

struct worker *worker_create(struct workers *workers, unsigned index, unsigned count)
{
	struct loop *loop = loop_create();
	if (loop == NULL)
		return NULL;

	struct worker *worker = xcalloc(1, sizeof(*worker));
	worker->workers = workers;
	worker->index = index;
	worker->config = config_ref(workers->config);
	worker->key = workers->key;
	worker->loop = loop;
	worker->metrics = metrics_create(workers->metrics_endpoints);
	worker->batches = xcalloc(count, sizeof(*worker->batches));
	worker->work_per_turn = WORK_PER_TURN;
	worker->turn_ns = TURN_NS;
	worker->reading_ns = READING_NS;
	worker->stop_timer.fire = worker_on_stop_timer;
	inbox_init(&worker->inbox);
	names_init(&worker->names, &worker->key, index);
	list_init(&worker->residents);
	list_init(&worker->flush_first);
	list_init(&worker->broadcast);
	loop_share_standstill(loop, workers->standstill, index);
	loop_on_turn(loop, worker_turn, worker);
	return worker;
}

void worker_add_resident(struct worker *worker, struct resident *resident)
{
	list_append(&worker->residents, &resident->link);
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
	worker->configured++;
	config_unref(before);
}

void worker_stop(struct worker *worker)
{
	worker->stopping = true;
	list_for_each (link, &worker->residents) {
		struct resident *resident = container_of(link, struct resident, link);

		if (resident->ops->stop != NULL)
			resident->ops->stop(resident);
	}
	loop_timer_start(
		worker->loop, &worker->stop_timer, worker->config->times.drain);
}

void worker_kill(struct worker *worker)
{
	/* The edge accepts nothing more: peers could keep it busy for ever. */
	worker->stopping = worker->killed = true;
	loop_timer_stop(worker->loop, &worker->stop_timer);
	list_for_each (link, &worker->residents) {
		struct resident *resident = container_of(link, struct resident, link);

		if (resident->ops->kill != NULL)
			resident->ops->kill(resident);
	}
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
	for (struct list *link; (link = list_take_first(&worker->residents)) != NULL;) {
		struct resident *resident = container_of(link, struct resident, link);

		if (resident->ops->destroy != NULL)
			resident->ops->destroy(resident);
	}
	loop_destroy(worker->loop);
	names_finish(&worker->names);
	stomp_spare_finish(&worker->spare);
	metrics_destroy(worker->metrics);
	config_unref(worker->config);
	free(worker->batches);
	free(worker);
}
