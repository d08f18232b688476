/* Peers: their addresses, and copies of their data. */
#ifndef TRANSPORTS_BASE_PEER_H
#define TRANSPORTS_BASE_PEER_H

#include "gateway/session/session.h"
#include "protocol/address.h"

#include <sys/socket.h>

/*
 * The address of a socket without its port; unknown for other families than IPv4 and
 * IPv6.
 */
struct address peer_address(const struct sockaddr *socket);

/*
 * The reverse of peer_address(): overwrites *socket, of the address's own family, and
 * returns its length.
 */
socklen_t peer_socket(
	const struct address *address, uint16_t port, struct sockaddr_storage *socket);

/*
 * Counts a connection from that address for the worker and the address. Pass the
 * result to peer_left() when the connection has closed.
 */
unsigned peer_came(struct worker *worker, const struct address *address);

/*
 * Ends peer_came(), whose result is `address_slot`, when the connection has closed.
 * Must be called once for each, or the address is refused for ever.
 */
void peer_left(struct worker *worker, unsigned address_slot);

/* How many bytes peer_copy_out() will copy. */
size_t peer_size(const struct peer *peer);

/*
 * Copies the peer's texts to *at, which must have room for peer_size() bytes, and
 * moves *at after them. The returned peer points to the copies, so a post can carry a
 * peer in its own memory.
 */
struct peer peer_copy_out(char **at, const struct peer *peer);

#endif
