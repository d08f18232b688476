/*
 * The endpoints whose sessions are counted: those of the start, and some that reloads
 * have added. A counted endpoint stays, even after a reload has removed it. Worker 0
 * adds; each other worker finds all endpoints of its configuration.
 */
#ifndef GATEWAY_WORKER_METRICS_ENDPOINTS_H
#define GATEWAY_WORKER_METRICS_ENDPOINTS_H

#include "protocol/slice.h"

struct metrics_endpoints;
struct config;

/* An endpoint and its kinds of sessions. */
struct metrics_endpoint {
	struct slice path;
	bool sockjs, websocket; /* only for worker 0 */
};

enum { METRICS_ENDPOINTS_LATER = 64 }; /* endpoints that reloads may add */

/*
 * Has a place for each endpoint of the configuration and METRICS_ENDPOINTS_LATER for
 * those that reloads add. The caller owns it and shares it with all workers.
 */
struct metrics_endpoints *metrics_endpoints_create(const struct config *config);
void metrics_endpoints_destroy(
	struct metrics_endpoints *metrics_endpoints); /* NULL is fine */

/*
 * After a reload: gives a place to each new endpoint. When no place is left, the
 * endpoint counts together with all others that have none. On worker 0 only.
 */
void metrics_endpoints_add(
	struct metrics_endpoints *metrics_endpoints, const struct config *config);

/* The greatest possible number of endpoints: workers allocate their figures by it. */
size_t metrics_endpoints_capacity(const struct metrics_endpoints *metrics_endpoints);

/*
 * The present number of endpoints. It grows with a reload and never shrinks: the
 * figures of a removed endpoint stay.
 */
size_t metrics_endpoints_count(const struct metrics_endpoints *metrics_endpoints);

/*
 * The endpoint at `index`, which is below the count. It and its path live as long as
 * all of them.
 */
const struct metrics_endpoint *metrics_endpoints_at(
	const struct metrics_endpoints *metrics_endpoints, size_t index);

/* The index of that path; the capacity when there is none. */
size_t metrics_endpoints_find(
	const struct metrics_endpoints *metrics_endpoints, struct slice path);

#endif
