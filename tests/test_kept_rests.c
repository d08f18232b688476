/*
 * What a connection keeps of a write that the kernel did not take: it is charged as
 * long as it is there, also when its session has ended.
 */
#include "gateway/session/handler.h"
#include "gateway/session/session_internal.h"
#include "gateway/worker/account.h"
#include "protocol/xmalloc.h"
#include "tests/support/fake_channel.h"
#include "tests/support/still_workers.h"
#include "tests/support/unit.h"
#include "transports/base/carriers.h"
#include "transports/door/handover.h"
#include "transports/edge.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	MUCH = 200000, /* more than a pair takes */
	MOST = 150000, /* of it is left when the pair is full */
	TURNS = 50,
};

#define UPGRADE(path)                                                                  \
	"GET " path " HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\n"                  \
	"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"                          \
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
#define POST(path) "POST " path " HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"

static struct worker *worker;
static struct fake_channel fake;
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
	struct workers *workers;

	still_workers_run(&handler);
	workers = still_workers_create_of(count, "'listen': '127.0.0.1:0', 'www': ''");
	worker = workers->all[0];
	for (unsigned i = 0; i < count; i++)
		ck_assert_int_eq(worker_start(workers->all[i], &transports_edge), 0);
}

static void setup(void)
{
	setup_workers(1);
}

static void setup_two(void)
{
	setup_workers(2);
}

/* accounts_destroy() asserts that nothing is charged any more. */
static void teardown(void)
{
	still_workers_destroy(worker->workers);
	fake_channel_finish(&fake);
}

static void turn(void)
{
	const struct workers *workers = worker->workers;

	for (unsigned i = 0; i < workers->count; i++)
		loop_turn(workers->all[i]->loop);
}

/* The client takes nothing. */
static void run(void)
{
	for (int i = 0; i < TURNS; i++)
		turn();
}

static void run_and_read(void)
{
	for (int i = 0; i < TURNS; i++) {
		turn();
		fake_channel_pump(&fake);
	}
}

static void hand_over(enum handover_kind kind, struct slice head)
{
	const struct sockaddr_in loopback = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct handover handover = {
		.kind = kind, .io = fake_channel_open(&fake), .head = head};

	memcpy(&handover.address, &loopback, sizeof(loopback));
	handover.address_len = sizeof(loopback);
	handover_post(worker, 0, &handover);
	run_and_read();
}

static void ask(struct slice request)
{
	fake_channel_give(&fake, request);
	run_and_read();
}

static void open_tcp(void)
{
	hand_over(HANDOVER_TCP, SLICE(""));
}

static void open_websocket(void)
{
	hand_over(HANDOVER_WEBSOCKET, SLICE(UPGRADE("/echo/websocket")));
}

static void open_sockjs_websocket(void)
{
	hand_over(HANDOVER_WEBSOCKET, SLICE(UPGRADE("/echo/000/s/websocket")));
}

static void open_poll(void)
{
	hand_over(HANDOVER_HTTP, SLICE(""));
	ask(SLICE(POST("/echo/000/s/xhr")));
	ask(SLICE(POST("/echo/000/s/xhr")));
}

static void open_stream(void)
{
	hand_over(HANDOVER_HTTP, SLICE(""));
	ask(SLICE(POST("/echo/000/s/xhr_streaming")));
}

/* The connections of the first ones write what they keep, after their session. */
static void (*const carriers[])(void) = {
	open_tcp,
	open_websocket,
	open_sockjs_websocket,
	open_poll,
	open_stream,
};
enum { WRITE_ON = 4 };

static uint32_t account;

static int64_t held(void)
{
	return account_sum(worker->workers->accounts, account, ACCOUNT_HELD);
}

/* A session whose client has taken a part of what it was sent. */
static void begin(void (*open_carrier)(void))
{
	static char text[MUCH];

	open_carrier();
	ck_assert_ptr_nonnull(session);
	account = session_account(session);
	memset(text, 'a', sizeof(text));
	fake.room = 0;
	session_send_text(session, (struct slice){text, sizeof(text)}, PAYLOAD_TEXT);
	run();
	ck_assert_int_gt(held(), MOST);
}

/* It is closed for a fault, and the client takes nothing: the connection lingers. */
static void end_session(void)
{
	session_close(session, ENDING_PROTOCOL);
	run();
	loop_advance(worker->loop, worker->config->times.linger);
	run();
	ck_assert_ptr_null(session);
}

START_TEST(what_the_client_has_not_taken_is_charged_until_it_has)
{
	begin(carriers[_i]);
	run_and_read();
	ck_assert_int_eq(held(), 0);
	ck_assert_ptr_nonnull(session);
}
END_TEST

START_TEST(what_is_kept_stays_charged_when_its_session_has_ended)
{
	begin(carriers[_i]);
	end_session();
	ck_assert_int_gt(held(), MOST);
	run_and_read();
	ck_assert_int_eq(held(), 0);
}
END_TEST

START_TEST(the_charge_ends_with_the_connection)
{
	begin(carriers[_i]);
	end_session();
	fake_channel_leave(&fake);
	run();
	loop_advance(worker->loop, worker->config->times.linger);
	run();
	ck_assert_int_eq(held(), 0);
	ck_assert_uint_eq(worker->connections, 0);
}
END_TEST

START_TEST(the_charge_ends_with_a_connection_whose_peer_has_gone_first)
{
	begin(carriers[_i]);
	fake_channel_leave(&fake);
	run();
	loop_advance(worker->loop, worker->config->times.linger);
	run();
	ck_assert_ptr_null(session);
	ck_assert_int_eq(held(), 0);
}
END_TEST

enum { LARGE = 1 << 20 };

/* By how much memory grows when a large message leaves, and its account has no room. */
static int64_t send_without_memory(void)
{
	static char text[LARGE];
	struct workers *workers = worker->workers;
	const int64_t limit = workers->budget.limit, much = (int64_t)1 << 40;

	account = session_account(session);
	memset(text, 'a', sizeof(text));
	fake.room = 0;
	session_send_text(session, (struct slice){text, sizeof(text)}, PAYLOAD_TEXT);
	workers->budget.limit = much;
	budget_charge(workers, account, much);
	const int64_t before = xmalloc_bytes();
	session_flush(session);
	const int64_t grown = xmalloc_bytes() - before;
	budget_charge(workers, account, -much);
	workers->budget.limit = limit;
	return grown;
}

/* Nothing is left of a large message but its one rendering, before the turn ends. */
START_TEST(a_rest_without_memory_is_freed_immediately)
{
	carriers[_i]();
	ck_assert_int_lt(send_without_memory(), LARGE + LARGE / 2);
	run();
	ck_assert_ptr_null(session);
	ck_assert_int_eq(held(), 0);
}
END_TEST

/* A stream of another worker's connection. */
static void open_stream_from_afar(void)
{
	const struct endpoint *echo = still_workers_endpoint(worker->workers, "/echo");
	char id[] = "a", request[128];

	while (session_home(worker, echo, slice_of(id)) == worker->index)
		id[0]++;
	snprintf(request, sizeof(request), POST("/echo/000/%s/xhr_streaming"), id);
	hand_over(HANDOVER_HTTP, SLICE(""));
	ask(slice_of(request));
	ck_assert_ptr_nonnull(session);
}

/* Its copies would wait at the other worker, for each session that is refused. */
START_TEST(a_frame_without_memory_is_not_posted)
{
	open_stream_from_afar();
	ck_assert_int_lt(send_without_memory(), LARGE + LARGE / 2);
	run();
	ck_assert_ptr_null(session);
	ck_assert_int_eq(held(), 0);
}
END_TEST

START_TEST(a_frame_for_another_worker_is_charged_until_it_is_written)
{
	open_stream_from_afar();
	account = session_account(session);
	char *text = xmalloc(LARGE);
	memset(text, 'a', LARGE);
	fake.room = 0;
	session_send_text(session, (struct slice){text, LARGE}, PAYLOAD_TEXT);
	free(text);
	run();
	ck_assert_int_ge(held(), LARGE);
	for (int i = 0; i < LARGE / MUCH; i++)
		run_and_read();
	ck_assert_int_eq(held(), 0);
	ck_assert_ptr_nonnull(session);
}
END_TEST

START_TEST(the_charge_ends_with_the_worker)
{
	begin(carriers[_i]);
	end_session(); /* teardown() looks */
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("kept rests");
	TCase *tcase = unit_case(suite, "kept rests");

	tcase_add_checked_fixture(tcase, setup, teardown);
	unit_add_table(
		tcase, what_the_client_has_not_taken_is_charged_until_it_has, carriers);
	tcase_add_loop_test(tcase,
		what_is_kept_stays_charged_when_its_session_has_ended, 0, WRITE_ON);
	unit_add_table(tcase, the_charge_ends_with_the_connection, carriers);
	unit_add_table(tcase,
		the_charge_ends_with_a_connection_whose_peer_has_gone_first, carriers);
	unit_add_table(tcase, a_rest_without_memory_is_freed_immediately, carriers);
	unit_add_table(tcase, the_charge_ends_with_the_worker, carriers);

	TCase *two = unit_case(suite, "two workers");
	tcase_add_checked_fixture(two, setup_two, teardown);
	tcase_add_test(two, a_frame_without_memory_is_not_posted);
	tcase_add_test(two, a_frame_for_another_worker_is_charged_until_it_is_written);
	return unit_run(suite);
}
