/*
 * The endpoints at which sessions are counted: those that the server was started with,
 * and some that reloads have brought. One that is counted once stays, also when it has
 * gone. Worker 0 adds; the others find what was there before their configuration was.
 */
#ifndef GATEWAY_WORKER_METRICS_ENDPOINTS_H
#define GATEWAY_WORKER_METRICS_ENDPOINTS_H

#include "protocol/slice.h"

struct metrics_endpoints;
struct config;

/* What can be at an endpoint. */
struct metrics_endpoint {
	struct slice path;
	bool sockjs, websocket; /* for worker 0 alone */
};

enum { METRICS_ENDPOINTS_LATER = 64 }; /* endpoints that reloads may bring */

/*
 * Has a place for each endpoint of the configuration and METRICS_ENDPOINTS_LATER for
 * those that reloads bring. The caller owns it and shares it with all workers.
 */
struct metrics_endpoints *metrics_endpoints_create(const struct config *config);
void metrics_endpoints_destroy(
	struct metrics_endpoints *metrics_endpoints); /* NULL is fine */

/*
 * After a reload: gives a place to each endpoint that is new. When no place is left,
 * the endpoint counts together with all others that came too late. On worker 0 only.
 */
void metrics_endpoints_add(
	struct metrics_endpoints *metrics_endpoints, const struct config *config);

/* How many endpoints there may ever be: workers allocate their figures by this. */
size_t metrics_endpoints_capacity(const struct metrics_endpoints *metrics_endpoints);

/*
 * How many there are now. It grows with a reload and never shrinks: the figures of an
 * endpoint that is gone stay.
 */
size_t metrics_endpoints_count(const struct metrics_endpoints *metrics_endpoints);

/*
 * The endpoint at `index`, which is below the count. It and its path live as long as
 * the whole.
 */
const struct metrics_endpoint *metrics_endpoints_at(
	const struct metrics_endpoints *metrics_endpoints, size_t index);

/* The index of that path; the capacity when there is none. */
size_t metrics_endpoints_find(
	const struct metrics_endpoints *metrics_endpoints, struct slice path);

#endif
