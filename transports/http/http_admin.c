/*
 * The listener for operators: /metrics, the same /health and /ready as on the public
 * one, and the console with its SockJS endpoint. If a token is set, /metrics requires
 * it as a bearer token. The console sends it in CONNECT, since a page can add no
 * header to a WebSocket.
 */
#include "transports/http/http_answer.h"
#include "transports/http/http_internal.h"

#include "gateway/worker/address_limits.h"
#include "gateway/worker/exposition.h"
#include "protocol/host.h"
#include "protocol/url.h"

#include <strings.h>

enum { WRONG_TOKEN_DELAY = 1000 }; /* ms */

static enum route_kind admin_path(struct slice path)
{
	return slice_equal(url_without_slash(path), SLICE("/metrics"))
		       ? ROUTE_METRICS
		       : route_path(path);
}

struct http_route admin_route(
	const struct config *config, struct slice target, bool upgrade)
{
	const struct url url = url_split(target);
	struct slice rest;

	if (url_is_below(url.path, config->console.path, &rest)) {
		struct http_route route =
			route_at(&config->console, url, rest, upgrade);

		if (route.kind == ROUTE_IFRAME) /* no page frames it */
			route.kind = ROUTE_UNKNOWN;
		return route;
	}
	return (struct http_route){.kind = admin_path(url.path), .path = url.path};
}

/*
 * Without a token, any client that can connect is an operator. A page of another site
 * must not become one by a name that leads here, so the site's name must be this
 * machine's.
 */
static bool http_admin_is_at_home(const struct http_head *head)
{
	const struct slice *host = http_header(head, SLICE("Host"));
	struct slice name, port;

	return host == NULL ||
	       (host_split(*host, &name, &port) && host_is_loopback(name));
}

static bool token_is_shown(const struct http_head *head, struct slice token)
{
	const struct slice *given = http_header(head, SLICE("Authorization"));
	const struct slice scheme = SLICE("Bearer ");

	return given != NULL && given->len >= scheme.len &&
	       strncasecmp(given->data, scheme.data, scheme.len) == 0 &&
	       slice_equal_constant_time(slice_from(*given, scheme.len), token);
}

/*
 * More than a few wrong tokens from an address in a second are answered late, and then
 * the connection ends: a guesser gets on slowly. The right token is never late, since
 * operators may share an address with others, as behind a proxy.
 */
static void http_admin_refuse_token(struct http_request *request)
{
	struct worker *worker = http_request_carrier(request)->worker;
	struct refusal refusal = {
		.kind = REFUSAL_WRONG_TOKEN, .what = SLICE("header Authorization")};

	if (address_limits_admit(worker->workers->address_limits, worker->config,
		    ADDRESS_TOKENS, &request->peer.address, loop_now(worker->loop))) {
		http_refuse_later(request, &refusal);
		return;
	}
	refusal.kind = REFUSAL_WRONG_TOKENS;
	http_refuse_slowly(request, &refusal, WRONG_TOKEN_DELAY);
}

void admin_check(struct http_request *request, const struct http_head *head)
{
	const struct slice token = http_request_config(request)->admin_token;

	const struct slice *host = http_header(head, SLICE("Host"));

	/* Health checks need no token. */
	if (request->route.kind == ROUTE_HEALTH || request->route.kind == ROUTE_READY)
		return;
	if (token.len == 0 && !http_admin_is_at_home(head))
		http_refuse_later(
			request, &(struct refusal){.kind = REFUSAL_FOREIGN_HOST,
					 .what = SLICE("header Host"),
					 .value = *host});
	else if (token.len > 0 && request->route.kind == ROUTE_METRICS &&
		 !token_is_shown(head, token))
		http_admin_refuse_token(request);
}

bool http_serve_metrics(struct http_request *request)
{
	struct buf text = {0};

	if (!http_request_reads(request))
		return http_refuse_method(request, "GET, HEAD");
	exposition_write(&text, http_request_carrier(request)->worker->workers);
	bool good = http_answer(request, &(struct answer){.status = 200,
						 .content_type = EXPOSITION_TYPE,
						 .body = buf_slice(&text),
						 .caching = CACHING_NEVER});
	buf_finish(&text);
	return good;
}
