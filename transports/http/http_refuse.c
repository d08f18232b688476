/*
 * The one place that refuses a request with a status. The refusal's row
 * (gateway/worker/refusal.h) decides the answer, the log line and the counter.
 */
#include "transports/http/http_answer.h"

#include "protocol/xmalloc.h"
#include "transports/base/refusal.h"

#include <assert.h>

/*
 * The door of the refusal. If both listeners may refuse a kind, each has its own door.
 */
static enum refusal_door http_request_door(
	const struct http_request *request, enum refusal_kind kind)
{
	if (http_request_is_admin(request) && refusal_is_at(kind, DOOR_ADMIN))
		return DOOR_ADMIN;
	if (refusal_is_at(kind, DOOR_HTTP))
		return DOOR_HTTP;
	return refusal_is_at(kind, DOOR_WEBSOCKET) ? DOOR_WEBSOCKET : DOOR_SOCKJS;
}

struct answer http_refusal(
	struct http_request *request, const struct refusal *refusal, struct buf *text)
{
	struct refusal said = *refusal;
	const struct http *http = http_request_carrier(request);
	struct buf hint = {0};

	refusal_append_hint(&hint, http->worker->config, said.kind);
	said.door = http_request_door(request, said.kind);
	if (said.hint.len == 0)
		said.hint = buf_slice(&hint);
	said.address = request->peer.address;
	refusal_report(http->worker->metrics, &said, text);
	buf_finish(&hint);

	struct answer answer = {.status = refusal_status(said.kind),
		.content_type = "text/plain; charset=UTF-8",
		.body = buf_slice(text),
		.caching = request->state == HTTP_REQUEST_WRONG ? CACHING_NEVER
								: CACHING_UNSAID,
		.nosniff = true};
	/* The protocol's tests want a 405 without a body. */
	if (answer.status == 405)
		answer = (struct answer){.status = 405, .allow = HTTP_METHODS};
	return answer;
}

bool http_refuse(struct http_request *request, const struct refusal *refusal)
{
	struct buf text = {0};
	struct answer answer = http_refusal(request, refusal, &text);

	answer.close = answer.status == 429;
	bool good = http_answer(request, &answer);
	buf_finish(&text);
	return good;
}

bool http_refuse_and_close(struct http_request *request, const struct refusal *refusal)
{
	struct buf text = {0};
	struct answer answer = http_refusal(request, refusal, &text);

	answer.close = true;
	/*
	 * A long head leaves little room in libmicrohttpd's pool, and no cache keeps a
	 * 431.
	 */
	answer.caching = answer.status == 431 ? CACHING_UNSAID : CACHING_NEVER;
	bool good = http_answer(request, &answer);
	buf_finish(&text);
	return good;
}

bool http_refuse_kind(struct http_request *request, enum refusal_kind kind)
{
	return http_refuse(request, &(struct refusal){.kind = kind});
}

bool http_refuse_method(struct http_request *request, const char *allow)
{
	struct buf text = {0};
	struct answer answer = http_refusal(request,
		&(struct refusal){.kind = REFUSAL_METHOD,
			.what = SLICE("method"),
			.value = request->method},
		&text);

	answer.allow = allow;
	bool good = http_answer(request, &answer);
	buf_finish(&text);
	return good;
}

bool http_refuse_path(struct http_request *request, enum refusal_kind kind)
{
	return http_refuse(request, &(struct refusal){.kind = kind,
					    .what = SLICE("path"),
					    .value = request->route.path});
}

void http_refuse_later(struct http_request *request, const struct refusal *refusal)
{
	assert(request->state == HTTP_REQUEST_BEGUN);
	request->wrong = xcalloc(1, sizeof(*request->wrong));
	request->wrong->refusal = *refusal;
	buf_append(&request->wrong->hint, refusal->hint);
	request->wrong->refusal.hint = buf_slice(&request->wrong->hint);
	request->wrong->request = request;
	request->state = HTTP_REQUEST_WRONG;
}

void http_refuse_slowly(
	struct http_request *request, const struct refusal *refusal, uint64_t delay)
{
	http_refuse_later(request, refusal);
	request->wrong->delay = delay;
}

static void http_wrong_on_time(struct timer *timer)
{
	struct http_wrong *wrong = container_of(timer, struct http_wrong, timer);

	wrong->delay = 0;
	http_connection_resume(wrong->request->connection);
}

bool http_refuse_wrong(struct http_request *request)
{
	struct http_wrong *wrong = request->wrong;
	struct loop *loop = http_request_carrier(request)->worker->loop;

	/* A connection that has left libmicrohttpd does not keep the head so long. */
	if (wrong->delay == 0 || request->connection->mhd == NULL)
		return http_refuse(request, &wrong->refusal);
	wrong->timer.fire = http_wrong_on_time;
	loop_timer_start(loop, &wrong->timer, wrong->delay);
	http_connection_suspend(request->connection);
	return true;
}

void http_wrong_destroy(struct http_wrong *wrong)
{
	if (wrong == NULL)
		return;
	loop_timer_stop(
		http_request_carrier(wrong->request)->worker->loop, &wrong->timer);
	buf_finish(&wrong->hint);
	free(wrong);
}
