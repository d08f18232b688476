/* Takes the PROXY header (protocol/proxy_head.h) off the front of a connection. */
#ifndef TRANSPORTS_DOOR_PROXY_HEADER_H
#define TRANSPORTS_DOOR_PROXY_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

enum proxy_header {
	PROXY_HEADER_TAKEN,
	PROXY_HEADER_WAITS, /* incomplete: nothing was taken */
	PROXY_HEADER_BAD,
	PROXY_HEADER_GONE, /* the connection has ended */
};

/*
 * Reads the PROXY header and takes it off the socket. Overwrites *address and
 * *address_len when the header names the client; else they stay.
 */
enum proxy_header proxy_header_take(
	int fd, struct sockaddr_storage *address, socklen_t *address_len);

#endif
