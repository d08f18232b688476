/*
 * Requests that bring messages (xhr_send, jsonp_send). They are answered when the session's
 * home has taken the messages. While inboxes are full, or the session is held, they
 * wait.
 */
#include "transports/http_internal.h"

#include "gateway/crowd.h"
#include "gateway/log.h"
#include "gateway/metrics.h"
#include "transports/courier.h"

static bool send_answer_unknown(struct http_request *request)
{
	struct worker *worker = request_http(request)->worker;

	log_info("http: a message for an unknown session at %.*s (with several "
		 "servers: sticky sessions?)",
		SLICE_ARGS(request->route.endpoint->path));
	if (crowd_admits(worker->crew->crowd, worker->config, CROWD_UNKNOWN,
		    request->address, loop_now(worker->loop)))
		return http_answer_text(request, 404, SLICE("Not found\n"));
	metrics_refuse(worker->metrics, BOUND_ADDRESS_UNKNOWN);
	return http_answer(
		request, &(struct answer){.status = 429,
				 .content_type = "text/plain; charset=UTF-8",
				 .body = SLICE("Too many unknown sessions\n"),
				 .close = true});
}

static bool send_answer(struct http_request *request, enum intake intake)
{
	const struct uplink *uplink = request->route.uplink;

	switch (intake) {
	case INTAKE_UNKNOWN:
		return send_answer_unknown(request);
	case INTAKE_BROKEN:
		return http_answer_text(request, 500, SLICE("Broken JSON encoding."));
	case INTAKE_NO_ARRAY:
		return http_answer_text(request, 500, SLICE("Payload expected."));
	case INTAKE_CROWDED:
		return http_answer_text(request, 503, SLICE("Try again later\n"));
	case INTAKE_WAITS:
		http_suspend(request->connection);
		return true;
	case INTAKE_TAKEN:
		break;
	}
	return http_answer(request, &(struct answer){.status = uplink->status,
					    .content_type = uplink->content_type,
					    .body = uplink->answer,
					    .caching = CACHING_NEVER});
}

static void on_let_on(struct waiter *waiter)
{
	http_resume(container_of(waiter, struct http_request, waiter)->connection);
}

/* Takes the messages to the session's home, and waits for the answer if that is far. */
static bool send_take(struct http_request *request)
{
	struct http *http = request_http(request);
	const struct http_route *route = &request->route;
	unsigned home = request_home(request);
	struct intake_ask ask = {
		.endpoint = route->endpoint,
		.link = route->uplink,
		.form = slice_starts_with(request_header(request, "Content-Type"),
			SLICE("application/x-www-form-urlencoded")),
		.session = route->session,
		.peer = request_peer(request),
		.body = buf_slice(&request->body),
	};

	request->waiter.go_on = on_let_on;
	if (home == http->worker->index)
		return send_answer(request, intake_take(http->worker, &http->messages,
						    &ask, &request->waiter));
	http_name_request(request);
	ask.request = request_handle(request);
	courier_ask_intake(http, home, &ask);
	buf_finish(&request->body);
	http_suspend(request->connection);
	return true;
}

void http_send_answered(struct http *http, uint64_t number, enum intake intake)
{
	struct http_request *request = http_find_request(http, number);

	if (request == NULL)
		return;
	request->intake = intake;
	request->answered = true;
	http_resume(request->connection);
}

bool http_serve_send(struct http_request *request)
{
	struct http *http = request_http(request);

	if (request->answered)
		return send_answer(request, request->intake);
	if (request_is(request, "OPTIONS"))
		return http_serve_preflight(request, "OPTIONS, POST");
	if (!request_is(request, "POST"))
		return http_answer_method(request, "OPTIONS, POST");
	if (!worker_is_full(http->worker))
		return send_take(request);
	list_append(&http->held, &request->held);
	http_suspend(request->connection);
	return true;
}
