/*
 * A request that brings messages, on a connection that libmicrohttpd never sees: what
 * happens when its body or its answer stops in the middle.
 */
#include "gateway/session/handler.h"
#include "tests/support/fake_channel.h"
#include "tests/support/still_workers.h"
#include "tests/support/unit.h"
#include "transports/base/carriers.h"
#include "transports/door/handover.h"
#include "transports/edge.h"
#include "transports/http/http_internal.h"

#include <netinet/in.h>

enum { TURNS = 50, MANY = 200 };

#define HEAD(path, length)                                                             \
	"POST /echo/000/s/" path " HTTP/1.1\r\nHost: a\r\nContent-Length: " length     \
	"\r\n\r\n"
#define OPENING HEAD("xhr", "0")
#define MESSAGE HEAD("xhr_send", "5") "[\"x\"]"

static struct worker *worker;
static struct fake_channel fake;
static unsigned received;

static void *on_open(struct session *session)
{
	return session;
}

static void on_receive(void *state, struct slice text, enum payload payload)
{
	(void)state, (void)text, (void)payload;
	received++;
}

static void on_close(void *state)
{
	(void)state;
}

static const struct handler handler = {
	.open = on_open, .receive = on_receive, .close = on_close};

static void turn(void)
{
	for (int i = 0; i < TURNS; i++)
		loop_turn(worker->loop);
}

static void run(void)
{
	for (int i = 0; i < TURNS; i++) {
		loop_turn(worker->loop);
		fake_channel_pump(&fake);
	}
}

static void connect_channel(struct fake_channel *channel)
{
	struct handover handover = {.kind = HANDOVER_HTTP};
	const struct sockaddr_in loopback = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	handover.io = fake_channel_open(channel);
	memcpy(&handover.address, &loopback, sizeof(loopback));
	handover.address_len = sizeof(loopback);
	handover_post(worker, 0, &handover);
}

/* A connection that has opened a session. */
static void setup(void)
{
	received = 0;
	still_workers_run(&handler);
	worker = still_workers_create_of(1, "'listen': '127.0.0.1:0', 'www': ''")
			 ->all[0];
	ck_assert_int_eq(worker_start(worker, &transports_edge), 0);
	connect_channel(&fake);
	fake_channel_give(&fake, SLICE(OPENING));
	run();
	ck_assert(slice_ends_with(buf_slice(&fake.got), SLICE("\r\n\r\no\n")));
	buf_clear(&fake.got);
}

static void teardown(void)
{
	still_workers_destroy(worker->workers);
	fake_channel_finish(&fake);
}

START_TEST(a_message_is_taken_wherever_its_request_is_cut)
{
	const struct slice message = SLICE(MESSAGE);

	fake_channel_give(&fake, slice_first(message, (size_t)_i));
	turn();
	fake_channel_give(&fake, slice_from(message, (size_t)_i));
	run();
	ck_assert_uint_eq(received, 1);
	ck_assert(slice_starts_with(buf_slice(&fake.got), SLICE("HTTP/1.1 204 ")));
	ck_assert(!fake.ended);
}
END_TEST

START_TEST(an_answer_that_the_kernel_does_not_take_leaves_later)
{
	fake.stuck = true;
	fake_channel_give(&fake, SLICE(MESSAGE MESSAGE));
	turn();
	ck_assert_uint_eq(received, 1); /* nothing is read before it has left */
	run();
	ck_assert_uint_eq(received, 2);
	ck_assert_uint_gt(fake.got.len, 400);
	ck_assert(slice_ends_with(buf_slice(&fake.got), SLICE("\r\n\r\n")));
	ck_assert(!fake.ended);
}
END_TEST

START_TEST(an_answer_that_nobody_takes_has_a_deadline)
{
	fake.stuck = true;
	fake_channel_give(&fake, SLICE(MESSAGE));
	turn();
	ck_assert_uint_eq(worker->owing, 1);
	loop_advance(worker->loop, worker->config->times.progress);
	turn();
	ck_assert_uint_eq(fake.closes, 1);
	ck_assert_uint_eq(worker->owing, 0);
}
END_TEST

START_TEST(a_body_that_breaks_off_closes_its_connection_once)
{
	fake_channel_give(&fake, slice_first(SLICE(MESSAGE), strlen(MESSAGE) - 2));
	turn();
	ck_assert_uint_eq(fake.closes, 0);
	fake_channel_leave(&fake);
	turn();
	ck_assert_uint_eq(fake.closes, 1);
	ck_assert_uint_eq(worker->connections, 0);
	ck_assert_uint_eq(received, 0);
}
END_TEST

START_TEST(a_body_that_does_not_come_in_time_is_refused)
{
	fake_channel_give(&fake, slice_first(SLICE(MESSAGE), strlen(MESSAGE) - 2));
	turn();
	loop_advance(worker->loop, worker->config->times.body);
	run();
	ck_assert(slice_starts_with(buf_slice(&fake.got), SLICE("HTTP/1.1 408 ")));
	ck_assert_uint_eq(fake.closes, 0);
	loop_advance(worker->loop, worker->config->times.linger);
	turn();
	ck_assert_uint_eq(fake.closes, 1);
	ck_assert_uint_eq(received, 0);
}
END_TEST

START_TEST(a_connection_that_waits_for_a_body_when_the_worker_ends_is_closed_once)
{
	fake_channel_give(&fake, slice_first(SLICE(MESSAGE), strlen(MESSAGE) - 2));
	turn(); /* teardown() looks */
}
END_TEST

/* The request for /info closes its connection: libmicrohttpd serves it. */
START_TEST(a_newcomer_does_not_wait_for_all_others)
{
	static struct fake_channel many[MANY];
	struct fake_channel newcomer;

	for (int i = 0; i < MANY; i++)
		connect_channel(&many[i]);
	run();
	for (int i = 0; i < MANY; i++)
		fake_channel_give(&many[i], SLICE(MESSAGE));
	loop_turn(worker->loop);
	connect_channel(&newcomer);
	fake_channel_give(&newcomer, SLICE("GET /echo/info HTTP/1.1\r\nHost: a\r\n"
					   "Connection: close\r\n\r\n"));
	for (int i = 0; i < MANY && newcomer.got.len == 0; i++) {
		loop_turn(worker->loop);
		fake_channel_pump(&newcomer);
	}
	ck_assert(slice_starts_with(buf_slice(&newcomer.got), SLICE("HTTP/1.1 200 ")));
	ck_assert_uint_lt(received, MANY / 2);
	for (int i = 0; i < MANY; i++)
		fake_channel_leave(&many[i]);
	fake_channel_leave(&newcomer);
	run();
	for (int i = 0; i < MANY; i++)
		fake_channel_finish(&many[i]);
	fake_channel_finish(&newcomer);
}
END_TEST

static unsigned ran;

static void count_run(struct fair_queue_entry *entry)
{
	(void)entry;
	ran++;
}

static const struct {
	uint64_t runs_ns;
	bool is_over; /* the turn's time */
	unsigned runs, more;
} bounds[] = {
	{0, true, 1, 1},
	{UINT32_MAX, true, 4, 1}, /* they are short */
	{0, false, 6, 0},
};

START_TEST(after_a_long_run_the_others_wait_for_the_next_turn)
{
	struct http *http = edge_http(worker);
	struct fair_queue_entry entries[6] = {0};

	ran = 0;
	http->runs_ns = bounds[_i].runs_ns;
	worker->turn_over = bounds[_i].is_over ? 0 : UINT64_MAX;
	for (size_t i = 0; i < COUNT(entries); i++) {
		entries[i].run = count_run;
		fair_queue_add(&http->due, &entries[i]);
	}
	ck_assert_uint_eq(http_turn(http), bounds[_i].more);
	ck_assert_uint_eq(ran, bounds[_i].runs);
	worker->turn_over = UINT64_MAX;
	http_turn(http);
	ck_assert_uint_eq(ran, COUNT(entries));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("http keep");
	TCase *tcase = unit_case(suite, "a request with messages");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, a_message_is_taken_wherever_its_request_is_cut, 1,
		(int)strlen(MESSAGE));
	tcase_add_test(tcase, an_answer_that_the_kernel_does_not_take_leaves_later);
	tcase_add_test(tcase, an_answer_that_nobody_takes_has_a_deadline);
	tcase_add_test(tcase, a_body_that_breaks_off_closes_its_connection_once);
	tcase_add_test(tcase, a_newcomer_does_not_wait_for_all_others);
	tcase_add_test(tcase, a_body_that_does_not_come_in_time_is_refused);
	tcase_add_test(tcase,
		a_connection_that_waits_for_a_body_when_the_worker_ends_is_closed_once);
	unit_add_table(
		tcase, after_a_long_run_the_others_wait_for_the_next_turn, bounds);
	return unit_run(suite);
}
