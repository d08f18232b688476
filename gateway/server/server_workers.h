/*
 * The workers with their residents. They are made here because this room may include
 * every lower one; a worker itself knows only struct resident (resident.h).
 */
#ifndef GATEWAY_SERVER_SERVER_WORKERS_H
#define GATEWAY_SERVER_SERVER_WORKERS_H

#include "gateway/worker/workers.h"

struct engine_share;
struct handler;

/*
 * As workers_create(), with the sessions and the broker of each worker. The sessions
 * run `handlers`, one for each enum handler_kind; `shares` go to broker_create(). Both
 * must outlive the workers.
 */
struct workers *server_create_workers(const struct config *config,
	const struct hash_key *key, unsigned count,
	const struct handler *const *handlers, const struct engine_share *shares);

#endif
