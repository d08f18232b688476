/*
 * Asks the server on this machine for /health: one request, one answer. The image of a
 * container has no shell and no curl, so the binary has this command.
 */
#include "gateway/command/command.h"

#include "protocol/xmalloc.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PATIENCE_S = 5 }; /* each for connecting, sending and receiving */

/* No server answers at a wildcard address: ask this machine there. */
static bool health_is_wildcard(struct slice host)
{
	return host.len == 0 || slice_equal(host, SLICE("0.0.0.0")) ||
	       slice_equal(host, SLICE("::"));
}

static struct addrinfo *health_find_addresses(const struct config *config)
{
	const struct addrinfo hints = {
		.ai_family = slice_equal(config->host, SLICE("0.0.0.0")) ? AF_INET
			     : slice_equal(config->host, SLICE("::"))    ? AF_INET6
									 : AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICSERV,
	};
	struct addrinfo *found = NULL;
	char *host = health_is_wildcard(config->host) ? NULL : xstrdup(config->host);
	char *port = xstrdup(config->port);
	int error = getaddrinfo(host, port, &hints, &found);

	if (error != 0)
		fprintf(stderr, "postern: %s: %s\n", config->listen.data,
			gai_strerror(error));
	free(host);
	free(port);
	return error == 0 ? found : NULL;
}

/* A connected socket, or -1 with errno. */
static int connect_to(const struct addrinfo *address)
{
	const struct timeval patience = {.tv_sec = PATIENCE_S};
	int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd == -1)
		return -1;
	/* On Linux the timeout for sending also bounds connect(). */
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) == 0 &&
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) ==
			0 &&
		connect(fd, address->ai_addr, address->ai_addrlen) == 0)
		return fd;
	int error = errno;
	close(fd);
	errno = error;
	return -1;
}

/*
 * /health itself always answers 200. A server at its limit of connections refuses the
 * next one with 503: it runs, and must not be restarted.
 */
static bool health_is_alive(struct slice answer)
{
	return slice_starts_with(answer, SLICE("HTTP/1.1 200 ")) ||
	       slice_starts_with(answer, SLICE("HTTP/1.1 503 "));
}

/*
 * Asks; if a PROXY header is required, sends one without a client. True when the
 * server is well; else *why is a static text.
 */
static bool health_ask(int fd, bool proxy_protocol, const char **why)
{
	static const struct slice header = SLICE_INIT("PROXY UNKNOWN\r\n");
	static const struct slice question =
		SLICE_INIT("PROXY UNKNOWN\r\nGET /health HTTP/1.1\r\n"
			   "Host: localhost\r\nConnection: close\r\n\r\n");
	struct slice said = slice_from(question, proxy_protocol ? 0 : header.len);
	char answer[sizeof("HTTP/1.1 200 ") - 1];

	if (send(fd, said.data, said.len, MSG_NOSIGNAL) == -1) {
		*why = strerror(errno);
		return false;
	}
	/* Waits for the whole answer, and at most the same time for each byte. */
	ssize_t got = recv(fd, answer, sizeof(answer), MSG_WAITALL);
	if (got == -1) {
		*why = errno == EAGAIN ? "no answer" : strerror(errno);
		return false;
	}
	*why = "this is not the answer of a server that is well";
	return health_is_alive((struct slice){answer, (size_t)got});
}

int command_healthcheck(const struct command_line *line)
{
	struct config *config = command_read_config(line);
	struct addrinfo *addresses = NULL;
	const char *why = "no address";
	int fd = -1, status = EXIT_FAILURE;

	if (config == NULL)
		return EXIT_FAILURE;
	addresses = health_find_addresses(config);
	for (struct addrinfo *at = addresses; at != NULL && fd == -1; at = at->ai_next)
		fd = connect_to(at);
	if (addresses != NULL && fd == -1)
		why = strerror(errno);
	if (fd != -1 && health_ask(fd, config->proxy_protocol, &why))
		status = EXIT_SUCCESS;
	else if (addresses != NULL)
		fprintf(stderr, "postern: %s: %s\n", config->listen.data, why);
	if (fd != -1)
		close(fd);
	if (addresses != NULL)
		freeaddrinfo(addresses);
	config_unref(config);
	return status;
}
