#include "gateway/broker/internal.h"
#include "gateway/broker/memory.h"
#include "gateway/config/config.h"
#include "gateway/session/session_internal.h"
#include "tests/support/simulation_internal.h"
#include "tests/support/still_workers.h"
#include "tests/support/unit.h"

#include <inttypes.h>

/* Posts, and the bytes that they keep. */
struct load {
	int64_t posts, bytes;
};

static void add_post(struct load *load, const struct post *post)
{
	load->posts++;
	load->bytes += (int64_t)post->size;
}

static void add_lane_post(const struct post *post, void *load)
{
	add_post(load, post);
}

static void add_posts(struct load *load, const struct post *post)
{
	for (; post != NULL; post = post->next)
		add_post(load, post);
}

static void add_batch(struct load *load, const struct post_batch *batch)
{
	/* The posts after its oldest one are older, and not in the batch. */
	for (const struct post *post = batch->newest; post != NULL;
		post = post == batch->oldest ? NULL : post->next)
		add_post(load, post);
}

/* The real load in inboxes, batches and lanes. */
static struct load count_load(const struct workers *workers)
{
	struct load load = {0, 0};

	for (unsigned i = 0; i < workers->count; i++) {
		const struct worker *worker = workers->all[i];

		lanes_for_each_post(
			&worker->broker->memory->lanes, add_lane_post, &load);
		add_posts(&load, worker->inbox.first);
		add_posts(&load, atomic_load(&worker->inbox.arrived));
		for (unsigned j = 0; j < workers->count; j++)
			add_batch(&load, &worker->batches[j]);
	}
	return load;
}

void simulation_check_told(const struct simulation *sim)
{
	const struct workers *workers = sim->workers;

	promise(&sim->witness, atomic_load(&workers->posts) >= 0,
		"fewer posts than none");
	promise(&sim->witness, atomic_load(&workers->bytes) >= 0,
		"fewer bytes than none");
	promise(&sim->witness, atomic_load(&workers->busy) >= 0, "less than idle");
}

/*
 * Each worker may have filled all inboxes to its bound, as far as it knew. A message
 * becomes one post for each worker and an answer; a leaving client is never paused.
 */
static void check_bound(const struct simulation *sim, int64_t waiting)
{
	const struct workers *workers = sim->workers;
	int64_t most = (int64_t)workers->config->limits.inbox_posts;
	int64_t admitted = workers->count * (most + FRAMES_PER_READ * TOPICS_MAX);

	promise(&sim->witness,
		waiting <= admitted * (workers->count + 1) + CLIENTS_MAX * IDS,
		"%" PRId64 " posts wait, %" PRId64 " may", waiting, most);
}

void simulation_check_numbers(const struct simulation *sim)
{
	const struct workers *workers = sim->workers;
	const struct load load = count_load(workers);
	int64_t posts = atomic_load(&workers->posts),
		bytes = atomic_load(&workers->bytes);
	int64_t busy = atomic_load(&workers->busy), live = 0;

	simulation_check_told(sim);
	check_bound(sim, load.posts);
	for (unsigned i = 0; i < workers->count; i++) {
		const struct worker *worker = workers->all[i];

		posts += worker->posts;
		bytes += worker->bytes;
		live += (int64_t)worker->live_sessions;
		busy += worker->posts + (int64_t)worker->live_sessions -
			worker->busy_told;
	}
	promise(&sim->witness, posts == load.posts,
		"%" PRId64 " posts wait, not %" PRId64, load.posts, posts);
	promise(&sim->witness, bytes == load.bytes,
		"%" PRId64 " bytes wait, not %" PRId64, load.bytes, bytes);
	promise(&sim->witness, busy == load.posts + live,
		"%" PRId64 " posts and %" PRId64 " sessions make no %" PRId64,
		load.posts, live, busy);
	promise(&sim->witness, atomic_load(&workers->sessions) == (uint64_t)live,
		"%" PRId64 " sessions are counted wrong", live);
	promise(&sim->witness,
		atomic_load(&workers->destinations) == still_workers_topics(workers),
		"%zu topics are counted wrong", still_workers_topics(workers));
	promise(&sim->witness, !atomic_load(&workers->ended) || load.posts + live == 0,
		"the end came too early");
}

void simulation_check_reader(const struct simulation *sim, const struct worker *worker)
{
	const struct limits *limits = &worker->config->limits;
	struct workers *workers = worker->workers;
	int64_t posts = atomic_load(&workers->posts) + worker->posts;
	int64_t bytes = atomic_load(&workers->bytes) + worker->bytes;

	promise(&sim->witness,
		posts < (int64_t)limits->inbox_posts &&
			bytes < (int64_t)limits->inbox_bytes,
		"worker %u reads too much", worker->index);
}

void simulation_check_sleepers(const struct simulation *sim)
{
	for (unsigned i = 0; i < sim->workers->count; i++) {
		const struct worker *worker = sim->workers->all[i];

		promise(&sim->witness, inbox_is_empty(&worker->inbox),
			"worker %u sleeps over its inbox", i);
		promise(&sim->witness, worker->broker->memory->lanes.posts == 0,
			"worker %u sleeps over its lanes", i);
		promise(&sim->witness, worker->broker->credits.waiting.count == 0,
			"worker %u lets participants wait for ever", i);
		promise(&sim->witness,
			atomic_load(&worker->broker->window.under_way) == 0,
			"worker %u counts deliveries that are done", i);
		promise(&sim->witness, list_is_empty(&worker->sessions->awake),
			"worker %u sleeps over its sessions", i);
		promise(&sim->witness, list_is_empty(&worker->sessions->answering),
			"worker %u sleeps over its answers", i);
		promise(&sim->witness, !sim->edges[i].held || sim->gone[i],
			"the publishers of worker %u are held for ever", i);
		for (unsigned j = 0; j < sim->workers->count; j++)
			promise(&sim->witness, worker->batches[j].newest == NULL,
				"worker %u keeps its posts", i);
	}
	simulation_check_numbers(sim);
	promise(&sim->witness, count_load(sim->workers).posts == 0, "posts wait");
	promise(&sim->witness,
		atomic_load(&sim->workers->busy) ==
			(int64_t)atomic_load(&sim->workers->sessions),
		"the workers are busy with nothing");
}

/* When destinations run out, a SUBSCRIBE may have failed: there are then fewer. */
static void check_count(
	const struct simulation *sim, const char *what, size_t there, size_t wanted)
{
	const bool may_fail = sim->witness.destinations_run_out;

	promise(&sim->witness, there == wanted || (may_fail && there < wanted),
		"%zu %s, not %zu", there, what, wanted);
}

void simulation_check_brokers(struct simulation *sim)
{
	bool used[TOPICS_MAX] = {false};
	size_t clients = 0, subscriptions = 0, topics = 0, participants = 0;

	for (unsigned i = 0; i < sim->client_count; i++) {
		clients += simulation_is_open(sim, i);
		for (unsigned id = 0; id < IDS && simulation_is_open(sim, i); id++) {
			const struct witness_subscription *one =
				witness_subscription(&sim->witness, i, id);

			if (one == NULL)
				continue;
			subscriptions++;
			topics += !used[one->topic];
			used[one->topic] = true;
		}
	}
	for (unsigned i = 0; i < sim->workers->count; i++)
		/* The sender of its dead letters is no client. */
		participants +=
			sim->workers->all[i]->broker->participants.entries.count - 1;
	promise(&sim->witness, participants == clients, "%zu parties, not %zu",
		participants, clients);
	check_count(sim, "subscriptions", still_workers_subscriptions(sim->workers),
		subscriptions);
	check_count(sim, "topics", still_workers_topics(sim->workers), topics);
}

void simulation_check_nothing_left(const struct simulation *sim)
{
	const struct workers *workers = sim->workers;

	for (unsigned i = 0; i < sim->client_count; i++)
		promise(&sim->witness, sim->witness.clients[i].over,
			"client %u has not ended", i);
	promise(&sim->witness, atomic_load(&workers->sessions) == 0,
		"sessions are left");
	promise(&sim->witness, atomic_load(&workers->destinations) == 0,
		"destinations are left");
	promise(&sim->witness, atomic_load(&workers->segments) == 0,
		"segments of patterns are left");
	promise(&sim->witness,
		still_workers_topics(workers) + still_workers_audiences(workers) +
				still_workers_subscriptions(workers) ==
			0,
		"%zu topics, %zu audiences, %zu subscriptions are left",
		still_workers_topics(workers), still_workers_audiences(workers),
		still_workers_subscriptions(workers));
	for (unsigned i = 0; i < workers->count; i++) {
		promise(&sim->witness,
			workers->all[i]->broker->participants.entries.count == 1,
			"parties are left on worker %u", i);
		promise(&sim->witness, workers->all[i]->names.table.count == 0,
			"names are left on worker %u", i);
	}
}
