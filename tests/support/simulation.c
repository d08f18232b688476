#include "tests/support/simulation.h"

#include "gateway/base/loop_internal.h"
#include "gateway/config/config.h"
#include "tests/support/simulation_internal.h"
#include "tests/support/still_workers.h"
#include "tests/support/unit.h"

#include <poll.h>

/* The present simulation: wakes come from inside of the core. */
static struct simulation *playing;

/* Workers. */

static void turn(struct simulation *sim, unsigned index)
{
	struct worker *worker = sim->workers->all[index];

	worker->work_per_turn =
		percent(sim, sim->weather.brisk) ? 16384 : 1 + below(sim, 8);
	/* The clock stands still, so a turn's time is over immediately, or never. */
	worker->turn_ns = percent(sim, 70) ? 0 : 1;
	sim->touched[index] = false;
	sim->running[index] = true;
	loop_turn(worker->loop);
	sim->running[index] = false;
	sim->gone[index] = atomic_load(&sim->workers->ended);
}

/* The linker sends every wake here (CMakeLists.txt). */
void __real_loop_wake(struct loop *loop);
void __wrap_loop_wake(struct loop *loop);

void __wrap_loop_wake(struct loop *loop)
{
	struct simulation *sim = playing;

	__real_loop_wake(loop);
	if (sim == NULL)
		return;
	/* A wake in the middle of a turn is taken at its end: there must be another. */
	for (unsigned i = 0; i < sim->workers->count; i++) {
		if (sim->workers->all[i]->loop == loop && sim->running[i])
			sim->touched[i] = true;
	}
	if (!percent(sim, sim->weather.interrupted))
		return;
	for (unsigned i = 0; i < sim->workers->count; i++) {
		if (sim->workers->all[i]->loop == loop && !sim->running[i]) {
			witness_trace(&sim->witness, "worker %u at once", i);
			turn(sim, i);
			simulation_check_told(sim);
		}
	}
}

/* True when a thread that waits in this loop would wake up. */
static bool can_run(const struct simulation *sim, unsigned index)
{
	const uv_loop_t *loop = &sim->workers->all[index]->loop->uv;
	struct pollfd woken = {uv_backend_fd(loop), POLLIN, 0};

	return !sim->gone[index] &&
	       (sim->touched[index] || uv_backend_timeout(loop) == 0 ||
		       poll(&woken, 1, 0) == 1);
}

static void hear_all(struct simulation *sim)
{
	for (unsigned i = 0; i < sim->client_count; i++) {
		struct buf *got = &sim->peers[i]->memory.got;

		if (got->len > 0)
			witness_hears(&sim->witness, i, buf_slice(got));
		buf_clear(got);
	}
}

static void pass_time(struct simulation *sim, unsigned milliseconds)
{
	unsigned first = below(sim, sim->workers->count);

	witness_trace(&sim->witness, "%u ms", milliseconds);
	for (unsigned i = 0; i < sim->workers->count; i++) {
		unsigned index = (first + i) % sim->workers->count;

		sim->running[index] = true;
		loop_advance(sim->workers->all[index]->loop, milliseconds);
		sim->running[index] = false;
	}
}

/* An edge that only remembers that it must not read. */

static struct edge *edge_create(struct worker *worker)
{
	return &playing->edges[worker->index];
}

static bool edge_turn(struct edge *edge)
{
	(void)edge;
	return false;
}

static void edge_resume_reading(struct edge *edge)
{
	edge->held = false;
}

static void edge_ignore(struct edge *edge)
{
	(void)edge;
}

static const struct edge_ops edge_ops = {
	.create = edge_create,
	.turn = edge_turn,
	.resume_reading = edge_resume_reading,
	.destroy = edge_ignore,
};

/* Clients. */

struct session *simulation_session(const struct simulation *sim, unsigned client)
{
	return sim->peers[client]->memory.session;
}

bool simulation_is_open(const struct simulation *sim, unsigned client)
{
	struct session *session = simulation_session(sim, client);

	return session != NULL && session_state(session) < SESSION_CLOSING;
}

static void touch(struct simulation *sim, unsigned client)
{
	sim->touched[sim->peers[client]->worker->index] = true;
}

static bool may_read(struct simulation *sim, struct worker *worker)
{
	struct edge *edge = &sim->edges[worker->index];

	if (worker_apply_backpressure(worker))
		edge->held = true;
	if (edge->held)
		return false;
	simulation_check_reader(sim, worker);
	return true;
}

/* One read from a client's socket. */
static void say(struct simulation *sim, unsigned client)
{
	struct worker *worker = sim->peers[client]->worker;
	struct buf bytes = {0};

	if (!simulation_is_open(sim, client) ||
		sim->witness.clients[client].disconnecting ||
		session_is_paused(simulation_session(sim, client)) ||
		!may_read(sim, worker))
		return;
	simulation_write_frames(sim, client, &bytes);
	session_receive(
		simulation_session(sim, client), buf_slice(&bytes), PAYLOAD_TEXT);
	touch(sim, client);
	buf_finish(&bytes);
}

static void open_client(struct simulation *sim)
{
	struct workers *workers = sim->workers;
	struct worker *worker = workers->all[below(sim, workers->count)];
	uint64_t most = workers->config->limits.sessions;

	/*
	 * A worker that stops closes so many in one step, and time stands still for
	 * the others.
	 */
	const unsigned clients = workers->count == 1 ? CLOSED_AT_ONCE : CLIENTS_MAX;

	if (sim->client_count == clients || sim->witness.stopping)
		return;
	if (most > 0 && atomic_load(&workers->sessions) >= most) {
		promise(&sim->witness,
			still_workers_open(worker, "/stomp", SESSION_RAW, "") == NULL,
			"a session too many");
		return;
	}
	unsigned client = sim->client_count++;
	witness_trace(&sim->witness, "client %u at worker %u", client, worker->index);
	still_workers_come_from((unsigned char)(1 + below(sim, 3)));
	sim->peers[client] = stomp_peer_create(worker);
	sim->peers[client]->memory.describe = NULL;
	stomp_peer_mutter(sim->peers[client], "CONNECT{accept-version:1.2}");
	touch(sim, client);
}

static void vanish(struct simulation *sim, unsigned client)
{
	struct session *session = simulation_session(sim, client);

	hear_all(sim);
	if (session == NULL)
		return;
	witness_trace(&sim->witness, "client %u vanishes", client);
	sim->peers[client]->memory.session = NULL;
	session_lost(session, ENDING_INTERRUPTED);
	witness_sees_lost(&sim->witness, client);
	touch(sim, client);
}

/* Its socket is full, or its kernel slow. */
static void slow_down(struct simulation *sim, unsigned client)
{
	struct memory_outlet *memory = &sim->peers[client]->memory;

	witness_trace(&sim->witness, "client %u is slow", client);
	if (percent(sim, 50))
		memory->blocked = true;
	else
		memory->holds = true;
	sim->witness.clients[client].slow = true;
}

static void speed_up(struct simulation *sim, unsigned client)
{
	struct memory_outlet *memory = &sim->peers[client]->memory;

	memory->blocked = memory->holds = false;
	memory_outlet_written(memory);
	memory_outlet_pull(memory);
	touch(sim, client);
}

static void act(struct simulation *sim)
{
	unsigned what = below(sim, 1000);

	if (what < 60 || sim->client_count == 0) {
		open_client(sim);
		return;
	}
	if (what < 65) {
		pass_time(sim, 1 + below(sim, percent(sim, 80) ? 100 : 30000));
		return;
	}
	unsigned client = below(sim, sim->client_count);
	if (what < 80)
		vanish(sim, client);
	else if (what < 80 + sim->weather.slow * 10)
		slow_down(sim, client);
	else if (what < 80 + sim->weather.slow * 30)
		speed_up(sim, client);
	else
		say(sim, client);
}

/* Rest: no worker has work left. */

static void come_to_rest(struct simulation *sim)
{
	for (unsigned turns = 0; turns < REST_TURNS; turns++) {
		unsigned runners[WORKERS_MOST], count = 0;

		for (unsigned i = 0; i < sim->workers->count; i++) {
			if (can_run(sim, i))
				runners[count++] = i;
		}
		if (count == 0)
			return;
		turn(sim, runners[below(sim, count)]);
		hear_all(sim);
		simulation_check_numbers(sim);
	}
	witness_fail(&sim->witness, "there is no rest");
}

static void rest(struct simulation *sim)
{
	come_to_rest(sim);
	hear_all(sim);
	simulation_check_sleepers(sim);
	if (!sim->witness.stopping)
		simulation_check_brokers(sim);
	for (unsigned i = 0; i < sim->client_count; i++) {
		const struct memory_outlet *memory = &sim->peers[i]->memory;

		if (!memory->blocked && !memory->holds)
			witness_rests(&sim->witness, i);
	}
}

/* The end of a schedule. */

static void finish(struct simulation *sim)
{
	bool stops = percent(sim, 50);

	if (stops) {
		witness_trace(&sim->witness, "stop");
		sim->witness.stopping = true;
		workers_stop(sim->workers);
		sim->touched[0] = true;
	}
	for (unsigned i = 0; i < sim->client_count; i++) {
		speed_up(sim, i);
		if (!stops && percent(sim, 50))
			vanish(sim, i);
		if (percent(sim, 50))
			turn(sim, below(sim, sim->workers->count));
	}
	rest(sim);
	for (unsigned i = 0; i < sim->client_count; i++)
		vanish(sim, i);
	promise(&sim->witness, atomic_load(&sim->workers->ended) == stops,
		stops ? "the workers do not end" : "the workers end by themselves");
	rest(sim);
	simulation_check_nothing_left(sim);
}

/* Its beginning. */

static void choose_weather(struct simulation *sim)
{
	static const unsigned turns[] = {30, 50, 70, 85};

	sim->weather = (struct weather){
		.steps = 50 + below(sim, 300),
		.turns = turns[below(sim, COUNT(turns))],
		.interrupted = below(sim, 3) * 25,
		.slow = below(sim, 3) * 3,
		.brisk = below(sim, 3) * 20,
		.narrow = percent(sim, 75),
		.posts = percent(sim, 60) ? 1 + below(sim, 24) : 0,
		.bytes = percent(sim, 20) ? 100 + below(sim, 3000) : 0,
		.queue = percent(sim, 30) ? 4 + below(sim, 30) : 0,
		.sessions = percent(sim, 20) ? 2 + below(sim, 6) : 0,
		.destinations = percent(sim, 20) ? 1 + below(sim, 3) : 0,
	};
	sim->witness.topics = 1 + below(sim, TOPICS_MAX);
	sim->witness.first_topic = below(sim, 1000);
	sim->witness.queues_run_over = sim->weather.queue > 0;
	sim->witness.destinations_run_out =
		sim->weather.destinations > 0 &&
		sim->weather.destinations < sim->witness.topics;
}

static void write_limit(struct buf *json, const char *name, unsigned value)
{
	if (value > 0)
		buf_printf(json, "'%s': %u, ", name, value);
}

static void create_workers(struct simulation *sim)
{
	const struct weather *weather = &sim->weather;
	struct buf json = {0};

	buf_append(&json, SLICE("'limits': {"));
	write_limit(&json, "inbox_posts", weather->posts);
	write_limit(&json, "inbox_bytes", weather->bytes);
	write_limit(&json, "queue_messages", weather->queue);
	write_limit(&json, "sessions", weather->sessions);
	write_limit(&json, "destinations", weather->destinations);
	buf_append(&json, SLICE("'share': 100, 'headers': 64}, 'app': {'routes': ["
				"{'match': '/app/{n}', 'send_to': '/topic/{n}'},"
				"{'match': '/app/all', 'send_to': ["));
	for (unsigned i = 0; i < sim->witness.topics; i++)
		buf_printf(&json, "%s'/topic/%u'", i > 0 ? ", " : "",
			sim->witness.first_topic + i);
	buf_append(&json, SLICE("]}]}"));
	buf_append_char(&json, '\0');
	witness_trace(&sim->witness, "%s", json.data);
	sim->workers = still_workers_create_of(
		WORKERS_LEAST + below(sim, WORKERS_MOST - WORKERS_LEAST + 1),
		json.data);
	buf_finish(&json);
	ck_assert_int_eq(workers_start(sim->workers, &edge_ops), 0);
	if (weather->narrow)
		still_workers_narrow(sim->workers, &sim->chance);
}

static void destroy(struct simulation *sim)
{
	for (unsigned i = 0; i < sim->client_count; i++)
		stomp_peer_destroy(sim->peers[i]);
	still_workers_destroy(sim->workers);
	witness_finish(&sim->witness);
}

struct simulation_result simulation_play(uint64_t seed, bool trace)
{
	struct simulation sim = {.chance = {seed}};
	struct simulation_result result;

	witness_init(&sim.witness, seed);
	sim.witness.trace = trace;
	playing = &sim;
	choose_weather(&sim);
	create_workers(&sim);
	for (unsigned i = 0; i < sim.workers->count; i++)
		turn(&sim, i);
	for (; sim.witness.step < sim.weather.steps; sim.witness.step++) {
		if (percent(&sim, sim.weather.turns))
			turn(&sim, below(&sim, sim.workers->count));
		else
			act(&sim);
		hear_all(&sim);
		simulation_check_numbers(&sim);
		if (percent(&sim, 1))
			rest(&sim);
	}
	finish(&sim);
	playing = NULL;
	result =
		(struct simulation_result){sim.witness.digest, sim.witness.heard_count};
	destroy(&sim);
	return result;
}
