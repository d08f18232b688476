/*
 * probe: measures how long other clients wait while a server is under load. It
 * repeats, one after the other: a WebSocket's PING, a request for /info on a new
 * connection, and a new STOMP session on a WebSocket. It prints the 50th and 99th
 * percentiles as one line of JSON.
 *
 * The load would keep it from a processor for milliseconds, so it takes a higher
 * priority, if it may.
 */
#include "protocol/buf.h"
#include "tests/bench/histogram.h"
#include "tests/bench/stream.h"
#include "tests/bench/usage.h"

#include <inttypes.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { PAUSE_US = 5000, PATIENCE_S = 20, ANSWER_MAX = 4096 };

static const char upgrade[] =
	"GET /stomp/websocket HTTP/1.1\r\nHost: 127.0.0.1\r\n"
	"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/* Masked by zeros. */
#define PING    "\x89\x84\0\0\0\0ping"
#define PONG    "ping"
#define CONNECT "CONNECT\naccept-version:1.2\nhost:/\n\n"

static int probe_connect(unsigned port)
{
	const struct sockaddr_in where = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	const struct timeval patience = {.tv_sec = PATIENCE_S};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd == -1 ||
		connect(fd, (const struct sockaddr *)&where, sizeof(where)) == -1)
		die("no connection to port %u", port);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	return fd;
}

/* Sends `said`, and reads until `wanted` has come. */
static void probe_ask(int fd, struct slice said, struct slice wanted)
{
	char answer[ANSWER_MAX];
	size_t len = 0;

	if (send(fd, said.data, said.len, MSG_NOSIGNAL) != (ssize_t)said.len)
		die("the server does not listen");
	while (memmem(answer, len, wanted.data, wanted.len) == NULL) {
		ssize_t got = recv(fd, answer + len, sizeof(answer) - len, 0);

		if (got <= 0)
			die("no answer: %.*s", (int)wanted.len, wanted.data);
		len += (size_t)got;
	}
}

static int probe_open_websocket(unsigned port)
{
	int fd = probe_connect(port);

	probe_ask(fd, SLICE(upgrade), SLICE("\r\n\r\n"));
	return fd;
}

static void probe_info(unsigned port)
{
	int fd = probe_connect(port);

	probe_ask(fd,
		SLICE("GET /stomp/info HTTP/1.1\r\nHost: 127.0.0.1\r\n"
		      "Connection: close\r\n\r\n"),
		SLICE("\"entropy\":"));
	close(fd);
}

static void probe_session(unsigned port)
{
	int fd = probe_open_websocket(port);
	const char head[] = {(char)0x81, (char)(0x80 | sizeof(CONNECT)), 0, 0, 0, 0};
	char frame[sizeof(head) + sizeof(CONNECT)];

	memcpy(frame, head, sizeof(head));
	memcpy(frame + sizeof(head), CONNECT, sizeof(CONNECT));
	probe_ask(fd, (struct slice){frame, sizeof(frame)}, SLICE("CONNECTED"));
	close(fd);
}

static void print(const char *name, const struct histogram *times, const char *end)
{
	printf("\"%s\":{\"count\":%" PRIu64 ",\"p50_us\":%" PRIu64
	       ",\"p99_us\":%" PRIu64 "}%s",
		name, times->all, histogram_percentile(times, 50),
		histogram_percentile(times, 99), end);
}

int main(int argc, char **argv)
{
	static struct histogram pings, infos, sessions;

	if (argc != 3)
		die("usage: probe PORT SECONDS");
	unsigned port = (unsigned)strtoul(argv[1], NULL, 10);
	if (sched_setscheduler(0, SCHED_FIFO, &(struct sched_param){1}) == -1)
		fprintf(stderr, "probe: its times have the waits for a processor\n");
	uint64_t over = now_us() + (uint64_t)(strtod(argv[2], NULL) * 1e6);
	int websocket = probe_open_websocket(port);

	for (uint64_t begun = now_us(), then; begun < over; begun = now_us()) {
		probe_ask(websocket, SLICE(PING), SLICE(PONG));
		histogram_add(&pings, (then = now_us()) - begun);
		probe_info(port);
		histogram_add(&infos, (begun = now_us()) - then);
		probe_session(port);
		histogram_add(&sessions, now_us() - begun);
		usleep(PAUSE_US);
	}
	close(websocket);
	printf("{");
	print("ping", &pings, ",");
	print("info", &infos, ",");
	print("session", &sessions, "}\n");
	return EXIT_SUCCESS;
}
