/*
 * The route of a request, decided from its target and the configuration alone. The
 * door asks for the first request of a connection, HTTP for every request.
 */
#ifndef TRANSPORTS_SOCKJS_ROUTE_H
#define TRANSPORTS_SOCKJS_ROUTE_H

#include "gateway/config/config.h"
#include "gateway/session/session.h"
#include "protocol/forwarded.h"
#include "protocol/http_head.h"
#include "protocol/url.h"
#include "transports/sockjs/link.h"

enum route_kind {
	ROUTE_NONE,   /* not decided yet */
	ROUTE_FILE,   /* below no endpoint: perhaps a file */
	ROUTE_SERVER, /* the server itself: OPTIONS * */
	ROUTE_HEALTH,
	ROUTE_READY,
	ROUTE_METRICS, /* for operators */
	ROUTE_GREETING,
	ROUTE_INFO,
	ROUTE_IFRAME,
	ROUTE_WEBSOCKET, /* with `framing` */
	ROUTE_DOWNLINK,
	ROUTE_UPLINK,
	ROUTE_UNKNOWN, /* below an endpoint, but not found: 404 */
};

/* Slices point into the target. */
struct http_route {
	enum route_kind kind;
	const struct endpoint *endpoint; /* NULL: below no endpoint */
	struct slice path;
	struct slice session;
	enum session_framing framing;
	const struct downlink *downlink;
	const struct uplink *uplink;
};

/*
 * The route of a request target. `upgrade`: the request asks for a WebSocket. Never
 * fails: an unknown target is ROUTE_UNKNOWN or ROUTE_FILE. The slices point into the
 * target; the endpoint is the configuration's.
 */
struct http_route route_find(
	const struct config *config, struct slice target, bool upgrade);

/*
 * route_find() below a SockJS endpoint that is known; `rest` is the path after the
 * endpoint's.
 */
struct http_route route_at(const struct endpoint *endpoint, struct url url,
	struct slice rest, bool upgrade);

/*
 * The route of a path below no endpoint: /health, /ready, "*", else perhaps a file. The
 * configuration has no endpoint at these names.
 */
enum route_kind route_path(struct slice path);

/*
 * The label that a request on this route counts under in postern_http_requests_total.
 */
enum request_kind route_request_kind(const struct http_route *route);

/*
 * True when a request to that site may be served: it is one of allowed_hosts, or any
 * is, or the route is one that tells how the server is, which load balancers ask for by
 * its address.
 */
bool route_has_host(const struct config *config, const struct http_route *route,
	const struct forwarded *site);

/*
 * True when a request with that Origin (empty: none was sent) may use the endpoint. By
 * default that is the same origin as the site's: its host, and its scheme, or either
 * scheme when that is unknown.
 */
bool route_allows(const struct config *config, const struct endpoint *endpoint,
	struct slice origin, const struct forwarded *site);

#endif
