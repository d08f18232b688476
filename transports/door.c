#include "transports/door.h"

#include "gateway/config.h"
#include "gateway/crowd.h"
#include "gateway/log.h"
#include "gateway/metrics.h"
#include "gateway/worker.h"
#include "protocol/host.h"
#include "protocol/http_head.h"
#include "protocol/xmalloc.h"
#include "transports/handover.h"
#include "transports/inherited.h"
#include "transports/listener.h"
#include "transports/peer.h"
#include "transports/proxy_header.h"
#include "transports/refusal.h"
#include "transports/route.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	DESCRIPTORS_KEPT = 256, /* for the libraries, and those who hear a 503 */
	CONNECTIONS_KEPT = 64,  /* of them, for operators */
	REFUSE_LINGER_MS = 1000,
	DRAINS_PER_TURN = 64,
};

/* A connection that has not yet said what it wants, or is being refused. */
struct visitor {
	struct door *door;
	struct list link;
	struct watch watch;
	struct timer timer;
	unsigned place;          /* in the crowd, while it is here */
	enum handover_kind kind; /* at which listener it came; not yet a WebSocket */
	bool announced; /* its PROXY header has been taken, or none is wanted */
	bool refused;   /* what it still sends is thrown away, so that it can read */
	struct sockaddr_storage address;
	socklen_t address_len;
};

struct door {
	struct worker *worker;
	struct listener *listener;
	struct listener *tcp;   /* for plain STOMP; NULL: none */
	struct listener *admin; /* for operators; NULL: none */
	struct list visitors;
	uint64_t connections;  /* visitors and those handed over, until they close */
	int64_t *handed;       /* to each worker */
	struct http_head head; /* of whom is looked at now */
	uint64_t
		descriptors; /* that connections may have, whatever the configuration says */
	char *peeked;        /* limits.head + 1, which no reload changes */
};

static struct loop *door_loop(struct door *door)
{
	return door->worker->loop;
}

static struct crowd *door_crowd(const struct door *door)
{
	return door->worker->crew->crowd;
}

static const struct limits *door_limits(const struct door *door)
{
	return &door->worker->config->limits;
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
	crowd_leave(door_crowd(visitor->door), visitor->place);
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
		ssize_t got = recv(
			visitor->watch.fd, door->peeked, door_limits(door)->head, 0);

		if (got == -1 && errno == EAGAIN)
			return;
		if (got <= 0)
			break;
	}
	visitor_close(visitor);
}

/* It will speak plain STOMP: there is no head to look at. */
static bool visitor_is_plain(const struct visitor *visitor)
{
	return visitor->kind == HANDOVER_TCP;
}

/* Says why in the language of its port. */
static void visitor_refuse(struct visitor *visitor, int status, struct slice why)
{
	struct door *door = visitor->door;
	int fd = visitor->watch.fd;
	int sent = visitor_is_plain(visitor) ? refusal_send_stomp(fd, why)
					     : refusal_send(fd, status);

	if (!visitor_is_plain(visitor))
		metrics_answer(
			door->worker->metrics, REQUEST_REFUSED, (unsigned)status);
	visitor->refused = true;
	if (sent == -1) {
		visitor_close(visitor);
		return;
	}
	loop_timer_start(door_loop(door), &visitor->timer, REFUSE_LINGER_MS);
	visitor_drain(visitor);
}

static void on_visitor_timer(struct timer *timer)
{
	struct visitor *visitor = container_of(timer, struct visitor, timer);

	if (!visitor->refused)
		metrics_refuse(visitor->door->worker->metrics, BOUND_HEAD_TIME);
	visitor_close(visitor);
}

/* The head asks well for a WebSocket, which its Origin may have. */
static bool visitor_is_websocket(struct visitor *visitor)
{
	const struct config *config = visitor->door->worker->config;
	const struct http_head *head = &visitor->door->head;
	const struct address from =
		peer_address((const struct sockaddr *)&visitor->address);
	const struct slice *origin = http_header(head, SLICE("Origin"));

	if (!http_upgrade_is_asked(head) || http_upgrade_check(head) != 0)
		return false;
	struct http_route route = route_find(config, head->target, true);
	struct forwarded site = forwarded_read(head, &from, &config->proxies);
	return route.kind == ROUTE_WEBSOCKET &&
	       route_allows(config, route.endpoint,
		       origin == NULL ? SLICE("") : *origin, &site);
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

static void door_hand_over(
	struct door *door, unsigned to, const struct handover *handover)
{
	door->connections++;
	door->handed[to]++;
	handover_post(door->worker, to, handover);
}

static void visitor_hand_over(struct visitor *visitor)
{
	struct door *door = visitor->door;
	struct handover handover = {.kind = HANDOVER_HTTP,
		.address = visitor->address,
		.address_len = visitor->address_len};
	unsigned to;

	if (visitor->kind == HANDOVER_ADMIN) {
		handover.kind = HANDOVER_ADMIN;
		to = 0;
	} else if (visitor_is_plain(visitor)) {
		handover.kind = HANDOVER_TCP;
		to = door_least_loaded(door);
	} else if (visitor_is_websocket(visitor)) {
		handover.kind = HANDOVER_WEBSOCKET;
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
	door_hand_over(door, to, &handover);
}

/* A proxy has said whom it stands for; he is counted from now on. */
static bool visitor_is_welcome(struct visitor *visitor)
{
	struct crowd *crowd = door_crowd(visitor->door);
	const struct address from =
		peer_address((const struct sockaddr *)&visitor->address);
	bool welcome = crowd_has_room(crowd, visitor->door->worker->config, &from);

	crowd_leave(crowd, visitor->place);
	visitor->place = crowd_enter(crowd, &from);
	if (!welcome)
		visitor_refuse(visitor, 503, SLICE("Too many connections"));
	return welcome;
}

/* Where a PROXY header is wanted, it comes before all else. */
static bool visitor_is_announced(struct visitor *visitor, bool gone)
{
	const struct address from =
		peer_address((const struct sockaddr *)&visitor->address);
	char text[ADDRESS_TEXT_MAX];

	if (visitor->announced)
		return true;
	switch (proxy_header_take(
		visitor->watch.fd, &visitor->address, &visitor->address_len)) {
	case PROXY_HEADER_TAKEN:
		visitor->announced = true;
		return visitor_is_welcome(visitor);
	case PROXY_HEADER_WAITS:
		if (!gone)
			return false;
		break;
	case PROXY_HEADER_GONE:
		break;
	case PROXY_HEADER_BAD:
		log_warn("door: what %.*s sends begins with no PROXY header",
			SLICE_ARGS(address_write(&from, text)));
		visitor_refuse(visitor, 400, SLICE("A PROXY header must come first"));
		return false;
	}
	visitor_close(visitor);
	return false;
}

static void visitor_look(struct visitor *visitor, bool gone)
{
	struct door *door = visitor->door;
	const struct limits *limits = door_limits(door);
	const struct http_head_limits head_limits = {
		limits->head, limits->target, limits->head_lines};
	ssize_t got = recv(visitor->watch.fd, door->peeked, limits->head + 1, MSG_PEEK);
	int status;

	if (got == 0 || (got == -1 && errno != EAGAIN)) {
		visitor_close(visitor);
		return;
	}
	if (got == -1)
		return;
	switch (http_head_parse((struct slice){door->peeked, (size_t)got}, &head_limits,
		&door->head, &status)) {
	case HTTP_HEAD_DONE:
		visitor_hand_over(visitor);
		break;
	case HTTP_HEAD_MORE:
		if (gone) /* what is missing will never come */
			visitor_close(visitor);
		break;
	case HTTP_HEAD_BAD:
		visitor_refuse(visitor, status, SLICE(""));
		break;
	}
}

static void on_visitor(struct watch *watch, unsigned events)
{
	struct visitor *visitor = container_of(watch, struct visitor, watch);

	if (visitor->refused)
		visitor_drain(visitor);
	else if (!visitor_is_announced(visitor, events & WATCH_GONE))
		return;
	else if (visitor_is_plain(visitor))
		visitor_hand_over(visitor);
	else
		visitor_look(visitor, events & WATCH_GONE);
}

/* NULL when the socket is closed already. */
static struct visitor *door_welcome(struct door *door, enum handover_kind kind, int fd,
	const struct sockaddr_storage *address, socklen_t address_len)
{
	struct visitor *visitor = xcalloc(1, sizeof(*visitor));
	const struct address from = peer_address((const struct sockaddr *)address);

	visitor->door = door;
	visitor->place = crowd_enter(door_crowd(door), &from);
	visitor->kind = kind;
	visitor->announced =
		kind == HANDOVER_ADMIN || !door->worker->config->proxy_protocol;
	visitor->watch.fd = fd;
	visitor->watch.ready = on_visitor;
	visitor->timer.fire = on_visitor_timer;
	visitor->address = *address;
	visitor->address_len = address_len;
	list_append(&door->visitors, &visitor->link);
	door->connections++;
	loop_timer_start(
		door_loop(door), &visitor->timer, door->worker->config->times.head);
	if (loop_watch(door_loop(door), &visitor->watch, WATCH_IN | WATCH_GONE) == 0)
		return visitor;
	visitor_close(visitor);
	return NULL;
}

static bool door_address_is_crowded(
	const struct door *door, const struct address *address)
{
	if (crowd_has_room(door_crowd(door), door->worker->config, address))
		return false;
	metrics_refuse(door->worker->metrics, BOUND_ADDRESS_CONNECTIONS);
	return true;
}

/* As many as the configuration says, and as there are descriptors for. */
static uint64_t door_most(const struct door *door)
{
	uint64_t most = door_limits(door)->connections;

	return most == 0 || most > door->descriptors ? door->descriptors : most;
}

/* True, and logged, when one more is one too many, at all or from that address. */
static bool door_is_crowded(
	const struct door *door, const struct sockaddr_storage *address)
{
	const struct address from = peer_address((const struct sockaddr *)address);
	const uint64_t most = door_most(door);

	if (door->connections < most)
		return door_address_is_crowded(door, &from);
	metrics_refuse(door->worker->metrics, BOUND_CONNECTIONS);
	log_warn("door: more than %llu connections", (unsigned long long)most);
	return true;
}

/* True, and logged, when only proxies may come and this is none. */
static bool door_is_wrong(
	const struct door *door, const struct sockaddr_storage *address)
{
	const struct config *config = door->worker->config;
	const struct address from = peer_address((const struct sockaddr *)address);
	char text[ADDRESS_TEXT_MAX];

	if (!config->proxy_protocol || networks_have(&config->proxies, &from))
		return false;
	log_warn("door: %.*s is none of trusted_proxies, and proxy_protocol is set",
		SLICE_ARGS(address_write(&from, text)));
	return true;
}

static void door_receive(struct door *door, enum handover_kind kind, int fd,
	const struct sockaddr_storage *address, socklen_t address_len)
{
	bool crowded = door_is_crowded(door, address);
	bool wrong = door_is_wrong(door, address);
	struct visitor *visitor = door_welcome(door, kind, fd, address, address_len);

	if (visitor == NULL)
		return;
	if (crowded)
		visitor_refuse(visitor, 503, SLICE("Too many connections"));
	else if (wrong)
		visitor_refuse(visitor, 403, SLICE("Only proxies may connect"));
	else if (kind == HANDOVER_TCP && visitor->announced)
		visitor_hand_over(visitor);
}

static void on_connection(void *context, int fd, const struct sockaddr_storage *address,
	socklen_t address_len)
{
	door_receive(context, HANDOVER_HTTP, fd, address, address_len);
}

static void on_tcp_connection(void *context, int fd,
	const struct sockaddr_storage *address, socklen_t address_len)
{
	door_receive(context, HANDOVER_TCP, fd, address, address_len);
}

/* Who watches over the server is let in when it is full, too. */
static void on_admin_connection(void *context, int fd,
	const struct sockaddr_storage *address, socklen_t address_len)
{
	struct door *door = context;
	struct visitor *visitor =
		door_welcome(door, HANDOVER_ADMIN, fd, address, address_len);

	if (visitor != NULL && door->connections > door_most(door) + CONNECTIONS_KEPT)
		visitor_refuse(visitor, 503, SLICE("Too many connections"));
}

static uint64_t door_descriptors(void)
{
	struct rlimit limit = {0};

	getrlimit(RLIMIT_NOFILE, &limit);
	return limit.rlim_cur > DESCRIPTORS_KEPT * 2 ? limit.rlim_cur - DESCRIPTORS_KEPT
						     : limit.rlim_cur / 2;
}

/* At the socket that we have inherited, or where the configuration says. */

static int door_listen_http(struct door *door, const struct config *config)
{
	int fd = inherited_find("http");

	door->listener =
		fd != -1 ? listener_adopt(door_loop(door), fd, on_connection, door)
			 : listener_create(door_loop(door), config->host, config->port,
				   on_connection, door);
	if (door->listener == NULL)
		return -1;
	listener_log(door->listener, "door: listening on");
	return 0;
}

static int door_listen_tcp(struct door *door, const struct config *config)
{
	int fd = inherited_find("tcp");

	if (fd == -1 && config->tcp_listen.len == 0)
		return 0;
	door->tcp =
		fd != -1 ? listener_adopt(door_loop(door), fd, on_tcp_connection, door)
			 : listener_create(door_loop(door), config->tcp_host,
				   config->tcp_port, on_tcp_connection, door);
	if (door->tcp == NULL)
		return -1;
	listener_log(door->tcp, "door: plain STOMP at");
	return 0;
}

static int door_listen_admin(struct door *door, const struct config *config)
{
	int fd = inherited_find("admin");

	if (fd != -1 && config->admin_listen.len == 0) {
		log_error("door: the socket \"admin\" needs admin.listen, which says "
			  "whether it may be reached from elsewhere");
		return -1;
	}
	if (config->admin_listen.len == 0)
		return 0;
	door->admin = fd != -1 ? listener_adopt(
					 door_loop(door), fd, on_admin_connection, door)
			       : listener_create(door_loop(door), config->admin_host,
					 config->admin_port, on_admin_connection, door);
	if (door->admin == NULL)
		return -1;
	/* A token is asked for, now and after each reload, by what the setting says. */
	if (host_is_loopback(config->admin_host) && !listener_is_local(door->admin)) {
		log_error("door: the socket \"admin\" is no loopback address, as "
			  "admin.listen is");
		return -1;
	}
	listener_log(door->admin, "door: operators at");
	return 0;
}

struct door *door_create(struct worker *worker)
{
	const struct config *config = worker->config;
	struct door *door = xcalloc(1, sizeof(*door));

	door->worker = worker;
	door->handed = xcalloc(worker->crew->count, sizeof(*door->handed));
	door->peeked = xmalloc(config->limits.head + 1);
	door->descriptors = door_descriptors();
	list_init(&door->visitors);
	if (door_listen_tcp(door, config) == -1 ||
		door_listen_admin(door, config) == -1 ||
		door_listen_http(door, config) == -1) {
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
	listener_destroy(door->listener);
	listener_destroy(door->tcp);
	listener_destroy(door->admin);
	door->listener = door->tcp = door->admin = NULL;
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
