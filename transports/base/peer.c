#include "transports/base/peer.h"

#include "gateway/identity/token.h"
#include "gateway/worker/address_limits.h"
#include "protocol/url.h"

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

/* Bounds what a session keeps of a request until its CONNECT. */
static struct slice peer_bounded(struct slice text, size_t most)
{
	return text.len <= most ? text : slice_first(text, most + 1);
}

/* A header that only a trusted proxy may set, so that two of them are a mistake. */
static struct slice peer_trusted_header(
	struct peer *peer, const struct http_head *head, struct slice name)
{
	struct slice value = SLICE("");
	unsigned count = 0;

	for (size_t i = 0; i < head->header_count && name.len > 0; i++) {
		if (!slice_equal_nocase(head->headers[i].name, name))
			continue;
		value = head->headers[i].value;
		peer->is_ambiguous = ++count > 1;
	}
	return value;
}

/* A token that is too long stays one byte too long, so that it is refused. */
static void peer_read_login(struct peer *peer, const struct http_head *head,
	const struct address *from, const struct config *config)
{
	const struct login_ways *login = &config->login;
	const size_t most = (size_t)config->limits.token;
	struct slice token = SLICE("");

	if (login->user_header.len > 0 && networks_have(&config->proxies, from)) {
		const struct slice user =
			peer_trusted_header(peer, head, login->user_header);
		const bool is_twice = peer->is_ambiguous;

		peer->user = peer_bounded(user, TOKEN_NAME_MAX);
		peer->groups = peer_bounded(
			peer_trusted_header(peer, head, login->groups_header),
			(size_t)config->limits.identity);
		peer->is_ambiguous = peer->is_ambiguous || is_twice;
	}
	if (login->token_cookie.len > 0)
		token = http_cookie(head, login->token_cookie);
	if (token.len == 0 && login->token_query.len > 0)
		url_parameter(
			url_split(head->target).query, login->token_query, &token);
	peer->token = peer_bounded(token, most);
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
	if (endpoint != NULL)
		peer_read_login(&peer, head, from, config);
	return peer;
}

void peer_note_proxy(const struct worker *worker, const struct http_head *head,
	const struct address *from, const struct forwarded *site)
{
	static const struct slice headers[] = {
		SLICE_INIT("X-Forwarded-For"), SLICE_INIT("Forwarded")};

	/* With the PROXY protocol, `from` is the client's own address. */
	if (site->believed || worker->config->proxy_protocol)
		return;
	for (size_t i = 0; i < sizeof(headers) / sizeof(*headers); i++) {
		if (http_header(head, headers[i]) == NULL)
			continue;
		address_limits_name_proxy(
			worker->workers->address_limits, from, headers[i]);
		return;
	}
}

struct peer peer_of_address(const struct address *address)
{
	return (struct peer){.address = *address,
		.origin = SLICE(""),
		.cookie = SLICE(""),
		.user = SLICE(""),
		.groups = SLICE(""),
		.token = SLICE("")};
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

struct peer peer_asking(const struct peer *peer)
{
	struct peer asking = *peer;

	asking.groups = asking.token = SLICE("");
	return asking;
}

size_t peer_size(const struct peer *peer)
{
	return peer->origin.len + peer->cookie.len + peer->user.len + peer->groups.len +
	       peer->token.len;
}

struct peer peer_copy_out(char **at, const struct peer *peer)
{
	struct peer copy = {.address = peer->address};

	copy.origin = slice_copy_out(at, peer->origin);
	copy.cookie = slice_copy_out(at, peer->cookie);
	copy.user = slice_copy_out(at, peer->user);
	copy.groups = slice_copy_out(at, peer->groups);
	copy.token = slice_copy_out(at, peer->token);
	return copy;
}
