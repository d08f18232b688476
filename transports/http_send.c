/*
 * Requests that bring messages (xhr_send). The session is looked up before the
 * body is parsed; what is broken harms nobody. While the inbox is full they wait.
 */
#include "transports/http_internal.h"

#include "gateway/log.h"

enum { MESSAGES_KEPT = 65536 }; /* bytes of memory for the next request */

static struct session *send_find(const struct http_request *request)
{
	const struct http_route *route = &request->route;
	const struct peer peer = request_peer(request);
	struct session *session = session_find(
		request_http(request)->worker, route->endpoint, route->session);

	if (session == NULL || !session_admits(session, &peer) ||
		session_family(session) != route->uplink->family)
		return NULL;
	return session;
}

static bool send_answer_unknown(struct http_request *request)
{
	log_info("http: a message for an unknown session at %.*s (with several "
		 "servers: sticky sessions?)",
		SLICE_ARGS(request->route.endpoint->path));
	return http_answer_text(request, 404, SLICE("Not found\n"));
}

static bool send_take(struct http_request *request, struct session *session)
{
	const struct uplink *uplink = request->route.uplink;
	struct sockjs_messages *messages = &request_http(request)->messages;

	bool form = slice_starts_with(request_header(request, "Content-Type"),
		SLICE("application/x-www-form-urlencoded"));

	switch (uplink->decode(messages, buf_slice(&request->body), form)) {
	case SOCKJS_DECODE_BROKEN:
		return http_answer_text(request, 500, SLICE("Broken JSON encoding."));
	case SOCKJS_DECODE_NO_ARRAY:
		return http_answer_text(request, 500, SLICE("Payload expected."));
	case SOCKJS_DECODE_DONE:
		break;
	}
	session_heard(session);
	for (size_t i = 0; i < messages->count; i++)
		session_receive(session, sockjs_message(messages, i), false);
	if (messages->text.capacity > MESSAGES_KEPT)
		sockjs_messages_finish(messages);
	return http_answer(request, &(struct answer){.status = uplink->status,
					    .content_type = uplink->content_type,
					    .body = uplink->answer,
					    .caching = CACHING_NEVER});
}

bool http_serve_send(struct http_request *request)
{
	struct http *http = request_http(request);
	struct session *session;

	if (request_is(request, "OPTIONS"))
		return http_serve_preflight(request, "OPTIONS, POST");
	if (!request_is(request, "POST"))
		return http_answer_method(request, "OPTIONS, POST");

	session = send_find(request);
	if (session == NULL)
		return send_answer_unknown(request);
	if (!worker_is_full(http->worker))
		return send_take(request, session);
	list_append(&http->held, &request->held);
	http_suspend(request->connection);
	return true;
}
