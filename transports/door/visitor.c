/* A connection at the door: what it says first decides where it goes. */
#include "transports/door/door_internal.h"

#include "gateway/base/log.h"
#include "gateway/worker/crowd.h"
#include "gateway/worker/metrics.h"
#include "protocol/xmalloc.h"
#include "transports/base/peer.h"
#include "transports/base/refusal.h"
#include "transports/door/proxy_header.h"
#include "transports/sockjs/route.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	REFUSE_LINGER_MS = 1000,
	DRAINS_PER_TURN = 64,
};

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
		ssize_t got = recv(visitor->watch.fd, door->peeked.room,
			door_limits(door)->head, 0);

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

static enum refusal_door visitor_door(
	const struct visitor *visitor, enum refusal_kind kind)
{
	if (refusal_is_at(kind, DOOR_PROXY))
		return DOOR_PROXY;
	if (visitor_is_plain(visitor))
		return DOOR_TCP;
	return visitor->kind == HANDOVER_ADMIN && refusal_is_at(kind, DOOR_ADMIN)
		       ? DOOR_ADMIN
		       : DOOR_HTTP;
}

/* Counts and logs it. What may be told the peer is appended to *text. */
static void visitor_report(
	const struct visitor *visitor, struct refusal refusal, struct buf *text)
{
	const struct worker *worker = visitor->door->worker;
	const struct address from =
		peer_address((const struct sockaddr *)&visitor->address);
	char address[ADDRESS_TEXT_MAX];
	struct buf hint = {0};

	refusal_append_hint(&hint, worker->config, refusal.kind);
	if (refusal.hint.len == 0)
		refusal.hint = buf_slice(&hint);
	refusal.door = visitor_door(visitor, refusal.kind);
	refusal.address = address_write(&from, address);
	refusal_report(worker->metrics, &refusal, text);
	buf_finish(&hint);
}

void visitor_refuse(struct visitor *visitor, const struct refusal *refusal)
{
	struct door *door = visitor->door;
	int fd = visitor->watch.fd, sent;
	struct buf text = {0};

	visitor_report(visitor, *refusal, &text);
	if (visitor_is_plain(visitor)) {
		sent = refusal_send_stomp(
			fd, refusal_sentence(refusal->kind), buf_slice(&text));
	} else {
		metrics_answer(door->worker->metrics, REQUEST_REFUSED,
			refusal_status(refusal->kind));
		sent = refusal_send(fd, refusal->kind, buf_slice(&text));
	}
	buf_finish(&text);
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
	const struct http_head *head = &visitor->door->peeked.head;
	const struct address from =
		peer_address((const struct sockaddr *)&visitor->address);
	const struct slice *origin = http_header(head, SLICE("Origin"));

	if (!http_upgrade_is_asked(head) ||
		http_upgrade_check(head) != HTTP_UPGRADE_GOOD)
		return false;
	struct http_route route = route_find(config, head->target, true);
	struct forwarded site = forwarded_read(head, &from, &config->proxies);
	return route.kind == ROUTE_WEBSOCKET &&
	       route_allows(config, route.endpoint,
		       origin == NULL ? SLICE("") : *origin, &site);
}

static unsigned visitor_choose_worker(const struct visitor *visitor)
{
	const struct door *door = visitor->door;
	struct http_route route =
		route_find(door->worker->config, door->peeked.head.target, false);

	if (route.kind == ROUTE_DOWNLINK || route.kind == ROUTE_UPLINK)
		return session_home(door->worker, route.endpoint, route.session);
	return door_least_loaded(door);
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
		handover.head =
			(struct slice){door->peeked.room, door->peeked.head.len};
		to = door_least_loaded(door);
	} else {
		to = visitor_choose_worker(visitor);
	}
	handover.fd = visitor_release(visitor);
	if (!peek_take(handover.fd, handover.head.len)) {
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
	bool crowded = door_address_is_crowded(visitor->door, &from);

	crowd_leave(crowd, visitor->place);
	visitor->place = crowd_enter(crowd, &from);
	if (crowded)
		visitor_refuse(visitor, &(struct refusal){.kind = REFUSAL_CROWDED});
	return !crowded;
}

/* Where a PROXY header is wanted, it comes before all else. */
static bool visitor_is_announced(struct visitor *visitor, bool gone)
{
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
		visitor_refuse(
			visitor, &(struct refusal){.kind = REFUSAL_PROXY_HEADER});
		return false;
	}
	visitor_close(visitor);
	return false;
}

static void visitor_look(struct visitor *visitor, bool gone)
{
	struct peeked *peeked = &visitor->door->peeked;
	struct refusal refusal;

	switch (peek_head(visitor->watch.fd, visitor->door->worker->config, peeked)) {
	case PEEK_HEAD:
		visitor_hand_over(visitor);
		break;
	case PEEK_MORE:
		if (gone) /* what is missing will never come */
			visitor_close(visitor);
		break;
	case PEEK_BAD:
		refusal = refusal_of_head(&peeked->head, peeked->status,
			(struct slice){peeked->room, peeked->got});
		visitor_refuse(visitor, &refusal);
		break;
	case PEEK_NOTHING:
		break;
	case PEEK_GONE:
		visitor_close(visitor);
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

struct visitor *visitor_create(struct door *door, enum handover_kind kind, int fd,
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

void visitor_admit(struct visitor *visitor)
{
	if (visitor_is_plain(visitor) && visitor->announced)
		visitor_hand_over(visitor);
}

void visitors_close(struct door *door)
{
	while (!list_is_empty(&door->visitors))
		visitor_close(container_of(door->visitors.next, struct visitor, link));
}
