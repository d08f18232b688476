/* Peers: their addresses as text, and copies of what is known of them. */
#ifndef TRANSPORTS_PEER_H
#define TRANSPORTS_PEER_H

#include "gateway/session.h"

#include <sys/socket.h>

enum { PEER_ADDRESS_MAX = 64 };

/* "192.0.2.1" or "2001:db8::1"; an IPv4 address mapped into v6 is shown as v4. */
struct slice peer_address(const struct sockaddr *address, char text[PEER_ADDRESS_MAX]);

/* The bytes that peer_copy_out() copies to *at, which moves behind them. */
size_t peer_size(const struct peer *peer);
struct peer peer_copy_out(char **at, const struct peer *peer);

#endif
