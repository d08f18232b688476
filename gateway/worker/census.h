/*
 * The endpoints at which sessions are counted: those that the server was started with,
 * and some that reloads have brought. One that is counted once stays, also when it has
 * gone. Worker 0 adds; the others find what was there before their configuration was.
 */
#ifndef GATEWAY_WORKER_CENSUS_H
#define GATEWAY_WORKER_CENSUS_H

#include "protocol/slice.h"

struct census;
struct config;

/* What can be at an endpoint. */
struct census_place {
	struct slice path;
	bool sockjs, websocket; /* for worker 0 alone */
};

enum { CENSUS_LATER = 64 }; /* endpoints that reloads may bring */

struct census *census_create(const struct config *config);
void census_destroy(struct census *census); /* NULL is fine */

/* Those that are new, as far as there is room. */
void census_add(struct census *census, const struct config *config);

/* How many there may ever be, and how many there are. */
size_t census_capacity(const struct census *census);
size_t census_count(const struct census *census);
const struct census_place *census_at(const struct census *census, size_t index);

/* The index of that path; the capacity when there is none. */
size_t census_find(const struct census *census, struct slice path);

#endif
