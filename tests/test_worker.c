/* Posts and turns of a worker, its calls of the edge, and its stop. */
/* tags: workers */
#include "gateway/worker/worker.h"

#include "gateway/config/config.h"
#include "gateway/session/session_internal.h"
#include "protocol/xmalloc.h"
#include "tests/support/memory_outlet.h"
#include "tests/support/still_workers.h"
#include "tests/support/unit.h"

enum { WORK_PER_TURN = 100 };

static struct worker *worker;
static struct memory_outlet outlet;

static void begin(const char *members)
{
	worker = still_workers_create(members)->all[0];
	worker->work_per_turn = WORK_PER_TURN;
	outlet = (struct memory_outlet){.wire = WIRE_SOCKJS};
}

static void teardown(void)
{
	still_workers_destroy(worker->workers);
	memory_outlet_finish(&outlet);
}

static void setup(void)
{
	begin("");
}

/* An edge that records its calls. */

struct edge {
	int turns, turns_left;
	struct buf told;
};

static struct edge edge;

static struct edge *edge_create(struct worker *unused)
{
	(void)unused;
	return &edge;
}

static struct edge *edge_fail(struct worker *unused)
{
	(void)unused;
	return NULL;
}

static bool edge_turn(struct edge *self)
{
	self->turns++;
	return self->turns_left-- > 0;
}

static void edge_resume_reading(struct edge *self)
{
	buf_append(&self->told, SLICE("relieve "));
}

static void edge_destroy(struct edge *self)
{
	buf_append(&self->told, SLICE("destroy "));
}

static const struct edge_ops edge_ops = {
	.create = edge_create,
	.turn = edge_turn,
	.resume_reading = edge_resume_reading,
	.destroy = edge_destroy,
};

static void setup_edge(void)
{
	begin("'limits': {'inbox_posts': 4, 'inbox_bytes': 65536}");
	edge = (struct edge){0};
	ck_assert_int_eq(worker_start(worker, &edge_ops), 0);
}

static void teardown_edge(void)
{
	teardown();
	ck_assert(slice_ends_with(buf_slice(&edge.told), SLICE("destroy ")));
	buf_finish(&edge.told);
}

#define assert_edge_told(expected)                                                     \
	do {                                                                           \
		ck_assert_slice_eq(buf_slice(&edge.told), slice_of(expected));         \
		buf_clear(&edge.told);                                                 \
	} while (0)

/* Posts */

struct errand {
	struct post post;
	int number;
	int followers; /* it posts so many, with the numbers after its own */
	size_t amount; /* of work */
};

static struct buf done; /* numbers, a blank after each */
static size_t done_count;
static int depth;

static void post(int number, int followers, size_t amount);

static void errand_run(struct worker *self, struct post *one)
{
	struct errand *errand = container_of(one, struct errand, post);

	ck_assert_ptr_eq(self, worker);
	ck_assert_int_eq(depth++, 0);
	buf_printf(&done, "%d ", errand->number);
	done_count++;
	for (int i = 1; i <= errand->followers; i++)
		post(errand->number * 10 + i, 0, 0);
	worker_spend(worker, errand->amount);
	free(errand);
	depth--;
}

static void post(int number, int followers, size_t amount)
{
	struct errand *errand = xcalloc(1, sizeof(*errand));

	*errand = (struct errand){{.size = sizeof(*errand), .run = errand_run}, number,
		followers, amount};
	worker_post(worker, worker->index, &errand->post);
}

START_TEST(posts_run_in_their_order_and_never_inside_each_other)
{
	post(1, 2, 0);
	post(2, 0, 0);
	post(3, 1, 0);
	ck_assert_uint_eq(done_count, 0);
	still_workers_settle(worker->workers);
	ck_assert_slice_eq(buf_slice(&done), SLICE("1 2 3 11 12 31 "));
	buf_finish(&done);
}
END_TEST

START_TEST(a_turn_runs_a_bounded_number_of_posts)
{
	for (int i = 0; i < WORK_PER_TURN + 10; i++)
		post(i, 0, 0);
	loop_turn(worker->loop);
	ck_assert_uint_eq(done_count, WORK_PER_TURN);
	loop_turn(worker->loop);
	ck_assert_uint_eq(done_count, WORK_PER_TURN + 10);
	buf_finish(&done);
}
END_TEST

START_TEST(deliveries_count_as_work)
{
	post(1, 0, WORK_PER_TURN / 2);
	post(2, 0, WORK_PER_TURN);
	post(3, 0, 0);
	loop_turn(worker->loop);
	ck_assert_slice_eq(buf_slice(&done), SLICE("1 2 "));
	loop_turn(worker->loop);
	ck_assert_slice_eq(buf_slice(&done), SLICE("1 2 3 "));
	buf_finish(&done);
}
END_TEST

START_TEST(a_post_that_is_returned_comes_again_ahead_of_the_others)
{
	post(1, 0, 0);
	post(2, 0, 0);
	struct post *first = worker_take_post(worker);
	worker_return_post(worker, first);
	ck_assert_ptr_eq(worker_next_post(worker), first);
	still_workers_settle(worker->workers);
	ck_assert_slice_eq(buf_slice(&done), SLICE("1 2 "));
	ck_assert_int_eq(atomic_load(&worker->workers->posts), 0);
	ck_assert_int_eq(atomic_load(&worker->workers->bytes), 0);
	buf_finish(&done);
}
END_TEST

/* The edge */

START_TEST(an_edge_that_cannot_be_made_is_no_start)
{
	struct edge_ops broken = edge_ops;

	broken.create = edge_fail;
	ck_assert_int_eq(worker_start(worker, &broken), -1);
}
END_TEST

START_TEST(the_edge_has_a_turn_as_long_as_it_has_work)
{
	edge.turns_left = 3;
	loop_advance(worker->loop, 0);
	ck_assert_int_eq(edge.turns, 4);
}
END_TEST

START_TEST(publishers_are_stopped_at_the_mark_and_read_again_at_half)
{
	for (int i = 0; i < 6; i++)
		post(i, 0, WORK_PER_TURN); /* one for a turn */
	ck_assert(worker_apply_backpressure(worker));
	for (int left = 5; left >= 3; left--) {
		loop_turn(worker->loop);
		assert_edge_told("");
		ck_assert(worker_apply_backpressure(worker));
	}
	loop_turn(worker->loop);
	assert_edge_told("relieve ");
	ck_assert(!worker_apply_backpressure(worker));
	still_workers_settle(worker->workers);
	assert_edge_told("");
	ck_assert_uint_eq(done_count, 6);
	buf_finish(&done);
}
END_TEST

START_TEST(few_posts_stop_nobody)
{
	for (int i = 0; i < 3; i++) {
		ck_assert(!worker_apply_backpressure(worker));
		post(i, 0, 0);
	}
	ck_assert(!worker_apply_backpressure(worker));
	still_workers_settle(worker->workers);
	assert_edge_told("");
	buf_finish(&done);
}
END_TEST

START_TEST(many_bytes_stop_publishers_too)
{
	struct errand *errand = xcalloc(1, sizeof(*errand));

	*errand = (struct errand){{.size = 65536, .run = errand_run}, 1, 0, 0};
	worker_post(worker, worker->index, &errand->post);
	ck_assert(worker_apply_backpressure(worker));
	still_workers_settle(worker->workers);
	assert_edge_told("relieve ");
	buf_finish(&done);
}
END_TEST

START_TEST(nobody_is_relieved_who_was_not_held)
{
	for (int i = 0; i < 6; i++)
		post(i, 0, 0);
	still_workers_settle(worker->workers); /* no worker asked in between */
	assert_edge_told("");
	ck_assert(!worker_apply_backpressure(worker));
	buf_finish(&done);
}
END_TEST

/* Stopping */

static void setup_stop(void)
{
	/* A real wait for the drain would run into the test's timeout. */
	begin("'times': {'drain': 60000, 'linger': 120000}");
	edge = (struct edge){0};
	ck_assert_int_eq(worker_start(worker, &edge_ops), 0);
	memory_outlet_attach(
		&outlet, still_workers_open(worker, "/echo", SESSION_SOCKJS, "id"));
}

START_TEST(a_stop_closes_every_session_and_then_ends)
{
	worker_stop(worker);
	worker_run(worker);
	ck_assert_str_eq(memory_outlet_got(&outlet), "o c[1001,\"Going away\"]");
	ck_assert_uint_eq(worker->live_sessions, 0);
}
END_TEST

START_TEST(a_stop_closes_many_sessions_little_by_little_in_half_of_the_drain)
{
	enum { SESSIONS = 900, DRAIN = 1000, STEP = 50, AT_ONCE = 120 };
	struct workers *workers = still_workers_create("'times': {'drain': 1000}");
	size_t before = SESSIONS;
	uint64_t passed = 0;

	for (int i = 0; i < SESSIONS; i++)
		still_workers_open(workers->all[0], "/echo", SESSION_RAW, "");
	worker_stop(workers->all[0]);
	for (; before > 0; passed += STEP) {
		size_t open = 0;

		list_for_each (link, &workers->all[0]->sessions->all) {
			open += session_state(container_of(
					link, struct session, link)) < SESSION_CLOSING;
		}
		ck_assert_uint_lt(open, before);
		ck_assert_uint_le(before - open, AT_ONCE);
		before = open;
		still_workers_advance(workers, STEP);
	}
	ck_assert_uint_le(passed, DRAIN / 2 + STEP);
	still_workers_destroy(workers);
}
END_TEST

START_TEST(a_worker_that_stops_opens_no_session)
{
	worker_stop(worker);
	ck_assert_ptr_null(
		still_workers_open(worker, "/echo", SESSION_SOCKJS, "other"));
}
END_TEST

START_TEST(a_stop_ends_when_the_drain_is_over)
{
	outlet.blocked = true;
	worker_stop(worker);
	still_workers_advance(worker->workers, 60000);
	worker_run(worker);
	ck_assert_uint_eq(worker->live_sessions, 1);
}
END_TEST

START_TEST(a_stop_waits_for_answers_that_are_owed)
{
	worker->owing = 1;
	worker_stop(worker);
	still_workers_settle(worker->workers);
	ck_assert(!atomic_load(&worker->workers->ended));
	worker->owing = 0;
	worker_run(worker);
	ck_assert(atomic_load(&worker->workers->ended));
}
END_TEST

START_TEST(the_end_of_a_worker_is_the_end_of_its_sessions)
{
	struct memory_outlet last = {.wire = WIRE_SOCKJS, .blocked = true};
	struct workers *doomed = still_workers_create("");

	memory_outlet_attach(&last,
		still_workers_open(doomed->all[0], "/echo", SESSION_SOCKJS, "id"));
	still_workers_destroy(doomed);
	ck_assert_str_eq(memory_outlet_got(&last), "end");
	memory_outlet_finish(&last);
	worker_destroy(NULL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("worker");
	TCase *posts = unit_case(suite, "posts");
	TCase *edges = unit_case(suite, "edge");
	TCase *stopping = unit_case(suite, "stopping");

	tcase_add_checked_fixture(posts, setup, teardown);
	tcase_add_test(posts, posts_run_in_their_order_and_never_inside_each_other);
	tcase_add_test(posts, a_turn_runs_a_bounded_number_of_posts);
	tcase_add_test(posts, deliveries_count_as_work);
	tcase_add_test(posts, a_post_that_is_returned_comes_again_ahead_of_the_others);
	tcase_add_test(posts, an_edge_that_cannot_be_made_is_no_start);

	tcase_add_checked_fixture(edges, setup_edge, teardown_edge);
	tcase_add_test(edges, the_edge_has_a_turn_as_long_as_it_has_work);
	tcase_add_test(
		edges, publishers_are_stopped_at_the_mark_and_read_again_at_half);
	tcase_add_test(edges, few_posts_stop_nobody);
	tcase_add_test(edges, many_bytes_stop_publishers_too);
	tcase_add_test(edges, nobody_is_relieved_who_was_not_held);

	tcase_add_checked_fixture(stopping, setup_stop, teardown_edge);
	tcase_add_test(stopping, a_stop_closes_every_session_and_then_ends);
	tcase_add_test(stopping,
		a_stop_closes_many_sessions_little_by_little_in_half_of_the_drain);
	tcase_add_test(stopping, a_worker_that_stops_opens_no_session);
	tcase_add_test(stopping, a_stop_ends_when_the_drain_is_over);
	tcase_add_test(stopping, a_stop_waits_for_answers_that_are_owed);
	tcase_add_test(stopping, the_end_of_a_worker_is_the_end_of_its_sessions);
	return unit_run(suite);
}
