/*
 * Answers. The headers that every kind of answer carries are made here and nowhere
 * else (CORS, caching, cookies, and the ones that keep proxies from buffering).
 */
#include "transports/http/http_answer.h"
#include "transports/http/http_keep.h"

#include "protocol/ascii.h"
#include "protocol/xmalloc.h"

#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <time.h>

enum {
	YEAR_S = 31536000,
	HEAD_MOST = 512, /* bytes of the head of an answer to a SockJS client */
};

#define YEAR_TEXT "31536000"

struct slice http_request_header(const struct http_request *request, const char *name)
{
	const char *value = NULL;
	size_t len = 0;

	if (MHD_lookup_connection_value_n(request->connection->mhd, MHD_HEADER_KIND,
		    name, strlen(name), &value, &len) != MHD_YES ||
		value == NULL)
		return SLICE("");
	return (struct slice){value, len};
}

/*
 * The target of the headers: libmicrohttpd's response, or bytes for a connection that
 * has left libmicrohttpd.
 */
struct reply {
	struct MHD_Response *response; /* NULL: into `text` */
	struct buf *text;
};

static void http_answer_write_header(
	struct buf *out, struct slice name, struct slice value)
{
	const size_t size = name.len + strlen(": ") + value.len + strlen("\r\n");
	char *at = buf_reserve(out, size);

	slice_copy_out(&at, name);
	slice_copy_out(&at, SLICE(": "));
	slice_copy_out(&at, value);
	slice_copy_out(&at, SLICE("\r\n"));
	out->len += size;
}

static void http_answer_add(struct reply *reply, const char *name, const char *value)
{
	if (reply->response != NULL)
		MHD_add_response_header(reply->response, name, value);
	else
		http_answer_write_header(reply->text, slice_of(name), slice_of(value));
}

static void http_answer_add_slice(
	struct reply *reply, const char *name, struct slice value)
{
	if (reply->response == NULL) {
		http_answer_write_header(reply->text, slice_of(name), value);
		return;
	}
	char *text = xstrdup(value);
	MHD_add_response_header(reply->response, name, text);
	free(text);
}

static void http_answer_add_cors(
	struct reply *reply, const struct http_request *request)
{
	if (request->peer.origin.len == 0) {
		http_answer_add(reply, "Access-Control-Allow-Origin", "*");
		return;
	}
	http_answer_add_slice(
		reply, "Access-Control-Allow-Origin", request->peer.origin);
	http_answer_add(reply, "Access-Control-Allow-Credentials", "true");
}

static void http_answer_add_preflight(
	struct reply *reply, const struct http_request *request, const char *methods)
{
	struct slice wanted =
		http_request_header(request, "Access-Control-Request-Headers");

	http_answer_add(reply, "Access-Control-Allow-Methods", methods);
	http_answer_add(reply, "Access-Control-Max-Age", YEAR_TEXT);
	if (wanted.len > 0)
		http_answer_add_slice(reply, "Access-Control-Allow-Headers", wanted);
}

static void http_answer_write_date(time_t time, char *text, size_t room)
{
	struct tm utc;

	gmtime_r(&time, &utc);
	strftime(text, room, "%a, %d %b %Y %H:%M:%S GMT", &utc);
}

static void http_answer_add_expires(struct reply *reply)
{
	char text[64];

	http_answer_write_date(time(NULL) + YEAR_S, text, sizeof(text));
	http_answer_add(reply, "Expires", text);
}

/* Adds the configured headers: true when one of them sets the caching. */
static bool http_answer_add_more(struct reply *reply, const struct page_headers *more)
{
	bool caching = false;

	for (size_t i = 0; more != NULL && i < more->count; i++) {
		const struct http_header *header = &more->items[i];

		http_answer_add(reply, header->name.data, header->value.data);
		if (strcasecmp(header->name.data, "Cache-Control") == 0)
			caching = true;
	}
	return caching;
}

static void http_answer_add_caching(struct reply *reply, enum caching caching)
{
	switch (caching) {
	case CACHING_UNSAID:
		break;
	case CACHING_NEVER:
		http_answer_add(reply, "Cache-Control",
			"no-store, no-cache, no-transform, must-revalidate, max-age=0");
		break;
	case CACHING_CHECK:
		http_answer_add(reply, "Cache-Control", "no-cache");
		break;
	case CACHING_YEAR:
		http_answer_add(reply, "Cache-Control", "public, max-age=" YEAR_TEXT);
		http_answer_add_expires(reply);
		break;
	case CACHING_FOREVER:
		http_answer_add(reply, "Cache-Control",
			"public, max-age=" YEAR_TEXT ", immutable");
		http_answer_add_expires(reply);
		break;
	}
}

static bool http_answer_affinity_is_clean(struct slice affinity)
{
	for (size_t i = 0; i < affinity.len; i++) {
		char byte = affinity.data[i];

		if (!ascii_is_alphanumeric(byte) && byte != '.' && byte != '_' &&
			byte != '-')
			return false;
	}
	return affinity.len > 0 && affinity.len <= 200;
}

/* Load balancers pin sessions by this cookie, if the endpoint asks for it. */
static void http_answer_add_cookie(
	struct reply *reply, const struct http_request *request)
{
	char cookie[256];
	struct slice affinity = request->affinity;

	/* The client's value is echoed only if it is harmless. */
	if (!http_answer_affinity_is_clean(affinity))
		affinity = SLICE("dummy");
	/*
	 * Browsers accept and send it on a page of another site only with these
	 * attributes.
	 */
	snprintf(cookie, sizeof(cookie), "JSESSIONID=%.*s; path=/%s",
		SLICE_ARGS(affinity),
		request->is_abroad ? "; SameSite=None; Secure" : "");
	http_answer_add(reply, "Set-Cookie", cookie);
}

/* True when no page may read it: its origin or its host is refused. */
static bool http_answer_is_private(const struct http_request *request)
{
	if (request->state != HTTP_REQUEST_WRONG)
		return false;
	const unsigned status = refusal_status(request->wrong->refusal.kind);
	return status == 403 || status == 421;
}

static void http_answer_add_endpoint(
	struct reply *reply, const struct http_request *request)
{
	const struct http_route *route = &request->route;

	if (route->endpoint == NULL)
		return;
	http_answer_add(reply, "Vary", "Origin");
	if (http_answer_is_private(request))
		return;
	http_answer_add_cors(reply, request);
	if (route->endpoint->cookie_needed &&
		(route->kind == ROUTE_DOWNLINK || route->kind == ROUTE_UPLINK))
		http_answer_add_cookie(reply, request);
}

void http_request_count(const struct http_request *request, unsigned status)
{
	metrics_answer(http_request_carrier(request)->worker->metrics,
		route_request_kind(&request->route), status);
}

static bool http_answer_queue(
	struct http_request *request, unsigned status, struct MHD_Response *response)
{
	http_connection_set_phase(request->connection, HTTP_ANSWERING);

	enum MHD_Result queued =
		MHD_queue_response(request->connection->mhd, status, response);
	MHD_destroy_response(response);
	if (queued == MHD_YES)
		http_request_count(request, status);
	return queued == MHD_YES;
}

static void http_answer_add_headers(struct reply *reply,
	const struct http_request *request, const struct answer *answer)
{
	if (answer->content_type != NULL)
		http_answer_add(reply, "Content-Type", answer->content_type);
	if (answer->etag != NULL)
		http_answer_add(reply, "ETag", answer->etag);
	if (answer->allow != NULL)
		http_answer_add(reply, "Allow", answer->allow);
	if (answer->status == 401)
		http_answer_add(reply, "WWW-Authenticate", "Bearer");
	if (answer->status == 426) {
		http_answer_add(reply, "Upgrade", "websocket");
		http_answer_add(reply, "Connection", "Upgrade");
		http_answer_add(reply, "Sec-WebSocket-Version", "13");
	}
	if (answer->allow_methods != NULL)
		http_answer_add_preflight(reply, request, answer->allow_methods);
	if (answer->policy != NULL)
		http_answer_add(reply, "Content-Security-Policy", answer->policy);
	if (answer->policy != NULL || answer->nosniff)
		http_answer_add(reply, "X-Content-Type-Options", "nosniff");
	if (answer->close || request->connection->once ||
		http_request_carrier(request)->worker->stopping)
		http_answer_add(reply, "Connection", "close");
	if (answer->location != NULL)
		http_answer_add(reply, "Location", answer->location);
	if (!http_answer_add_more(reply, answer->more))
		http_answer_add_caching(reply, answer->caching);
	http_answer_add_endpoint(reply, request);
}

static ssize_t http_answer_read_nothing(
	void *context, uint64_t position, char *out, size_t room)
{
	(void)context;
	(void)position;
	(void)out;
	(void)room;
	return MHD_CONTENT_READER_END_OF_STREAM;
}

/* A body of unknown length; the connection closes after it. */
static struct MHD_Response *http_answer_response_without_length(void)
{
	struct MHD_Response *response = MHD_create_response_from_callback(
		MHD_SIZE_UNKNOWN, 16, http_answer_read_nothing, NULL, NULL);

	if (response != NULL)
		MHD_set_response_options(
			response, MHD_RF_HTTP_1_0_COMPATIBLE_STRICT, MHD_RO_END);
	return response;
}

/*
 * A 304 has no body, and the protocol's tests want no Content-Length in it.
 * libmicrohttpd always sends a length on a connection that continues; RFC 9110, 8.6
 * allows the one of a 200.
 */
static struct MHD_Response *http_answer_response_create(
	const struct http_request *request, const struct answer *answer)
{
	if (answer->status == 304 && !request->keeps_alive)
		return http_answer_response_without_length();
	if (answer->held != NULL)
		return MHD_create_response_from_buffer_with_free_callback_cls(
			answer->body.len, (void *)(uintptr_t)answer->body.data,
			answer->release, answer->held);
	return MHD_create_response_from_buffer(answer->body.len,
		(void *)(uintptr_t)answer->body.data, MHD_RESPMEM_MUST_COPY);
}

bool http_answer(struct http_request *request, const struct answer *answer)
{
	if (request->connection->mhd == NULL ||
		(answer->status == 304 && http_leave(request))) {
		http_keep_answer(request, answer);
		return false;
	}

	struct MHD_Response *response = http_answer_response_create(request, answer);
	struct reply reply = {.response = response};

	if (response == NULL) {
		if (answer->held != NULL)
			answer->release(answer->held);
		return false;
	}
	http_answer_add_headers(&reply, request, answer);
	return http_answer_queue(request, answer->status, response);
}

/* The time in HTTP's format, cached for a second. */
static const char *http_date(struct http *http)
{
	time_t now = time(NULL);

	if (now != http->dated)
		http_answer_write_date(now, http->date, sizeof(http->date));
	http->dated = now;
	return http->date;
}

static void http_answer_write_status(
	const struct http_request *request, unsigned status, struct buf *out)
{
	buf_reserve(out, HEAD_MOST);
	buf_append(out, SLICE("HTTP/1.1 "));
	buf_append(out, slice_of(http_status_line((int)status)));
	buf_append(out, SLICE("\r\n"));
	http_answer_write_header(
		out, SLICE("Date"), slice_of(http_date(http_request_carrier(request))));
}

void http_write_answer(
	struct http_request *request, const struct answer *answer, struct buf *out)
{
	struct reply reply = {.text = out};

	http_answer_write_status(request, answer->status, out);
	http_answer_add_headers(&reply, request, answer);
	if (answer->status == 304 || answer->status == 204) {
		buf_append(out, SLICE("\r\n"));
	} else {
		buf_append(out, SLICE("Content-Length: "));
		buf_append_number(out, answer->body.len);
		buf_append(out, SLICE("\r\n\r\n"));
		buf_append(out, answer->body);
	}
	http_request_count(request, answer->status);
}

bool http_answer_text(struct http_request *request, unsigned status, struct slice text)
{
	return http_answer(request, &(struct answer){.status = status,
					    .content_type = "text/plain; charset=UTF-8",
					    .body = text});
}

static void http_answer_add_stream(struct reply *reply,
	const struct http_request *request, const char *content_type)
{
	http_answer_add(reply, "Content-Type", content_type);
	/* An nginx with its default configuration would buffer the stream. */
	http_answer_add(reply, "X-Accel-Buffering", "no");
	if (request->connection->once)
		http_answer_add(reply, "Connection", "close");
	http_answer_add_caching(reply, CACHING_NEVER);
	http_answer_add_endpoint(reply, request);
}

bool http_answer_stream(struct http_request *request, const char *content_type,
	ssize_t (*reader)(void *receiver, uint64_t position, char *out, size_t room),
	struct receiver *receiver)
{
	/* With chunks libmicrohttpd fills its pool; only HTTP/1.0 uses this block. */
	size_t block = request->minor == 0 ? 4096 : 16;
	struct MHD_Response *response = MHD_create_response_from_callback(
		MHD_SIZE_UNKNOWN, block, reader, receiver, NULL);
	struct reply reply = {.response = response};

	if (response == NULL)
		return false;
	http_answer_add_stream(&reply, request, content_type);
	return http_answer_queue(request, 200, response);
}

void http_write_stream(
	struct http_request *request, const char *content_type, struct buf *out)
{
	struct reply reply = {.text = out};

	http_answer_write_status(request, 200, out);
	http_answer_add_stream(&reply, request, content_type);
	http_answer_add(&reply, "Transfer-Encoding", "chunked");
	buf_append(out, SLICE("\r\n"));
	http_request_count(request, 200);
}

bool etag_matches(const struct http_request *request, const char *etag)
{
	struct slice list = http_request_header(request, "If-None-Match");

	while (list.len > 0) {
		size_t comma = slice_find(list, ',');
		struct slice one = slice_trim(slice_first(list, comma), SLICE_BLANKS);

		if (slice_starts_with(one, SLICE("W/")))
			one = slice_from(one, 2);
		if (slice_equal(one, SLICE("*")) || slice_equal(one, slice_of(etag)))
			return true;
		list = slice_from(list, comma + 1);
	}
	return false;
}
