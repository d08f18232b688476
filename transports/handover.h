/* A connection on its way from the door to the worker that will serve it. */
#ifndef TRANSPORTS_HANDOVER_H
#define TRANSPORTS_HANDOVER_H

#include "protocol/slice.h"

#include <sys/socket.h>

struct worker;

struct handover {
	int fd; /* the receiver's from now on */
	struct sockaddr_storage address;
	socklen_t address_len;
	bool is_stomp;     /* straight from its first byte */
	struct slice head; /* a WebSocket's upgrade, already read; else empty */
};

/* Copies the head. */
void handover_post(struct worker *worker, unsigned to, const struct handover *handover);

#endif
