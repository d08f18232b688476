#include "gateway/base/progress.h"

#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>

enum {
	ESTABLISHED = 1, /* a state of TCP_INFO */
	RETRANSMITS_OF_DEAD = 2,
	PROBES = 3,
	PROBE_MAX_S = 32767, /* the most that Linux allows */
};

/*
 * False when nothing is known: a descriptor that is not TCP. Of a bare socket it does
 * not look whether it is behind, which takes another system call.
 */
static bool progress_look(const struct io *io, struct io_progress *progress)
{
	struct tcp_info info = {0};
	socklen_t len = sizeof(info);

	if (io->channel != NULL) {
		io->channel->ops->look(io, progress);
		return true;
	}
	if (getsockopt(io->fd, IPPROTO_TCP, TCP_INFO, &info, &len) == -1)
		return false;
	*progress = (struct io_progress){
		.acknowledged = info.tcpi_bytes_acked,
		.received = info.tcpi_bytes_received,
		.is_dead = info.tcpi_state != ESTABLISHED ||
			   info.tcpi_retransmits >= RETRANSMITS_OF_DEAD,
	};
	return true;
}

uint64_t progress_acked(const struct io *io)
{
	struct io_progress progress;

	return progress_look(io, &progress) ? progress.acknowledged : 0;
}

bool progress_grew(const struct io *io, uint64_t *before)
{
	const uint64_t now = progress_acked(io);
	const bool grew = now > *before;

	*before = now;
	return grew;
}

bool progress_is_behind(const struct io *io)
{
	struct io_progress progress;
	int waiting = 0;

	if (io->channel != NULL)
		return progress_look(io, &progress) && progress.is_behind;
	return ioctl(io->fd, SIOCOUTQ, &waiting) == 0 && waiting > 0;
}

bool progress_is_dead(const struct io *io)
{
	struct io_progress progress;

	return !progress_look(io, &progress) || progress.is_dead;
}

int64_t progress_unread(const struct io *io)
{
	int unread = 0;

	return ioctl(io->fd, SIOCINQ, &unread) == 0 ? unread : 0;
}

/* Bytes that have come, read or not; -1: unknown. */
static int64_t progress_received(const struct io *io)
{
	struct io_progress progress;

	return progress_look(io, &progress) ? (int64_t)progress.received : -1;
}

/*
 * Bytes that come between the two calls count as read in one order of the calls, and
 * as unread in the other.
 */

int64_t progress_read_at_least(const struct io *io)
{
	int64_t received = progress_received(io);

	return received == -1 ? 0 : received - progress_unread(io);
}

int64_t progress_read_at_most(const struct io *io)
{
	int64_t unread = progress_unread(io), received = progress_received(io);

	return received == -1 ? -1 : received - unread;
}

static void progress_set_option(int fd, int option, uint64_t value)
{
	const int number = (int)value;

	setsockopt(fd, IPPROTO_TCP, option, &number, sizeof(number));
}

static uint64_t progress_probe_seconds(uint64_t milliseconds)
{
	uint64_t seconds = milliseconds / 1000;

	return seconds < 1 ? 1 : seconds > PROBE_MAX_S ? PROBE_MAX_S : seconds;
}

void progress_probe(const struct io *io, uint64_t ping, uint64_t pong)
{
	const uint64_t patience = ping + pong;
	const int fd = io->fd;

	if (io->channel != NULL)
		return;
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &(int){1}, sizeof(int));
	progress_set_option(fd, TCP_KEEPIDLE, progress_probe_seconds(ping));
	progress_set_option(fd, TCP_KEEPINTVL, progress_probe_seconds(pong / PROBES));
	progress_set_option(fd, TCP_KEEPCNT, PROBES);
	progress_set_option(
		fd, TCP_USER_TIMEOUT, patience < INT32_MAX ? patience : INT32_MAX);
}
