/*
 * The door owns the listening sockets. It looks at the first head of each
 * connection without consuming it, refuses what is malformed, too large or late, and
 * hands the socket over to a worker: a good WebSocket upgrade with its head, for
 * libwebsockets; everything else, untouched, for HTTP, which repeats the checks and
 * gives the answers. A request that names a session goes to the session's home,
 * everything else to the worker with the fewest connections. Connections for plain
 * STOMP, which have a socket of their own, are handed over at once. Where the PROXY
 * protocol is spoken, its header is taken off both kinds first. The door is on worker
 * 0.
 */
#ifndef TRANSPORTS_DOOR_DOOR_H
#define TRANSPORTS_DOOR_DOOR_H

#include <stdint.h>

struct door;
struct worker;

/*
 * Listens where the configuration says; the log has both addresses. NULL after logging
 * why.
 */
struct door *door_create(struct worker *worker);

/*
 * Tells the door that `closed` connections have closed of those that it has handed to
 * that worker.
 */
void door_count_closed(struct door *door, unsigned worker, int64_t closed);

/*
 * Closes the listeners and the pending connections. Connections that were handed over
 * belong to their carriers. NULL is fine.
 */
void door_destroy(struct door *door);

#endif
