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

struct metrics_endpoints *metrics_endpoints_create(const struct config *config);
void metrics_endpoints_destroy(
	struct metrics_endpoints *metrics_endpoints); /* NULL is fine */

/* Those that are new, as far as there is room. */
void metrics_endpoints_add(
	struct metrics_endpoints *metrics_endpoints, const struct config *config);

/* How many there may ever be, and how many there are. */
size_t metrics_endpoints_capacity(const struct metrics_endpoints *metrics_endpoints);
size_t metrics_endpoints_count(const struct metrics_endpoints *metrics_endpoints);
const struct metrics_endpoint *metrics_endpoints_at(
	const struct metrics_endpoints *metrics_endpoints, size_t index);

/* The index of that path; the capacity when there is none. */
size_t metrics_endpoints_find(
	const struct metrics_endpoints *metrics_endpoints, struct slice path);

#endif
