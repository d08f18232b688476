/* Outgoing connections to addresses, by real sockets. */
#include "gateway/base/connector.h"

#include "tests/support/connector_site.h"
#include "tests/support/descriptors.h"
#include "tests/support/loopback.h"
#include "tests/support/unit.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>

/* Addresses */

static const char *const loopbacks[] = {"127.0.0.1", "::1"};

START_TEST(a_server_that_accepts_is_connected)
{
	struct loopback server;

	if (!loopback_has(loopbacks[_i]))
		return; /* this machine has no IPv6 */
	loopback_listen(&server, loopbacks[_i]);
	connector_site_make_for(server.text);
	connector_connect(connector_site.connector);
	assert_told("%s", ""); /* never before the next turn */
	connector_site_await();
	assert_told("connected ");
	loopback_expect(&server, connector_site.fd);
	loopback_close(&server);
}
END_TEST

START_TEST(a_connection_does_not_block_is_not_inherited_and_sends_without_delay)
{
	struct loopback server;
	int no_delay = 0;
	socklen_t len = sizeof(no_delay);

	loopback_listen(&server, "127.0.0.1");
	connector_site_make_for(server.text);
	connector_site_connect();
	ck_assert_int_ne(fcntl(connector_site.fd, F_GETFL) & O_NONBLOCK, 0);
	ck_assert_int_ne(fcntl(connector_site.fd, F_GETFD) & FD_CLOEXEC, 0);
	getsockopt(connector_site.fd, IPPROTO_TCP, TCP_NODELAY, &no_delay, &len);
	ck_assert_int_ne(no_delay, 0);
	loopback_close(&server);
}
END_TEST

START_TEST(a_server_that_refuses_fails_with_its_name_and_the_reason)
{
	struct loopback server;

	loopback_refuse(&server, "127.0.0.1");
	connector_site_make_for(server.text);
	connector_site_connect();
	assert_told("%s: Connection refused ", server.text);
	loopback_close(&server);
}
END_TEST

START_TEST(a_server_that_says_nothing_fails_at_the_deadline)
{
	struct loopback server;

	loopback_be_silent(&server, "127.0.0.1");
	connector_site_make_for(server.text);
	connector_site_begin();
	loop_advance(connector_site.loop, PATIENCE - 60000);
	loop_turn(connector_site.loop);
	assert_told("%s", "");
	loop_advance(connector_site.loop, 60000);
	assert_told("%s: Connection timed out ", server.text);
	loopback_close(&server);
}
END_TEST

/* A socket's own port is the kernel's choice: this is how it may choose. */

static bool chooses_its_port;

int __real_connect(int fd, const struct sockaddr *address, socklen_t len);
int __wrap_connect(int fd, const struct sockaddr *address, socklen_t len);

int __wrap_connect(int fd, const struct sockaddr *address, socklen_t len)
{
	if (chooses_its_port)
		ck_assert_int_eq(bind(fd, address, len), 0);
	return __real_connect(fd, address, len);
}

START_TEST(a_socket_that_connects_to_itself_is_refused)
{
	struct loopback server;

	if (!loopback_has(loopbacks[_i]))
		return;
	loopback_refuse(&server, loopbacks[_i]);
	loopback_close(&server); /* its port is free */
	connector_site_make_for(server.text);
	chooses_its_port = true;
	connector_site_connect();
	assert_told("%s: Connection refused ", server.text);
}
END_TEST

/* The kernel asks again after a second: the time is the kernel's. */

START_TEST(a_server_that_takes_its_time_is_connected)
{
	struct loopback server;

	loopback_be_silent(&server, "127.0.0.1");
	connector_site_make_for(server.text);
	connector_site_begin();
	loopback_make_room(&server);
	connector_site_await();
	assert_told("connected ");
	ck_assert(loopback_is_established(connector_site.fd));
	loopback_close(&server);
}
END_TEST

START_TEST(a_server_that_refuses_late_fails)
{
	struct loopback server;

	loopback_be_silent(&server, "127.0.0.1");
	connector_site_make_for(server.text);
	connector_site_begin();
	loopback_close(&server);
	connector_site_await();
	assert_told("%s: Connection refused ", server.text);
}
END_TEST

START_TEST(without_descriptors_an_attempt_fails)
{
	struct rlimit before, none = {0, 0};

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	none.rlim_max = before.rlim_max;
	connector_site_make_for("127.0.0.1:1");
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	connector_site_connect();
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_told("127.0.0.1:1: Too many open files ");
}
END_TEST

/* Several servers */

START_TEST(each_attempt_takes_the_next_server)
{
	struct loopback dead, good;

	loopback_refuse(&dead, "127.0.0.1");
	loopback_listen(&good, "127.0.0.1");
	connector_site_make((const char *const[]){dead.text, good.text, NULL});
	ck_assert_slice_eq(
		connector_server(connector_site.connector), slice_of(dead.text));
	connector_site_connect();
	assert_told("%s: Connection refused ", dead.text);
	ck_assert_slice_eq(
		connector_server(connector_site.connector), slice_of(dead.text));
	connector_site_connect();
	assert_told("connected ");
	ck_assert_slice_eq(
		connector_server(connector_site.connector), slice_of(good.text));
	connector_site_hang_up();
	connector_site_connect(); /* from the first again */
	assert_told("%s: Connection refused ", dead.text);
	loopback_close(&dead);
	loopback_close(&good);
}
END_TEST

static void connect_again(void)
{
	connector_site.then = NULL;
	connector_site.is_awaiting = true;
	connector_connect(connector_site.connector);
}

START_TEST(a_callback_may_begin_the_next_attempt)
{
	struct loopback dead, good;

	loopback_refuse(&dead, "127.0.0.1");
	loopback_listen(&good, "127.0.0.1");
	connector_site_make((const char *const[]){dead.text, good.text, NULL});
	connector_site.then = connect_again;
	connector_connect(connector_site.connector);
	while (connector_site.fd == -1)
		loop_turn(connector_site.loop);
	assert_told("%s: Connection refused connected ", dead.text);
	loopback_close(&dead);
	loopback_close(&good);
}
END_TEST

START_TEST(a_new_attempt_takes_the_place_of_the_old)
{
	struct loopback silent, good;

	loopback_be_silent(&silent, "127.0.0.1");
	loopback_listen(&good, "127.0.0.1");
	connector_site_make((const char *const[]){silent.text, good.text, NULL});
	connector_site_begin();
	connector_site_connect();
	assert_told("connected ");
	loop_advance(connector_site.loop, 2 * (uint64_t)PATIENCE);
	assert_told("%s", "");
	loopback_close(&silent);
	loopback_close(&good);
}
END_TEST

/* Retries */

/* Moves the clock on, and sees whether an attempt has a socket then. */
static void advance(uint64_t milliseconds, bool has_socket)
{
	const int before = descriptors_count();

	loop_advance(connector_site.loop, milliseconds);
	ck_assert_int_eq(descriptors_count(), before + has_socket);
}

/* Sees that the next attempt begins after so many milliseconds, and fails. */
static void retry_after(const struct loopback *dead, uint64_t wait)
{
	connector_retry(connector_site.connector);
	advance(wait - 1, false);
	advance(1, true);
	connector_site_await();
	assert_told("%s: Connection refused ", dead->text);
}

START_TEST(retries_wait_from_the_least_to_the_most)
{
	struct loopback dead;

	loopback_refuse(&dead, "127.0.0.1");
	connector_site_make_for(dead.text);
	connector_site_connect();
	assert_told("%s: Connection refused ", dead.text);
	retry_after(&dead, 75);
	retry_after(&dead, 150);
	retry_after(&dead, 300);
	connector_site.draw = 400;
	retry_after(&dead, 600 + 400);
	connector_site.draw = 500;
	retry_after(&dead, 750 + 500);
	retry_after(&dead, 750 + 500);
	loopback_close(&dead);
}
END_TEST

START_TEST(a_success_changes_the_wait_only_by_a_reset)
{
	struct loopback dead, good;

	loopback_refuse(&dead, "127.0.0.1");
	loopback_listen(&good, "127.0.0.1");
	connector_site_make((const char *const[]){
		dead.text, good.text, dead.text, dead.text, NULL});
	retry_after(&dead, 75);
	connector_site_connect();
	assert_told("connected ");
	connector_site_hang_up();
	retry_after(&dead, 150);
	connector_reset(connector_site.connector);
	retry_after(&dead, 75);
	loopback_close(&dead);
	loopback_close(&good);
}
END_TEST

START_TEST(the_kernel_draws_when_nobody_else_does)
{
	struct connector_settings settings = connector_site_settings();
	struct loopback dead;

	loopback_refuse(&dead, "127.0.0.1");
	settings.servers = (const struct slice[]){slice_of(dead.text)};
	settings.server_count = 1;
	settings.random = NULL;
	connector_site.connector = connector_create(connector_site.loop, &settings);
	connector_retry(connector_site.connector);
	advance(74, false);
	advance(125 - 74, true);
	loopback_close(&dead);
}
END_TEST

/* Ends in every state */

START_TEST(an_idle_connector_may_be_ended)
{
	connector_site_make_for("127.0.0.1:1");
	connector_site_ends[_i]();
	connector_site_expect_nothing();
	connector_destroy(NULL);
}
END_TEST

START_TEST(a_connector_that_waits_may_be_ended)
{
	connector_site_make_for("127.0.0.1:1");
	connector_retry(connector_site.connector);
	loop_advance(connector_site.loop, 1);
	connector_site_ends[_i]();
	connector_site_expect_nothing();
}
END_TEST

START_TEST(a_connector_that_connects_may_be_ended)
{
	struct loopback server;

	loopback_be_silent(&server, "127.0.0.1");
	connector_site_make_for(server.text);
	connector_site_begin();
	connector_site_ends[_i]();
	connector_site_expect_nothing();
	loopback_close(&server);
}
END_TEST

START_TEST(a_connector_may_be_ended_when_it_has_connected)
{
	struct loopback server;

	loopback_listen(&server, "127.0.0.1");
	connector_site_make_for(server.text);
	connector_site.then = connector_site_ends[_i];
	connector_site_connect();
	assert_told("connected ");
	loopback_expect(&server, connector_site.fd); /* the descriptor is the owner's */
	loopback_close(&server);
}
END_TEST

START_TEST(a_connector_may_be_ended_when_it_has_failed)
{
	struct loopback server;

	loopback_refuse(&server, "127.0.0.1");
	connector_site_make_for(server.text);
	connector_site.then = connector_site_ends[_i];
	connector_site_connect();
	assert_told("%s: Connection refused ", server.text);
	loopback_close(&server);
}
END_TEST

START_TEST(a_connector_that_was_cancelled_connects_again)
{
	struct loopback silent, good;

	loopback_be_silent(&silent, "127.0.0.1");
	loopback_listen(&good, "127.0.0.1");
	connector_site_make((const char *const[]){silent.text, good.text, NULL});
	connector_site_begin();
	connector_site_ends[0]();
	connector_site_connect();
	assert_told("connected ");
	loopback_close(&silent);
	loopback_close(&good);
}
END_TEST

static TCase *add_case(Suite *suite, const char *name)
{
	TCase *tcase = unit_case(suite, name);

	tcase_add_checked_fixture(tcase, connector_site_setup, connector_site_teardown);
	return tcase;
}

int main(void)
{
	Suite *suite = suite_create("connector");
	TCase *addresses = add_case(suite, "addresses");
	TCase *servers = add_case(suite, "several servers");
	TCase *retries = add_case(suite, "retries");
	TCase *ended = add_case(suite, "ends");

	unit_add_table(addresses, a_server_that_accepts_is_connected, loopbacks);
	tcase_add_test(addresses,
		a_connection_does_not_block_is_not_inherited_and_sends_without_delay);
	tcase_add_test(
		addresses, a_server_that_refuses_fails_with_its_name_and_the_reason);
	tcase_add_test(addresses, a_server_that_says_nothing_fails_at_the_deadline);
	unit_add_table(
		addresses, a_socket_that_connects_to_itself_is_refused, loopbacks);
	tcase_add_test(addresses, a_server_that_takes_its_time_is_connected);
	tcase_add_test(addresses, a_server_that_refuses_late_fails);
	tcase_add_test(addresses, without_descriptors_an_attempt_fails);

	tcase_add_test(servers, each_attempt_takes_the_next_server);
	tcase_add_test(servers, a_callback_may_begin_the_next_attempt);
	tcase_add_test(servers, a_new_attempt_takes_the_place_of_the_old);

	tcase_add_test(retries, retries_wait_from_the_least_to_the_most);
	tcase_add_test(retries, a_success_changes_the_wait_only_by_a_reset);
	tcase_add_test(retries, the_kernel_draws_when_nobody_else_does);

	unit_add_table(ended, an_idle_connector_may_be_ended, connector_site_ends);
	unit_add_table(ended, a_connector_that_waits_may_be_ended, connector_site_ends);
	unit_add_table(
		ended, a_connector_that_connects_may_be_ended, connector_site_ends);
	unit_add_table(ended, a_connector_may_be_ended_when_it_has_connected,
		connector_site_ends);
	unit_add_table(ended, a_connector_may_be_ended_when_it_has_failed,
		connector_site_ends);
	tcase_add_test(ended, a_connector_that_was_cancelled_connects_again);
	return unit_run(suite);
}
