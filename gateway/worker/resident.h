/*
 * A resident lives on a worker next to its edge: its sessions, its broker. The worker
 * calls a resident only by these functions, since residents stand on higher floors.
 * server_workers.h creates the workers and their residents.
 *
 * All functions are called on the worker's thread. Each may be NULL.
 */
#ifndef GATEWAY_WORKER_RESIDENT_H
#define GATEWAY_WORKER_RESIDENT_H

#include "gateway/base/list.h"

#include <stdbool.h>

struct resident;

struct resident_ops {
	/* A turn of the loop: posts have run, the edge's turn comes next. */
	void (*turn)(struct resident *resident);

	/* The edge's turn is over; posts leave next. True when work is left. */
	bool (*end_turn)(struct resident *resident);

	/* worker_stop() was called: begins to end politely. */
	void (*stop)(struct resident *resident);

	/* worker_kill() was called: ends everything. Its last posts still run. */
	void (*kill)(struct resident *resident);

	/* The worker is being destroyed. Frees the resident. */
	void (*destroy)(struct resident *resident);
};

struct resident {
	const struct resident_ops *ops;
	struct list link; /* in worker->residents */
};

#endif
