/* Names that become addresses. name_server.c answers for DNS. */
#include "gateway/base/connector.h"

#include "tests/support/connector_site.h"
#include "tests/support/loopback.h"
#include "tests/support/name_server.h"
#include "tests/support/unit.h"

#include <stdio.h>

/*
 * The server "two.test" has two addresses. What is at its port there depends on the
 * test.
 */
static struct loopback first, second;
static char two[64]; /* "two.test:PORT" */

static void two_begin(void (*open_first)(struct loopback *, const char *))
{
	static const char *const addresses[] = {"127.0.0.1", "127.0.0.2", NULL};

	name_server_add("two.test", addresses);
	open_first(&first, addresses[0]);
	ck_assert(loopback_refuse_beside(&second, addresses[1], &first));
	snprintf(two, sizeof(two), "two.test:%u", first.port);
	connector_site_make_for(two);
}

static void two_end(void)
{
	loopback_close(&first);
	loopback_close(&second);
}

/* Begins an attempt and waits until the name is resolved. */
static void resolve(void)
{
	connector_connect(connector_site.connector);
	loop_advance(connector_site.loop, 0);
	loop_finish_work(connector_site.loop);
	ck_assert_int_eq(name_server_asked(), 1);
}

START_TEST(a_name_is_resolved_and_connected)
{
	two_begin(loopback_listen);
	connector_site_connect();
	assert_told("connected ");
	loopback_expect(&first, connector_site.fd);
	ck_assert_int_eq(name_server_asked(), 1);
	two_end();
}
END_TEST

START_TEST(an_address_needs_no_resolver)
{
	struct loopback server;

	loopback_listen(&server, "127.0.0.1");
	connector_site_make_for(server.text);
	connector_site_connect();
	ck_assert_int_eq(name_server_asked(), 0);
	loopback_close(&server);
}
END_TEST

START_TEST(after_an_address_that_refuses_the_next_is_tried)
{
	two_begin(loopback_refuse);
	loopback_let_in(&second);
	connector_site_connect();
	assert_told("connected ");
	loopback_expect(&second, connector_site.fd);
	two_end();
}
END_TEST

START_TEST(an_address_that_says_nothing_leaves_time_for_the_next)
{
	two_begin(loopback_be_silent);
	loopback_let_in(&second);
	resolve();
	loop_advance(connector_site.loop, PATIENCE / 2);
	connector_site_await();
	assert_told("connected ");
	loopback_expect(&second, connector_site.fd);
	two_end();
}
END_TEST

START_TEST(when_all_addresses_fail_the_last_one_is_named)
{
	two_begin(loopback_refuse);
	connector_site_connect();
	assert_told("%s (127.0.0.2): Connection refused ", two);
	two_end();
}
END_TEST

START_TEST(when_all_addresses_say_nothing_they_share_the_deadline)
{
	static const char *const same[] = {"127.0.0.1", "127.0.0.1", NULL};

	two_begin(loopback_be_silent);
	name_server_add("two.test", same);
	resolve();
	loop_advance(connector_site.loop, PATIENCE - 60000);
	assert_told("%s", "");
	loop_advance(connector_site.loop, 60000);
	assert_told("%s (127.0.0.1): Connection timed out ", two);
	two_end();
}
END_TEST

START_TEST(a_name_that_does_not_resolve_fails)
{
	connector_site_make_for("nothing.invalid:1");
	connector_site_connect();
	assert_told("nothing.invalid:1: unknown node or service ");
}
END_TEST

START_TEST(a_name_that_resolves_too_late_fails_and_its_result_is_dropped)
{
	two_begin(loopback_listen);
	name_server_hold();
	connector_site_begin();
	loop_advance(connector_site.loop, PATIENCE);
	assert_told("%s: the name was not resolved in time ", two);
	name_server_answer();
	connector_site_expect_nothing();
	two_end();
}
END_TEST

START_TEST(a_connector_that_resolves_may_be_ended)
{
	two_begin(loopback_listen);
	name_server_hold();
	connector_site_begin();
	while (name_server_asked() == 0)
		loop_turn(connector_site.loop); /* a thread has the question */
	connector_site_ends[_i]();
	name_server_answer();
	connector_site_expect_nothing();
	two_end();
}
END_TEST

START_TEST(a_connector_may_be_ended_when_a_name_has_failed)
{
	connector_site_make_for("nothing.invalid:1");
	connector_site.then = connector_site_ends[_i];
	connector_site_connect();
	assert_told("nothing.invalid:1: unknown node or service ");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("connector_names");
	TCase *names = unit_case(suite, "names");

	tcase_add_checked_fixture(names, connector_site_setup, connector_site_teardown);
	tcase_add_test(names, a_name_is_resolved_and_connected);
	tcase_add_test(names, an_address_needs_no_resolver);
	tcase_add_test(names, after_an_address_that_refuses_the_next_is_tried);
	tcase_add_test(names, an_address_that_says_nothing_leaves_time_for_the_next);
	tcase_add_test(names, when_all_addresses_fail_the_last_one_is_named);
	tcase_add_test(names, when_all_addresses_say_nothing_they_share_the_deadline);
	tcase_add_test(names, a_name_that_does_not_resolve_fails);
	tcase_add_test(
		names, a_name_that_resolves_too_late_fails_and_its_result_is_dropped);
	unit_add_table(
		names, a_connector_that_resolves_may_be_ended, connector_site_ends);
	unit_add_table(names, a_connector_may_be_ended_when_a_name_has_failed,
		connector_site_ends);
	return unit_run(suite);
}
