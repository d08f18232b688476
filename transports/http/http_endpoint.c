/* The immediate answers of a SockJS endpoint: greeting, info, iframe, preflights. */
#include "transports/http/http_answer.h"
#include "transports/http/http_internal.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

bool http_serve_preflight(struct http_request *request, const char *allow)
{
	return http_answer(request, &(struct answer){.status = 204,
					    .caching = CACHING_YEAR,
					    .allow_methods = allow});
}

bool http_serve_greeting(struct http_request *request)
{
	if (!http_request_reads(request))
		return http_refuse_method(request, "GET, HEAD");
	return http_answer_text(request, 200, SLICE("Welcome to SockJS!\n"));
}

bool http_serve_info(struct http_request *request)
{
	const struct endpoint *endpoint = request->route.endpoint;
	uint32_t entropy = 0;

	if (http_request_is(request, "OPTIONS"))
		return http_serve_preflight(request, "OPTIONS, GET");
	if (!http_request_reads(request))
		return http_refuse_method(request, "OPTIONS, GET, HEAD");

	/* The client seeds its random numbers with it; 32 bits, new each time. */
	if (getrandom(&entropy, sizeof(entropy), 0) != (ssize_t)sizeof(entropy))
		return false;
	json_t *info = json_pack("{s:b, s:[s], s:b, s:I}", "websocket",
		(int)endpoint->websocket, "origins", "*:*", "cookie_needed",
		(int)endpoint->cookie_needed, "entropy", (json_int_t)entropy);
	char *text = json_dumps(info, JSON_COMPACT);
	json_decref(info);
	if (text == NULL)
		return false;

	bool good = http_answer(
		request, &(struct answer){.status = 200,
				 .content_type = "application/json; charset=UTF-8",
				 .body = slice_of(text),
				 .caching = CACHING_NEVER});
	free(text);
	return good;
}

/* The protocol fixes this page to the byte, except for the script's URL. */
static void iframe_page(struct buf *page, struct slice script)
{
	buf_append(page, SLICE("<!DOCTYPE html>\n"
			       "<html>\n"
			       "<head>\n"
			       "  <meta http-equiv=\"X-UA-Compatible\" "
			       "content=\"IE=edge\" />\n"
			       "  <meta http-equiv=\"Content-Type\" "
			       "content=\"text/html; charset=UTF-8\" />\n"
			       "  <script src=\""));
	buf_append(page, script);
	buf_append(
		page, SLICE("\"></script>\n"
			    "  <script>\n"
			    "    document.domain = document.domain;\n"
			    "    SockJS.bootstrap_iframe();\n"
			    "  </script>\n"
			    "</head>\n"
			    "<body>\n"
			    "  <h2>Don't panic!</h2>\n"
			    "  <p>This is a SockJS hidden iframe. It's used for cross "
			    "domain magic.</p>\n"
			    "</body>\n"
			    "</html>"));
}

/* The pages that may use the endpoint may frame it. */
static void iframe_policy(struct buf *policy, const struct http_request *request)
{
	const struct strings *allowed = &request->route.endpoint->allowed_origins;

	buf_append(policy, SLICE("frame-ancestors 'self'"));
	for (size_t i = 0; i < allowed->count; i++) {
		struct slice source = allowed->items[i];

		if (slice_equal(source, SLICE("null"))) /* CSP has no word for it */
			continue;
		if (slice_ends_with(source, SLICE("://"))) /* CSP writes "file:" */
			source.len -= strlen("//");
		buf_append_char(policy, ' ');
		buf_append(policy, source);
	}
	buf_append_char(policy, '\0');
}

bool http_serve_iframe(struct http_request *request)
{
	static const struct hash_key fixed = {0x504f535445524e21, 0x6966726d65};
	struct buf page = {0}, policy = {0};
	char etag[24];

	if (!http_request_reads(request))
		return http_refuse_method(request, "GET, HEAD");

	iframe_page(&page, request->route.endpoint->sockjs_url);
	iframe_policy(&policy, request);
	snprintf(etag, sizeof(etag), "\"%016llx\"",
		(unsigned long long)hash_slice(&fixed, buf_slice(&page)));

	struct answer answer = {
		.status = 200,
		.content_type = "text/html; charset=UTF-8",
		.body = buf_slice(&page),
		.caching = CACHING_YEAR,
		.etag = etag,
		.policy = policy.data,
	};
	if (etag_matches(request, etag)) {
		answer.status = 304;
		answer.content_type = NULL;
	}
	bool good = http_answer(request, &answer);
	buf_finish(&page);
	buf_finish(&policy);
	return good;
}
