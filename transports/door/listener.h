/*
 * A listening socket of a worker. When no descriptor is left for a new connection, it
 * counts that, pauses for 100 ms and tries again.
 */
#ifndef TRANSPORTS_DOOR_LISTENER_H
#define TRANSPORTS_DOOR_LISTENER_H

#include "protocol/slice.h"

#include <sys/socket.h>

struct listener;
struct worker;

/*
 * Listens on the first address of `host`; an empty one means every address, v6 and v4.
 * Calls welcome() for each new connection; welcome() owns the socket `fd`, which does
 * not block, and borrows the address. NULL after logging why.
 */
struct listener *listener_create(struct worker *worker, struct slice host,
	struct slice port,
	void (*welcome)(void *context, int fd, const struct sockaddr_storage *address,
		socklen_t address_len),
	void *context);

/*
 * As listener_create(), with a socket that systemd has opened. Always takes it over:
 * on failure it is closed.
 */
struct listener *listener_adopt(struct worker *worker, int fd,
	void (*welcome)(void *context, int fd, const struct sockaddr_storage *address,
		socklen_t address_len),
	void *context);

/* True when only this machine can connect to it. */
bool listener_is_local(const struct listener *listener);

/*
 * Writes the INFO line "WHAT ADDRESS:PORT" with the numeric address that the socket is
 * bound to. Writes nothing when the address cannot be read.
 */
void listener_log(const struct listener *listener, const char *what);

/*
 * Closes the socket. Connections in its backlog are reset, unless systemd holds the
 * socket, too. NULL is fine.
 */
void listener_destroy(struct listener *listener);

#endif
