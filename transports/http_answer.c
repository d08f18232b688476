/*
 * Answers: the headers that every kind of answer carries stand here and nowhere
 * else (CORS, caching, cookies, what keeps proxies from buffering).
 */
#include "transports/http_internal.h"

#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { YEAR_S = 31536000 };

#define YEAR_TEXT "31536000"

struct slice request_header(const struct http_request *request, const char *name)
{
	const char *value = NULL;
	size_t len = 0;

	if (MHD_lookup_connection_value_n(request->connection->mhd, MHD_HEADER_KIND,
		    name, strlen(name), &value, &len) != MHD_YES ||
		value == NULL)
		return SLICE("");
	return (struct slice){value, len};
}

static void add(struct MHD_Response *response, const char *name, const char *value)
{
	MHD_add_response_header(response, name, value);
}

static void add_slice(
	struct MHD_Response *response, const char *name, struct slice value)
{
	char text[1024];

	if (value.len < sizeof(text)) {
		snprintf(text, sizeof(text), "%.*s", SLICE_ARGS(value));
		add(response, name, text);
	}
}

static void add_cors(struct MHD_Response *response, const struct http_request *request)
{
	if (request->origin.len == 0) {
		add(response, "Access-Control-Allow-Origin", "*");
		return;
	}
	add_slice(response, "Access-Control-Allow-Origin", request->origin);
	add(response, "Access-Control-Allow-Credentials", "true");
}

static void add_preflight(struct MHD_Response *response,
	const struct http_request *request, const char *methods)
{
	struct slice wanted = request_header(request, "Access-Control-Request-Headers");

	add(response, "Access-Control-Allow-Methods", methods);
	add(response, "Access-Control-Max-Age", YEAR_TEXT);
	if (wanted.len > 0)
		add_slice(response, "Access-Control-Allow-Headers", wanted);
}

static void add_expires(struct MHD_Response *response)
{
	char text[64];
	time_t then = time(NULL) + YEAR_S;
	struct tm utc;

	gmtime_r(&then, &utc);
	strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &utc);
	add(response, "Expires", text);
}

static void add_caching(struct MHD_Response *response, enum caching caching)
{
	switch (caching) {
	case CACHING_UNSAID:
		break;
	case CACHING_NEVER:
		add(response, "Cache-Control",
			"no-store, no-cache, no-transform, must-revalidate, max-age=0");
		break;
	case CACHING_CHECK:
		add(response, "Cache-Control", "no-cache");
		break;
	case CACHING_YEAR:
		add(response, "Cache-Control", "public, max-age=" YEAR_TEXT);
		add_expires(response);
		break;
	case CACHING_FOREVER:
		add(response, "Cache-Control",
			"public, max-age=" YEAR_TEXT ", immutable");
		add_expires(response);
		break;
	}
}

/* Load balancers pin sessions by this cookie, where the endpoint asks for it. */
static void add_cookie(
	struct MHD_Response *response, const struct http_request *request)
{
	char cookie[256];
	const char *known = MHD_lookup_connection_value(
		request->connection->mhd, MHD_COOKIE_KIND, "JSESSIONID");
	size_t clean = known == NULL ? 0
				     : strspn(known, "abcdefghijklmnopqrstuvwxyz"
						     "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
						     "0123456789._-");

	/* What the client says comes back only when it can do no harm. */
	if (known == NULL || clean == 0 || known[clean] != '\0' || clean > 200)
		known = "dummy";
	snprintf(cookie, sizeof(cookie), "JSESSIONID=%s; path=/", known);
	add(response, "Set-Cookie", cookie);
}

static void add_endpoint(
	struct MHD_Response *response, const struct http_request *request)
{
	const struct http_route *route = &request->route;

	if (route->endpoint == NULL)
		return;
	add(response, "Vary", "Origin");
	if (request->refusal == 403) /* for nobody else to read */
		return;
	add_cors(response, request);
	if (route->endpoint->cookie_needed &&
		(route->kind == ROUTE_DOWNLINK || route->kind == ROUTE_UPLINK))
		add_cookie(response, request);
}

void request_count(const struct http_request *request, unsigned status)
{
	metrics_answer(request_http(request)->worker->metrics,
		request->routed ? route_request_kind(&request->route) : REQUEST_REFUSED,
		status);
}

static bool queue(
	struct http_request *request, unsigned status, struct MHD_Response *response)
{
	http_set_phase(request->connection, HTTP_ANSWERING);

	enum MHD_Result queued =
		MHD_queue_response(request->connection->mhd, status, response);
	MHD_destroy_response(response);
	if (queued == MHD_YES)
		request_count(request, status);
	return queued == MHD_YES;
}

bool http_answer(struct http_request *request, const struct answer *answer)
{
	struct MHD_Response *response =
		MHD_create_response_from_buffer(answer->body.len,
			(void *)(uintptr_t)answer->body.data, MHD_RESPMEM_MUST_COPY);

	if (response == NULL)
		return false;
	if (answer->content_type != NULL)
		add(response, "Content-Type", answer->content_type);
	if (answer->etag != NULL)
		add(response, "ETag", answer->etag);
	if (answer->allow != NULL)
		add(response, "Allow", answer->allow);
	if (answer->status == 401)
		add(response, "WWW-Authenticate", "Bearer");
	if (answer->status == 426) {
		add(response, "Upgrade", "websocket");
		add(response, "Connection", "Upgrade");
		add(response, "Sec-WebSocket-Version", "13");
	}
	if (answer->allow_methods != NULL)
		add_preflight(response, request, answer->allow_methods);
	if (answer->policy != NULL)
		add(response, "Content-Security-Policy", answer->policy);
	if (answer->policy != NULL || answer->nosniff)
		add(response, "X-Content-Type-Options", "nosniff");
	if (answer->close || request_http(request)->worker->stopping)
		add(response, "Connection", "close");
	add_caching(response, answer->caching);
	add_endpoint(response, request);
	return queue(request, answer->status, response);
}

bool http_answer_text(struct http_request *request, unsigned status, struct slice text)
{
	return http_answer(request, &(struct answer){.status = status,
					    .content_type = "text/plain; charset=UTF-8",
					    .body = text});
}

bool http_answer_method(struct http_request *request, const char *allow)
{
	return http_answer(request, &(struct answer){.status = 405, .allow = allow});
}

bool http_answer_stream(struct http_request *request, const char *content_type,
	ssize_t (*reader)(void *receiver, uint64_t position, char *out, size_t room),
	struct receiver *receiver)
{
	/* With chunks libmicrohttpd fills its pool; only HTTP/1.0 uses this block. */
	size_t block = request->minor == 0 ? 4096 : 16;
	struct MHD_Response *response = MHD_create_response_from_callback(
		MHD_SIZE_UNKNOWN, block, reader, receiver, NULL);

	if (response == NULL)
		return false;
	add(response, "Content-Type", content_type);
	/* An untouched nginx in front would hold the stream back. */
	add(response, "X-Accel-Buffering", "no");
	add_caching(response, CACHING_NEVER);
	add_endpoint(response, request);
	return queue(request, 200, response);
}

bool etag_matches(const struct http_request *request, const char *etag)
{
	struct slice list = request_header(request, "If-None-Match");

	while (list.len > 0) {
		size_t comma = slice_find(list, ',');
		struct slice one = slice_trim(slice_first(list, comma));

		if (slice_starts_with(one, SLICE("W/")))
			one = slice_from(one, 2);
		if (slice_equal(one, SLICE("*")) || slice_equal(one, slice_of(etag)))
			return true;
		list = slice_from(list, comma + 1);
	}
	return false;
}
