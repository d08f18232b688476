/*
 * Listening sockets that a service manager has opened: systemd's socket activation, by
 * LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES. systemd keeps them during a restart, so
 * that no connection is refused meanwhile.
 */
#ifndef TRANSPORTS_DOOR_INHERITED_H
#define TRANSPORTS_DOOR_INHERITED_H

/*
 * The descriptor of the socket that systemd has opened for "http", "tcp" or "admin", or
 * -1. Sockets with other names count by their place: the first is for HTTP, the second
 * for plain STOMP.
 */
int inherited_find(const char *name);

#endif
