#include "tests/support/loopback.h"

#include "tests/support/unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PORT_FIRST = 20000, PORT_COUNT = 12000 };

/* A socket at this port, or -1. */
static int loopback_bind(const char *address, unsigned port)
{
	struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	const bool is_v4 = inet_pton(AF_INET, address, &four.sin_addr) == 1;
	int fd = socket(is_v4 ? AF_INET : AF_INET6,
		SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd == -1)
		return -1;
	if (!is_v4)
		ck_assert_int_eq(inet_pton(AF_INET6, address, &six.sin6_addr), 1);
	if (bind(fd, is_v4 ? (struct sockaddr *)&four : (struct sockaddr *)&six,
		    is_v4 ? sizeof(four) : sizeof(six)) == 0)
		return fd;
	close(fd);
	return -1;
}

static void loopback_bind_to(
	struct loopback *server, const char *address, unsigned port)
{
	*server = (struct loopback){
		.fd = loopback_bind(address, port),
		.port = port,
	};
	snprintf(server->text, sizeof(server->text),
		strchr(address, ':') != NULL ? "[%s]:%u" : "%s:%u", address, port);
}

bool loopback_has(const char *address)
{
	int fd = loopback_bind(address, 0);

	if (fd != -1)
		close(fd);
	return fd != -1;
}

void loopback_refuse(struct loopback *server, const char *address)
{
	unsigned start = (unsigned)getpid() * 31;

	for (unsigned i = 0; i < PORT_COUNT; i++) {
		loopback_bind_to(
			server, address, PORT_FIRST + (start + i) % PORT_COUNT);
		if (server->fd != -1)
			return;
	}
	ck_abort_msg("no port is free");
}

bool loopback_refuse_beside(
	struct loopback *server, const char *address, const struct loopback *beside)
{
	loopback_bind_to(server, address, beside->port);
	return server->fd != -1;
}

void loopback_let_in(struct loopback *server)
{
	ck_assert_int_eq(listen(server->fd, 16), 0);
}

void loopback_listen(struct loopback *server, const char *address)
{
	loopback_refuse(server, address);
	loopback_let_in(server);
}

bool loopback_is_established(int fd)
{
	struct tcp_info info;
	socklen_t len = sizeof(info);

	ck_assert_int_eq(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len), 0);
	return info.tcpi_state == TCP_ESTABLISHED;
}

void loopback_be_silent(struct loopback *server, const char *address)
{
	struct sockaddr_storage own = {0};
	socklen_t len = sizeof(own);
	bool is_full = false;

	loopback_refuse(server, address);
	ck_assert_int_eq(listen(server->fd, 0), 0);
	ck_assert_int_eq(getsockname(server->fd, (struct sockaddr *)&own, &len), 0);
	while (!is_full) {
		int fd = socket(own.ss_family, SOCK_STREAM | SOCK_NONBLOCK, 0);

		ck_assert_uint_lt(server->filled, COUNT(server->filling));
		server->filling[server->filled++] = fd;
		connect(fd, (struct sockaddr *)&own, len);
		is_full = !loopback_is_established(fd);
	}
}

/* Those that still connect must not take the place of others. */
static void loopback_drop_filling(struct loopback *server)
{
	for (size_t i = 0; i < server->filled; i++)
		close(server->filling[i]);
	server->filled = 0;
}

void loopback_make_room(struct loopback *server)
{
	int fd;

	loopback_drop_filling(server);
	while ((fd = accept(server->fd, NULL, NULL)) != -1)
		close(fd);
}

void loopback_close(struct loopback *server)
{
	loopback_drop_filling(server);
	close(server->fd);
}

void loopback_expect(const struct loopback *server, int fd)
{
	int other = accept(server->fd, NULL, NULL);
	char byte;

	ck_assert_int_ne(other, -1);
	ck_assert_int_eq(write(fd, "x", 1), 1);
	ck_assert_int_eq(read(other, &byte, 1), 1);
	close(other);
}
