/* SEND: the destination decides where the message goes. */
#include "gateway/broker/send.h"

#include "gateway/broker/app.h"
#include "gateway/broker/destination.h"
#include "gateway/broker/expiry.h"
#include "gateway/broker/internal.h"
#include "gateway/broker/permit.h"
#include "gateway/broker/private.h"
#include "gateway/broker/resolve.h"
#include "gateway/broker/service.h"
#include "gateway/broker/transaction.h"
#include "protocol/url.h"
#include "protocol/xmalloc.h"

#include <stdlib.h>

/* Everybody may read a topic; private destinations have inner addresses. */
static bool target_is_topic(const struct target *target)
{
	return !target->is_queue && slice_starts_with(target->address, SLICE("/"));
}

bool broker_emit(struct publication *publication, const struct stomp_frame *frame,
	const struct target *target, struct broker_refusal *refusal)
{
	struct broker *broker = publication->broker;
	size_t made = publication->made_count;

	if (publication->made_for_few > 0 && !target_is_topic(target))
		made += publication->made_for_few;
	struct message *message = message_create_made(
		frame, target->shown, target->address, publication->made, made);

	message_set_account(message, publication->account);
	message_set_expiry(message, target->expires_at);
	if (publication->transaction != NULL)
		return transaction_add(broker, publication->transaction,
			&(struct action){.message = message,
				.named = xstrdup(publication->named),
				.is_reply = target->is_reply,
				.worker = target->worker},
			refusal);
	credit_take(broker, message);
	if (target->is_reply)
		private_reply(broker, target->worker, message, publication->participant,
			publication->request);
	else
		broker_send_message(broker, message, publication->participant,
			publication->request);
	publication->answers++;
	return true;
}

static enum broker_result broker_send_straight(struct publication *publication,
	const struct stomp_frame *frame, struct slice destination,
	struct broker_refusal *refusal)
{
	const struct broker *broker = publication->broker;
	struct target target = {.is_reply = false};
	enum broker_result result = target_aim(&target, broker, destination, refusal);

	if (result == BROKER_TAKEN && !target.is_reply &&
		!broker->worker->config->client_send &&
		publication->sender->kind == SENDER_CLIENT) {
		result = broker_refuse(
			refusal, REFUSAL_CLIENT_SEND, "destination", &destination);
		broker_refusal_hint(refusal, "broker.client_send is false.");
	}
	if (result == BROKER_TAKEN &&
		!(target_set_expiry(&target, broker, frame, refusal) &&
			broker_emit(publication, frame, &target, refusal)))
		result = BROKER_REFUSED;
	target_finish(&target);
	return result;
}

/* The service of that destination, or NULL. */
static const struct service *broker_send_find_service(
	const struct publication *publication, struct slice destination,
	struct slice *rest)
{
	if (publication->sender->kind != SENDER_CONSOLE)
		return NULL;
	for (const struct service *const *at = publication->broker->services;
		*at != NULL; at++) {
		if (url_is_below(destination, (*at)->prefix, rest))
			return *at;
	}
	return NULL;
}

static enum broker_result broker_send_by_destination(struct publication *publication,
	const struct stomp_frame *frame, struct slice destination,
	struct broker_refusal *refusal)
{
	struct slice rest;
	const struct service *service =
		broker_send_find_service(publication, destination, &rest);

	if (!permit_send(
		    publication->broker, publication->sender, destination, refusal))
		return BROKER_REFUSED;
	if (service != NULL)
		return service->send(publication, frame, rest, refusal);
	if (destination_is_app(publication->broker, destination, &rest))
		return app_send(publication, frame, destination, rest, refusal);
	return broker_send_straight(publication, frame, destination, refusal);
}

/* The frame with another reply-to; *headers is the caller's to free. */
static struct stomp_frame frame_with_reply_to(const struct stomp_frame *frame,
	struct slice reply_to, struct stomp_header **headers)
{
	struct stomp_frame changed = *frame;

	*headers = xmalloc(frame->header_count * sizeof(**headers));
	memcpy(*headers, frame->headers, frame->header_count * sizeof(**headers));
	for (size_t i = 0; i < frame->header_count; i++) {
		if (slice_equal((*headers)[i].name, SLICE("reply-to"))) {
			(*headers)[i].value = reply_to;
			break; /* the first of two equal headers counts */
		}
	}
	changed.headers = *headers;
	return changed;
}

/* Only a session can have transactions and temporary queues. */
static bool broker_send_is_possible(struct broker *broker, const struct sender *sender,
	const struct broker_call *call, const struct slice *reply_to)
{
	const struct slice *transaction =
		stomp_header(call->frame, SLICE("transaction"));

	if (reply_to != NULL &&
		!(resolve_reply_to(broker, *reply_to, call->refusal) &&
			permit_reply_to(broker, sender, *reply_to, call->refusal)))
		return false;
	if (call->participant != NULL && call->participant->session != NULL)
		return true;
	if (transaction != NULL)
		broker_refuse(call->refusal, REFUSAL_UNKNOWN_TRANSACTION,
			"header transaction", transaction);
	else if (reply_to != NULL && private_is_temporary(*reply_to))
		broker_refuse(
			call->refusal, REFUSAL_REPLY_TO, "header reply-to", reply_to);
	else
		return true;
	return false;
}

static enum broker_result broker_send_frame(
	struct broker *broker, const struct sender *sender, struct broker_call *call)
{
	const struct slice *destination = destination_of(broker, call);
	const struct slice *reply_to = stomp_header(call->frame, SLICE("reply-to"));
	struct publication publication = {
		.broker = broker, .sender = sender, .request = call->request};
	struct stomp_frame frame = *call->frame;
	struct stomp_header *headers = NULL;
	struct buf reply = {0};

	call->answers = 0;
	if (destination == NULL ||
		!broker_send_is_possible(broker, sender, call, reply_to))
		return BROKER_REFUSED;
	publication.named = *destination;
	if (call->participant != NULL) {
		publication.participant = broker_handle(broker, call->participant);
		publication.account = call->participant->account;
		if (!transaction_of(call, &publication.transaction))
			return BROKER_REFUSED;
	}
	if (reply_to != NULL && private_is_temporary(*reply_to)) {
		if (!private_reply_to(broker, call, *reply_to, &reply))
			return BROKER_REFUSED;
		frame = frame_with_reply_to(&frame, buf_slice(&reply), &headers);
	}
	enum broker_result result = broker_send_by_destination(
		&publication, &frame, *destination, call->refusal);
	call->answers = publication.answers;
	call->waits = publication.waits;
	free(headers);
	buf_finish(&reply);
	return result;
}

enum broker_result broker_send(struct broker *broker, struct broker_call *call)
{
	const struct sender sender = sender_of(call->participant);

	return credit_conclude(broker, call,
		transaction_conclude(call, broker_send_frame(broker, &sender, call)));
}

enum broker_result broker_publish(
	struct broker *broker, const struct sender *sender, struct broker_call *call)
{
	return credit_conclude(broker, call, broker_send_frame(broker, sender, call));
}
