/*
 * All workers together: how they start, run and end, and what they share. Tests of the
 * end run real threads. A lost wake-up, or an end that does not come, runs into the
 * test's timeout.
 */
#include "gateway/worker/workers.h"

#include "gateway/config/config.h"
#include "protocol/xmalloc.h"
#include "tests/support/memory_outlet.h"
#include "tests/support/still_workers.h"
#include "tests/support/unit.h"

#include <pthread.h>
#include <signal.h>

enum { WORKERS_MOST = 3 };

static const unsigned counts[] = {1, 2, 3};

static struct workers *workers;
static struct memory_outlet deaf;

/* An edge that records its calls, and publishes as long as it may. */

struct edge {
	struct worker *worker;
	struct buf told;
	int left; /* posts still to make: its worker owes them */
};

static struct edge edges[WORKERS_MOST];
static struct buf created; /* the order of their workers */
static int broken;         /* the index of the worker that gets no edge; -1: none */

static struct edge *edge_create(struct worker *worker)
{
	struct edge *edge = &edges[worker->index];

	buf_printf(&created, "%u ", worker->index);
	if ((int)worker->index == broken)
		return NULL;
	edge->worker = worker;
	return edge;
}

static void publish(struct edge *edge);

static bool edge_turn(struct edge *edge)
{
	publish(edge);
	return false;
}

static void edge_resume_reading(struct edge *edge)
{
	buf_append(&edge->told, SLICE("relieve "));
}

static void edge_destroy(struct edge *edge)
{
	buf_append(&edge->told, SLICE("destroy "));
	edge->worker = NULL;
}

static const struct edge_ops edge_ops = {
	.create = edge_create,
	.turn = edge_turn,
	.resume_reading = edge_resume_reading,
	.destroy = edge_destroy,
};

#define assert_told(index, expected)                                                   \
	do {                                                                           \
		struct buf *told_ = &edges[index].told;                                \
		ck_assert_slice_eq(buf_slice(told_), slice_of(expected));              \
		buf_clear(told_);                                                      \
	} while (0)

static void begin(unsigned count, const char *members)
{
	workers = still_workers_create_of(count, members);
	ck_assert_int_eq(workers_start(workers, &edge_ops), 0);
}

static void setup(void)
{
	broken = -1;
}

static void teardown(void)
{
	still_workers_destroy(workers);
	for (unsigned i = 0; i < WORKERS_MOST; i++)
		buf_finish(&edges[i].told);
	buf_finish(&created);
	memory_outlet_finish(&deaf); /* it may have had a session until now */
}

/* Posts that go from worker to worker */

struct errand {
	struct post post;
	unsigned hops; /* that are left */
	size_t amount; /* of work */
	void (*at_last)(struct worker *worker);
};

static _Atomic unsigned done; /* how often an errand has run */

static void errand_send(struct worker *worker, unsigned to, const struct errand *like);

static void errand_run(struct worker *worker, struct post *post)
{
	struct errand *errand = container_of(post, struct errand, post);

	atomic_fetch_add(&done, 1);
	worker_spend(worker, errand->amount);
	if (errand->hops > 0) {
		errand->hops--;
		errand_send(
			worker, (worker->index + 1) % worker->workers->count, errand);
	} else if (errand->at_last != NULL) {
		errand->at_last(worker);
	}
	free(errand);
}

static void errand_send(struct worker *worker, unsigned to, const struct errand *like)
{
	struct errand *errand = xmalloc(sizeof(*errand));

	*errand = *like;
	errand->post = (struct post){.size = sizeof(*errand), .run = errand_run};
	worker_post(worker, to, &errand->post);
}

static void publish(struct edge *edge)
{
	struct worker *worker = edge->worker;

	while (edge->left > 0 && !worker_apply_backpressure(worker)) {
		unsigned to = (unsigned)--edge->left % worker->workers->count;

		errand_send(worker, to, &(struct errand){.hops = 0});
	}
	worker->owing = edge->left > 0;
}

static void stop(struct worker *worker)
{
	workers_stop(worker->workers);
}

static void end(struct worker *worker)
{
	workers_end(worker->workers);
}

static void assert_at_rest(void)
{
	ck_assert_int_eq(atomic_load(&workers->posts), 0);
	ck_assert_int_eq(atomic_load(&workers->bytes), 0);
	ck_assert_int_eq(atomic_load(&workers->busy), 0);
}

/* Starting */

START_TEST(every_worker_has_its_edge_and_the_first_comes_last)
{
	begin(3, "");
	ck_assert_slice_eq(buf_slice(&created), SLICE("2 1 0 "));
	for (unsigned i = 0; i < 3; i++)
		ck_assert_ptr_eq(edges[i].worker, workers->all[i]);
	workers_destroy(NULL);
}
END_TEST

START_TEST(one_edge_that_cannot_be_made_is_no_start)
{
	broken = 1;
	workers = still_workers_create_of(3, "");
	ck_assert_int_eq(workers_start(workers, &edge_ops), -1);
	ck_assert_slice_eq(buf_slice(&created), SLICE("2 1 "));
}
END_TEST

START_TEST(the_end_of_a_workers_ends_each_edge_once)
{
	begin(3, "");
	still_workers_destroy(workers);
	for (unsigned i = 0; i < 3; i++)
		assert_told(i, "destroy ");
	workers = still_workers_create_of(1, "");
}
END_TEST

START_TEST(a_workers_settles_when_no_post_is_left)
{
	begin(counts[_i], "");
	errand_send(workers->all[0], counts[_i] - 1, &(struct errand){.hops = 100});
	workers_settle(workers);
	ck_assert_uint_eq(done, 101);
	assert_at_rest();
}
END_TEST

static void check_signals(struct worker *worker)
{
	sigset_t mask;

	pthread_sigmask(SIG_SETMASK, NULL, &mask);
	ck_assert_int_eq(sigismember(&mask, SIGTERM), worker->index != 0);
}

START_TEST(only_the_first_worker_is_interrupted_by_signals)
{
	begin(3, "");
	for (unsigned i = 0; i < 3; i++)
		errand_send(
			workers->all[0], i, &(struct errand){.at_last = check_signals});
	workers_stop(workers);
	ck_assert_int_eq(workers_run(workers), 0);
	ck_assert_uint_eq(done, 3);
	check_signals(workers->all[0]); /* afterwards as before */
}
END_TEST

/* Stopping */

START_TEST(a_stop_ends_a_workers_that_has_nothing_to_do)
{
	begin(counts[_i], "'times': {'drain': 60000}");
	workers_stop(workers);
	ck_assert_int_eq(workers_run(workers), 0);
	assert_at_rest();
}
END_TEST

START_TEST(a_stop_may_come_when_all_sleep)
{
	begin(counts[_i], "'times': {'drain': 60000}");
	still_workers_settle(workers);
	errand_send(workers->all[0], 0, &(struct errand){.hops = 30, .at_last = stop});
	ck_assert_int_eq(workers_run(workers), 0);
}
END_TEST

START_TEST(a_stop_closes_the_sessions_of_all_workers)
{
	struct memory_outlet outlets[WORKERS_MOST] = {0};

	begin(counts[_i], "'times': {'drain': 60000}");
	for (unsigned i = 0; i < counts[_i]; i++) {
		outlets[i].wire = WIRE_SOCKJS;
		memory_outlet_attach(
			&outlets[i], still_workers_open(workers->all[i], "/echo",
					     SESSION_SOCKJS, "id"));
	}
	workers_stop(workers);
	ck_assert_int_eq(workers_run(workers), 0);
	for (unsigned i = 0; i < counts[_i]; i++) {
		ck_assert_str_eq(
			memory_outlet_got(&outlets[i]), "o c[1001,\"Going away\"]");
		memory_outlet_finish(&outlets[i]);
	}
	assert_at_rest();
	ck_assert_uint_eq(atomic_load(&workers->sessions), 0);
}
END_TEST

START_TEST(a_stop_waits_for_all_posts_on_their_way)
{
	enum { CHAINS = 20, HOPS = 500 };

	begin(counts[_i], "'times': {'drain': 60000}");
	for (unsigned i = 0; i < CHAINS; i++)
		errand_send(workers->all[i % counts[_i]], i / 2 % counts[_i],
			&(struct errand){.hops = HOPS - 1});
	workers_stop(workers);
	ck_assert_int_eq(workers_run(workers), 0);
	ck_assert_uint_eq(done, CHAINS * HOPS);
	assert_at_rest();
}
END_TEST

/* A session of the last worker whose peer does not read. */
static void open_deaf(void)
{
	deaf = (struct memory_outlet){.wire = WIRE_SOCKJS, .blocked = true};
	memory_outlet_attach(&deaf, still_workers_open(workers->all[workers->count - 1],
					    "/echo", SESSION_SOCKJS, "id"));
}

START_TEST(a_stop_ends_when_the_drain_is_over)
{
	begin(counts[_i], "'times': {'drain': 60000, 'linger': 120000}");
	open_deaf();
	workers_stop(workers);
	still_workers_advance(workers, 59999);
	ck_assert(!atomic_load(&workers->ended));
	ck_assert_int_eq(atomic_load(&workers->busy), 1);
	still_workers_advance(workers, 1);
	ck_assert_int_eq(workers_run(workers), 0);
	ck_assert_uint_eq(atomic_load(&workers->sessions), 1);
}
END_TEST

START_TEST(a_second_stop_ends_at_once)
{
	begin(counts[_i], "'times': {'drain': 60000, 'linger': 120000}");
	open_deaf();
	workers_stop(workers);
	still_workers_settle(workers);
	ck_assert(!atomic_load(&workers->ended));
	workers_stop(workers);
	ck_assert(atomic_load(&workers->ended));
	ck_assert_int_eq(workers_run(workers), 0);
}
END_TEST

START_TEST(any_worker_can_end_all)
{
	begin(counts[_i], "");
	errand_send(workers->all[0], counts[_i] - 1, &(struct errand){.at_last = end});
	ck_assert_int_eq(workers_run(workers), 0);
	ck_assert(!workers->stopping);
	assert_told(0, "");
}
END_TEST

/* Flow control */

/* Worker 0 has posted so much to worker 1 that no publisher may continue. */
static void begin_full(void)
{
	begin(3, "'limits': {'inbox_posts': 4}");
	workers->all[1]->work_per_turn = 1;
	for (int i = 0; i < 6; i++)
		errand_send(workers->all[0], 1, &(struct errand){0});
	loop_turn(workers->all[0]->loop);
	ck_assert_int_eq(atomic_load(&workers->posts), 6);
}

START_TEST(publishers_of_all_workers_are_held)
{
	begin_full();
	for (unsigned i = 0; i < 3; i++)
		ck_assert(worker_apply_backpressure(workers->all[i]));
}
END_TEST

START_TEST(a_worker_sees_what_it_posts_itself_before_the_others_do)
{
	begin(3, "'limits': {'inbox_posts': 4}");
	for (int i = 0; i < 4; i++) {
		ck_assert(!worker_apply_backpressure(workers->all[0]));
		errand_send(workers->all[0], 1, &(struct errand){0});
	}
	ck_assert(worker_apply_backpressure(workers->all[0]));
	ck_assert(!worker_apply_backpressure(workers->all[1]));
	loop_turn(workers->all[0]->loop);
	ck_assert(worker_apply_backpressure(workers->all[1]));
	ck_assert(worker_apply_backpressure(workers->all[2]));
}
END_TEST

START_TEST(publishers_of_all_workers_are_relieved_at_half)
{
	begin_full();
	for (unsigned i = 0; i < 3; i++)
		worker_apply_backpressure(workers->all[i]);
	for (int left = 5; left >= 2; left--) {
		loop_turn(workers->all[1]->loop);
		loop_turn(workers->all[0]->loop);
		loop_turn(workers->all[2]->loop);
		ck_assert_int_eq(atomic_load(&workers->posts), left);
		for (unsigned i = 0; i < 3; i++) {
			ck_assert(worker_apply_backpressure(workers->all[i]) ==
				  (left > 2));
			assert_told(i, left > 2 ? "" : "relieve ");
		}
	}
	still_workers_settle(workers);
	for (unsigned i = 0; i < 3; i++)
		assert_told(i, "");
	ck_assert_uint_eq(done, 6);
	assert_at_rest();
}
END_TEST

START_TEST(who_asks_late_is_held_as_long_as_much_waits)
{
	begin_full();
	loop_turn(workers->all[1]->loop);
	loop_turn(workers->all[1]->loop);
	ck_assert(worker_apply_backpressure(workers->all[0]));
	loop_turn(workers->all[1]->loop); /* three: below the mark, above its half */
	ck_assert(worker_apply_backpressure(workers->all[0]));
	ck_assert(!worker_apply_backpressure(workers->all[2]));
}
END_TEST

START_TEST(bytes_hold_publishers_of_all_workers_too)
{
	begin(3, "'limits': {'inbox_bytes': 65536}");
	for (unsigned i = 0; i < 2; i++) {
		struct errand *errand = xcalloc(1, sizeof(*errand));

		errand->post = (struct post){.size = 40000, .run = errand_run};
		ck_assert(!worker_apply_backpressure(workers->all[2]));
		worker_post(workers->all[i], 1, &errand->post);
		loop_turn(workers->all[0]->loop);
	}
	ck_assert(!worker_apply_backpressure(workers->all[2]));
	ck_assert(worker_apply_backpressure(
		workers->all[1])); /* one of them is its own */
	still_workers_settle(workers);
	assert_told(1, "relieve ");
	assert_told(2, "");
	assert_at_rest();
}
END_TEST

START_TEST(publishers_that_are_held_are_all_woken_again)
{
	enum { EACH = 5000 };

	begin(counts[_i], "'limits': {'inbox_posts': 16}, 'times': {'drain': 60000}");
	for (unsigned i = 0; i < counts[_i]; i++) {
		workers->all[i]->owing = 1;
		workers->all[i]->work_per_turn = 1 + i;
		edges[i].left = EACH;
	}
	workers_stop(workers);
	ck_assert_int_eq(workers_run(workers), 0);
	for (unsigned i = 0; i < counts[_i]; i++)
		ck_assert_int_eq(edges[i].left, 0);
	ck_assert_uint_eq(done, EACH * counts[_i]);
	assert_at_rest();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("workers");
	TCase *starting = unit_case(suite, "starting");
	TCase *stopping = unit_case(suite, "stopping");
	TCase *flow = unit_case(suite, "flow control");

	tcase_add_checked_fixture(starting, setup, teardown);
	tcase_add_test(starting, every_worker_has_its_edge_and_the_first_comes_last);
	tcase_add_test(starting, one_edge_that_cannot_be_made_is_no_start);
	tcase_add_test(starting, the_end_of_a_workers_ends_each_edge_once);
	unit_add_table(starting, a_workers_settles_when_no_post_is_left, counts);
	tcase_add_test(starting, only_the_first_worker_is_interrupted_by_signals);

	tcase_add_checked_fixture(stopping, setup, teardown);
	unit_add_table(stopping, a_stop_ends_a_workers_that_has_nothing_to_do, counts);
	unit_add_table(stopping, a_stop_may_come_when_all_sleep, counts);
	unit_add_table(stopping, a_stop_closes_the_sessions_of_all_workers, counts);
	unit_add_table(stopping, a_stop_waits_for_all_posts_on_their_way, counts);
	unit_add_table(stopping, a_stop_ends_when_the_drain_is_over, counts);
	unit_add_table(stopping, a_second_stop_ends_at_once, counts);
	unit_add_table(stopping, any_worker_can_end_all, counts);

	tcase_add_checked_fixture(flow, setup, teardown);
	tcase_add_test(flow, publishers_of_all_workers_are_held);
	tcase_add_test(flow, a_worker_sees_what_it_posts_itself_before_the_others_do);
	tcase_add_test(flow, publishers_of_all_workers_are_relieved_at_half);
	tcase_add_test(flow, who_asks_late_is_held_as_long_as_much_waits);
	tcase_add_test(flow, bytes_hold_publishers_of_all_workers_too);
	unit_add_table(flow, publishers_that_are_held_are_all_woken_again, counts);
	return unit_run(suite);
}
