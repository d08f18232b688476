/* A connection on its way from the door to the worker that will serve it. */
#ifndef TRANSPORTS_DOOR_HANDOVER_H
#define TRANSPORTS_DOOR_HANDOVER_H

#include "gateway/base/io.h"

struct worker;

enum handover_kind {
	HANDOVER_HTTP,      /* unread */
	HANDOVER_WEBSOCKET, /* `head` was read */
	HANDOVER_TCP,       /* plain STOMP */
	HANDOVER_ADMIN,     /* HTTP of an operator */
};

struct handover {
	enum handover_kind kind;
	struct io io; /* the receiver holds it */
	struct sockaddr_storage address;
	socklen_t address_len;
	struct slice head; /* of a WebSocket's upgrade; else empty */
	bool once;         /* of HTTP: the connection ends after its first answer */
	uint32_t account;  /* it counts as ACCOUNT_RESERVED of this one, if of any */
};

struct http_head;
struct ws_watched;

/*
 * The worker serves a WebSocket itself, without a post: its route was found by the
 * worker's present configuration. `head` is what handover->head says. The descriptor's
 * watch ends. The worker holds the io from now on.
 */
void handover_websocket_here(struct worker *worker, struct handover *handover,
	const struct http_head *head, const struct ws_watched *watched);

/*
 * Posts a copy of the connection and its head to worker `to`. That worker holds the io
 * from now on. If it has no edge any more, it closes the connection. The connection
 * counts for its address all the way.
 */
void handover_post(struct worker *worker, unsigned to, const struct handover *handover);

#endif
