/*
 * Application routes: a SEND to an application destination becomes messages to
 * topics, its body passed on or shaped by a template. The route is applied at the
 * sender's worker, so that the order of one sender is kept.
 */
#include "gateway/broker/internal.h"

#include "gateway/broker/template.h"
#include "gateway/config.h"
#include "gateway/session.h"
#include "protocol/xmalloc.h"

#include <stdlib.h>
#include <time.h>

/* The most specific route that matches, or NULL. */
static const struct route *app_find(const struct config *config,
	struct slice destination, struct variables *variables)
{
	const struct route *best = NULL;

	for (size_t i = 0; i < config->route_count; i++) {
		const struct route *route = &config->routes[i];
		struct variables matched = {.count = 0};

		if (!route_match(route->match, destination, &matched))
			continue;
		if (best == NULL || route_compare(route->match, best->match) < 0) {
			best = route;
			*variables = matched;
		}
	}
	return best;
}

/* The frame as its receivers get it: a shaped body is JSON whatever came in. */
struct shaped {
	struct stomp_frame frame;
	struct stomp_header *headers; /* NULL: those that came */
	struct buf body;
};

/* Ahead of the sender's own headers, so that of two alike these count. */
static void shaped_set_headers(struct shaped *shaped, const struct stomp_frame *frame)
{
	static const struct stomp_header made[] = {
		{SLICE_INIT("content-type"), SLICE_INIT("application/json")},
		/* message_create() writes the true length whatever is said here. */
		{SLICE_INIT("content-length"), SLICE_INIT("")},
	};
	size_t count = 2;

	shaped->headers =
		xmalloc((2 + frame->header_count) * sizeof(struct stomp_header));
	memcpy(shaped->headers, made, sizeof(made));
	for (size_t i = 0; i < frame->header_count; i++) {
		if (!slice_equal(frame->headers[i].name, SLICE("content-type")))
			shaped->headers[count++] = frame->headers[i];
	}
	shaped->frame.headers = shaped->headers;
	shaped->frame.header_count = count;
}

static bool app_shape(const struct route *route, const struct variables *variables,
	const struct party *party, const struct stomp_frame *frame,
	struct shaped *shaped, struct buf *error)
{
	const struct template_input input = {
		.send = frame,
		.variables = variables,
		.session = session_label(party->session),
		.now = time(NULL),
	};

	shaped->frame = *frame;
	if (route->body == NULL)
		return true;
	if (!template_render(route->body, &input, &shaped->body, error))
		return false;
	shaped_set_headers(shaped, frame);
	shaped->frame.body = buf_slice(&shaped->body);
	return true;
}

/* Where target `index` of the route points. False when that is no topic. */
static bool app_target(struct broker *broker, const struct route *route, size_t index,
	const struct variables *variables, struct slice rest, struct buf *target,
	struct buf *error)
{
	buf_clear(target);
	if (route->send_to_count == 0) {
		buf_append(target, SLICE("/topic"));
		buf_append(target, rest);
	} else if (!template_render_text(route->send_to[index], variables, target)) {
		buf_append(
			error, SLICE("The route has no target for this destination"));
		return false;
	}
	if (target->len > broker->worker->config->limits.destination ||
		!broker_is_topic(broker, buf_slice(target))) {
		buf_append(error, SLICE("The route leads to no destination"));
		return false;
	}
	return true;
}

/* With `publish` false only checks that every target is one: all or nothing. */
static bool app_publish(struct broker *broker, const struct route *route,
	const struct variables *variables, struct slice rest,
	const struct stomp_frame *frame, struct handle party, uint64_t request,
	bool publish, struct buf *error)
{
	size_t targets = route->send_to_count == 0 ? 1 : route->send_to_count;
	struct buf target = {0};
	bool good = true;

	for (size_t i = 0; good && i < targets; i++) {
		good = app_target(broker, route, i, variables, rest, &target, error);
		if (good && publish)
			topic_publish(broker, message_create(frame, buf_slice(&target)),
				party, request);
	}
	buf_finish(&target);
	return good;
}

bool app_send(struct broker *broker, struct party *party,
	const struct stomp_frame *frame, struct slice destination, struct slice rest,
	uint64_t request, size_t *answers, struct buf *error)
{
	struct variables variables = {.count = 0};
	struct shaped shaped = {.headers = NULL};
	const struct route *route =
		app_find(broker->worker->config, destination, &variables);

	if (route == NULL) {
		buf_append(error, SLICE("No route has that destination"));
		return false;
	}
	bool good = app_shape(route, &variables, party, frame, &shaped, error) &&
		    app_publish(broker, route, &variables, rest, &shaped.frame,
			    broker_handle(broker, party), request, false, error);
	if (good) {
		app_publish(broker, route, &variables, rest, &shaped.frame,
			broker_handle(broker, party), request, true, error);
		*answers = route->send_to_count == 0 ? 1 : route->send_to_count;
	}
	free(shaped.headers);
	buf_finish(&shaped.body);
	return good;
}
