/*
 * The edge of a worker: its door and carriers (HTTP, WebSocket, TCP). The core
 * knows them only by these functions; main.c brings the two together.
 */
#ifndef GATEWAY_WORKER_EDGE_H
#define GATEWAY_WORKER_EDGE_H

#include <stdbool.h>

struct worker;
struct edge;

/* The worker calls its edge by these; a static constant of the edge. */
struct edge_ops {
	/* Returns the worker's edge, listening if that is its job, or NULL. */
	struct edge *(*create)(struct worker *worker);

	/* The end of each turn; true when work is left. */
	bool (*turn)(struct edge *edge);

	/*
	 * The inboxes have room again. While worker_apply_backpressure() is true, the
	 * edge does not read from publishers; now it reads from all that it paused.
	 */
	void (*resume_reading)(struct edge *edge);

	/*
	 * Ends every connection; no session is left. Until then the edge accepts
	 * connections, even while the worker stops: polls fetch their last messages.
	 */
	void (*destroy)(struct edge *edge);
};

#endif
