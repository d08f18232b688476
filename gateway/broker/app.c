/*
 * Application routes: a SEND to an application destination becomes messages to topics.
 * The route passes the body on, or a template shapes it. The sender's worker applies
 * the route, so that the messages of one sender keep their order.
 */
#include "gateway/broker/app.h"

#include "gateway/broker/destination.h"
#include "gateway/broker/expiry.h"
#include "gateway/broker/internal.h"
#include "gateway/broker/private.h"
#include "gateway/broker/sender_headers.h"
#include "gateway/route/template.h"
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

/*
 * The frame as its receivers get it. A shaped body is JSON, whatever the sender's was.
 */
struct shaped {
	struct stomp_frame frame;
	struct stomp_header *headers; /* NULL: those that came */
	struct buf body;
};

/* The headers that describe a body describe the new body; the sender's are dropped. */
static void shaped_set_headers(struct shaped *shaped, const struct stomp_frame *frame)
{
	size_t count = 1;

	shaped->headers =
		xmalloc((1 + frame->header_count) * sizeof(struct stomp_header));
	shaped->headers[0] =
		(struct stomp_header){SLICE("content-type"), SLICE("application/json")};
	for (size_t i = 0; i < frame->header_count; i++) {
		/*
		 * content-md5, content-encoding and the like describe the sender's
		 * body.
		 */
		if (!slice_starts_with(frame->headers[i].name, SLICE("content-")))
			shaped->headers[count++] = frame->headers[i];
	}
	shaped->frame.headers = shaped->headers;
	shaped->frame.header_count = count;
}

/* A missing value is denied; it is not malformed STOMP. */
static bool app_render(const struct template *template,
	const struct template_input *input, struct buf *out,
	struct broker_refusal *refusal)
{
	const struct slice *destination =
		stomp_header(input->send, SLICE("destination"));
	struct buf why = {0};
	const bool good = template_render(template, input, out, &why);

	if (!good) {
		broker_refuse(refusal, REFUSAL_TEMPLATE, "destination", destination);
		broker_refusal_hint(
			refusal, "In it %.*s.", SLICE_ARGS(buf_slice(&why)));
	}
	buf_finish(&why);
	return good;
}

/* What a route may fill in. Everything is borrowed. */
static struct template_input app_input(const struct sender *sender,
	const struct stomp_frame *frame, const struct variables *variables)
{
	const struct identity *identity = sender->identity;

	return (struct template_input){
		.send = frame,
		.variables = variables,
		.user = identity_user(identity),
		.session = sender->label,
		.claims = identity == NULL ? NULL : identity->claims,
		.claim_count = identity == NULL ? 0 : identity->claim_count,
		.now = time(NULL),
	};
}

static bool app_shape(const struct route *route, const struct template_input *input,
	struct shaped *shaped, struct broker_refusal *refusal)
{
	shaped->frame = *input->send;
	if (route->body == NULL)
		return true;
	if (!app_render(route->body, input, &shaped->body, refusal))
		return false;
	shaped_set_headers(shaped, input->send);
	shaped->frame.body = buf_slice(&shaped->body);
	return true;
}

/* One of the route's targets. */
struct aim {
	struct buf name; /* `target` may borrow it */
	struct target target;
};

/* The client is told which variable it cannot fill, and not where the route leads. */
static bool app_fill(const struct broker *broker, const struct route *route,
	size_t index, const struct template_input *input, struct buf *name,
	struct broker_refusal *refusal)
{
	const struct slice target = route->send_to[index];
	struct buf why = {0};
	const bool good = template_render_target(
		target, input, broker->audiences.patterns.separator, name, &why);

	if (!good) {
		broker_refuse(refusal, REFUSAL_ROUTE_VARIABLE, "destination",
			stomp_header(input->send, SLICE("destination")));
		broker_refusal_hint(
			refusal, "In it %.*s.", SLICE_ARGS(buf_slice(&why)));
		broker_refusal_reason(
			refusal, "it leads to \"%.*s\"", SLICE_ARGS(target));
	}
	buf_finish(&why);
	return good;
}

/* Finds the destination of target `index` of the route. */
static bool app_aim(const struct publication *publication, const struct route *route,
	size_t index, const struct template_input *input, struct slice rest,
	struct aim *aim, struct broker_refusal *refusal)
{
	const struct broker *broker = publication->broker;

	if (route->send_to_count == 0) {
		buf_append(&aim->name, SLICE("/topic"));
		buf_append(&aim->name, rest);
	} else if (!app_fill(broker, route, index, input, &aim->name, refusal)) {
		return false;
	}
	const struct slice name = buf_slice(&aim->name);

	if (name.len <= broker->worker->config->limits.destination &&
		target_aim(&aim->target, broker, name, refusal) == BROKER_TAKEN)
		return true;
	if (refusal->kind != REFUSAL_DEAD_LETTER_SEND)
		broker_refuse(refusal, REFUSAL_BAD_TARGET, "target", &name);
	return false;
}

/*
 * All targets are found first: where one is no destination, nothing is sent. After that
 * each home decides for itself, so a full queue does not hold up the others.
 */
static bool app_emit(struct publication *publication, const struct route *route,
	const struct template_input *input, struct slice rest,
	const struct stomp_frame *frame, struct broker_refusal *refusal)
{
	const size_t count = route->send_to_count == 0 ? 1 : route->send_to_count;
	struct aim *aims = xcalloc(count, sizeof(*aims));
	bool good = true;

	for (size_t i = 0; good && i < count; i++)
		good = app_aim(publication, route, i, input, rest, &aims[i], refusal) &&
		       target_set_expiry(
			       &aims[i].target, publication->broker, frame, refusal);
	for (size_t i = 0; good && i < count; i++)
		good = broker_emit(publication, frame, &aims[i].target, refusal);
	for (size_t i = 0; i < count; i++) {
		target_finish(&aims[i].target);
		buf_finish(&aims[i].name);
	}
	free(aims);
	return good;
}

/* Sends the shaped frame; names its sender in headers if the route wants that. */
static bool app_send_shaped(struct publication *publication, const struct route *route,
	const struct template_input *input, struct slice rest,
	const struct stomp_frame *shaped, struct broker_refusal *refusal)
{
	struct sender_headers headers;

	if (!route->identify)
		return app_emit(publication, route, input, rest, shaped, refusal);
	sender_headers_init(&headers, publication, input->send);
	publication->made = headers.items;
	publication->made_count = headers.count;
	publication->made_for_few = headers.for_few;
	const bool good = app_emit(publication, route, input, rest, shaped, refusal);
	publication->made = NULL;
	publication->made_count = publication->made_for_few = 0;
	sender_headers_finish(&headers);
	return good;
}

enum broker_result app_send(struct publication *publication,
	const struct stomp_frame *frame, struct slice destination, struct slice rest,
	struct broker_refusal *refusal)
{
	struct variables variables = {.count = 0};
	struct shaped shaped = {.headers = NULL};
	const struct route *route =
		app_find(publication->broker->worker->config, destination, &variables);

	if (route == NULL)
		return broker_refuse(
			refusal, REFUSAL_NO_ROUTE, "destination", &destination);
	const struct template_input input =
		app_input(publication->sender, frame, &variables);
	bool good = app_shape(route, &input, &shaped, refusal) &&
		    app_send_shaped(
			    publication, route, &input, rest, &shaped.frame, refusal);
	free(shaped.headers);
	buf_finish(&shaped.body);
	return good ? BROKER_TAKEN : BROKER_REFUSED;
}

/* A route with "reply" answers each SUBSCRIBE with that reply, once. */
enum broker_result app_subscribe(struct broker *broker, struct broker_call *call,
	const struct slice *id, struct slice destination, enum ack_mode ack)
{
	struct variables variables = {.count = 0};
	const struct route *route =
		app_find(broker->worker->config, destination, &variables);
	const struct stomp_header type = {
		SLICE("content-type"), SLICE("application/json")};
	struct stomp_frame frame = {.command = STOMP_SEND,
		.headers = (struct stomp_header *)&type,
		.header_count = 1};
	const struct sender sender = sender_of(call->participant);
	const struct template_input input = app_input(&sender, call->frame, &variables);
	struct buf body = {0};
	bool good = false;

	if (route == NULL || route->reply == NULL) {
		broker_refuse(call->refusal, REFUSAL_NOT_SUBSCRIBABLE, "destination",
			&destination);
		broker_refusal_hint(
			call->refusal, route == NULL ? "No route matches it."
						     : "Its route has no \"reply\".");
		return BROKER_REFUSED;
	}
	if (app_render(route->reply, &input, &body, call->refusal)) {
		struct subscription *subscription = subscription_create(
			broker, call->participant, id, destination, call->version);

		frame.body = buf_slice(&body);
		struct message *message =
			message_create(&frame, destination, destination);
		subscription->kind = SUBSCRIPTION_LOCAL;
		subscription->ack = ack;
		message_set_place(message, private_place(broker), false);
		subscription_deliver(subscription, message, 0, true);
		message_unref(message);
		good = true;
	}
	buf_finish(&body);
	return good ? BROKER_TAKEN : BROKER_REFUSED;
}
