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
};

/*
 * Posts a copy of the connection and its head to worker `to`. That worker holds the io
 * from now on. If it has no edge any more, it closes the connection.
 */
void handover_post(struct worker *worker, unsigned to, const struct handover *handover);

#endif
