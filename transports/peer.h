/* Addresses of peers, as text. */
#ifndef TRANSPORTS_PEER_H
#define TRANSPORTS_PEER_H

#include "protocol/slice.h"

#include <sys/socket.h>

enum { PEER_ADDRESS_MAX = 64 };

/* "192.0.2.1" or "2001:db8::1"; an IPv4 address mapped into v6 is shown as v4. */
struct slice peer_address(const struct sockaddr *address, char text[PEER_ADDRESS_MAX]);

#endif
