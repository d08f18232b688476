/*
 * What operators ask at the listener of their own: /metrics, and the same /health and
 * /ready as everybody. Where there is a token, the figures are shown to its bearer.
 */
#include "transports/http_internal.h"

#include "gateway/exposition.h"
#include "protocol/url.h"

#include <strings.h>

struct http_route admin_route(struct slice target)
{
	struct http_route route = {.path = url_split(target).path};

	if (slice_equal(route.path, SLICE("/health")))
		route.kind = ROUTE_HEALTH;
	else if (slice_equal(route.path, SLICE("/ready")))
		route.kind = ROUTE_READY;
	else if (slice_equal(route.path, SLICE("/metrics")))
		route.kind = ROUTE_METRICS;
	else
		route.kind = ROUTE_UNKNOWN;
	return route;
}

/* Takes as long whatever is right of what is given. */
static bool is_same_secret(struct slice given, struct slice secret)
{
	unsigned different = given.len != secret.len;

	for (size_t i = 0; i < secret.len; i++) {
		char byte = i < given.len ? given.data[i] : '\0';

		different |= (unsigned char)(byte ^ secret.data[i]);
	}
	return different == 0;
}

/* Those who only look whether it lives need no token. */
static bool is_open(enum route_kind kind)
{
	return kind == ROUTE_HEALTH || kind == ROUTE_READY;
}

int admin_check(const struct http_request *request, const struct http_head *head)
{
	const struct slice token = request_config(request)->admin_token;
	const struct slice *given = http_header(head, SLICE("Authorization"));
	const struct slice scheme = SLICE("Bearer ");

	if (token.len == 0 || is_open(request->route.kind))
		return 0;
	if (given == NULL || given->len < scheme.len ||
		strncasecmp(given->data, scheme.data, scheme.len) != 0 ||
		!is_same_secret(slice_from(*given, scheme.len), token))
		return 401;
	return 0;
}

bool http_serve_metrics(struct http_request *request)
{
	struct buf text = {0};

	if (!request_is(request, "GET") && !request_is(request, "HEAD"))
		return http_answer_method(request, "GET, HEAD");
	exposition_write(&text, request_http(request)->worker->crew);
	bool good = http_answer(request, &(struct answer){.status = 200,
						 .content_type = EXPOSITION_TYPE,
						 .body = buf_slice(&text),
						 .caching = CACHING_NEVER});
	buf_finish(&text);
	return good;
}
