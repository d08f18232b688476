#include "protocol/forwarded.h"

#include "protocol/host.h"

/* Takes the last element off the comma-separated list, without blanks around it. */
static struct slice forwarded_take_last(struct slice *list)
{
	size_t begin = list->len;

	while (begin > 0 && list->data[begin - 1] != ',')
		begin--;
	struct slice last = slice_from(*list, begin);
	list->len = begin > 0 ? begin - 1 : 0;
	return slice_trim(last, SLICE_BLANKS);
}

/* The combined list of all headers of one name, walked from its end. */
struct list_walk {
	const struct http_head *head;
	struct slice name;
	size_t headers; /* the number of first headers not yet looked at */
	struct slice rest;
};

/* Empty elements are skipped, as in any list (RFC 9110, 5.6.1). */
static bool forwarded_walk_back(struct list_walk *walk, struct slice *element)
{
	for (;;) {
		while (walk->rest.len > 0) {
			*element = forwarded_take_last(&walk->rest);
			if (element->len > 0)
				return true;
		}
		if (walk->headers == 0)
			return false;
		const struct http_header *header =
			&walk->head->headers[--walk->headers];
		if (slice_equal_nocase(header->name, walk->name))
			walk->rest = header->value;
	}
}

static struct list_walk forwarded_walk_begin(
	const struct http_head *head, struct slice name)
{
	return (struct list_walk){head, name, head->header_count, SLICE("")};
}

/* An address with or without a port; an IPv6 one before a port is in brackets. */
static bool forwarded_read_node(struct slice text, struct address *address)
{
	struct slice host, port;

	if (address_parse(text, address))
		return true;
	if (!host_split(text, &host, &port))
		return false;
	if (host.data[0] == '[')
		host = slice_from(slice_first(host, host.len - 1), 1);
	return address_parse(host, address);
}

static struct address forwarded_find_client(const struct http_head *head,
	const struct address *peer, const struct networks *trusted)
{
	struct list_walk walk = forwarded_walk_begin(head, SLICE("X-Forwarded-For"));
	struct address client = *peer;
	struct slice element;

	while (networks_have(trusted, &client) &&
		forwarded_walk_back(&walk, &element)) {
		if (!forwarded_read_node(element, &client))
			break;
	}
	return client;
}

static struct slice forwarded_find_host(const struct http_head *head)
{
	struct list_walk walk = forwarded_walk_begin(head, SLICE("X-Forwarded-Host"));
	struct slice element, host, port;

	if (!forwarded_walk_back(&walk, &element) || !host_split(element, &host, &port))
		return SLICE("");
	return element;
}

/* Some proxies send ws and wss, the schemes of WebSocket. */
static struct slice forwarded_find_scheme(const struct http_head *head)
{
	struct list_walk walk = forwarded_walk_begin(head, SLICE("X-Forwarded-Proto"));
	struct slice element;

	if (!forwarded_walk_back(&walk, &element))
		return SLICE("");
	if (slice_equal_nocase(element, SLICE("https")) ||
		slice_equal_nocase(element, SLICE("wss")))
		return SLICE("https");
	if (slice_equal_nocase(element, SLICE("http")) ||
		slice_equal_nocase(element, SLICE("ws")))
		return SLICE("http");
	return SLICE("");
}

struct forwarded forwarded_read(const struct http_head *head,
	const struct address *peer, const struct networks *trusted)
{
	const struct slice *host = http_header(head, SLICE("Host"));
	struct forwarded found = {.client = *peer,
		.scheme = SLICE(""),
		.host = host == NULL ? SLICE("") : *host,
		.believed = networks_have(trusted, peer)};

	if (!found.believed)
		return found;
	struct slice forwarded_host = forwarded_find_host(head);
	if (forwarded_host.len > 0)
		found.host = forwarded_host;
	found.scheme = forwarded_find_scheme(head);
	found.client = forwarded_find_client(head, peer, trusted);
	return found;
}
