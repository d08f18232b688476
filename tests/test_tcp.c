/*
 * A TCP carrier between a socket and a handler of the test: how much is read and when,
 * and what is left of both sides' last words. Socket pairs stand for connections.
 */
#include "transports/tcp.h"

#include "gateway/handler.h"
#include "protocol/xmalloc.h"
#include "tests/still_crew.h"
#include "tests/unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
	READ_SIZE = 16384,
	READS_PER_TURN = 4,
	MUCH = 1 << 20,
};

/* The handler: keeps what it hears, and answers or holds its session if it shall. */

static struct session *session;
static struct buf heard;
static unsigned pieces, closed;
static bool holds, answers, keeps;

static void *on_open(struct session *opened)
{
	session = opened;
	return opened;
}

static void on_receive(void *state, struct slice text, bool binary)
{
	(void)state;
	ck_assert(binary);
	buf_append(&heard, text);
	pieces++;
	if (answers)
		session_send_text(session, SLICE("answer"), false);
	if (holds)
		session_hold(session);
	holds = false;
}

/* As a client that has something under way still. */
static void on_hang_up(void *state)
{
	if (!keeps)
		session_close(state, 1000, SLICE("Connection closed"));
}

static void on_close(void *state)
{
	(void)state;
	session = NULL;
	closed++;
}

static const struct handler test_handler = {
	.name = SLICE_INIT("stomp"),
	.open = on_open,
	.receive = on_receive,
	.hang_up = on_hang_up,
	.close = on_close,
};

const struct handler *handler_find(struct slice name)
{
	ck_assert_slice_eq(name, SLICE("stomp"));
	return &test_handler;
}

/* An edge of TCP alone. */

struct edge {
	struct tcp *tcp;
	unsigned turns;
};

static struct edge edge;

static struct edge *edge_create(struct worker *worker)
{
	edge = (struct edge){.tcp = tcp_create(worker)};
	return &edge;
}

static bool edge_turn(struct edge *self)
{
	self->turns++;
	return tcp_turn(self->tcp);
}

static void edge_relieve(struct edge *self)
{
	tcp_relieve(self->tcp);
}

static void edge_destroy(struct edge *self)
{
	tcp_destroy(self->tcp);
}

static const struct edge_ops edge_ops = {
	.create = edge_create,
	.turn = edge_turn,
	.relieve = edge_relieve,
	.destroy = edge_destroy,
};

static struct worker *worker;
static int peer; /* the other end; -1: closed */

/* Returns the end that the carrier has taken over. */
static int adopt(void)
{
	struct sockaddr address = {.sa_family = AF_UNSPEC};
	int ends[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
	peer = ends[0];
	tcp_adopt(edge.tcp, ends[1], &address);
	return ends[1];
}

static void begin(const char *members)
{
	worker = still_crew_create_of(1, members)->workers[0];
	heard = (struct buf){0};
	pieces = closed = 0;
	holds = answers = keeps = false;
	session = NULL;
	ck_assert_int_eq(worker_start(worker, &edge_ops), 0);
	adopt();
	ck_assert_ptr_nonnull(session);
}

static void setup(void)
{
	begin("");
}

static void setup_small_inbox(void)
{
	begin("'limits': {'inbox_posts': 2}");
}

static void setup_no_room(void)
{
	begin("'limits': {'sessions': 1}");
}

static void teardown(void)
{
	if (peer != -1)
		close(peer);
	still_crew_destroy(worker->crew);
	buf_finish(&heard);
	ck_assert_uint_eq(closed, 1);
}

static void turn(void)
{
	loop_turn(worker->loop);
}

/* Turns until nothing happens any more without somebody's doing. */
static void turn_all(void)
{
	for (int i = 0; i < 100; i++)
		turn();
}

static void leave(void)
{
	close(peer);
	peer = -1;
}

/* Bytes whose place can be seen. */
static struct slice pattern(size_t len)
{
	static char bytes[MUCH];

	for (size_t i = 0; i < len; i++)
		bytes[i] = (char)(i % 251);
	return (struct slice){bytes, len};
}

/* Writes as much of it as goes, returns the rest. */
static struct slice write_some(struct slice bytes)
{
	ssize_t taken = send(peer, bytes.data, bytes.len, MSG_NOSIGNAL);

	if (taken == -1)
		ck_assert_int_eq(errno, EAGAIN);
	return slice_from(bytes, taken > 0 ? (size_t)taken : 0);
}

/* What has come to the peer is appended; false: and the end. */
static bool read_some(struct buf *got)
{
	for (;;) {
		ssize_t len = recv(peer, buf_reserve(got, 65536), 65536, 0);

		if (len == -1) {
			ck_assert_int_eq(errno, EAGAIN);
			return true;
		}
		if (len == 0)
			return false;
		got->len += (size_t)len;
	}
}

static int unread(void)
{
	int waiting = -1;

	ck_assert_int_eq(ioctl(peer, TIOCOUTQ, &waiting), 0);
	return waiting;
}

/* Reading */

START_TEST(what_comes_is_heard_byte_for_byte)
{
	struct slice bytes = pattern(MUCH), left = bytes;

	while (left.len > 0) {
		left = write_some(left);
		turn();
	}
	turn_all();
	ck_assert_slice_eq(buf_slice(&heard), bytes);
}
END_TEST

START_TEST(a_turn_reads_a_bounded_amount_of_one_connection)
{
	size_t before = 0;

	write_some(pattern(MUCH));
	int sent = unread();
	ck_assert_int_gt(sent, 2 * READS_PER_TURN * READ_SIZE);
	while (heard.len < before + 1) /* the first turn looks, the next may go on */
		turn();
	for (int i = 0; i < 3; i++) {
		ck_assert_uint_le(heard.len - before, 2 * READS_PER_TURN * READ_SIZE);
		before = heard.len;
		turn();
	}
	turn_all();
	ck_assert_int_eq(unread(), 0);
}
END_TEST

START_TEST(a_held_session_hears_no_more_than_was_read)
{
	struct slice bytes = pattern(MUCH), left;

	holds = true;
	left = write_some(bytes);
	turn_all();
	ck_assert_uint_eq(pieces, 1);
	ck_assert_uint_le(heard.len, READ_SIZE);
	ck_assert_int_gt(unread(), 0);

	session_release(session);
	turn_all();
	ck_assert_slice_eq(buf_slice(&heard), slice_first(bytes, bytes.len - left.len));
}
END_TEST

START_TEST(what_comes_to_a_held_session_is_heard_later)
{
	session_hold(session);
	write_some(SLICE("one"));
	turn_all();
	write_some(SLICE("two"));
	turn_all();
	ck_assert_uint_eq(heard.len, 0);
	session_release(session);
	turn_all();
	ck_assert_slice_eq(buf_slice(&heard), SLICE("onetwo"));
	write_some(SLICE("three"));
	turn_all();
	ck_assert_slice_eq(buf_slice(&heard), SLICE("onetwothree"));
}
END_TEST

START_TEST(a_held_session_does_not_keep_the_loop_busy)
{
	session_hold(session);
	write_some(pattern(MUCH));
	turn_all();
	edge.turns = 0;
	ck_assert(!tcp_turn(edge.tcp));
}
END_TEST

/* Ending */

START_TEST(the_end_is_heard_behind_everything_that_was_said)
{
	write_some(SLICE("last words"));
	leave();
	turn_all();
	ck_assert_slice_eq(buf_slice(&heard), SLICE("last words"));
	ck_assert_uint_eq(closed, 1);
	ck_assert_uint_eq(worker->connections, 0);
	ck_assert_uint_eq(worker->owing, 0);
}
END_TEST

START_TEST(a_peer_that_leaves_while_it_is_held_is_heard_out)
{
	session_hold(session);
	write_some(SLICE("last words"));
	leave();
	turn_all();
	ck_assert_uint_eq(closed, 0);
	session_release(session);
	turn_all();
	ck_assert_slice_eq(buf_slice(&heard), SLICE("last words"));
	ck_assert_uint_eq(closed, 1);
}
END_TEST

START_TEST(a_peer_that_leaves_without_having_read_its_answers_is_heard_out)
{
	session_hold(session);
	session_send_text(session, SLICE("never read"), false);
	turn_all();
	write_some(SLICE("last words"));
	leave(); /* a reset */
	session_send_text(session, SLICE("into the void"), false);
	turn_all();
	session_release(session);
	turn_all();
	ck_assert_slice_eq(buf_slice(&heard), SLICE("last words"));
	ck_assert_uint_eq(closed, 1);
	ck_assert_uint_eq(worker->connections, 0);
}
END_TEST

START_TEST(a_peer_that_only_stops_speaking_gets_what_waits)
{
	struct buf got = {0};

	answers = true;
	write_some(SLICE("question"));
	shutdown(peer, SHUT_WR);
	turn_all();
	ck_assert(!read_some(&got));
	ck_assert_slice_eq(buf_slice(&got), SLICE("answer"));
	ck_assert_uint_eq(closed, 1);
	buf_finish(&got);
}
END_TEST

START_TEST(a_peer_that_only_stops_speaking_gets_all_when_its_session_closes)
{
	struct slice bytes = pattern(MUCH);
	struct buf got = {0};

	session_send_text(session, bytes, true);
	session_send_text(session, SLICE("bye"), false);
	session_close(session, 1000, SLICE("Goodbye"));
	shutdown(peer, SHUT_WR);
	while (read_some(&got))
		turn();
	ck_assert_slice_eq(slice_first(buf_slice(&got), MUCH), bytes);
	ck_assert_slice_eq(slice_from(buf_slice(&got), MUCH), SLICE("bye"));
	turn_all();
	ck_assert_uint_eq(worker->connections, 0);
	buf_finish(&got);
}
END_TEST

START_TEST(a_close_follows_what_was_queued_and_waits_for_the_peer)
{
	struct buf got = {0};

	session_send_text(session, SLICE("last"), false);
	session_close(session, 1000, SLICE("Goodbye"));
	turn_all();
	ck_assert(!read_some(&got));
	ck_assert_slice_eq(buf_slice(&got), SLICE("last"));
	ck_assert_uint_eq(closed, 1);
	ck_assert_uint_eq(worker->owing, 1);

	/* What it still says is thrown away, so that it can read to the end. */
	write_some(pattern(MUCH));
	turn_all();
	ck_assert_int_eq(unread(), 0);
	ck_assert_uint_eq(heard.len, 0);
	leave();
	turn_all();
	ck_assert_uint_eq(worker->owing, 0);
	ck_assert_uint_eq(worker->connections, 0);
	buf_finish(&got);
}
END_TEST

START_TEST(what_was_not_read_of_a_held_peer_is_thrown_away_at_the_close)
{
	struct buf got = {0};

	session_hold(session);
	write_some(pattern(MUCH));
	turn_all();
	session_send_text(session, SLICE("last"), false);
	session_close(session, 1002, SLICE("Enough"));
	turn_all();
	ck_assert_int_eq(unread(), 0);
	ck_assert_uint_eq(heard.len, 0);
	ck_assert(!read_some(&got));
	ck_assert_slice_eq(buf_slice(&got), SLICE("last"));
	buf_finish(&got);
}
END_TEST

/* Over TCP, since a socket pair does not tell what the peer has taken. */
static void adopt_over_tcp(void)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct sockaddr *any = (struct sockaddr *)&address;
	socklen_t len = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	peer = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(listener, any, len), 0);
	ck_assert_int_eq(listen(listener, 1), 0);
	ck_assert_int_eq(getsockname(listener, any, &len), 0);
	ck_assert_int_eq(connect(peer, any, len), 0);
	int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
	ck_assert_int_ne(fd, -1);
	fcntl(peer, F_SETFL, O_NONBLOCK);
	close(listener);
	tcp_adopt(edge.tcp, fd, any);
}

START_TEST(a_peer_that_stops_speaking_and_goes_on_taking_keeps_its_session)
{
	struct buf got = {0};
	char byte;

	leave();
	turn_all();
	ck_assert_uint_eq(closed, 1);
	closed = 0;
	adopt_over_tcp();
	keeps = true;
	shutdown(peer, SHUT_WR);
	turn_all();
	session_send_text(session, SLICE("news"), false);
	turn_all();
	fcntl(peer, F_SETFL, 0);
	ck_assert_int_eq(recv(peer, &byte, 1, 0), 1);
	loop_advance(worker->loop, worker->config->times.linger);
	turn_all();
	ck_assert_uint_eq(closed, 0);
	session_send_text(session, SLICE("more"), false);
	session_close(session, 1000, SLICE("Goodbye"));
	turn_all();
	fcntl(peer, F_SETFL, O_NONBLOCK);
	ck_assert(!read_some(&got));
	ck_assert_slice_eq(buf_slice(&got), SLICE("ewsmore"));
	buf_finish(&got);
}
END_TEST

START_TEST(a_peer_that_does_not_close_is_not_waited_for)
{
	session_close(session, 1000, SLICE("Goodbye"));
	turn_all();
	ck_assert_uint_eq(worker->connections, 1);
	loop_advance(worker->loop, worker->config->times.linger);
	ck_assert_uint_eq(worker->connections, 0);
	ck_assert_uint_eq(worker->owing, 0);
}
END_TEST

START_TEST(a_connection_without_a_session_hears_why)
{
	struct buf got = {0};
	int first = peer;

	adopt();
	turn_all();
	ck_assert(!read_some(&got));
	ck_assert_slice_eq(
		buf_slice(&got), SLICE("ERROR\nmessage:Try again later\n\n\0"));
	buf_finish(&got);
	close(first);
}
END_TEST

/* Writing */

START_TEST(what_is_sent_arrives_byte_for_byte)
{
	struct slice bytes = pattern(MUCH);
	struct buf got = {0};

	for (size_t at = 0; at < MUCH; at += MUCH / 64)
		session_send_text(
			session, slice_first(slice_from(bytes, at), MUCH / 64), true);
	while (got.len < MUCH) {
		turn();
		read_some(&got);
	}
	ck_assert_slice_eq(buf_slice(&got), bytes);
	ck_assert_int_eq(session_next(session, NULL), SESSION_NEXT_NOTHING);
	buf_finish(&got);
}
END_TEST

/* Half of a pair would be cleaned for a WebSocket. */
START_TEST(what_is_no_text_arrives_as_it_is)
{
	struct buf got = {0};

	session_send_text(session, SLICE("\0\xed\xa0\x80"), false);
	session_send_text(session, SLICE("\xff\0\xfe"), true);
	turn_all();
	read_some(&got);
	ck_assert_slice_eq(buf_slice(&got), SLICE("\0\xed\xa0\x80\xff\0\xfe"));
	buf_finish(&got);
}
END_TEST

START_TEST(messages_wait_in_the_session_while_the_peer_does_not_read)
{
	size_t waiting = 0;
	struct buf got = {0};

	session_send_text(session, pattern(MUCH), true);
	turn_all();
	session_send_text(session, SLICE("x"), false);
	turn_all();
	ck_assert_int_eq(session_next(session, &waiting), SESSION_NEXT_MESSAGES);
	ck_assert_uint_eq(waiting, 2);
	while (got.len < MUCH + 1) {
		read_some(&got);
		turn();
	}
	ck_assert_int_eq(session_next(session, NULL), SESSION_NEXT_NOTHING);
	buf_finish(&got);
}
END_TEST

START_TEST(a_peer_that_takes_nothing_is_given_up)
{
	session_send_text(session, pattern(MUCH), true);
	turn_all();
	/* The sockets' time goes by for real: it is some milliseconds more. */
	loop_advance(worker->loop, worker->config->times.progress / 2);
	ck_assert_uint_eq(closed, 0);
	loop_advance(worker->loop, worker->config->times.progress / 2);
	ck_assert_uint_eq(closed, 1);
	loop_advance(worker->loop, worker->config->times.linger);
	ck_assert_uint_eq(worker->connections, 0);
}
END_TEST

START_TEST(a_peer_that_goes_on_taking_is_not_given_up)
{
	struct buf got = {0};

	session_send_text(session, pattern(MUCH), true);
	for (int i = 0; i < 3; i++) {
		turn_all();
		loop_advance(worker->loop, worker->config->times.progress * 3 / 4);
		ck_assert(read_some(&got));
	}
	ck_assert_uint_lt(got.len, MUCH); /* the message is not through yet */
	turn_all();
	ck_assert_uint_eq(closed, 0);
	buf_finish(&got);
}
END_TEST

/* Full inboxes */

static void post_run(struct worker *unused, struct post *post)
{
	(void)unused;
	free(post);
}

static void fill_inbox(void)
{
	for (int i = 0; i < 4; i++) {
		struct post *post = xcalloc(1, sizeof(*post));

		post->run = post_run;
		worker_post(worker, 0, post);
	}
	worker->work_per_turn = 1;
	ck_assert(worker_is_full(worker));
}

START_TEST(while_inboxes_are_full_nobody_is_read)
{
	fill_inbox();
	write_some(SLICE("later"));
	turn();
	ck_assert(worker_is_full(worker));
	ck_assert_uint_eq(heard.len, 0);
	turn_all();
	ck_assert_slice_eq(buf_slice(&heard), SLICE("later"));
}
END_TEST

START_TEST(what_was_not_read_in_full_inboxes_is_thrown_away_at_the_close)
{
	fill_inbox();
	write_some(SLICE("unread"));
	turn();
	ck_assert(worker_is_full(worker));
	session_close(session, 1002, SLICE("Enough"));
	turn_all();
	ck_assert_int_eq(unread(), 0);
	ck_assert_uint_eq(heard.len, 0);
}
END_TEST

START_TEST(a_session_that_is_held_in_full_inboxes_waits_for_both)
{
	session_hold(session);
	write_some(SLICE("later"));
	turn();
	fill_inbox();
	session_release(session);
	turn();
	ck_assert(worker_is_full(worker));
	ck_assert_uint_eq(heard.len, 0);
	turn_all();
	ck_assert_slice_eq(buf_slice(&heard), SLICE("later"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tcp");
	TCase *reading = unit_case(suite, "reading");
	TCase *ending = unit_case(suite, "ending");
	TCase *writing = unit_case(suite, "writing");
	TCase *full = unit_case(suite, "full inboxes");
	TCase *crowd = unit_case(suite, "no room");

	tcase_add_checked_fixture(reading, setup, teardown);
	tcase_add_test(reading, what_comes_is_heard_byte_for_byte);
	tcase_add_test(reading, a_turn_reads_a_bounded_amount_of_one_connection);
	tcase_add_test(reading, a_held_session_hears_no_more_than_was_read);
	tcase_add_test(reading, what_comes_to_a_held_session_is_heard_later);
	tcase_add_test(reading, a_held_session_does_not_keep_the_loop_busy);

	tcase_add_checked_fixture(ending, setup, teardown);
	tcase_add_test(ending, the_end_is_heard_behind_everything_that_was_said);
	tcase_add_test(ending, a_peer_that_leaves_while_it_is_held_is_heard_out);
	tcase_add_test(ending,
		a_peer_that_leaves_without_having_read_its_answers_is_heard_out);
	tcase_add_test(ending, a_peer_that_only_stops_speaking_gets_what_waits);
	tcase_add_test(ending,
		a_peer_that_only_stops_speaking_gets_all_when_its_session_closes);
	tcase_add_test(ending, a_close_follows_what_was_queued_and_waits_for_the_peer);
	tcase_add_test(
		ending, what_was_not_read_of_a_held_peer_is_thrown_away_at_the_close);
	tcase_add_test(ending,
		a_peer_that_stops_speaking_and_goes_on_taking_keeps_its_session);
	tcase_add_test(ending, a_peer_that_does_not_close_is_not_waited_for);

	tcase_add_checked_fixture(writing, setup, teardown);
	tcase_add_test(writing, what_is_sent_arrives_byte_for_byte);
	tcase_add_test(writing, what_is_no_text_arrives_as_it_is);
	tcase_add_test(
		writing, messages_wait_in_the_session_while_the_peer_does_not_read);
	tcase_add_test(writing, a_peer_that_takes_nothing_is_given_up);
	tcase_add_test(writing, a_peer_that_goes_on_taking_is_not_given_up);

	tcase_add_checked_fixture(full, setup_small_inbox, teardown);
	tcase_add_test(full, while_inboxes_are_full_nobody_is_read);
	tcase_add_test(
		full, what_was_not_read_in_full_inboxes_is_thrown_away_at_the_close);
	tcase_add_test(full, a_session_that_is_held_in_full_inboxes_waits_for_both);

	tcase_add_checked_fixture(crowd, setup_no_room, teardown);
	tcase_add_test(crowd, a_connection_without_a_session_hears_why);
	return unit_run(suite);
}
