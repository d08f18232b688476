#include "transports/base/peer.h"

#include "gateway/worker/address_limits.h"

#include <arpa/inet.h>
#include <netinet/in.h>

struct address peer_address(const struct sockaddr *socket)
{
	const struct sockaddr_in *four = (const void *)socket;
	const struct sockaddr_in6 *six = (const void *)socket;

	if (socket->sa_family == AF_INET)
		return address_of_v4(&four->sin_addr);
	if (socket->sa_family == AF_INET6)
		return address_of_v6(&six->sin6_addr);
	return (struct address){{0}};
}

socklen_t peer_socket(
	const struct address *address, uint16_t port, struct sockaddr_storage *socket)
{
	struct sockaddr_in *four = (void *)socket;
	struct sockaddr_in6 *six = (void *)socket;

	memset(socket, 0, sizeof(*socket));
	if (address_is_v4(address)) {
		four->sin_family = AF_INET;
		four->sin_port = htons(port);
		memcpy(&four->sin_addr, address->bytes + ADDRESS_V4_AT,
			sizeof(four->sin_addr));
		return sizeof(*four);
	}
	six->sin6_family = AF_INET6;
	six->sin6_port = htons(port);
	memcpy(&six->sin6_addr, address->bytes, sizeof(six->sin6_addr));
	return sizeof(*six);
}

struct peer peer_read(const struct http_head *head, const struct address *from,
	const struct config *config, const struct endpoint *endpoint,
	struct forwarded *site)
{
	const struct slice *origin = http_header(head, SLICE("Origin"));
	struct peer peer;

	*site = forwarded_read(head, from, &config->proxies);
	peer = peer_of_address(&site->client);
	if (origin != NULL)
		peer.origin = *origin;
	if (endpoint != NULL && endpoint->bind_cookie.len > 0)
		peer.cookie = http_cookie(head, endpoint->bind_cookie);
	return peer;
}

struct peer peer_of_address(const struct address *address)
{
	return (struct peer){*address, SLICE(""), SLICE("")};
}

unsigned peer_came(struct worker *worker, const struct address *address)
{
	worker->connections++;
	return address_limits_enter(worker->workers->address_limits, address);
}

void peer_left(struct worker *worker, unsigned address_slot)
{
	worker->connections--;
	address_limits_leave(worker->workers->address_limits, address_slot);
}

size_t peer_size(const struct peer *peer)
{
	return peer->origin.len + peer->cookie.len;
}

struct peer peer_copy_out(char **at, const struct peer *peer)
{
	struct peer copy = {.address = peer->address};

	copy.origin = slice_copy_out(at, peer->origin);
	copy.cookie = slice_copy_out(at, peer->cookie);
	return copy;
}
