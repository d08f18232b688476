#include "transports/peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>

struct slice peer_address(const struct sockaddr *address, char text[PEER_ADDRESS_MAX])
{
	const void *bytes = NULL;
	int family = address->sa_family;

	if (family == AF_INET) {
		bytes = &((const struct sockaddr_in *)(const void *)address)->sin_addr;
	} else if (family == AF_INET6) {
		const struct in6_addr *six =
			&((const struct sockaddr_in6 *)(const void *)address)
				 ->sin6_addr;

		bytes = six;
		if (IN6_IS_ADDR_V4MAPPED(six)) {
			bytes = &six->s6_addr[12];
			family = AF_INET;
		}
	}
	if (bytes == NULL || inet_ntop(family, bytes, text, PEER_ADDRESS_MAX) == NULL)
		return SLICE("unknown");
	return slice_of(text);
}

size_t peer_size(const struct peer *peer)
{
	return peer->address.len + peer->origin.len + peer->cookie.len;
}

struct peer peer_copy_out(char **at, const struct peer *peer)
{
	struct peer copy;

	copy.address = slice_copy_out(at, peer->address);
	copy.origin = slice_copy_out(at, peer->origin);
	copy.cookie = slice_copy_out(at, peer->cookie);
	return copy;
}
