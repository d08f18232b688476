/*
 * Requests that bring messages (xhr_send, jsonp_send). They are answered when the
 * session's home has taken the messages. While inboxes are full, or the session is
 * paused, they wait.
 */
#include "transports/http/http_answer.h"
#include "transports/http/http_budget.h"
#include "transports/http/http_internal.h"

#include "gateway/worker/address_limits.h"
#include "gateway/worker/metrics.h"
#include "transports/http/http_remote.h"

enum {
	PATIENCE =
		64 << 10, /* bytes of a body that is read only to keep the connection */
};

/*
 * The refusal of a message for an unknown session; too many from an address get their
 * own.
 */
static enum refusal_kind http_send_unknown_kind(const struct http_request *request)
{
	struct worker *worker = http_request_carrier(request)->worker;

	if (address_limits_admit(worker->workers->address_limits, worker->config,
		    ADDRESS_UNKNOWN, &request->peer.address, loop_now(worker->loop)))
		return REFUSAL_UNKNOWN_SESSION;
	metrics_refuse(worker->metrics, BOUND_ADDRESS_UNKNOWN);
	return REFUSAL_UNKNOWN_SESSIONS;
}

static bool http_send_answer_unknown(struct http_request *request)
{
	return http_refuse(
		request, &(struct refusal){.kind = http_send_unknown_kind(request),
				 .what = SLICE("endpoint"),
				 .value = request->route.endpoint->path});
}

/*
 * The client waits for its next request outside of libmicrohttpd, which would hold a
 * pool for the longest head meanwhile. If that request is like this one, Postern
 * serves it itself.
 */
static bool http_send_answer_taken(struct http_request *request)
{
	const struct uplink *uplink = request->route.uplink;
	const struct answer answer = {.status = uplink->status,
		.content_type = uplink->content_type,
		.body = uplink->answer,
		.caching = CACHING_NEVER};

	http_leave(request);
	return http_answer(request, &answer);
}

static bool http_send_answer(struct http_request *request, enum intake intake)
{
	switch (intake) {
	case INTAKE_UNKNOWN:
		return http_send_answer_unknown(request);
	case INTAKE_BROKEN:
		return http_refuse_kind(request, REFUSAL_BROKEN_JSON);
	case INTAKE_NO_ARRAY:
		return http_refuse_kind(request, REFUSAL_NO_PAYLOAD);
	case INTAKE_TOO_BIG:
		return http_refuse_kind(request, REFUSAL_MESSAGE_SIZE);
	case INTAKE_CROWDED:
		return http_refuse_kind(request, REFUSAL_BUSY);
	case INTAKE_WAITS:
		http_connection_suspend(request->connection);
		return true;
	case INTAKE_TAKEN:
		break;
	}
	return http_send_answer_taken(request);
}

static void http_send_on_resume(struct waiter *waiter)
{
	http_connection_resume(
		container_of(waiter, struct http_request, waiter)->connection);
}

static struct intake_ask http_send_ask(struct http_request *request)
{
	const struct http_route *route = &request->route;

	return (struct intake_ask){
		.endpoint = route->endpoint,
		.link = route->uplink,
		.session = route->session,
		.peer = request->peer,
	};
}

/* A short body is read to its end, so that the connection can continue. */
static void http_send_forget(struct http_request *request, bool is_long)
{
	request->unknown = true;
	request->keeps_body = false;
	http_body_free(request);
	if (is_long)
		http_refuse_early(request, http_send_unknown_kind(request));
}

/* Nothing of a body for an unknown session is kept: http_send_begin() drops it. */
static bool http_send_may_be_known(struct http_request *request)
{
	struct worker *worker = http_request_carrier(request)->worker;
	const struct intake_ask ask = http_send_ask(request);

	return http_request_home(request) != worker->index ||
	       intake_knows(worker, &ask);
}

bool http_send_is_asked(struct http_request *request, const struct http_head *head)
{
	const uint64_t length = http_body_length(head);

	return request->route.kind == ROUTE_UPLINK &&
	       http_request_is(request, "POST") && length > 0 && length <= PATIENCE &&
	       length <= http_request_body_max(request) &&
	       http_send_may_be_known(request) && http_body_fits(request, length);
}

/* Its session is not here: `is_long` as in http_send_forget(). */
static void http_send_refuse_unknown(struct http_request *request, bool is_long)
{
	counter_add(
		&http_request_carrier(request)->worker->metrics->unknown_sessions, 1);
	if (request->expects)
		http_refuse_later(request,
			&(struct refusal){.kind = http_send_unknown_kind(request)});
	else
		http_send_forget(request, is_long);
}

/* While its body comes, the home says whether it knows the session. */
static void http_send_look(struct http_request *request, unsigned home)
{
	struct intake_ask ask = http_send_ask(request);

	request->looking = true;
	http_request_give_number(request);
	ask.request = http_request_handle(request);
	ask.only_looks = true;
	http_remote_ask_intake(http_request_carrier(request), home, &ask);
}

void http_send_begin(struct http_request *request, uint64_t length)
{
	struct http *http = http_request_carrier(request);
	const struct intake_ask ask = http_send_ask(request);
	const unsigned home = http_request_home(request);
	const bool is_here = home == http->worker->index;
	const bool is_long = length == 0 || length > PATIENCE; /* 0: not declared */

	if (!http_request_is(request, "POST"))
		return;
	if (is_here && !intake_knows(http->worker, &ask)) {
		http_send_refuse_unknown(request, is_long);
		return;
	}
	if (!http_body_fits(request, length)) {
		http_body_refuse(request);
		return;
	}
	/* For a short body a round of posts costs more than the body. */
	if (is_here || !is_long)
		http_body_allocate(request, length);
	else
		http_send_look(request, home);
}

/*
 * Passes the messages to the session's home. On another worker, waits for its answer.
 */
static bool http_send_take(struct http_request *request)
{
	struct http *http = http_request_carrier(request);
	unsigned home = http_request_home(request);
	struct intake_ask ask = http_send_ask(request);

	ask.form = request->is_form;
	ask.body = buf_slice(&request->body);
	request->waiter.resume = http_send_on_resume;
	if (home == http->worker->index)
		return http_send_answer(
			request, intake_take(http->worker, &http->messages, &ask,
					 &request->waiter));
	if (request->entry.number == 0)
		http_request_give_number(request);
	ask.request = http_request_handle(request);
	http_remote_ask_intake(http, home, &ask);
	/* A copy waits for the session. It stays charged until that has answered. */
	buf_finish(&request->body);
	http_connection_suspend(request->connection);
	return true;
}

void http_send_answered(struct http *http, uint64_t number, enum intake intake)
{
	struct http_request *request = http_request_find(http, number);

	if (request == NULL)
		return;
	if (request->looking) { /* this is the first of two answers */
		request->looking = false;
		if (intake == INTAKE_UNKNOWN && request->state != HTTP_REQUEST_REFUSED)
			http_send_forget(request, true);
		return;
	}
	request->intake = intake;
	request->answered = true;
	http_connection_resume(request->connection);
}

bool http_serve_send(struct http_request *request)
{
	struct http *http = http_request_carrier(request);

	if (request->unknown)
		return http_send_answer_unknown(request);
	if (request->answered)
		return http_send_answer(request, request->intake);
	if (http_request_is(request, "OPTIONS"))
		return http_serve_preflight(request, "OPTIONS, POST");
	if (!http_request_is(request, "POST"))
		return http_refuse_method(request, "OPTIONS, POST");
	if (!worker_apply_backpressure(http->worker))
		return http_send_take(request);
	list_append(&http->paused, &request->paused);
	http_connection_suspend(request->connection);
	return true;
}
