#include "gateway/worker/workers.h"

#include "gateway/base/log.h"
#include "gateway/base/standstill.h"
#include "gateway/config/config.h"
#include "gateway/worker/account.h"
#include "gateway/worker/address_limits.h"
#include "gateway/worker/metrics_endpoints.h"
#include "gateway/worker/worker.h"
#include "protocol/xmalloc.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The rates that `before` (NULL: none) does not have. Nobody waits by an old one. */
static void workers_begin_rates(struct workers *workers, const struct config *config,
	const struct config *before)
{
	static const struct rate none = {.messages = 0};

	for (unsigned i = 0; i < RATES_MAX; i++) {
		const struct rate *rate = &config->rates[i];
		const struct rate *old = before == NULL ? &none : &before->rates[i];

		if (rate->messages > 0 &&
			(rate->messages != old->messages || rate->per != old->per ||
				rate->burst != old->burst))
			accounts_begin_rate(workers->accounts, i);
	}
}

struct workers *workers_create(
	const struct config *config, const struct hash_key *key, unsigned count)
{
	struct workers *workers = xcalloc(1, sizeof(*workers));

	workers->metrics_endpoints = metrics_endpoints_create(config);
	workers->config = config_ref(config);
	workers->key = *key;
	workers->accounts = accounts_create(key);
	workers_begin_rates(workers, config, NULL);
	workers->address_limits = address_limits_create(key);
	atomic_store(&workers->configured_at, (int64_t)time(NULL));
	workers->standstill = standstill_create(count);
	workers->all = xcalloc(count, sizeof(struct worker *));
	for (; workers->count < count; workers->count++) {
		struct worker *worker = worker_create(workers, workers->count, count);

		if (worker == NULL) {
			workers_destroy(workers);
			return NULL;
		}
		workers->all[workers->count] = worker;
	}
	return workers;
}

int workers_start(struct workers *workers, const struct edge_ops *ops)
{
	/*
	 * Worker 0 starts last: it listens, and all other workers must be ready to
	 * serve.
	 */
	for (unsigned i = workers->count; i-- > 0;) {
		if (worker_start(workers->all[i], ops) == -1)
			return -1;
	}
	return 0;
}

static void *workers_run_worker(void *worker)
{
	worker_run(worker);
	return NULL;
}

/* Only worker 0, which stays on this thread, takes signals. */
static int workers_create_thread(pthread_t *thread, struct worker *worker)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int error = pthread_create(thread, NULL, workers_run_worker, worker);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return error;
}

int workers_run(struct workers *workers)
{
	pthread_t *threads = xcalloc(workers->count, sizeof(*threads));
	unsigned running = 1;
	int error = 0;

	for (; running < workers->count && error == 0; running += error == 0)
		error = workers_create_thread(&threads[running], workers->all[running]);
	if (error == 0) {
		worker_run(workers->all[0]);
	} else {
		log_error("workers: no thread for worker %u: %s", running,
			strerror(error));
		workers_end(workers);
	}
	while (--running > 0)
		pthread_join(threads[running], NULL);
	free(threads);
	return error == 0 ? 0 : -1;
}

static void workers_stop_run(struct worker *worker, struct post *post)
{
	free(post);
	worker_stop(worker);
}

void workers_stop(struct workers *workers)
{
	if (workers->stopping) {
		workers_end(workers);
		return;
	}
	workers->stopping = true;
	for (unsigned i = 0; i < workers->count; i++) {
		struct post *post = xcalloc(1, sizeof(*post));

		post->run = workers_stop_run;
		worker_post(workers->all[0], i, post);
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

void workers_configure(struct workers *workers, const struct config *config)
{
	const struct config *before = workers->config;

	workers_begin_rates(workers, config, before);

	atomic_store(&workers->reload_failed, false);
	atomic_store(&workers->configured_at, (int64_t)time(NULL));
	workers->config = config_ref(config);
	config_unref(before);
	metrics_endpoints_add(workers->metrics_endpoints, config);
	for (unsigned i = 0; i < workers->count; i++) {
		struct configure_post *telling = xcalloc(1, sizeof(*telling));

		telling->post.run = configure_run;
		telling->config = config_ref(config);
		worker_post(workers->all[0], i, &telling->post);
	}
}

void workers_refuse_reload(struct workers *workers)
{
	atomic_store(&workers->reload_failed, true);
}

void workers_end(struct workers *workers)
{
	atomic_store(&workers->ended, true);
	for (unsigned i = 0; i < workers->count; i++)
		loop_wake(workers->all[i]->loop);
}

void workers_settle(struct workers *workers)
{
	do {
		for (unsigned i = 0; i < workers->count; i++)
			loop_advance(workers->all[i]->loop, 0);
	} while (atomic_load(&workers->posts) > 0);
}

void workers_destroy(struct workers *workers)
{
	if (workers == NULL)
		return;
	for (unsigned i = 0; i < workers->count; i++)
		worker_kill(workers->all[i]);
	workers_settle(workers);
	for (unsigned i = 0; i < workers->count; i++)
		worker_drop_edge(workers->all[i]);
	workers_settle(workers);
	for (unsigned i = 0; i < workers->count; i++)
		worker_destroy(workers->all[i]);
	accounts_destroy(workers->accounts);
	standstill_destroy(workers->standstill);
	address_limits_destroy(workers->address_limits);
	config_unref(workers->config);
	metrics_endpoints_destroy(workers->metrics_endpoints);
	free(workers->all);
	free(workers);
}

bool workers_take(_Atomic uint64_t *counter, uint64_t most)
{
	if (atomic_fetch_add(counter, 1) < most || most == 0)
		return true;
	atomic_fetch_sub(counter, 1);
	return false;
}

void workers_give(_Atomic uint64_t *counter)
{
	atomic_fetch_sub(counter, 1);
}
