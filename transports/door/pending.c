/* A connection at the door: its first bytes decide where it goes. */
#include "transports/door/door_internal.h"

#include "gateway/worker/account.h"
#include "gateway/worker/address_limits.h"
#include "gateway/worker/metrics.h"
#include "protocol/xmalloc.h"
#include "transports/base/peer.h"
#include "transports/base/refusal.h"
#include "transports/door/proxy_header.h"
#include "transports/door/reserve.h"
#include "transports/sockjs/route.h"
#include "transports/ws/ws.h"

#include <errno.h>
#include <stdlib.h>

enum {
	REFUSE_LINGER_MS = 1000,
	DRAINS_PER_TURN = 64,
};

struct pending_connection {
	struct door *door;
	struct list link;
	struct io io;
	struct watch watch; /* of its descriptor */
	struct timer timer;
	unsigned address_slot;   /* of address_limits_enter() */
	enum handover_kind kind; /* the listener's kind; not yet a WebSocket */
	bool announced;          /* its PROXY header was taken, or is not expected */
	bool reserved;     /* it uses the reserve: it must name a session that exists */
	struct list turn;  /* in door->silent or door->refused, or in none */
	struct entry asks; /* in door->asking, if it has a number */
	bool refused;      /* further input is dropped, so that the peer can read */
	struct sockaddr_storage address;
	socklen_t address_len;
};

/* It is no longer silent, refused, or asked about. */
static void pending_leave_lists(struct pending_connection *pending)
{
	struct door *door = pending->door;

	list_remove(&pending->turn);
	door->refused_count -= pending->refused;
	if (pending->asks.number != 0)
		registry_remove(&door->asking, &pending->asks);
	pending->asks.number = 0;
}

/* Frees the pending connection; the io stays open and is returned. */
static struct io pending_release(struct pending_connection *pending)
{
	struct io io = pending->io;

	pending_leave_lists(pending);
	loop_unwatch(&pending->watch);
	loop_timer_stop(door_loop(pending->door), &pending->timer);
	list_remove(&pending->link);
	pending->door->connections--;
	address_limits_leave(door_address_limits(pending->door), pending->address_slot);
	free(pending);
	return io;
}

static void pending_close(struct pending_connection *pending)
{
	struct io io = pending_release(pending);

	io_close(&io);
}

/*
 * Reads and drops the input. Closes the connection at the end of the input, or after
 * too much of it.
 */
static void pending_drain(struct pending_connection *pending)
{
	struct door *door = pending->door;

	for (int i = 0; i < DRAINS_PER_TURN; i++) {
		ssize_t got = recv(
			pending->io.fd, door->peeked.room, door_limits(door)->head, 0);

		if (got == -1 && errno == EAGAIN)
			return;
		if (got <= 0)
			break;
	}
	pending_close(pending);
}

/* True for plain STOMP, which has no head to look at. */
static bool pending_is_plain(const struct pending_connection *pending)
{
	return pending->kind == HANDOVER_TCP;
}

static enum refusal_door pending_door(
	const struct pending_connection *pending, enum refusal_kind kind)
{
	if (refusal_is_at(kind, DOOR_PROXY))
		return DOOR_PROXY;
	if (pending_is_plain(pending))
		return DOOR_TCP;
	return pending->kind == HANDOVER_ADMIN && refusal_is_at(kind, DOOR_ADMIN)
		       ? DOOR_ADMIN
		       : DOOR_HTTP;
}

/* Counts and logs it. Appends the text for the peer to *text. */
static void pending_report(const struct pending_connection *pending,
	struct refusal refusal, struct buf *text)
{
	const struct worker *worker = pending->door->worker;
	struct buf hint = {0};

	refusal_append_hint(&hint, worker->config, refusal.kind);
	if (refusal.hint.len == 0)
		refusal.hint = buf_slice(&hint);
	refusal.door = pending_door(pending, refusal.kind);
	refusal.address = peer_address((const struct sockaddr *)&pending->address);
	refusal_report(worker->metrics, &refusal, text);
	buf_finish(&hint);
}

void pending_refuse(struct pending_connection *pending, const struct refusal *refusal)
{
	struct door *door = pending->door;
	/*
	 * The door is not on the channel's worker. It has written nothing before, so it
	 * may write to the descriptor.
	 */
	const struct io bare = {.fd = pending->io.fd};
	struct buf text = {0};
	int sent;

	pending_report(pending, *refusal, &text);
	if (pending_is_plain(pending)) {
		sent = refusal_send_stomp(
			&bare, refusal_sentence(refusal->kind), buf_slice(&text));
	} else {
		metrics_answer(door->worker->metrics, REQUEST_REFUSED,
			refusal_status(refusal->kind));
		sent = refusal_send(&bare, refusal->kind, buf_slice(&text));
	}
	buf_finish(&text);
	pending_leave_lists(pending);
	pending->refused = true;
	door->refused_count++;
	list_append(&door->refused, &pending->turn);
	if (sent == -1) {
		pending_close(pending);
		return;
	}
	loop_deadline_start(door_loop(door), &pending->timer, REFUSE_LINGER_MS);
	pending_drain(pending);
}

static void pending_on_pending_timer(struct timer *timer)
{
	struct pending_connection *pending =
		container_of(timer, struct pending_connection, timer);

	if (!pending->refused && pending->asks.number == 0)
		metrics_refuse(pending->door->worker->metrics, BOUND_HEAD_TIME);
	pending_close(pending);
}

/* True when the head is a valid WebSocket upgrade, and its Origin is allowed. */
static bool pending_is_websocket(struct pending_connection *pending)
{
	const struct config *config = pending->door->worker->config;
	const struct http_head *head = &pending->door->peeked.head;
	const struct address from =
		peer_address((const struct sockaddr *)&pending->address);
	struct forwarded site;

	if (!http_upgrade_is_asked(head) ||
		http_upgrade_check(head) != HTTP_UPGRADE_GOOD)
		return false;
	const struct http_route route = route_find(config, head->target, true);
	const struct peer peer = peer_read(head, &from, config, route.endpoint, &site);
	return route.kind == ROUTE_WEBSOCKET && !peer.is_ambiguous &&
	       route_has_host(config, &route, &site) &&
	       route_allows(config, route.endpoint, peer.origin, &site);
}

static unsigned pending_choose_worker(const struct pending_connection *pending)
{
	const struct door *door = pending->door;
	struct http_route route =
		route_find(door->worker->config, door->peeked.head.target, false);

	if (route.kind == ROUTE_DOWNLINK || route.kind == ROUTE_UPLINK)
		return session_home(door->worker, route.endpoint, route.session);
	return door_least_loaded(door);
}

/*
 * The door's own worker serves the WebSocket: its head is not copied and read again,
 * and its watch moves. Bytes after the head and the peer's end were reported to the
 * pending connection only. It is freed.
 */
static void pending_serve(
	struct pending_connection *pending, struct handover *handover, bool gone)
{
	struct door *door = pending->door;
	const struct ws_watched watched = {
		.watch = &pending->watch,
		.readable = door->peeked.got > door->peeked.head.len,
		.gone = gone,
	};

	if (!peek_take(pending->io.fd, handover->head.len)) {
		pending_close(pending);
		return;
	}
	handover->io = pending->io;
	door_count_handed(door, door->worker->index);
	handover_websocket_here(door->worker, handover, &door->peeked.head, &watched);
	pending_release(pending);
}

/* Nobody has read of the connection. */
static void pending_give_to_http(
	struct pending_connection *pending, unsigned to, uint32_t account)
{
	struct door *door = pending->door;
	struct handover handover = {.kind = HANDOVER_HTTP,
		.once = pending->reserved,
		.account = account,
		.address = pending->address,
		.address_len = pending->address_len};

	handover.io = pending_release(pending);
	door_hand_over(door, to, &handover);
}

static void pending_refuse_stranger(struct pending_connection *pending)
{
	door_note_full(pending->door);
	pending_refuse(pending, &(struct refusal){.kind = REFUSAL_CROWDED});
}

/*
 * Its head has come, and it uses the reserve. /health is served there too: to restart
 * a server because it is full would end what it serves. /ready is not: no new client
 * can come.
 */
static void pending_show_session(struct pending_connection *pending)
{
	struct door *door = pending->door;
	const struct config *config = door->worker->config;
	const struct http_head *head = &door->peeked.head;
	const struct http_route route =
		route_find(config, head->target, http_upgrade_is_asked(head));
	const struct address from =
		peer_address((const struct sockaddr *)&pending->address);
	struct forwarded site;

	list_remove(&pending->turn);
	if (route.kind == ROUTE_DOWNLINK || route.kind == ROUTE_UPLINK) {
		const struct peer peer =
			peer_read(head, &from, config, route.endpoint, &site);

		registry_add(&door->asking, &pending->asks);
		reserve_ask(door->worker, &route, &peer, pending->asks.number);
	} else if (route.kind == ROUTE_HEALTH && !http_has_body(head)) {
		pending_give_to_http(pending, door_least_loaded(door), ACCOUNT_HOUSE);
	} else {
		pending_refuse_stranger(pending);
	}
}

void pending_answered(
	struct door *door, uint64_t number, const struct reserve_answer *answer)
{
	struct entry *entry = registry_find(&door->asking, number);

	if (entry == NULL)
		return;
	struct pending_connection *pending =
		container_of(entry, struct pending_connection, asks);
	if (answer->exists && door_take_reserved(door, answer->account))
		pending_give_to_http(pending, answer->home, answer->account);
	else
		pending_refuse_stranger(pending);
}

/* `gone`: the peer has shut down its side. */
static void pending_hand_over(struct pending_connection *pending, bool gone)
{
	struct door *door = pending->door;
	struct handover handover = {.kind = HANDOVER_HTTP,
		.address = pending->address,
		.address_len = pending->address_len};
	unsigned to;

	if (pending->kind == HANDOVER_ADMIN) {
		handover.kind = HANDOVER_ADMIN;
		to = 0;
	} else if (pending_is_plain(pending)) {
		handover.kind = HANDOVER_TCP;
		to = door_least_loaded(door);
	} else if (pending_is_websocket(pending)) {
		handover.kind = HANDOVER_WEBSOCKET;
		handover.head =
			(struct slice){door->peeked.room, door->peeked.head.len};
		to = door_least_loaded(door);
	} else {
		to = pending_choose_worker(pending);
	}
	if (handover.kind == HANDOVER_WEBSOCKET && to == door->worker->index &&
		!door->worker->killed) {
		pending_serve(pending, &handover, gone);
		return;
	}
	handover.io = pending_release(pending);
	if (!peek_take(handover.io.fd, handover.head.len)) {
		io_close(&handover.io);
		return;
	}
	door_hand_over(door, to, &handover);
}

/*
 * A proxy has named the client's address; the connection counts for that one from now
 * on.
 */
static bool pending_admit_or_refuse(struct pending_connection *pending)
{
	struct address_limits *address_limits = door_address_limits(pending->door);
	const struct address from =
		peer_address((const struct sockaddr *)&pending->address);
	bool crowded = door_note_crowded_address(pending->door, &from);

	address_limits_leave(address_limits, pending->address_slot);
	pending->address_slot = address_limits_enter(address_limits, &from);
	if (crowded)
		pending_refuse(pending, &(struct refusal){.kind = REFUSAL_CROWDED});
	return !crowded;
}

/* If a PROXY header is expected, it comes before everything else. */
static bool pending_take_announcement(struct pending_connection *pending, bool gone)
{
	if (pending->announced)
		return true;
	switch (proxy_header_take(
		pending->io.fd, &pending->address, &pending->address_len)) {
	case PROXY_HEADER_TAKEN:
		pending->announced = true;
		return pending_admit_or_refuse(pending);
	case PROXY_HEADER_WAITS:
		if (!gone)
			return false;
		break;
	case PROXY_HEADER_GONE:
		break;
	case PROXY_HEADER_BAD:
		pending_refuse(
			pending, &(struct refusal){.kind = REFUSAL_PROXY_HEADER});
		return false;
	}
	pending_close(pending);
	return false;
}

static void pending_look(struct pending_connection *pending, bool gone)
{
	struct peeked *peeked = &pending->door->peeked;
	struct refusal refusal;

	switch (peek_head(pending->io.fd, pending->door->worker->config, peeked)) {
	case PEEK_HEAD:
		if (pending->reserved)
			pending_show_session(pending);
		else
			pending_hand_over(pending, gone);
		break;
	case PEEK_MORE:
		if (gone) /* the missing bytes will never come */
			pending_close(pending);
		break;
	case PEEK_BAD:
		refusal = refusal_of_head(&peeked->head, peeked->status,
			(struct slice){peeked->room, peeked->got});
		pending_refuse(pending, &refusal);
		break;
	case PEEK_NOTHING:
		break;
	case PEEK_GONE:
		pending_close(pending);
		break;
	}
}

static void pending_on_pending(struct watch *watch, unsigned events)
{
	struct pending_connection *pending =
		container_of(watch, struct pending_connection, watch);

	if (pending->asks.number != 0) /* who gets it watches it anew */
		return;
	if (pending->refused)
		pending_drain(pending);
	else if (!pending_take_announcement(pending, events & WATCH_GONE))
		return;
	else if (pending_is_plain(pending))
		pending_hand_over(pending, false);
	else
		pending_look(pending, events & WATCH_GONE);
}

struct pending_connection *pending_create(struct door *door, enum handover_kind kind,
	struct io io, const struct sockaddr_storage *address, socklen_t address_len)
{
	struct pending_connection *pending = xcalloc(1, sizeof(*pending));
	const struct address from = peer_address((const struct sockaddr *)address);

	pending->door = door;
	pending->address_slot = address_limits_enter(door_address_limits(door), &from);
	pending->kind = kind;
	pending->announced =
		kind == HANDOVER_ADMIN || !door->worker->config->proxy_protocol;
	pending->io = io;
	pending->watch.fd = io.fd;
	pending->watch.ready = pending_on_pending;
	pending->timer.fire = pending_on_pending_timer;
	pending->address = *address;
	pending->address_len = address_len;
	list_append(&door->pending, &pending->link);
	door->connections++;
	loop_deadline_start(
		door_loop(door), &pending->timer, door->worker->config->times.head);
	if (loop_watch(door_loop(door), &pending->watch, WATCH_IN | WATCH_GONE) == 0)
		return pending;
	pending_close(pending);
	return NULL;
}

void pending_admit(struct pending_connection *pending)
{
	if (pending_is_plain(pending) && pending->announced)
		pending_hand_over(pending, false);
}

void pending_admit_to_reserve(struct pending_connection *pending)
{
	pending->reserved = true;
	list_append(&pending->door->silent, &pending->turn);
}

bool pending_refuse_silent(struct door *door)
{
	if (list_is_empty(&door->silent))
		return false;
	pending_refuse_stranger(
		container_of(door->silent.next, struct pending_connection, turn));
	return true;
}

void pending_close_refused(struct door *door)
{
	if (!list_is_empty(&door->refused))
		pending_close(container_of(
			door->refused.next, struct pending_connection, turn));
}

void pending_close_all(struct door *door)
{
	while (!list_is_empty(&door->pending))
		pending_close(container_of(
			door->pending.next, struct pending_connection, link));
}
