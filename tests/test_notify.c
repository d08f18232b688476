/* The notifications to a service manager. */
#include "gateway/base/notify.h"
#include "tests/support/manager.h"
#include "tests/support/unit.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

static struct manager manager;

static void setup(void)
{
	manager_listen(&manager);
}

static void teardown(void)
{
	manager_finish(&manager);
}

START_TEST(each_state_is_one_datagram)
{
	notify_ready();
	ck_assert_str_eq(manager_hear(&manager), "READY=1");
	notify_alive();
	ck_assert_str_eq(manager_hear(&manager), "WATCHDOG=1");
	notify_stopping();
	ck_assert_str_eq(manager_hear(&manager), "STOPPING=1");
	ck_assert_str_eq(manager_hear(&manager), "");
}
END_TEST

START_TEST(a_reload_says_when_it_began)
{
	struct timespec now;
	long long said;

	notify_reloading();
	clock_gettime(CLOCK_MONOTONIC, &now);
	ck_assert_int_eq(sscanf(manager_hear(&manager),
				 "RELOADING=1\nMONOTONIC_USEC=%lld", &said),
		1);
	ck_assert_int_le(said / 1000000, now.tv_sec);
	ck_assert_int_ge(said / 1000000, now.tv_sec - 60);
}
END_TEST

START_TEST(the_socket_may_have_a_path)
{
	char path[64];

	snprintf(path, sizeof(path), "/tmp/postern-test-%d", (int)getpid());
	unlink(path);
	manager_finish(&manager);
	manager_listen_at(&manager, path);
	notify_ready();
	ck_assert_str_eq(manager_hear(&manager), "READY=1");
	unlink(path);
}
END_TEST

static const char *const nowhere[] = {"", "/nowhere/at/all",
	"/a/path/that/no/address/of/a/socket/can/hold/since/it/has/more/than/one/"
	"hundred/"
	"and/seven/bytes/which/is/all/that/there/is"};

START_TEST(without_a_manager_nothing_is_said)
{
	setenv("NOTIFY_SOCKET", nowhere[_i], 1);
	notify_ready();
	unsetenv("NOTIFY_SOCKET");
	notify_ready();
	ck_assert_str_eq(manager_hear(&manager), "");
}
END_TEST

START_TEST(the_watchdog_is_for_the_process_that_it_names)
{
	char pid[16];

	ck_assert_uint_eq(notify_watchdog(), 0);
	setenv("WATCHDOG_USEC", "30000000", 1);
	ck_assert_uint_eq(notify_watchdog(), 30000);
	setenv("WATCHDOG_PID", "1", 1);
	ck_assert_uint_eq(notify_watchdog(), 0);
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	setenv("WATCHDOG_PID", pid, 1);
	ck_assert_uint_eq(notify_watchdog(), 30000);
	setenv("WATCHDOG_USEC", " 4000x", 1);
	ck_assert_uint_eq(notify_watchdog(), 4);
	setenv("WATCHDOG_USEC", "x", 1);
	ck_assert_uint_eq(notify_watchdog(), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("notify");
	TCase *tcase = unit_case(suite, "notify");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, each_state_is_one_datagram);
	tcase_add_test(tcase, a_reload_says_when_it_began);
	tcase_add_test(tcase, the_socket_may_have_a_path);
	unit_add_table(tcase, without_a_manager_nothing_is_said, nowhere);
	tcase_add_test(tcase, the_watchdog_is_for_the_process_that_it_names);
	return unit_run(suite);
}
