#include "gateway/base/progress.h"

#include "tests/support/unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

static int listener, near, far;

/* A connection over loopback. */
static void setup(void)
{
	struct sockaddr_in where = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(where);

	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(listener, (struct sockaddr *)&where, len), 0);
	ck_assert_int_eq(listen(listener, 1), 0);
	ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&where, &len), 0);
	far = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(connect(far, (struct sockaddr *)&where, len), 0);
	near = accept(listener, NULL, NULL);
	ck_assert_int_ne(near, -1);
}

static void teardown(void)
{
	close(near);
	close(far);
	close(listener);
}

static void check_read(int fd, int64_t at_least, int64_t at_most)
{
	const struct io io = {.fd = fd};

	ck_assert_int_eq(progress_read_at_least(&io), at_least);
	ck_assert_int_eq(progress_read_at_most(&io), at_most);
}

START_TEST(what_was_read_is_known_to_the_byte)
{
	char bytes[10] = {0};

	check_read(near, 0, 0);
	ck_assert_int_eq(write(far, bytes, 10), 10);
	check_read(near, 0, 0);
	ck_assert_int_eq(read(near, bytes, 4), 4);
	check_read(near, 4, 4);
	ck_assert_int_eq(write(far, bytes, 3), 3);
	ck_assert_int_eq(recv(near, bytes, 9, MSG_WAITALL), 9);
	check_read(near, 13, 13);
}
END_TEST

START_TEST(what_was_only_looked_at_was_not_read)
{
	char bytes[10] = {0};

	ck_assert_int_eq(write(far, bytes, 10), 10);
	ck_assert_int_eq(recv(near, bytes, 10, MSG_PEEK), 10);
	check_read(near, 0, 0);
}
END_TEST

START_TEST(of_what_is_not_tcp_nothing_is_certain)
{
	int pair[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	check_read(pair[0], 0, -1);
	close(pair[0]);
	close(pair[1]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("progress");
	TCase *tcase = unit_case(suite, "read");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, what_was_read_is_known_to_the_byte);
	tcase_add_test(tcase, what_was_only_looked_at_was_not_read);
	tcase_add_test(tcase, of_what_is_not_tcp_nothing_is_certain);
	return unit_run(suite);
}
