/*
 * Health checks of a supervisor or load balancer: /health asks whether the process
 * runs (else it is restarted), /ready whether it accepts new clients (else they are
 * sent elsewhere).
 */
#include "transports/http/http_answer.h"
#include "transports/http/http_internal.h"

static bool health_answer(
	struct http_request *request, unsigned status, struct slice text)
{
	if (!http_request_reads(request))
		return http_refuse_method(request, "GET, HEAD");
	return http_answer(request, &(struct answer){.status = status,
					    .content_type = "text/plain; charset=UTF-8",
					    .body = text,
					    .caching = CACHING_NEVER});
}

bool http_serve_health(struct http_request *request)
{
	return health_answer(request, 200, SLICE("live\n"));
}

bool http_serve_ready(struct http_request *request)
{
	struct buf text = {0};
	const bool is_ready =
		worker_is_ready(http_request_carrier(request)->worker, &text);

	if (is_ready)
		buf_append(&text, SLICE("ready"));
	buf_append_char(&text, '\n');
	const bool answered =
		health_answer(request, is_ready ? 200 : 503, buf_slice(&text));
	buf_finish(&text);
	return answered;
}
