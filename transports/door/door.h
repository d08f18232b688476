/*
 * The door owns the listening sockets and lives on worker 0. It looks at the first
 * head of each connection without consuming it, and refuses a head that is malformed,
 * too large or late. Then it hands the socket over to a worker: a valid WebSocket
 * upgrade with its head, for libwebsockets; everything else, untouched, for HTTP,
 * which repeats the checks and gives the answers. A request that names a session goes
 * to the session's home, everything else to the worker with the fewest connections.
 *
 * Plain STOMP has a listener of its own, whose connections are handed over
 * immediately. If the PROXY protocol is configured, the door first takes its header
 * off both kinds.
 */
#ifndef TRANSPORTS_DOOR_DOOR_H
#define TRANSPORTS_DOOR_DOOR_H

#include <stdint.h>

struct door;
struct worker;

/* Listens at the configured addresses and logs them. NULL after logging why. */
struct door *door_create(struct worker *worker);

/*
 * Reports that `closed` of the connections that the door has handed to that worker
 * have closed.
 */
void door_count_closed(struct door *door, unsigned worker, int64_t closed);

/*
 * Closes the listeners and the pending connections. Connections that were handed over
 * belong to their carriers. NULL is fine.
 */
void door_destroy(struct door *door);

#endif
