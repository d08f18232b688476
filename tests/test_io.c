#include "gateway/base/io.h"

#include "gateway/base/progress.h"
#include "tests/support/fake_channel.h"
#include "tests/support/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static struct fake_channel fake;
static struct io io;

static void setup(void)
{
	io = fake_channel_open(&fake);
}

static void teardown(void)
{
	fake_channel_finish(&fake);
}

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) != -1;
}

START_TEST(bytes_go_to_the_channel_if_there_is_one)
{
	ck_assert_int_eq(io_send(&io, SLICE("one")), 3);
	ck_assert_slice_eq(buf_slice(&fake.got), SLICE("one"));
	ck_assert_uint_eq(fake.straight, 3);
	io_close(&io);
}
END_TEST

START_TEST(bytes_of_a_bare_socket_go_to_its_descriptor)
{
	struct io bare = {.fd = io.fd};

	ck_assert_int_eq(io_send(&bare, SLICE("one")), 3);
	ck_assert_uint_eq(fake.sends, 0);
	fake_channel_pump(&fake);
	ck_assert_slice_eq(buf_slice(&fake.got), SLICE("one"));
	fake_channel_leave(&fake);
	ck_assert_int_eq(io_send(&bare, SLICE("two")), -1); /* and no signal */
	ck_assert_int_eq(errno, EPIPE);
	io_close(&io);
}
END_TEST

START_TEST(an_io_is_closed_once_whoever_had_it_before)
{
	struct io second = io_take(&io), third;

	ck_assert_int_eq(io_dup(&second, &third), 0);
	ck_assert_int_ne(third.fd, io.fd);
	io_forget(&io);
	io_forget(&second);
	ck_assert_uint_eq(fake.closes, 0);
	ck_assert(is_open(second.fd));
	close(second.fd); /* as a library would */
	ck_assert_int_eq(io_send(&third, SLICE("one")), 3);
	ck_assert_slice_eq(buf_slice(&fake.got), SLICE("one"));
	io_close(&third);
	ck_assert_uint_eq(fake.closes, 1);
}
END_TEST

START_TEST(a_forgotten_io_leaves_its_descriptor_open)
{
	io_forget(&io);
	ck_assert_uint_eq(fake.closes, 1);
	ck_assert(is_open(io.fd));
	io_forget(&io);
	ck_assert_uint_eq(fake.closes, 1);
	close(io.fd);
}
END_TEST

START_TEST(a_bare_socket_is_closed_and_duplicated_too)
{
	struct io bare = {.fd = fcntl(io.fd, F_DUPFD_CLOEXEC, 0)}, duplicate;
	const int fd = bare.fd;

	ck_assert_int_eq(io_dup(&bare, &duplicate), 0);
	ck_assert(fcntl(duplicate.fd, F_GETFD) & FD_CLOEXEC);
	io_close(&bare);
	ck_assert(!is_open(fd));
	io_close(&duplicate);
	ck_assert(is_open(io.fd));
	ck_assert_uint_eq(fake.closes, 0);
	io_close(&io);
}
END_TEST

START_TEST(the_channel_knows_the_progress)
{
	char bytes[4];

	fake_channel_give(&fake, SLICE("ten bytes."));
	ck_assert_int_eq(read(io.fd, bytes, sizeof(bytes)), 4);
	ck_assert_int_eq(progress_read_at_least(&io), 4);
	ck_assert_int_eq(progress_read_at_most(&io), 4);

	fake.progress.acknowledged = 17;
	ck_assert_uint_eq(progress_acked(&io), 17);
	ck_assert(!progress_is_behind(&io));
	fake.progress.is_behind = true;
	ck_assert(progress_is_behind(&io));
	ck_assert(!progress_is_dead(&io));
	fake.progress.is_dead = true;
	ck_assert(progress_is_dead(&io));
	io_close(&io);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("io");
	TCase *tcase = unit_case(suite, "io");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, bytes_go_to_the_channel_if_there_is_one);
	tcase_add_test(tcase, bytes_of_a_bare_socket_go_to_its_descriptor);
	tcase_add_test(tcase, an_io_is_closed_once_whoever_had_it_before);
	tcase_add_test(tcase, a_forgotten_io_leaves_its_descriptor_open);
	tcase_add_test(tcase, a_bare_socket_is_closed_and_duplicated_too);
	tcase_add_test(tcase, the_channel_knows_the_progress);
	return unit_run(suite);
}
