/*
 * Who is at the other end of a connection. A session knows its peer by struct peer
 * alone, and this file alone fills that in.
 */
#ifndef TRANSPORTS_BASE_PEER_H
#define TRANSPORTS_BASE_PEER_H

#include "gateway/session/session.h"
#include "protocol/forwarded.h"

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
 * The peer of a request, from its head. `from` is the other end of the connection: if
 * it is a trusted proxy, the head names the client's address. `endpoint` has the name
 * of the cookie; NULL: none is read. The slices point into the head. Sets *site, for
 * route_allows().
 */
struct peer peer_read(const struct http_head *head, const struct address *from,
	const struct config *config, const struct endpoint *endpoint,
	struct forwarded *site);

/*
 * Call it once for each request, with the result of peer_read(): warns of a proxy that
 * trusted_proxies does not list.
 */
void peer_note_proxy(const struct worker *worker, const struct http_head *head,
	const struct address *from, const struct forwarded *site);

/* The peer of a connection whose head has not come, or that has none: plain STOMP. */
struct peer peer_of_address(const struct address *address);

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

/*
 * The part of a peer that a session which exists is asked for (session_admits()), all
 * borrowed: groups and token are only for its opening.
 */
struct peer peer_asking(const struct peer *peer);

/* How many bytes peer_copy_out() will copy. */
size_t peer_size(const struct peer *peer);

/*
 * Copies the peer's texts to *at, which must have room for peer_size() bytes, and
 * moves *at after them. The returned peer points to the copies, so a post can carry a
 * peer in its own memory.
 */
struct peer peer_copy_out(char **at, const struct peer *peer);

#endif
