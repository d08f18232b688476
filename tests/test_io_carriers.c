/*
 * Each carrier over a connection that is no bare socket: what it sends, how it learns
 * what the peer has taken, and that it ends the connection once.
 */
#include "gateway/session/handler.h"
#include "tests/support/fake_channel.h"
#include "tests/support/still_workers.h"
#include "tests/support/unit.h"
#include "transports/base/carriers.h"
#include "transports/door/door_internal.h"
#include "transports/edge.h"

#include <netinet/in.h>

enum {
	MUCH = 200000, /* more than a pair takes */
	TURNS = 50,
};

#define UPGRADE(path)                                                                  \
	"GET " path " HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\n"                  \
	"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"                          \
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
#define POST(path) "POST " path " HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"
#define POLL       POST("/echo/000/s/xhr")
#define STREAM     POST("/echo/000/s/xhr_streaming")

static struct worker *worker;
static struct fake_channel fake, other; /* `other`: of a second connection, if any */
static struct session *session;         /* the latest; NULL: it is closed */

/* The handler of all endpoints. */

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

static void setup(void)
{
	still_workers_run(&handler);
	worker = still_workers_create_of(1, "'listen': '127.0.0.1:0', 'www': ''")
			 ->all[0];
	ck_assert_int_eq(worker_start(worker, &transports_edge), 0);
}

static void teardown(void)
{
	still_workers_destroy(worker->workers);
	fake_channel_finish(&fake);
	if (other.channel.ops != NULL)
		fake_channel_finish(&other);
}

static void run(void)
{
	for (int i = 0; i < TURNS; i++) {
		loop_turn(worker->loop);
		if (fake.far != -1)
			fake_channel_pump(&fake);
		if (other.channel.ops != NULL)
			fake_channel_pump(&other);
	}
}

static void wait_for(uint64_t milliseconds)
{
	loop_advance(worker->loop, milliseconds);
	run();
}

static const struct times *times(void)
{
	return &worker->config->times;
}

static socklen_t loopback(struct sockaddr_storage *address)
{
	const struct sockaddr_in socket = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	memcpy(address, &socket, sizeof(socket));
	return sizeof(socket);
}

static void hand_over(
	struct fake_channel *to, enum handover_kind kind, struct slice head)
{
	struct handover handover = {
		.kind = kind, .io = fake_channel_open(to), .head = head};

	handover.address_len = loopback(&handover.address);
	handover_post(worker, 0, &handover);
}

static void ask(struct fake_channel *from, struct slice request)
{
	fake_channel_give(from, request);
	run();
}

static bool has_got(struct fake_channel *by, struct slice text)
{
	return memmem(by->got.data, by->got.len, text.data, text.len) != NULL;
}

/* Opens a session; the connection can take its messages. */

static void open_tcp(void)
{
	hand_over(&fake, HANDOVER_TCP, SLICE(""));
	run();
}

static void open_websocket(void)
{
	hand_over(&fake, HANDOVER_WEBSOCKET, SLICE(UPGRADE("/echo/websocket")));
	run();
	ck_assert(has_got(&fake, SLICE("HTTP/1.1 101 ")));
}

static void open_stream(void)
{
	hand_over(&fake, HANDOVER_HTTP, SLICE(""));
	ask(&fake, SLICE(STREAM));
	ck_assert(has_got(&fake, SLICE("\no\n")));
}

static void open_poll(void)
{
	hand_over(&fake, HANDOVER_HTTP, SLICE(""));
	ask(&fake, SLICE(POLL));
	ck_assert(has_got(&fake, SLICE("\no\n")));
	ask(&fake, SLICE(POLL));
}

/* A WebSocket on a connection that has served another request before. */
static void open_late_websocket(void)
{
	hand_over(&fake, HANDOVER_HTTP, SLICE(""));
	ask(&fake, SLICE("GET /echo HTTP/1.1\r\nHost: a\r\n\r\n"));
	ck_assert(has_got(&fake, SLICE("Welcome to SockJS!")));
	ask(&fake, SLICE(UPGRADE("/echo/websocket")));
	ck_assert(has_got(&fake, SLICE("HTTP/1.1 101 ")));
}

static void (*const carriers[])(void) = {
	open_tcp,
	open_websocket,
	open_stream,
	open_poll,
	open_late_websocket,
};

static void begin(void (*open_carrier)(void))
{
	open_carrier();
	ck_assert_ptr_nonnull(session);
	ck_assert(!fake.ended);
	ck_assert_uint_eq(fake.closes, 0);
	buf_clear(&fake.got);
}

static struct slice letters(size_t len)
{
	static char text[MUCH];

	for (size_t i = 0; i < len; i++)
		text[i] = (char)('a' + i % 23);
	return (struct slice){text, len};
}

/* Sending */

START_TEST(a_message_goes_by_the_channel)
{
	begin(carriers[_i]);
	const size_t before = fake.straight;

	session_send_text(session, SLICE("hello"), PAYLOAD_TEXT);
	run();
	ck_assert(has_got(&fake, SLICE("hello")));
	ck_assert_uint_eq(fake.straight - before, fake.got.len);
}
END_TEST

START_TEST(a_message_arrives_whole_when_the_channel_takes_a_part)
{
	begin(carriers[_i]);
	const size_t before = fake.straight;

	fake.room = 1000;
	session_send_text(session, letters(MUCH), PAYLOAD_TEXT);
	loop_turn(worker->loop);
	ck_assert_uint_eq(fake.straight - before, 1000);
	ck_assert_uint_lt(fake.got.len, MUCH);
	for (int i = 0; i < 100 && fake.got.len < MUCH; i++)
		run();
	ck_assert(has_got(&fake, letters(MUCH)));
}
END_TEST

START_TEST(a_message_arrives_when_the_channel_first_takes_nothing)
{
	begin(carriers[_i]);
	const unsigned before = fake.sends;

	fake.stuck = true;
	session_send_text(session, SLICE("hello"), PAYLOAD_TEXT);
	loop_turn(worker->loop);
	ck_assert_uint_eq(fake.sends, before + 1);
	ck_assert_uint_eq(fake.got.len, 0);
	run();
	ck_assert(has_got(&fake, SLICE("hello")));
	ck_assert(!fake.ended);
}
END_TEST

/* The end */

START_TEST(a_connection_whose_client_leaves_is_closed_once)
{
	begin(carriers[_i]);
	fake_channel_leave(&fake);
	run();
	wait_for(times()->linger);
	ck_assert_uint_eq(fake.closes, 1);
	ck_assert_uint_eq(worker->connections, 0);
}
END_TEST

START_TEST(a_connection_whose_session_closes_is_closed_once)
{
	begin(carriers[_i]);
	session_close(session, ENDING_CLOSED);
	run();
	wait_for(times()->linger);
	wait_for(times()->keep_alive);
	ck_assert(fake.ended);
	ck_assert_uint_eq(fake.closes, 1);
	ck_assert_uint_eq(worker->connections, 0);
}
END_TEST

START_TEST(a_connection_that_is_open_when_the_worker_ends_is_closed_once)
{
	begin(carriers[_i]); /* teardown() looks */
}
END_TEST

/* Leaving libmicrohttpd */

static const struct {
	struct slice request;
	uint64_t unseen; /* bytes that came and seem to be read too far */
	bool leaves;
} leaving[] = {
	{SLICE_INIT(POLL), 0, true},
	{SLICE_INIT(POLL "GET / HTTP/1.1\r\n"), 0, false},
	{SLICE_INIT(POLL), 1, false},
};

START_TEST(a_poll_leaves_libmicrohttpd_when_nothing_is_read_too_far)
{
	hand_over(&fake, HANDOVER_HTTP, SLICE(""));
	ask(&fake, SLICE("GET /echo HTTP/1.1\r\nHost: a\r\n\r\n"));
	ask(&fake, SLICE(POLL));
	fake.progress.received += leaving[_i].unseen;
	ask(&fake, leaving[_i].request);
	session_send_text(session, SLICE("hello"), PAYLOAD_TEXT);
	run();
	ck_assert(has_got(&fake, SLICE("a[\"hello\"]")));
	ck_assert_uint_eq(fake.sends, leaving[_i].leaves ? 1 : 0);
	ck_assert(!fake.ended);
}
END_TEST

START_TEST(a_connection_comes_back_to_libmicrohttpd)
{
	begin(open_poll);
	session_send_text(session, SLICE("hello"), PAYLOAD_TEXT);
	ask(&fake, SLICE("GET /echo HTTP/1.1\r\nHost: a\r\n\r\n"));
	ck_assert(has_got(&fake, SLICE("Welcome to SockJS!")));
	ask(&fake, SLICE(POLL));
	session_send_text(session, SLICE("again"), PAYLOAD_TEXT);
	run();
	ck_assert(has_got(&fake, SLICE("a[\"again\"]")));
	ck_assert_uint_eq(fake.sends, 3);
	ck_assert_uint_eq(fake.closes, 0);
}
END_TEST

/* Progress */

START_TEST(an_answer_that_the_peer_takes_gets_more_time)
{
	begin(open_poll);
	fake.room = 0;
	session_send_text(session, letters(MUCH), PAYLOAD_TEXT);
	loop_turn(worker->loop);
	fake.progress.acknowledged = 1;
	loop_advance(worker->loop, times()->progress);
	loop_turn(worker->loop);
	ck_assert_uint_eq(fake.closes, 0);
	loop_advance(worker->loop, times()->progress);
	loop_turn(worker->loop);
	loop_turn(worker->loop);
	ck_assert_uint_eq(fake.closes, 1);
}
END_TEST

static const struct {
	bool is_behind;
	uint64_t acknowledged;
	bool lives;
} pings[] = {
	{true, 1, true},                     /* it reads what came before the ping */
	{true, 0, false}, {false, 1, false}, /* it has the ping and does not answer */
};

START_TEST(a_websocket_that_takes_what_came_before_the_ping_lives)
{
	begin(open_websocket);
	fake.progress.is_behind = pings[_i].is_behind;
	wait_for(times()->ping);
	ck_assert(has_got(&fake, SLICE("ping")));
	fake.progress.acknowledged = pings[_i].acknowledged;
	wait_for(times()->pong);
	ck_assert(pings[_i].lives == (session != NULL));
	ck_assert_uint_eq(fake.closes, pings[_i].lives ? 0 : 1);
}
END_TEST

START_TEST(a_closing_tcp_connection_waits_while_its_peer_takes_bytes)
{
	begin(open_tcp);
	session_close(session, ENDING_CLOSED);
	run();
	fake.progress.is_behind = true;
	for (int i = 0; i < 3; i++) {
		fake.progress.acknowledged++;
		wait_for(times()->linger);
		ck_assert_uint_eq(fake.closes, 0);
	}
	wait_for(times()->linger);
	ck_assert_uint_eq(fake.closes, 1);
}
END_TEST

START_TEST(a_second_receiver_takes_over_from_a_dead_one_only)
{
	const bool is_dead = _i == 1;

	begin(open_stream);
	fake.progress.is_dead = is_dead;
	hand_over(&other, HANDOVER_HTTP, SLICE(""));
	ask(&other, SLICE(STREAM));
	ck_assert(has_got(&other, SLICE("c[2010,")) == !is_dead);
	session_send_text(session, SLICE("hello"), PAYLOAD_TEXT);
	run();
	ck_assert(has_got(is_dead ? &other : &fake, SLICE("a[\"hello\"]")));
}
END_TEST

/* The door */

static void accept_at_door(enum handover_kind kind)
{
	struct sockaddr_storage address = {0};
	const socklen_t len = loopback(&address);

	ck_assert_ptr_nonnull(pending_create(
		worker->edge->door, kind, fake_channel_open(&fake), &address, len));
}

START_TEST(the_door_hands_a_connection_over)
{
	accept_at_door(HANDOVER_HTTP);
	ask(&fake, SLICE("GET /echo HTTP/1.1\r\nHost: a\r\n\r\n"));
	ck_assert(has_got(&fake, SLICE("Welcome to SockJS!")));
	ck_assert_uint_eq(fake.closes, 0);
}
END_TEST

START_TEST(the_door_hands_a_websocket_over)
{
	accept_at_door(HANDOVER_HTTP);
	ask(&fake, SLICE(UPGRADE("/echo/websocket")));
	ck_assert(has_got(&fake, SLICE("HTTP/1.1 101 ")));
	session_send_text(session, SLICE("hello"), PAYLOAD_TEXT);
	run();
	ck_assert(has_got(&fake, SLICE("hello")));
	ck_assert_uint_eq(fake.sends, 1);
}
END_TEST

START_TEST(the_door_refuses_past_the_channel)
{
	accept_at_door(HANDOVER_HTTP);
	ask(&fake, SLICE("nonsense\r\n\r\n"));
	ck_assert(has_got(&fake, SLICE("HTTP/1.1 400 ")));
	ck_assert_uint_eq(fake.sends, 0);
	wait_for(1000);
	ck_assert_uint_eq(fake.closes, 1);
}
END_TEST

START_TEST(the_door_closes_a_connection_without_a_head)
{
	accept_at_door(HANDOVER_HTTP);
	run();
	wait_for(times()->head);
	ck_assert_uint_eq(fake.closes, 1);
	ck_assert(fake.ended);
}
END_TEST

START_TEST(a_worker_that_was_killed_closes_what_is_handed_over)
{
	worker->killed = true;
	hand_over(&fake, HANDOVER_HTTP, SLICE(""));
	run();
	ck_assert_uint_eq(fake.closes, 1);
	ck_assert(fake.ended);
	worker->killed = false;
}
END_TEST

START_TEST(a_websocket_whose_endpoint_is_gone_is_closed)
{
	hand_over(&fake, HANDOVER_WEBSOCKET, SLICE(UPGRADE("/gone/websocket")));
	run();
	ck_assert_uint_eq(fake.closes, 1);
	ck_assert(fake.ended);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("io carriers");
	TCase *sending = unit_case(suite, "sending");
	TCase *ends = unit_case(suite, "the end");
	TCase *leaves = unit_case(suite, "leaving libmicrohttpd");
	TCase *progress = unit_case(suite, "progress");
	TCase *door = unit_case(suite, "the door");

	tcase_add_checked_fixture(sending, setup, teardown);
	unit_add_table(sending, a_message_goes_by_the_channel, carriers);
	unit_add_table(sending, a_message_arrives_whole_when_the_channel_takes_a_part,
		carriers);
	unit_add_table(sending, a_message_arrives_when_the_channel_first_takes_nothing,
		carriers);

	tcase_add_checked_fixture(ends, setup, teardown);
	unit_add_table(ends, a_connection_whose_client_leaves_is_closed_once, carriers);
	unit_add_table(
		ends, a_connection_whose_session_closes_is_closed_once, carriers);
	unit_add_table(ends,
		a_connection_that_is_open_when_the_worker_ends_is_closed_once,
		carriers);

	tcase_add_checked_fixture(leaves, setup, teardown);
	unit_add_table(leaves, a_poll_leaves_libmicrohttpd_when_nothing_is_read_too_far,
		leaving);
	tcase_add_test(leaves, a_connection_comes_back_to_libmicrohttpd);

	tcase_add_checked_fixture(progress, setup, teardown);
	tcase_add_test(progress, an_answer_that_the_peer_takes_gets_more_time);
	unit_add_table(progress, a_websocket_that_takes_what_came_before_the_ping_lives,
		pings);
	tcase_add_test(
		progress, a_closing_tcp_connection_waits_while_its_peer_takes_bytes);
	tcase_add_loop_test(
		progress, a_second_receiver_takes_over_from_a_dead_one_only, 0, 2);

	tcase_add_checked_fixture(door, setup, teardown);
	tcase_add_test(door, the_door_hands_a_connection_over);
	tcase_add_test(door, the_door_hands_a_websocket_over);
	tcase_add_test(door, the_door_refuses_past_the_channel);
	tcase_add_test(door, the_door_closes_a_connection_without_a_head);
	tcase_add_test(door, a_worker_that_was_killed_closes_what_is_handed_over);
	tcase_add_test(door, a_websocket_whose_endpoint_is_gone_is_closed);
	return unit_run(suite);
}
