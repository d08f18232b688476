/*
 * The edge of a worker: its door and carriers (HTTP, WebSocket, TCP). The core
 * knows them only by these functions; main.c brings the two together.
 */
#ifndef GATEWAY_WORKER_EDGE_H
#define GATEWAY_WORKER_EDGE_H

#include <stdbool.h>

struct worker;
struct edge;

/* What a worker calls its edge by; a static constant of the edge. */
struct edge_ops {
	/* Returns the worker's edge, listening if that is its job, or NULL. */
	struct edge *(*create)(struct worker *worker);

	/* The end of each turn; true when work is left. */
	bool (*turn)(struct edge *edge);

	/*
	 * Inboxes were full and are so no longer. While worker_apply_backpressure() the
	 * edge does not read from those who send; now it reads again from all that it
	 * paused.
	 */
	void (*resume_reading)(struct edge *edge);

	/*
	 * Ends every connection; no session is left. Until then connections are
	 * welcome, also while the worker stops: polls fetch their last words.
	 */
	void (*destroy)(struct edge *edge);
};

#endif
