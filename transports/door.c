#include "transports/door.h"

#include "gateway/config.h"
#include "gateway/log.h"
#include "gateway/worker.h"
#include "protocol/http_head.h"
#include "protocol/xmalloc.h"
#include "transports/handover.h"
#include "transports/refusal.h"
#include "transports/route.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	BACKLOG = 4096,
	ACCEPTS_PER_TURN = 64,
	DESCRIPTORS_KEPT = 256, /* for the libraries, and those who hear a 503 */
	PAUSE_MS = 100, /* after an accept that failed for want of descriptors */
	REFUSE_LINGER_MS = 1000,
	DRAINS_PER_TURN = 64,
};

/* A connection that has not yet said what it wants, or is being refused. */
struct visitor {
	struct door *door;
	struct list link;
	struct watch watch;
	struct timer timer;
	bool refused; /* what it still sends is thrown away, so that it can read */
	struct sockaddr_storage address;
	socklen_t address_len;
};

struct listener {
	struct door *door;
	struct watch watch; /* its fd is -1 while there is none */
	struct timer pause;
	bool is_stomp; /* whoever comes here speaks STOMP from the first byte */
};

enum { LISTENERS = 2 };

struct door {
	struct worker *worker;
	struct listener listeners[LISTENERS];
	struct list visitors;
	uint64_t connections; /* visitors and those handed over, until they close */
	int64_t *handed;      /* to each worker */
	struct http_head_limits limits;
	struct http_head head; /* of whom is looked at now */
	uint64_t connections_max;
	char *peeked; /* limits.bytes + 1 */
};

static struct loop *door_loop(struct door *door)
{
	return door->worker->loop;
}

/* Visitors. */

/* Forgets the visitor; the socket stays open and is returned. */
static int visitor_release(struct visitor *visitor)
{
	int fd = visitor->watch.fd;

	loop_unwatch(&visitor->watch);
	loop_timer_stop(door_loop(visitor->door), &visitor->timer);
	list_remove(&visitor->link);
	visitor->door->connections--;
	free(visitor);
	return fd;
}

static void visitor_close(struct visitor *visitor)
{
	close(visitor_release(visitor));
}

/* Reads and forgets; the visitor is closed when it has, or sends without end. */
static void visitor_drain(struct visitor *visitor)
{
	struct door *door = visitor->door;

	for (int i = 0; i < DRAINS_PER_TURN; i++) {
		ssize_t got =
			recv(visitor->watch.fd, door->peeked, door->limits.bytes, 0);

		if (got == -1 && errno == EAGAIN)
			return;
		if (got <= 0)
			break;
	}
	visitor_close(visitor);
}

static void visitor_refuse(struct visitor *visitor, int status)
{
	visitor->refused = true;
	if (refusal_send(visitor->watch.fd, status) == -1) {
		visitor_close(visitor);
		return;
	}
	loop_timer_start(door_loop(visitor->door), &visitor->timer, REFUSE_LINGER_MS);
	visitor_drain(visitor);
}

static void on_visitor_timer(struct timer *timer)
{
	struct visitor *visitor = container_of(timer, struct visitor, timer);

	visitor_close(visitor);
}

/* The head asks well for a WebSocket, which its Origin may have. */
static bool visitor_is_websocket(struct visitor *visitor)
{
	const struct config *config = visitor->door->worker->config;
	const struct http_head *head = &visitor->door->head;
	const struct slice *origin = http_header(head, SLICE("Origin"));
	const struct slice *host = http_header(head, SLICE("Host"));

	if (!http_upgrade_is_asked(head) || http_upgrade_check(head) != 0)
		return false;
	struct http_route route = route_find(config, head->target, true);
	return route.kind == ROUTE_WEBSOCKET &&
	       route_allows(config, route.endpoint,
		       origin == NULL ? SLICE("") : *origin,
		       host == NULL ? SLICE("") : *host);
}

static unsigned door_least_loaded(const struct door *door)
{
	unsigned least = 0;

	for (unsigned i = 1; i < door->worker->crew->count; i++) {
		if (door->handed[i] < door->handed[least])
			least = i;
	}
	return least;
}

static unsigned door_choose_worker(const struct door *door)
{
	struct http_route route =
		route_find(door->worker->config, door->head.target, false);

	if (route.kind == ROUTE_DOWNLINK || route.kind == ROUTE_UPLINK)
		return session_home(door->worker, route.endpoint, route.session);
	return door_least_loaded(door);
}

/* Takes away what was only looked at. False when the connection broke. */
static bool take_away(int fd, size_t left)
{
	char taken[512];

	while (left > 0) {
		ssize_t got =
			recv(fd, taken, left < sizeof(taken) ? left : sizeof(taken), 0);

		if (got <= 0)
			return false;
		left -= (size_t)got;
	}
	return true;
}

static void visitor_hand_over(struct visitor *visitor)
{
	struct door *door = visitor->door;
	struct handover handover = {
		.address = visitor->address, .address_len = visitor->address_len};
	unsigned to;

	if (visitor_is_websocket(visitor)) {
		handover.head = (struct slice){door->peeked, door->head.len};
		to = door_least_loaded(door);
	} else {
		to = door_choose_worker(door);
	}
	handover.fd = visitor_release(visitor);
	if (!take_away(handover.fd, handover.head.len)) {
		close(handover.fd);
		return;
	}
	door->connections++;
	door->handed[to]++;
	handover_post(door->worker, to, &handover);
}

static void visitor_look(struct visitor *visitor, bool gone)
{
	struct door *door = visitor->door;
	ssize_t got =
		recv(visitor->watch.fd, door->peeked, door->limits.bytes + 1, MSG_PEEK);
	int status;

	if (got == 0 || (got == -1 && errno != EAGAIN)) {
		visitor_close(visitor);
		return;
	}
	if (got == -1)
		return;
	switch (http_head_parse((struct slice){door->peeked, (size_t)got},
		&door->limits, &door->head, &status)) {
	case HTTP_HEAD_DONE:
		visitor_hand_over(visitor);
		break;
	case HTTP_HEAD_MORE:
		if (gone) /* what is missing will never come */
			visitor_close(visitor);
		break;
	case HTTP_HEAD_BAD:
		visitor_refuse(visitor, status);
		break;
	}
}

static void on_visitor(struct watch *watch, unsigned events)
{
	struct visitor *visitor = container_of(watch, struct visitor, watch);

	if (visitor->refused)
		visitor_drain(visitor);
	else
		visitor_look(visitor, events & WATCH_GONE);
}

static void door_welcome(struct door *door, int fd,
	const struct sockaddr_storage *address, socklen_t address_len)
{
	struct visitor *visitor = xcalloc(1, sizeof(*visitor));

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
	visitor->door = door;
	visitor->watch.fd = fd;
	visitor->watch.ready = on_visitor;
	visitor->timer.fire = on_visitor_timer;
	visitor->address = *address;
	visitor->address_len = address_len;
	list_append(&door->visitors, &visitor->link);
	door->connections++;
	loop_timer_start(
		door_loop(door), &visitor->timer, door->worker->config->times.head);
	if (loop_watch(door_loop(door), &visitor->watch, WATCH_IN | WATCH_GONE) == -1) {
		visitor_close(visitor);
	} else if (door->connections > door->connections_max) {
		log_warn("door: more than %llu connections",
			(unsigned long long)door->connections_max);
		visitor_refuse(visitor, 503);
	}
}

/* Nothing to look at: the client is handed over as it is. */
static void door_welcome_stomp(struct door *door, int fd,
	const struct sockaddr_storage *address, socklen_t address_len)
{
	const unsigned to = door_least_loaded(door);

	if (door->connections >= door->connections_max) {
		log_warn("door: more than %llu connections",
			(unsigned long long)door->connections_max);
		close(fd);
		return;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
	door->connections++;
	door->handed[to]++;
	handover_post(door->worker, to,
		&(struct handover){.fd = fd,
			.address = *address,
			.address_len = address_len,
			.is_stomp = true});
}

/* Listeners. */

static void listener_pause(struct listener *listener)
{
	log_warn("door: cannot accept: %s", strerror(errno));
	loop_unwatch(&listener->watch);
	loop_timer_start(door_loop(listener->door), &listener->pause, PAUSE_MS);
}

static void listener_listen(struct listener *listener)
{
	if (loop_watch(door_loop(listener->door), &listener->watch, WATCH_IN) == -1)
		loop_timer_start(door_loop(listener->door), &listener->pause, PAUSE_MS);
}

static void on_pause_over(struct timer *timer)
{
	listener_listen(container_of(timer, struct listener, pause));
}

static void on_listener(struct watch *watch, unsigned events)
{
	struct listener *listener = container_of(watch, struct listener, watch);

	(void)events;
	for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
		struct sockaddr_storage address = {0};
		socklen_t len = sizeof(address);
		int fd = accept4(watch->fd, (struct sockaddr *)&address, &len,
			SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0 && listener->is_stomp)
			door_welcome_stomp(listener->door, fd, &address, len);
		else if (fd >= 0)
			door_welcome(listener->door, fd, &address, len);
		if (fd >= 0)
			continue;
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
			errno == ENOMEM)
			listener_pause(listener);
		else if (errno != EAGAIN && errno != ECONNABORTED && errno != EINTR)
			log_warn("door: accept: %s", strerror(errno));
		return;
	}
}

/*
 * Returns a listening socket on the first address of `host` that the caller
 * owns, or -1 after logging why. An empty host means every address, v6 and v4.
 */
static int door_bind(const char *host, const char *port)
{
	const struct addrinfo hints = {
		.ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_PASSIVE | AI_NUMERICSERV,
	};
	struct addrinfo *where = NULL;
	int fd = -1, listener = -1;

	int error = getaddrinfo(*host == '\0' ? NULL : host, port, &hints, &where);
	if (error != 0) {
		log_error("door: %s port %s: %s", host, port, gai_strerror(error));
		goto out;
	}
	fd = socket(where->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1 ||
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int)) ==
			-1 ||
		bind(fd, where->ai_addr, where->ai_addrlen) == -1 ||
		listen(fd, BACKLOG) == -1) {
		log_error("door: %s port %s: %s", host, port, strerror(errno));
		goto out;
	}
	listener = fd;
	fd = -1;
out:
	if (fd != -1)
		close(fd);
	if (where != NULL)
		freeaddrinfo(where);
	return listener;
}

static void log_address(const struct listener *listener)
{
	struct sockaddr_storage address = {0};
	socklen_t len = sizeof(address);
	char host[64], port[16];

	if (getsockname(listener->watch.fd, (struct sockaddr *)&address, &len) == 0 &&
		getnameinfo((struct sockaddr *)&address, len, host, sizeof(host), port,
			sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV) == 0)
		log_info(address.ss_family == AF_INET6 ? "door: %s on [%s]:%s"
						       : "door: %s on %s:%s",
			listener->is_stomp ? "STOMP" : "listening", host, port);
}

/* False after logging why. */
static bool listener_open(
	struct listener *listener, struct slice host, struct slice port)
{
	char *host_text = xstrdup(host), *port_text = xstrdup(port);

	listener->watch.fd = door_bind(host_text, port_text);
	free(host_text);
	free(port_text);
	if (listener->watch.fd == -1)
		return false;
	log_address(listener);
	listener_listen(listener);
	return true;
}

static void listener_close(struct listener *listener)
{
	if (listener->watch.fd == -1)
		return;
	loop_unwatch(&listener->watch);
	loop_timer_stop(door_loop(listener->door), &listener->pause);
	close(listener->watch.fd);
	listener->watch.fd = -1;
}

/* As many as the configuration says, and as there are descriptors for. */
static uint64_t door_connections_max(const struct config *config)
{
	struct rlimit limit = {0};

	getrlimit(RLIMIT_NOFILE, &limit);
	uint64_t most = limit.rlim_cur > DESCRIPTORS_KEPT * 2
				? limit.rlim_cur - DESCRIPTORS_KEPT
				: limit.rlim_cur / 2;
	uint64_t wanted = config->limits.connections;

	return wanted != 0 && wanted < most ? wanted : most;
}

struct door *door_create(struct worker *worker)
{
	const struct config *config = worker->config;
	struct door *door = xcalloc(1, sizeof(*door));

	door->worker = worker;
	door->handed = xcalloc(worker->crew->count, sizeof(*door->handed));
	door->limits = (struct http_head_limits){
		config->limits.head, config->limits.target, config->limits.head_lines};
	door->peeked = xmalloc(door->limits.bytes + 1);
	door->connections_max = door_connections_max(config);
	list_init(&door->visitors);
	for (int i = 0; i < LISTENERS; i++) {
		door->listeners[i] = (struct listener){
			.door = door,
			.watch = {.fd = -1, .level = true, .ready = on_listener},
			.pause = {.fire = on_pause_over},
			.is_stomp = i > 0,
		};
	}
	/* Who waits for the line of the first finds the second open too. */
	if ((config->tcp_port.len > 0 && !listener_open(&door->listeners[1],
						 config->tcp_host, config->tcp_port)) ||
		!listener_open(&door->listeners[0], config->host, config->port)) {
		door_destroy(door);
		return NULL;
	}
	return door;
}

void door_count_closed(struct door *door, unsigned worker, int64_t closed)
{
	door->handed[worker] -= closed;
	door->connections -= (uint64_t)closed;
}

void door_close(struct door *door)
{
	for (int i = 0; i < LISTENERS; i++)
		listener_close(&door->listeners[i]);
	while (!list_is_empty(&door->visitors))
		visitor_close(container_of(door->visitors.next, struct visitor, link));
}

void door_destroy(struct door *door)
{
	if (door == NULL)
		return;
	door_close(door);
	free(door->peeked);
	free(door->handed);
	free(door);
}
