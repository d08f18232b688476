/* The purpose of each socket that systemd hands over. */
#include "transports/door/inherited.h"

#include "tests/support/unit.h"

#include <stdio.h>
#include <unistd.h>

static const struct {
	const char *count, *names;
	int http, tcp, admin;
} handed_over[] = {
	{NULL, NULL, -1, -1, -1},
	{"", "", -1, -1, -1},
	{"0", "http", -1, -1, -1},
	{"nonsense", "http", -1, -1, -1},
	{"1", NULL, 3, -1, -1},
	{"1", "postern.socket", 3, -1, -1},
	{"1", "http", 3, -1, -1},
	{"1", "tcp", -1, 3, -1},
	{"1", "admin", -1, -1, 3},
	{"2", NULL, 3, 4, -1},
	{"2", "postern.socket:postern.socket", 3, 4, -1},
	{"2", "tcp:http", 4, 3, -1},
	{"2", "http:tcp", 3, 4, -1},
	{"2", "http:admin", 3, -1, 4},
	{"2", "other:http", 3, -1, -1}, /* the first counts as HTTP's */
	{"3", "a:b:tcp", 3, 4, -1},
	{"3", "tcp:b:http", 5, 3, -1},
	{"3", "admin:tcp:http", 5, 4, 3},
	{"3", "http:tcp:admin", 3, 4, 5},
	{"3", ":::::", 3, 4, -1}, /* no socket becomes the operators' by its place */
	{"3", NULL, 3, 4, -1},
};

static void hand_over(int row, int pid)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", pid);
	setenv("LISTEN_PID", text, 1);
	if (handed_over[row].count != NULL)
		setenv("LISTEN_FDS", handed_over[row].count, 1);
	if (handed_over[row].names != NULL)
		setenv("LISTEN_FDNAMES", handed_over[row].names, 1);
}

static void teardown(void)
{
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
}

START_TEST(a_socket_is_found_by_its_name_or_its_place)
{
	hand_over(_i, (int)getpid());
	ck_assert_int_eq(inherited_find("http"), handed_over[_i].http);
	ck_assert_int_eq(inherited_find("tcp"), handed_over[_i].tcp);
	ck_assert_int_eq(inherited_find("admin"), handed_over[_i].admin);
}
END_TEST

START_TEST(what_is_meant_for_another_process_is_not_taken)
{
	hand_over(_i, (int)getppid());
	ck_assert_int_eq(inherited_find("http"), -1);
	ck_assert_int_eq(inherited_find("tcp"), -1);
	ck_assert_int_eq(inherited_find("admin"), -1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("inherited");
	TCase *tcase = unit_case(suite, "inherited");

	tcase_add_checked_fixture(tcase, NULL, teardown);
	unit_add_table(tcase, a_socket_is_found_by_its_name_or_its_place, handed_over);
	unit_add_table(
		tcase, what_is_meant_for_another_process_is_not_taken, handed_over);
	return unit_run(suite);
}
