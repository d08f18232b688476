/*
 * What a request is about, decided from its target and the configuration alone:
 * the door asks for the first request of a connection, HTTP for every request.
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
	ROUTE_NONE,   /* nobody has looked yet */
	ROUTE_FILE,   /* below no endpoint: perhaps a file */
	ROUTE_SERVER, /* the server itself: OPTIONS * */
	ROUTE_HEALTH,
	ROUTE_READY,
	ROUTE_METRICS, /* of operators */
	ROUTE_GREETING,
	ROUTE_INFO,
	ROUTE_IFRAME,
	ROUTE_WEBSOCKET, /* with `framing` */
	ROUTE_DOWNLINK,
	ROUTE_UPLINK,
	ROUTE_UNKNOWN, /* below an endpoint, but nothing: 404 */
};

/* Slices point into the target. */
struct http_route {
	enum route_kind kind;
	const struct endpoint *endpoint; /* NULL below none */
	struct slice path;
	struct slice session;
	enum session_framing framing;
	const struct downlink *downlink;
	const struct uplink *uplink;
};

/*
 * What a request target is about. `upgrade`: the request asks for a WebSocket. Never
 * fails: a target that leads nowhere is ROUTE_UNKNOWN or ROUTE_FILE. The slices point
 * into the target; the endpoint is the configuration's.
 */
struct http_route route_find(
	const struct config *config, struct slice target, bool upgrade);

/*
 * route_find() below a SockJS endpoint that is known; `rest` is the path below the
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
 * True when a request with that Origin (empty: none was sent) may use the endpoint.
 * By default that is the same origin as the site's: its scheme, or either one when
 * nobody has said which, and its host.
 */
bool route_allows(const struct config *config, const struct endpoint *endpoint,
	struct slice origin, const struct forwarded *site);

#endif
