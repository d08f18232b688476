#include "gateway/worker/crew.h"

#include "gateway/base/log.h"
#include "gateway/config/config.h"
#include "gateway/worker/census.h"
#include "gateway/worker/crowd.h"
#include "gateway/worker/worker.h"
#include "protocol/xmalloc.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct crew *crew_create(
	const struct config *config, const struct hash_key *key, unsigned count)
{
	struct crew *crew = xcalloc(1, sizeof(*crew));

	crew->census = census_create(config);
	crew->config = config_ref(config);
	crew->key = *key;
	crew->crowd = crowd_create(key);
	atomic_store(&crew->configured_at, (int64_t)time(NULL));
	crew->workers = xcalloc(count, sizeof(struct worker *));
	for (; crew->count < count; crew->count++) {
		struct worker *worker = worker_create(crew, crew->count, count);

		if (worker == NULL) {
			crew_destroy(crew);
			return NULL;
		}
		crew->workers[crew->count] = worker;
	}
	return crew;
}

int crew_start(struct crew *crew, const struct edge_ops *ops)
{
	/* Worker 0 comes last: it listens, and then all are there to serve. */
	for (unsigned i = crew->count; i-- > 0;) {
		if (worker_start(crew->workers[i], ops) == -1)
			return -1;
	}
	return 0;
}

static void *run_worker(void *worker)
{
	worker_run(worker);
	return NULL;
}

/* Signals are worker 0's, which stays on this thread. */
static int create_thread(pthread_t *thread, struct worker *worker)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int error = pthread_create(thread, NULL, run_worker, worker);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return error;
}

int crew_run(struct crew *crew)
{
	pthread_t *threads = xcalloc(crew->count, sizeof(*threads));
	unsigned running = 1;
	int error = 0;

	for (; running < crew->count && error == 0; running += error == 0)
		error = create_thread(&threads[running], crew->workers[running]);
	if (error == 0) {
		worker_run(crew->workers[0]);
	} else {
		log_error(
			"crew: no thread for worker %u: %s", running, strerror(error));
		crew_end(crew);
	}
	while (--running > 0)
		pthread_join(threads[running], NULL);
	free(threads);
	return error == 0 ? 0 : -1;
}

static void stop_run(struct worker *worker, struct post *post)
{
	free(post);
	worker_stop(worker);
}

void crew_stop(struct crew *crew)
{
	if (crew->stopping) {
		crew_end(crew);
		return;
	}
	crew->stopping = true;
	for (unsigned i = 0; i < crew->count; i++) {
		struct post *post = xcalloc(1, sizeof(*post));

		post->run = stop_run;
		worker_post(crew->workers[0], i, post);
	}
}

struct configure_post {
	struct post post;
	const struct config *config; /* held */
};

static void configure_run(struct worker *worker, struct post *post)
{
	struct configure_post *telling =
		container_of(post, struct configure_post, post);

	worker_configure(worker, telling->config);
	config_unref(telling->config);
	free(telling);
}

void crew_configure(struct crew *crew, const struct config *config)
{
	const struct config *before = crew->config;

	atomic_store(&crew->reload_failed, false);
	atomic_store(&crew->configured_at, (int64_t)time(NULL));
	crew->config = config_ref(config);
	config_unref(before);
	census_add(crew->census, config);
	for (unsigned i = 0; i < crew->count; i++) {
		struct configure_post *telling = xcalloc(1, sizeof(*telling));

		telling->post.run = configure_run;
		telling->config = config_ref(config);
		worker_post(crew->workers[0], i, &telling->post);
	}
}

void crew_refuse_reload(struct crew *crew)
{
	atomic_store(&crew->reload_failed, true);
}

void crew_end(struct crew *crew)
{
	atomic_store(&crew->ended, true);
	for (unsigned i = 0; i < crew->count; i++)
		loop_wake(crew->workers[i]->loop);
}

void crew_settle(struct crew *crew)
{
	do {
		for (unsigned i = 0; i < crew->count; i++)
			loop_advance(crew->workers[i]->loop, 0);
	} while (atomic_load(&crew->posts) > 0);
}

void crew_destroy(struct crew *crew)
{
	if (crew == NULL)
		return;
	for (unsigned i = 0; i < crew->count; i++)
		worker_kill(crew->workers[i]);
	crew_settle(crew);
	for (unsigned i = 0; i < crew->count; i++)
		worker_drop_edge(crew->workers[i]);
	crew_settle(crew);
	for (unsigned i = 0; i < crew->count; i++)
		worker_destroy(crew->workers[i]);
	crowd_destroy(crew->crowd);
	config_unref(crew->config);
	census_destroy(crew->census);
	free(crew->workers);
	free(crew);
}

bool crew_take(_Atomic uint64_t *counter, uint64_t most)
{
	if (atomic_fetch_add(counter, 1) < most || most == 0)
		return true;
	atomic_fetch_sub(counter, 1);
	return false;
}

void crew_give(_Atomic uint64_t *counter)
{
	atomic_fetch_sub(counter, 1);
}
