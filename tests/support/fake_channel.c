#include "tests/support/fake_channel.h"

#include "gateway/base/list.h"
#include "tests/support/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { PAIR_ROOM = 16384 }; /* what TLS connections give their pairs */

static struct fake_channel *fake_channel_of(const struct io *io)
{
	return container_of(io->channel, struct fake_channel, channel);
}

static bool fake_channel_is_empty(const struct fake_channel *fake)
{
	int waiting = 0;

	ck_assert_int_eq(ioctl(fake->far, FIONREAD, &waiting), 0);
	return waiting == 0;
}

/* Takes nothing, and lets the descriptor not be writable. */
static ssize_t fake_channel_refuse(struct fake_channel *fake, int fd)
{
	static const char junk[1024];
	ssize_t taken;

	while ((taken = send(fd, junk, sizeof(junk), MSG_DONTWAIT)) > 0)
		fake->junk += (size_t)taken;
	fake->stuck = false;
	errno = EAGAIN;
	return -1;
}

/* Past the pair when that is empty; else, and for what has no room, through it. */
static ssize_t fake_channel_on_send(const struct io *io, struct slice bytes)
{
	struct fake_channel *fake = fake_channel_of(io);
	struct slice straight = {bytes.data, 0};

	fake->sends++;
	if (fake->stuck)
		return fake_channel_refuse(fake, io->fd);
	if (fake->far != -1 && fake_channel_is_empty(fake))
		straight = slice_first(bytes, fake->room);
	buf_append(&fake->got, straight);
	fake->room -= straight.len;
	fake->straight += straight.len;
	if (straight.len == bytes.len)
		return (ssize_t)bytes.len;

	const struct slice rest = slice_from(bytes, straight.len);
	const ssize_t taken =
		send(io->fd, rest.data, rest.len, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (taken == -1)
		return straight.len > 0 ? (ssize_t)straight.len : -1;
	return (ssize_t)straight.len + taken;
}

static void fake_channel_on_look(const struct io *io, struct io_progress *progress)
{
	struct fake_channel *fake = fake_channel_of(io);

	fake->looks++;
	*progress = fake->progress;
}

static void fake_channel_on_close(const struct io *io)
{
	fake_channel_of(io)->closes++;
	ck_assert_int_ne(fcntl(io->fd, F_GETFD), -1); /* it is still open */
}

static const struct io_ops fake_channel_ops = {
	.send = fake_channel_on_send,
	.look = fake_channel_on_look,
	.close = fake_channel_on_close,
};

struct io fake_channel_open(struct fake_channel *fake)
{
	const int type = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
	int ends[2];

	ck_assert_int_eq(socketpair(AF_UNIX, type, 0, ends), 0);
	ck_assert_int_eq(setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &(int){PAIR_ROOM},
				 sizeof(int)),
		0);
	*fake = (struct fake_channel){
		.channel = {&fake_channel_ops}, .far = ends[0], .room = SIZE_MAX};
	return (struct io){ends[1], &fake->channel};
}

void fake_channel_finish(struct fake_channel *fake)
{
	if (fake->far != -1) {
		fake_channel_pump(fake);
		ck_assert(fake->ended);
	}
	fake_channel_leave(fake);
	ck_assert_uint_eq(fake->closes, 1);
	buf_finish(&fake->got);
}

void fake_channel_give(struct fake_channel *fake, struct slice bytes)
{
	ck_assert_int_eq(
		send(fake->far, bytes.data, bytes.len, MSG_NOSIGNAL), bytes.len);
	fake->progress.received += bytes.len;
}

void fake_channel_pump(struct fake_channel *fake)
{
	static char bytes[65536];

	for (;;) {
		const ssize_t len = recv(fake->far, bytes, sizeof(bytes), 0);

		if (len == -1 && errno == EAGAIN)
			return;
		if (len <= 0) {
			fake->ended = true;
			return;
		}
		const struct slice got = {bytes, (size_t)len};
		const struct slice junk = slice_first(got, fake->junk);
		fake->junk -= junk.len;
		buf_append(&fake->got, slice_from(got, junk.len));
	}
}

void fake_channel_leave(struct fake_channel *fake)
{
	if (fake->far != -1)
		close(fake->far);
	fake->far = -1;
}
