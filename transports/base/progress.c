#include "transports/base/progress.h"

#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

enum {
	ESTABLISHED = 1, /* a state of TCP_INFO */
	RETRANSMITS_OF_DEAD = 2,
	PROBES = 3,
	PROBE_MAX_S = 32767, /* the most that Linux allows */
};

uint64_t progress_acked(int fd)
{
	struct tcp_info info = {0};
	socklen_t len = sizeof(info);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) == -1)
		return 0;
	return info.tcpi_bytes_acked;
}

bool progress_is_behind(int fd)
{
	int waiting = 0;

	return ioctl(fd, SIOCOUTQ, &waiting) == 0 && waiting > 0;
}

/* Bytes that have come and are unread. */
static int64_t progress_unread(int fd)
{
	int unread = 0;

	return ioctl(fd, SIOCINQ, &unread) == 0 ? unread : 0;
}

/* Bytes that have come, read or not; -1: unknown. */
static int64_t progress_received(int fd)
{
	struct tcp_info info = {0};
	socklen_t len = sizeof(info);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) == -1)
		return -1;
	return (int64_t)info.tcpi_bytes_received;
}

/*
 * Bytes that come between the two calls count as read in one order of the calls, and
 * as unread in the other.
 */

int64_t progress_read_at_least(int fd)
{
	int64_t received = progress_received(fd);

	return received == -1 ? 0 : received - progress_unread(fd);
}

int64_t progress_read_at_most(int fd)
{
	int64_t unread = progress_unread(fd), received = progress_received(fd);

	return received == -1 ? -1 : received - unread;
}

bool progress_is_dead(int fd)
{
	struct tcp_info info = {0};
	socklen_t len = sizeof(info);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) == -1)
		return true;
	return info.tcpi_state != ESTABLISHED ||
	       info.tcpi_retransmits >= RETRANSMITS_OF_DEAD;
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

void progress_probe(int fd, uint64_t ping, uint64_t pong)
{
	const uint64_t patience = ping + pong;

	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &(int){1}, sizeof(int));
	progress_set_option(fd, TCP_KEEPIDLE, progress_probe_seconds(ping));
	progress_set_option(fd, TCP_KEEPINTVL, progress_probe_seconds(pong / PROBES));
	progress_set_option(fd, TCP_KEEPCNT, PROBES);
	progress_set_option(
		fd, TCP_USER_TIMEOUT, patience < INT32_MAX ? patience : INT32_MAX);
}
