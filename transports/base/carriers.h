/*
 * The carriers of a worker. A post from another worker finds its carrier here.
 * transports/edge.c makes them all; this header knows none of them.
 */
#ifndef TRANSPORTS_BASE_CARRIERS_H
#define TRANSPORTS_BASE_CARRIERS_H

#include "gateway/worker/worker.h"
#include "protocol/http_head.h"

struct door;
struct http;
struct tcp;
struct ws;

struct edge {
	struct worker *worker;
	struct ws *ws;
	struct http *http;
	struct tcp *tcp;
	struct door *door;     /* NULL except on worker 0 */
	uint64_t arrived;      /* total that the door has handed over */
	uint64_t closed;       /* how many of them the door knows to be closed */
	struct http_head head; /* of the WebSocket that is being adopted */
};

/*
 * The HTTP carrier of the worker. NULL when the worker has no edge any more: posts may
 * arrive late.
 */
static inline struct http *edge_http(const struct worker *worker)
{
	return worker->edge == NULL ? NULL : worker->edge->http;
}

#endif
