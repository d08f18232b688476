/* The end of a TCP connection: the last bytes of both sides. */
#include "tests/support/tcp_site.h"
#include "tests/support/unit.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <unistd.h>

static void setup(void)
{
	site_begin("");
}

static void setup_no_room(void)
{
	site_begin("'limits': {'sessions': 1}");
}

START_TEST(the_end_is_heard_behind_everything_that_was_said)
{
	site_write(SLICE("last words"));
	site_leave();
	site_turn_all();
	ck_assert_slice_eq(buf_slice(&site.heard), SLICE("last words"));
	ck_assert_uint_eq(site.closed, 1);
	ck_assert_uint_eq(site.worker->connections, 0);
	ck_assert_uint_eq(site.worker->owing, 0);
}
END_TEST

START_TEST(a_peer_that_leaves_while_it_is_held_is_heard_out)
{
	session_pause(site.session);
	site_write(SLICE("last words"));
	site_leave();
	site_turn_all();
	ck_assert_uint_eq(site.closed, 0);
	session_resume(site.session);
	site_turn_all();
	ck_assert_slice_eq(buf_slice(&site.heard), SLICE("last words"));
	ck_assert_uint_eq(site.closed, 1);
}
END_TEST

START_TEST(a_peer_that_leaves_without_having_read_its_answers_is_heard_out)
{
	session_pause(site.session);
	session_send_text(site.session, SLICE("never read"), PAYLOAD_TEXT);
	site_turn_all();
	site_write(SLICE("last words"));
	site_leave(); /* a reset */
	session_send_text(site.session, SLICE("into the void"), PAYLOAD_TEXT);
	site_turn_all();
	session_resume(site.session);
	site_turn_all();
	ck_assert_slice_eq(buf_slice(&site.heard), SLICE("last words"));
	ck_assert_uint_eq(site.closed, 1);
	ck_assert_uint_eq(site.worker->connections, 0);
}
END_TEST

START_TEST(a_peer_that_only_stops_speaking_gets_what_waits)
{
	struct buf got = {0};

	site.answers = true;
	site_write(SLICE("question"));
	shutdown(site.peer, SHUT_WR);
	site_turn_all();
	ck_assert(!site_read(&got));
	ck_assert_slice_eq(buf_slice(&got), SLICE("answer"));
	ck_assert_uint_eq(site.closed, 1);
	buf_finish(&got);
}
END_TEST

START_TEST(a_peer_that_only_stops_speaking_gets_all_when_its_session_closes)
{
	struct slice bytes = site_pattern(MUCH);
	struct buf got = {0};

	session_send_text(site.session, bytes, PAYLOAD_BINARY);
	session_send_text(site.session, SLICE("bye"), PAYLOAD_TEXT);
	session_close(site.session, ENDING_DISCONNECT);
	shutdown(site.peer, SHUT_WR);
	while (site_read(&got))
		site_turn();
	ck_assert_slice_eq(slice_first(buf_slice(&got), MUCH), bytes);
	ck_assert_slice_eq(slice_from(buf_slice(&got), MUCH), SLICE("bye"));
	site_turn_all();
	ck_assert_uint_eq(site.worker->connections, 0);
	buf_finish(&got);
}
END_TEST

START_TEST(a_close_follows_what_was_queued_and_waits_for_the_peer)
{
	struct buf got = {0};

	session_send_text(site.session, SLICE("last"), PAYLOAD_TEXT);
	session_close(site.session, ENDING_DISCONNECT);
	site_turn_all();
	ck_assert(!site_read(&got));
	ck_assert_slice_eq(buf_slice(&got), SLICE("last"));
	ck_assert_uint_eq(site.closed, 1);
	ck_assert_uint_eq(site.worker->owing, 1);

	/* The peer's further input is dropped, so that it can read to the end. */
	site_write(site_pattern(MUCH));
	site_turn_all();
	ck_assert_int_eq(site_unread(), 0);
	ck_assert_uint_eq(site.heard.len, 0);
	site_leave();
	site_turn_all();
	ck_assert_uint_eq(site.worker->owing, 0);
	ck_assert_uint_eq(site.worker->connections, 0);
	buf_finish(&got);
}
END_TEST

START_TEST(what_was_not_read_of_a_held_peer_is_thrown_away_at_the_close)
{
	struct buf got = {0};

	session_pause(site.session);
	site_write(site_pattern(MUCH));
	site_turn_all();
	session_send_text(site.session, SLICE("last"), PAYLOAD_TEXT);
	session_close(site.session, ENDING_ERROR);
	site_turn_all();
	ck_assert_int_eq(site_unread(), 0);
	ck_assert_uint_eq(site.heard.len, 0);
	ck_assert(!site_read(&got));
	ck_assert_slice_eq(buf_slice(&got), SLICE("last"));
	buf_finish(&got);
}
END_TEST

/* Over TCP, since a socket pair does not report what the peer has taken. */
static void adopt_over_tcp(void)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct sockaddr *any = (struct sockaddr *)&address;
	socklen_t len = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	site.peer = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(listener, any, len), 0);
	ck_assert_int_eq(listen(listener, 1), 0);
	ck_assert_int_eq(getsockname(listener, any, &len), 0);
	ck_assert_int_eq(connect(site.peer, any, len), 0);
	int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
	ck_assert_int_ne(fd, -1);
	fcntl(site.peer, F_SETFL, O_NONBLOCK);
	close(listener);
	tcp_adopt(site.edge.tcp, (struct io){.fd = fd}, any);
}

START_TEST(a_peer_that_stops_speaking_and_goes_on_taking_keeps_its_session)
{
	struct buf got = {0};
	char byte;

	site_leave();
	site_turn_all();
	ck_assert_uint_eq(site.closed, 1);
	site.closed = 0;
	adopt_over_tcp();
	site.keeps = true;
	shutdown(site.peer, SHUT_WR);
	site_turn_all();
	session_send_text(site.session, SLICE("news"), PAYLOAD_TEXT);
	site_turn_all();
	fcntl(site.peer, F_SETFL, 0);
	ck_assert_int_eq(recv(site.peer, &byte, 1, 0), 1);
	loop_advance(site.worker->loop, site.worker->config->times.linger);
	site_turn_all();
	ck_assert_uint_eq(site.closed, 0);
	session_send_text(site.session, SLICE("more"), PAYLOAD_TEXT);
	session_close(site.session, ENDING_DISCONNECT);
	site_turn_all();
	fcntl(site.peer, F_SETFL, O_NONBLOCK);
	ck_assert(!site_read(&got));
	ck_assert_slice_eq(buf_slice(&got), SLICE("ewsmore"));
	buf_finish(&got);
}
END_TEST

START_TEST(a_peer_that_does_not_close_is_not_waited_for)
{
	session_close(site.session, ENDING_DISCONNECT);
	site_turn_all();
	ck_assert_uint_eq(site.worker->connections, 1);
	loop_advance(site.worker->loop, site.worker->config->times.linger);
	ck_assert_uint_eq(site.worker->connections, 0);
	ck_assert_uint_eq(site.worker->owing, 0);
}
END_TEST

START_TEST(a_connection_without_a_session_hears_why)
{
	struct buf got = {0};
	int first = site.peer;

	site_adopt();
	site_turn_all();
	ck_assert(!site_read(&got));
	ck_assert_slice_eq(
		buf_slice(&got), SLICE("ERROR\nmessage:Try again later\n\n\0"));
	buf_finish(&got);
	close(first);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tcp ending");
	TCase *ending = unit_case(suite, "ending");
	TCase *address_limits = unit_case(suite, "no room");

	tcase_add_checked_fixture(ending, setup, site_end);
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

	tcase_add_checked_fixture(address_limits, setup_no_room, site_end);
	tcase_add_test(address_limits, a_connection_without_a_session_hears_why);
	return unit_run(suite);
}
