/*
 * A connection counts for its address as long as its descriptor is open: no address has
 * more descriptors than its limit.
 */
#include "gateway/session/handler.h"
#include "gateway/worker/address_limits.h"
#include "tests/support/fake_channel.h"
#include "tests/support/still_workers.h"
#include "tests/support/unit.h"
#include "transports/base/carriers.h"
#include "transports/base/peer.h"
#include "transports/door/door_internal.h"
#include "transports/edge.h"

#include <netinet/in.h>

enum { TURNS = 50, ALL = 1000 };

#define POLL "POST /echo/000/s/xhr HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"

static struct worker *worker;
static struct fake_channel fake;
static struct sockaddr_storage address;
static struct session *session; /* NULL: it has ended */

static void *on_open(struct session *opened)
{
	session = opened;
	return opened;
}

static void on_receive(void *state, struct slice text, enum payload payload)
{
	(void)state, (void)text, (void)payload;
}

static void on_close(void *state)
{
	(void)state;
	session = NULL;
}

static const struct handler handler = {
	.open = on_open, .receive = on_receive, .close = on_close};

static void setup_workers(unsigned count)
{
	const struct sockaddr_in loopback = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	memcpy(&address, &loopback, sizeof(loopback));
	still_workers_run(&handler);
	worker = still_workers_create_of(count,
		"'listen': '127.0.0.1:0', 'www': '', 'exempt_addresses': [],"
		"'limits': {'address_connections': 1}")
			 ->all[0];
	ck_assert_int_eq(worker_start(worker, &transports_edge), 0);
}

static void setup(void)
{
	setup_workers(1);
}

static void setup_two(void)
{
	setup_workers(2);
}

static void teardown(void)
{
	still_workers_destroy(worker->workers);
	fake_channel_finish(&fake);
}

static void run(void)
{
	for (int i = 0; i < TURNS; i++)
		loop_turn(worker->loop);
}

/* True when the address has its one connection. */
static bool is_counted(void)
{
	const struct address from = peer_address((const struct sockaddr *)&address);

	return !address_limits_have_room(
		worker->workers->address_limits, worker->config, &from, ALL);
}

static void accept_at_door(enum handover_kind kind)
{
	ck_assert(!is_counted());
	struct pending_connection *pending = pending_create(worker->edge->door, kind,
		fake_channel_open(&fake), &address, sizeof(struct sockaddr_in));
	ck_assert_ptr_nonnull(pending);
	pending_admit(pending);
}

START_TEST(a_connection_counts_on_its_way_to_another_worker)
{
	struct worker *other = worker->workers->all[1];

	worker->edge->door->handed[0] = 1; /* so that the other one gets it */
	accept_at_door(HANDOVER_TCP);
	for (int i = 0; i < TURNS; i++) {
		loop_turn(worker->loop);
		ck_assert(is_counted());
	}
	for (int i = 0; i < TURNS; i++)
		loop_turn(other->loop); /* it has no edge */
	ck_assert_uint_eq(fake.closes, 1);
	ck_assert(!is_counted());
	worker->edge->door->handed[0] = 0;
}
END_TEST

/* Runs before the connections that end in its turn are closed. */
struct look {
	struct task task;
	bool is_counted;
	unsigned closes;
};

static void look_run(struct task *task)
{
	struct look *look = container_of(task, struct look, task);

	look->is_counted = is_counted();
	look->closes = fake.closes;
}

START_TEST(a_tcp_connection_counts_until_it_is_closed)
{
	struct look look = {.task.run = look_run};

	accept_at_door(HANDOVER_TCP);
	run();
	fake_channel_leave(&fake);
	for (int i = 0; i < TURNS && fake.closes == 0; i++) {
		loop_defer(worker->loop, &look.task);
		loop_turn(worker->loop);
		ck_assert(look.is_counted);
		ck_assert_uint_eq(look.closes, 0);
	}
	ck_assert_uint_eq(fake.closes, 1);
	ck_assert(!is_counted());
	ck_assert_uint_eq(worker->connections, 0);
}
END_TEST

START_TEST(a_tcp_connection_that_has_ended_is_closed_with_its_worker)
{
	accept_at_door(HANDOVER_TCP);
	run();
	loop_set_defer_time(worker->loop, 0);
	fake_channel_leave(&fake);
	for (int i = 0; i < TURNS && session != NULL; i++)
		loop_turn(worker->loop); /* teardown() looks */
}
END_TEST

START_TEST(an_http_connection_counts_while_its_client_still_sends)
{
	struct handover handover = {.kind = HANDOVER_HTTP,
		.io = fake_channel_open(&fake),
		.address = address,
		.address_len = sizeof(struct sockaddr_in),
		.once = true};

	handover_post(worker, 0, &handover);
	fake_channel_give(&fake, SLICE(POLL "the next request"));
	run();
	ck_assert(slice_ends_with(buf_slice(&fake.got), SLICE("o\n")));
	ck_assert_uint_eq(worker->connections, 0);
	ck_assert_uint_eq(fake.closes, 0);
	ck_assert(is_counted());
	fake_channel_leave(&fake);
	run();
	ck_assert_uint_eq(fake.closes, 1);
	ck_assert(!is_counted());
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("connection counts");
	TCase *tcase = unit_case(suite, "connection counts");
	TCase *two = unit_case(suite, "two workers");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_tcp_connection_counts_until_it_is_closed);
	tcase_add_test(
		tcase, a_tcp_connection_that_has_ended_is_closed_with_its_worker);
	tcase_add_test(tcase, an_http_connection_counts_while_its_client_still_sends);

	tcase_add_checked_fixture(two, setup_two, teardown);
	tcase_add_test(two, a_connection_counts_on_its_way_to_another_worker);
	return unit_run(suite);
}
