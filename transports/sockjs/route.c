#include "transports/sockjs/route.h"

#include "protocol/host.h"
#include "protocol/origin.h"
#include "protocol/url.h"

/* The endpoint with the longest path that is the target's, or a parent of it. */
static const struct endpoint *route_endpoint(
	const struct config *config, struct slice path, struct slice *rest)
{
	const struct endpoint *found = NULL;

	for (size_t i = 0; i < config->endpoint_count; i++) {
		const struct endpoint *endpoint = &config->endpoints[i];
		struct slice below;

		if (url_is_below(path, endpoint->path, &below) &&
			(found == NULL || endpoint->path.len > found->path.len)) {
			found = endpoint;
			*rest = below;
		}
	}
	return found;
}

static void route_websocket(struct http_route *route, enum session_framing framing)
{
	route->kind = route->endpoint->websocket ? ROUTE_WEBSOCKET : ROUTE_UNKNOWN;
	route->framing = framing;
}

/* True when the pages of every origin may use the endpoint. */
static bool endpoint_is_open(const struct endpoint *endpoint)
{
	for (size_t i = 0; i < endpoint->allowed_origins.count; i++) {
		if (slice_equal(endpoint->allowed_origins.items[i], SLICE("*")))
			return true;
	}
	return false;
}

static void route_transport(struct http_route *route, const struct sockjs_url *url)
{
	bool open = endpoint_is_open(route->endpoint);

	route->session = url->session;
	route->downlink = downlink_find(url->transport);
	route->uplink = uplink_find(url->transport);
	if (route->downlink != NULL &&
		(open || route->downlink->family != FAMILY_JSONP))
		route->kind = ROUTE_DOWNLINK;
	else if (route->uplink != NULL &&
		 (open || route->uplink->family != FAMILY_JSONP))
		route->kind = ROUTE_UPLINK;
	else if (slice_equal(url->transport, SLICE("websocket")))
		route_websocket(route, SESSION_SOCKJS);
}

/* The tree of URLs below a SockJS endpoint. */
static void route_sockjs(struct http_route *route, struct slice rest, bool upgrade)
{
	struct sockjs_url url = sockjs_url_read(rest);

	switch (url.kind) {
	case URL_GREETING:
		if (upgrade)
			route_websocket(route, SESSION_RAW);
		else
			route->kind = ROUTE_GREETING;
		break;
	case URL_INFO:
		route->kind = ROUTE_INFO;
		break;
	case URL_IFRAME:
		route->kind = ROUTE_IFRAME;
		break;
	case URL_WEBSOCKET:
		route_websocket(route, SESSION_RAW);
		break;
	case URL_TRANSPORT:
		route_transport(route, &url);
		break;
	case URL_UNKNOWN:
		break;
	}
}

enum route_kind route_path(struct slice path)
{
	struct slice name = url_without_slash(path);

	if (slice_equal(name, SLICE("/health")))
		return ROUTE_HEALTH;
	if (slice_equal(name, SLICE("/ready")))
		return ROUTE_READY;
	return slice_equal(path, SLICE("*")) ? ROUTE_SERVER : ROUTE_FILE;
}

struct http_route route_at(const struct endpoint *endpoint, struct url url,
	struct slice rest, bool upgrade)
{
	struct http_route route = {
		.kind = ROUTE_UNKNOWN, .path = url.path, .endpoint = endpoint};

	route_sockjs(&route, rest, upgrade);
	return route;
}

struct http_route route_find(
	const struct config *config, struct slice target, bool upgrade)
{
	struct url url = url_split(target);
	struct http_route route = {.kind = ROUTE_UNKNOWN, .path = url.path};
	struct slice rest;

	route.endpoint = route_endpoint(config, url.path, &rest);
	if (route.endpoint == NULL)
		route.kind = route_path(url.path);
	else if (route.endpoint->sockjs)
		route_sockjs(&route, rest, upgrade);
	else if (url_without_slash(rest).len == 0)
		route_websocket(&route, SESSION_RAW);
	return route;
}

static bool site_is_same(struct slice origin, const struct forwarded *site)
{
	if (site->scheme.len > 0)
		return origin_is_same(origin, site->scheme, site->host);
	/* A proxy may terminate TLS for us. */
	return origin_is_same(origin, SLICE("http"), site->host) ||
	       origin_is_same(origin, SLICE("https"), site->host);
}

enum request_kind route_request_kind(const struct http_route *route)
{
	switch (route->kind) {
	case ROUTE_NONE:
		return REQUEST_REFUSED;
	case ROUTE_FILE:
		return REQUEST_FILE;
	case ROUTE_SERVER:
		break;
	case ROUTE_HEALTH:
		return REQUEST_HEALTH;
	case ROUTE_READY:
		return REQUEST_READY;
	case ROUTE_METRICS:
		return REQUEST_METRICS;
	case ROUTE_GREETING:
		return REQUEST_GREETING;
	case ROUTE_INFO:
		return REQUEST_INFO;
	case ROUTE_IFRAME:
		return REQUEST_IFRAME;
	case ROUTE_WEBSOCKET:
		return REQUEST_WEBSOCKET;
	case ROUTE_DOWNLINK:
		return route->downlink->kind;
	case ROUTE_UPLINK:
		return route->uplink->kind;
	case ROUTE_UNKNOWN:
		break;
	}
	return REQUEST_UNKNOWN;
}

bool route_has_host(const struct config *config, const struct http_route *route,
	const struct forwarded *site)
{
	const struct strings *allowed = &config->allowed_hosts;

	if (allowed->count == 0 || route->kind == ROUTE_HEALTH ||
		route->kind == ROUTE_READY)
		return true;
	for (size_t i = 0; i < allowed->count; i++) {
		if (host_matches(site->host, allowed->items[i]))
			return true;
	}
	return false;
}

bool route_allows(const struct config *config, const struct endpoint *endpoint,
	struct slice origin, const struct forwarded *site)
{
	/*
	 * The configuration puts the global list here, unless the endpoint has its
	 * own.
	 */
	const struct strings *allowed = &endpoint->allowed_origins;

	if (origin.len == 0)
		return !config->require_origin;
	for (size_t i = 0; i < allowed->count; i++) {
		if (origin_matches(origin, allowed->items[i]))
			return true;
	}
	return allowed->count == 0 && site_is_same(origin, site);
}
