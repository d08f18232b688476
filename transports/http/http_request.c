/*
 * One request. If libmicrohttpd has read its head, that is checked by the door's rules
 * again, because the door sees only the first head of a connection. Then its route
 * decides how it is served.
 */
#include "transports/http/http_answer.h"
#include "transports/http/http_budget.h"
#include "transports/http/http_internal.h"

#include "protocol/origin.h"
#include "protocol/xmalloc.h"
#include "transports/base/refusal.h"

#include <microhttpd.h>
#include <stdlib.h>

enum MHD_Result http_on_access(void *context, struct MHD_Connection *mhd,
	const char *url, const char *method, const char *version, const char *data,
	size_t *data_len, void **slot);

bool http_request_is(const struct http_request *request, const char *method)
{
	return slice_equal(request->method, slice_of(method));
}

bool http_request_reads(const struct http_request *request)
{
	return http_request_is(request, "GET") || http_request_is(request, "HEAD");
}

struct http_request *http_request_create(
	struct http_connection *connection, struct slice target)
{
	struct http_request *request = xcalloc(1, sizeof(*request));

	request->connection = connection;
	request->peer = peer_of_address(&connection->peer);
	request->target = xstrdup(target);
	connection->request = request;
	return request;
}

/*
 * Keeps the target as it was sent: libmicrohttpd decodes it before its next callback.
 */
void *http_on_target(void *context, const char *target, struct MHD_Connection *mhd)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct http_connection *connection = info->socket_context;

	(void)context;
	http_connection_set_phase(connection, HTTP_READING);
	return http_request_create(connection, slice_of(target));
}

void http_request_destroy(struct http_request *request, bool completed)
{
	if (request->receiver != NULL)
		http_receiver_destroy(request, completed);
	list_remove(&request->paused);
	list_remove(&request->waiter.link);
	if (request->entry.number != 0)
		registry_remove(
			&http_request_carrier(request)->requests, &request->entry);
	request->connection->request = NULL;
	endpoint_unref(request->route.endpoint);
	http_body_free(request);
	http_wrong_destroy(request->wrong);
	free(request->target);
	free(request->kept);
	free(request);
}

void http_request_give_number(struct http_request *request)
{
	registry_add(&http_request_carrier(request)->requests, &request->entry);
}

struct http_request *http_request_find(struct http *http, uint64_t number)
{
	struct entry *entry = registry_find(&http->requests, number);

	return entry == NULL ? NULL : container_of(entry, struct http_request, entry);
}

static enum MHD_Result http_request_on_header(void *context, enum MHD_ValueKind kind,
	const char *name, size_t name_len, const char *value, size_t value_len)
{
	struct http_head *head = context;

	(void)kind;
	if (head->header_count == HTTP_HEADERS_MAX)
		return MHD_NO; /* http_request_check() sees that there are more */
	/* libmicrohttpd leaves blanks after a value. */
	head->headers[head->header_count++] = (struct http_header){{name, name_len},
		slice_trim((struct slice){value, value_len}, SLICE_BLANKS)};
	return MHD_YES;
}

/* The head in the form of the door's rules; it lives while the request begins. */
static struct http_head *http_request_read_head(
	struct http_request *request, const char *method, const char *version)
{
	struct http_head *head = &http_request_carrier(request)->peeked.head;

	head->method = slice_of(method);
	head->target = slice_of(request->target);
	head->site = SLICE("");
	head->fault = NULL;
	head->minor = strcmp(version, MHD_HTTP_VERSION_1_0) == 0   ? 0
		      : strcmp(version, MHD_HTTP_VERSION_1_1) == 0 ? 1
								   : -1;
	head->header_count = 0;
	MHD_get_connection_values_n(request->connection->mhd, MHD_HEADER_KIND,
		http_request_on_header, head);
	return head;
}

void http_refuse_early(struct http_request *request, enum refusal_kind kind)
{
	struct buf text = {0};

	request->state = HTTP_REQUEST_REFUSED;
	http_body_free(request);
	http_refusal(request, &(struct refusal){.kind = kind}, &text);
	http_request_count(request, refusal_status(kind));
	refusal_send(&request->connection->io, kind, buf_slice(&text));
	buf_finish(&text);
}

/* The head is invalid: nothing after it is read. */
static bool http_request_refuse_head(
	struct http_request *request, const struct http_head *head, int status)
{
	const struct refusal refusal = refusal_of_head(head, status, SLICE(""));

	return http_refuse_and_close(request, &refusal);
}

/* Applies the door's rules. A forbidden request is refused before its body. */
static int http_request_check(
	const struct http_request *request, struct http_head *head)
{
	const struct limits *limits = &http_request_config(request)->limits;
	struct MHD_Connection *mhd = request->connection->mhd;
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
	int lines = MHD_get_connection_values_n(mhd, MHD_HEADER_KIND, NULL, NULL);

	if (head->minor == -1)
		return 505;
	if (head->target.len > limits->target)
		return 414;
	if (info->header_size > limits->head || (uint64_t)lines > limits->head_lines ||
		lines > HTTP_HEADERS_MAX)
		return 431;
	return http_head_check(head);
}

/* The request names another site than its sender means, if a proxy is not listed. */
static void http_request_append_unbelieved(
	struct buf *hint, const struct http_head *head, const struct forwarded *site)
{
	if (!site->believed && http_header(head, SLICE("X-Forwarded-Host")) != NULL)
		buf_append(hint, SLICE(" X-Forwarded-Host is not believed: it comes "
				       "from none of trusted_proxies."));
}

static void http_request_append_site(struct buf *hint, const struct forwarded *site)
{
	const struct slice scheme =
		site->scheme.len > 0 ? site->scheme : SLICE("http(s)");

	buf_printf(hint, "It is not %.*s://", SLICE_ARGS(scheme));
	refusal_append_clean(hint, site->host);
	buf_append_char(hint, '.');
}

/* The request names a host that is not in allowed_hosts. */
static void http_request_misdirect(struct http_request *request,
	const struct http_head *head, const struct forwarded *site)
{
	struct buf hint = {0};

	buf_append(&hint, SLICE("It is not in allowed_hosts."));
	http_request_append_unbelieved(&hint, head, site);
	http_refuse_later(request, &(struct refusal){.kind = REFUSAL_UNKNOWN_HOST,
					   .what = SLICE("host"),
					   .value = site->host,
					   .hint = buf_slice(&hint)});
	buf_finish(&hint);
}

/*
 * Names the value that the Origin was compared with, so that the operator sees what a
 * proxy leaves out.
 */
static void http_request_forbid(struct http_request *request,
	const struct http_head *head, const struct forwarded *site)
{
	const struct endpoint *endpoint = request->route.endpoint;
	struct buf hint = {0};

	if (request->peer.origin.len == 0)
		buf_append(
			&hint, SLICE("No Origin was sent, and require_origin is set."));
	else if (endpoint->allowed_origins.count > 0)
		buf_append(&hint, SLICE("It is not in allowed_origins."));
	else {
		http_request_append_site(&hint, site);
		http_request_append_unbelieved(&hint, head, site);
	}
	http_refuse_later(request, &(struct refusal){.kind = REFUSAL_ORIGIN,
					   .what = SLICE("header Origin"),
					   .value = request->peer.origin,
					   .hint = buf_slice(&hint)});
	buf_finish(&hint);
}

/* Finds out who asks, and whether its page is allowed. */
static void http_request_check_peer(
	struct http_request *request, const struct http_head *head)
{
	const struct config *config = http_request_config(request);
	const struct endpoint *endpoint = request->route.endpoint;
	struct forwarded site;

	request->peer =
		peer_read(head, &request->connection->peer, config, endpoint, &site);
	peer_note_proxy(http_request_carrier(request)->worker, head,
		&request->connection->peer, &site);
	const struct slice origin = request->peer.origin;
	request->is_abroad =
		site.believed && slice_equal(site.scheme, SLICE("https")) &&
		origin.len > 0 && !origin_is_same(origin, site.scheme, site.host);
	if (request->peer.is_ambiguous)
		http_refuse_later(request,
			&(struct refusal){.kind = REFUSAL_MALFORMED_HEAD,
				.hint = SLICE("The header of login.user_header, or of "
					      "login.groups_header, came twice.")});
	else if (!http_request_is_admin(request) &&
		 !route_has_host(config, &request->route, &site))
		http_request_misdirect(request, head, &site);
	else if (endpoint != NULL && !route_allows(config, endpoint, origin, &site))
		http_request_forbid(request, head, &site);
}

static bool http_head_is_form(const struct http_head *head)
{
	const struct slice form = SLICE("application/x-www-form-urlencoded");
	const struct slice *type = http_header(head, SLICE("Content-Type"));

	/* Media types have no case (RFC 9110, 8.3.1); a charset may follow. */
	return type != NULL && slice_equal_nocase(slice_first(*type, form.len), form);
}

void http_request_read(struct http_request *request, const struct http_head *head)
{
	const struct config *config = http_request_config(request);
	const struct slice target = slice_of(request->target);
	const bool upgrade = http_upgrade_is_asked(head);

	request->state = HTTP_REQUEST_BEGUN;
	request->method = head->method;
	request->minor = head->minor;
	request->keeps_alive =
		head->minor > 0 &&
		!http_header_has_token(head, SLICE("Connection"), SLICE("close"));
	request->upgrades = upgrade;
	request->route = http_request_is_admin(request)
				 ? admin_route(config, target, upgrade)
				 : route_find(config, target, upgrade);
	if (http_request_is_admin(request))
		admin_check(request, head);
	if (request->route.endpoint != NULL)
		endpoint_ref(request->route.endpoint);
	request->keeps_body = request->route.kind == ROUTE_UPLINK;
	request->is_form = request->keeps_body && http_head_is_form(head);
	if (request->state != HTTP_REQUEST_WRONG)
		http_request_check_peer(request, head);
	if (request->route.endpoint != NULL && request->route.endpoint->cookie_needed)
		request->affinity = http_cookie(head, SLICE("JSESSIONID"));
}

/* Cuts an absolute target to its path. */
static void http_request_take_target(
	struct http_request *request, struct http_head *head)
{
	if (head->site.len == 0)
		return;
	char *target = xstrdup(head->target);
	free(request->target);
	request->target = target;
	head->target = slice_of(target);
	head->site = SLICE("");
}

uint64_t http_request_body_max(const struct http_request *request)
{
	const struct limits *limits = &http_request_config(request)->limits;
	const struct uplink *uplink = request->route.uplink;

	if (limits->body > 0)
		return limits->body;
	return (uplink != NULL ? uplink->inflation : SOCKJS_ESCAPED_MAX) *
		       limits->frame +
	       SOCKJS_FRAMING_MAX;
}

/*
 * Reads the head's declarations about its body. A body that is too large is refused
 * now. libmicrohttpd sends "100 Continue" to a client that waits for it, only if the
 * request is valid so far.
 */
static bool http_request_begin_body(
	struct http_request *request, const struct http_head *head)
{
	uint64_t length = http_body_length(head);

	request->expects = http_header(head, SLICE("Expect")) != NULL;
	const bool is_large = length > http_request_body_max(request);

	if (is_large && request->expects)
		return http_refuse_and_close(
			request, &(struct refusal){.kind = REFUSAL_BODY_SIZE});
	if (is_large) {
		http_refuse_early(request, REFUSAL_BODY_SIZE);
		return true;
	}
	if (request->state == HTTP_REQUEST_BEGUN && request->keeps_body &&
		http_has_body(head))
		http_send_begin(request, length);
	if (request->expects && request->state == HTTP_REQUEST_WRONG)
		return http_refuse_and_close(request, &request->wrong->refusal);
	return true;
}

/* Reads the head. False: the connection is closed, or has another owner now. */
static bool http_request_begin(
	struct http_request *request, const char *method, const char *version)
{
	struct http_head *head = http_request_read_head(request, method, version);

	const int status = http_request_check(request, head);

	if (status != 0)
		return http_request_refuse_head(request, head, status);

	http_request_take_target(request, head);
	http_request_read(request, head);
	if (request->state == HTTP_REQUEST_BEGUN &&
		request->route.kind == ROUTE_WEBSOCKET && http_upgrade(request, head))
		return false;
	return http_request_begin_body(request, head);
}

/*
 * An unwanted body is read to its end; its deadline bounds the cost. One that grows
 * beyond the limit is refused now.
 */
static void http_request_take_body(struct http_request *request, struct slice piece)
{
	request->received += piece.len;
	request->connection->read += (int64_t)piece.len;
	if (request->state == HTTP_REQUEST_REFUSED)
		return;
	if (request->received > http_request_body_max(request)) {
		http_refuse_early(request, REFUSAL_BODY_SIZE);
	} else if (request->keeps_body) {
		http_body_take(request, piece);
	}
}

/* True when the URL exists, but is neither a WebSocket nor a file. */
static bool http_request_is_elsewhere(const struct http_request *request)
{
	switch (request->route.kind) {
	case ROUTE_NONE:
	case ROUTE_FILE:
	case ROUTE_WEBSOCKET:
	case ROUTE_UNKNOWN:
		return false;
	case ROUTE_SERVER:
	case ROUTE_HEALTH:
	case ROUTE_READY:
	case ROUTE_METRICS:
	case ROUTE_GREETING:
	case ROUTE_INFO:
	case ROUTE_IFRAME:
	case ROUTE_DOWNLINK:
	case ROUTE_UPLINK:
		break;
	}
	return true;
}

bool http_request_serve(struct http_request *request)
{
	if (request->state == HTTP_REQUEST_REFUSED)
		return false;
	if (request->state == HTTP_REQUEST_WRONG)
		return http_refuse_wrong(request);
	if (request->upgrades && http_request_is_elsewhere(request))
		return http_refuse_path(request, REFUSAL_NO_WEBSOCKET);
	switch (request->route.kind) {
	case ROUTE_NONE:
		break;
	case ROUTE_FILE:
		return http_serve_file(request);
	case ROUTE_SERVER:
		return http_answer(request,
			&(struct answer){.status = 204, .allow = HTTP_METHODS});
	case ROUTE_HEALTH:
		return http_serve_health(request);
	case ROUTE_READY:
		return http_serve_ready(request);
	case ROUTE_METRICS:
		return http_serve_metrics(request);
	case ROUTE_GREETING:
		return http_serve_greeting(request);
	case ROUTE_INFO:
		return http_serve_info(request);
	case ROUTE_IFRAME:
		return http_serve_iframe(request);
	case ROUTE_DOWNLINK:
		return http_serve_receive(request);
	case ROUTE_UPLINK:
		return http_serve_send(request);
	case ROUTE_WEBSOCKET:
		return http_refuse_method(request, "GET");
	case ROUTE_UNKNOWN:
		return http_refuse_path(request, REFUSAL_NOT_FOUND);
	}
	return false;
}

enum MHD_Result http_on_access(void *context, struct MHD_Connection *mhd,
	const char *url, const char *method, const char *version, const char *data,
	size_t *data_len, void **slot)
{
	struct http_request *request = *slot;
	const union MHD_ConnectionInfo *info;
	bool good = true;

	(void)url;
	if (((struct http *)context)->stopping ||
		(request->state == HTTP_REQUEST_REFUSED &&
			request->route.kind == ROUTE_NONE)) /* its head was late */
		return MHD_NO;
	if (request->state == HTTP_REQUEST_NEW) {
		info = MHD_get_connection_info(
			mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
		request->connection->read += (int64_t)info->header_size;
		request->state = HTTP_REQUEST_BEGUN;
		good = http_request_begin(request, method, version);
	} else if (*data_len > 0) {
		http_request_take_body(request, (struct slice){data, *data_len});
		*data_len = 0;
	} else {
		good = http_request_serve(request);
	}
	return good ? MHD_YES : MHD_NO;
}
