/* What a worker's edge is made of. */
#ifndef TRANSPORTS_EDGE_INTERNAL_H
#define TRANSPORTS_EDGE_INTERNAL_H

#include "gateway/worker/worker.h"
#include "protocol/http_head.h"

struct edge {
	struct worker *worker;
	struct ws *ws;
	struct http *http;
	struct tcp *tcp;
	struct door *door;     /* NULL except on worker 0 */
	uint64_t arrived;      /* connections that the door has handed over, ever */
	uint64_t closed;       /* those of them that the door knows to be closed */
	struct http_head head; /* of the WebSocket that arrives */
};

/* NULL when the worker has no edge any more: posts may come that late. */
static inline struct http *edge_http(const struct worker *worker)
{
	return worker->edge == NULL ? NULL : worker->edge->http;
}

#endif
