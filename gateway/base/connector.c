/*
 * One timer serves a connector: first for the wait, then for the name, then for each
 * address. A socket whose connect() succeeds immediately is watched like one that takes
 * its time, so there is one way to the end.
 */
#include "gateway/base/connector.h"

#include "gateway/base/backoff.h"
#include "gateway/base/loop.h"
#include "protocol/buf.h"
#include "protocol/host.h"
#include "protocol/xmalloc.h"

#include <assert.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

enum connector_state {
	CONNECTOR_IDLE,
	CONNECTOR_WAITING,
	CONNECTOR_RESOLVING,
	CONNECTOR_CONNECTING,
};

struct connector_server {
	char *text; /* as it stands in the list */
	char *host, *port;
	struct addrinfo *address; /* NULL: the host is a name */
};

struct connector {
	struct loop *loop;
	struct connector_server *servers;
	size_t server_count;
	size_t attempts; /* that have begun */
	uint64_t deadline;
	struct backoff backoff;
	void (*connected)(void *context, int fd);
	void (*failed)(void *context, struct slice why);
	void *context;
	uint64_t (*random)(void);

	enum connector_state state;
	struct timer timer;

	/* The attempt */
	const struct connector_server *server;
	uint64_t due;                   /* its deadline, on the loop's clock */
	struct lookup *lookup;          /* while RESOLVING */
	struct addrinfo *found;         /* of the lookup */
	const struct addrinfo *address; /* the one that is tried */
	const struct addrinfo *rest;    /* those that come after it */
	struct watch watch;             /* its socket; -1: none */
	int error;                      /* errno of the address that failed last */
};

/* Ends */

static void connector_close_socket(struct connector *connector)
{
	loop_unwatch(&connector->watch);
	if (connector->watch.fd != -1)
		close(connector->watch.fd);
	connector->watch.fd = -1;
}

void connector_cancel(struct connector *connector)
{
	connector->state = CONNECTOR_IDLE;
	loop_timer_stop(connector->loop, &connector->timer);
	lookup_cancel(connector->lookup);
	connector->lookup = NULL;
	connector_close_socket(connector);
	if (connector->found != NULL)
		freeaddrinfo(connector->found);
	connector->found = NULL;
	connector->address = connector->rest = NULL;
}

/* "broker.example:61613 (192.0.2.1): Connection refused" */
static void connector_describe_failure(
	const struct connector *connector, const char *reason, struct buf *why)
{
	const struct addrinfo *address = connector->address;
	char text[NI_MAXHOST];

	buf_append(why, slice_of(connector->server->text));
	if (address != NULL && connector->server->address == NULL &&
		getnameinfo(address->ai_addr, address->ai_addrlen, text, sizeof(text),
			NULL, 0, NI_NUMERICHOST) == 0)
		buf_printf(why, " (%s)", text);
	buf_printf(why, ": %s", reason);
}

/* The last act of whoever calls it: failed() may destroy the connector. */
static void connector_fail(struct connector *connector, const char *reason)
{
	struct buf why = {0};

	connector_describe_failure(connector, reason, &why);
	connector_cancel(connector);
	connector->failed(connector->context, buf_slice(&why));
	buf_finish(&why);
}

/* The last act, as connector_fail(). */
static void connector_succeed(struct connector *connector)
{
	int fd = connector->watch.fd;

	loop_unwatch(&connector->watch);
	connector->watch.fd = -1;
	connector_cancel(connector);
	connector->connected(connector->context, fd);
}

/* Addresses */

/* The share of the time that is left: the addresses after this one count too. */
static uint64_t connector_share(const struct connector *connector)
{
	const uint64_t now = loop_deadline_now(connector->loop);
	uint64_t count = 1;

	for (const struct addrinfo *at = connector->rest; at != NULL; at = at->ai_next)
		count++;
	return connector->due > now ? (connector->due - now) / count : 0;
}

/* Begins to connect to the address. Returns 0, or -1 with connector->error. */
static int connector_try(struct connector *connector)
{
	const struct addrinfo *address = connector->address;
	int fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
		IPPROTO_TCP);

	connector->watch.fd = fd;
	if (fd == -1 ||
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int)) ==
			-1 ||
		(connect(fd, address->ai_addr, address->ai_addrlen) == -1 &&
			errno != EINPROGRESS)) {
		connector->error = errno;
		connector_close_socket(connector);
		return -1;
	}
	if (loop_watch(connector->loop, &connector->watch, WATCH_OUT) == -1) {
		connector->error = ENOBUFS; /* loop_watch() has logged why */
		connector_close_socket(connector);
		return -1;
	}
	loop_deadline_start(
		connector->loop, &connector->timer, connector_share(connector));
	return 0;
}

/* Goes on with the next address that can be tried. The last act, as above. */
static void connector_try_rest(struct connector *connector)
{
	connector->state = CONNECTOR_CONNECTING;
	while (connector->rest != NULL) {
		connector->address = connector->rest;
		connector->rest = connector->rest->ai_next;
		if (connector_try(connector) == 0)
			return;
	}
	connector_fail(connector, strerror(connector->error));
}

/*
 * If nobody listens at a port that the kernel also gives to outgoing connections, it
 * may give that port, and TCP connects the socket to itself. The server could not even
 * start then, since its port is taken.
 */
static bool connector_is_connected_to_itself(const struct connector *connector)
{
	struct sockaddr_storage own = {0}, peer = {0};
	socklen_t own_len = sizeof(own), peer_len = sizeof(peer);
	const int fd = connector->watch.fd;

	return getsockname(fd, (struct sockaddr *)&own, &own_len) == 0 &&
	       getpeername(fd, (struct sockaddr *)&peer, &peer_len) == 0 &&
	       own_len == peer_len && memcmp(&own, &peer, own_len) == 0;
}

static void connector_on_socket(struct watch *watch, unsigned events)
{
	struct connector *connector = container_of(watch, struct connector, watch);
	int error = 0;
	socklen_t len = sizeof(error);

	(void)events;
	if (getsockopt(watch->fd, SOL_SOCKET, SO_ERROR, &error, &len) == -1)
		error = errno;
	if (error == 0 && connector_is_connected_to_itself(connector))
		error = ECONNREFUSED;
	if (error == 0) {
		connector_succeed(connector);
		return;
	}
	connector->error = error;
	connector_close_socket(connector);
	connector_try_rest(connector);
}

static void connector_on_silence(struct connector *connector)
{
	connector->error = ETIMEDOUT;
	connector_close_socket(connector);
	if (loop_deadline_now(connector->loop) < connector->due)
		connector_try_rest(connector);
	else
		connector_fail(connector, strerror(ETIMEDOUT));
}

/* Attempts */

static void connector_on_resolved(
	void *context, struct addrinfo *found, const char *why)
{
	struct connector *connector = context;

	connector->lookup = NULL;
	if (found == NULL) {
		connector_fail(connector, why);
		return;
	}
	connector->found = found;
	connector->rest = found;
	connector_try_rest(connector);
}

static void connector_begin(struct connector *connector)
{
	const struct connector_server *server =
		&connector->servers[connector->attempts++ % connector->server_count];

	connector->server = server;
	connector->due = loop_deadline_now(connector->loop) + connector->deadline;
	if (server->address != NULL) {
		connector->rest = server->address;
		connector_try_rest(connector);
		return;
	}
	connector->state = CONNECTOR_RESOLVING;
	loop_deadline_start(connector->loop, &connector->timer, connector->deadline);
	connector->lookup = loop_resolve(connector->loop, server->host, server->port,
		connector_on_resolved, connector);
}

static void connector_on_timer(struct timer *timer)
{
	struct connector *connector = container_of(timer, struct connector, timer);

	switch (connector->state) {
	case CONNECTOR_WAITING:
		connector_begin(connector);
		return;
	case CONNECTOR_RESOLVING:
		connector_fail(connector, "the name was not resolved in time");
		return;
	case CONNECTOR_CONNECTING:
		connector_on_silence(connector);
		return;
	case CONNECTOR_IDLE:
		break;
	}
	assert(!"an idle connector has no timer");
}

static void connector_begin_in(struct connector *connector, uint64_t delay)
{
	connector_cancel(connector);
	connector->state = CONNECTOR_WAITING;
	loop_timer_start(connector->loop, &connector->timer, delay);
}

void connector_connect(struct connector *connector)
{
	connector_begin_in(connector, 0);
}

void connector_retry(struct connector *connector)
{
	connector_begin_in(
		connector, backoff_next(&connector->backoff, connector->random()));
}

void connector_reset(struct connector *connector)
{
	backoff_reset(&connector->backoff);
}

struct slice connector_server(const struct connector *connector)
{
	return slice_of(connector->server->text);
}

/* Life */

static uint64_t connector_random(void)
{
	uint64_t random;

	while (getrandom(&random, sizeof(random), 0) != sizeof(random))
		;
	return random;
}

/* A list of one address, or NULL: the host is a name. */
static struct addrinfo *connector_read_address(const char *host, const char *port)
{
	const struct addrinfo hints = {
		.ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
	};
	struct addrinfo *address = NULL;

	return getaddrinfo(host, port, &hints, &address) == 0 ? address : NULL;
}

static struct connector_server connector_read_server(struct slice text)
{
	struct connector_server server = {.text = xstrdup(text)};
	struct slice host, port;
	bool is_valid = host_split_server(text, &host, &port);

	assert(is_valid);
	(void)is_valid;
	server.host = xstrdup(host);
	server.port = xstrdup(port);
	server.address = connector_read_address(server.host, server.port);
	return server;
}

static void connector_free_server(struct connector_server *server)
{
	free(server->text);
	free(server->host);
	free(server->port);
	if (server->address != NULL)
		freeaddrinfo(server->address);
}

struct connector *connector_create(
	struct loop *loop, const struct connector_settings *settings)
{
	struct connector *connector = xmalloc(sizeof(*connector));

	assert(settings->server_count > 0);
	*connector = (struct connector){
		.loop = loop,
		.servers = xcalloc(settings->server_count, sizeof(*connector->servers)),
		.server_count = settings->server_count,
		.deadline = settings->deadline,
		.backoff = {.least = settings->retry_least,
			.most = settings->retry_most},
		.connected = settings->connected,
		.failed = settings->failed,
		.context = settings->context,
		.random =
			settings->random != NULL ? settings->random : connector_random,
		.timer.fire = connector_on_timer,
		.watch = {.fd = -1, .ready = connector_on_socket},
	};
	for (size_t i = 0; i < settings->server_count; i++)
		connector->servers[i] = connector_read_server(settings->servers[i]);
	connector->server = &connector->servers[0];
	return connector;
}

void connector_destroy(struct connector *connector)
{
	if (connector == NULL)
		return;
	connector_cancel(connector);
	for (size_t i = 0; i < connector->server_count; i++)
		connector_free_server(&connector->servers[i]);
	free(connector->servers);
	free(connector);
}
