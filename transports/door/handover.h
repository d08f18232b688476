/* A connection on its way from the door to the worker that will serve it. */
#ifndef TRANSPORTS_DOOR_HANDOVER_H
#define TRANSPORTS_DOOR_HANDOVER_H

#include "protocol/slice.h"

#include <sys/socket.h>

struct worker;

enum handover_kind {
	HANDOVER_HTTP,      /* unread */
	HANDOVER_WEBSOCKET, /* `head` was read */
	HANDOVER_TCP,       /* plain STOMP */
	HANDOVER_ADMIN,     /* HTTP of an operator */
};

struct handover {
	enum handover_kind kind;
	int fd; /* the receiver owns it */
	struct sockaddr_storage address;
	socklen_t address_len;
	struct slice head; /* of a WebSocket's upgrade; else empty */
};

/*
 * Posts a copy of the connection and its head to worker `to`. That worker owns the
 * socket from now on. If it has no edge any more, it closes the socket.
 */
void handover_post(struct worker *worker, unsigned to, const struct handover *handover);

#endif
