/* Application routes: the configuration maps frames below /app to topics. */
#ifndef GATEWAY_BROKER_APP_H
#define GATEWAY_BROKER_APP_H

#include "gateway/broker/send.h"
#include "gateway/broker/subscription.h"

/*
 * A SEND to /app: renders the matching route and emits a message to each of its
 * destinations. `rest` is the destination after the prefix. All destinations are
 * checked before the first message is emitted. Refused when no route matches, or when
 * the body lacks a value that the template needs.
 */
enum broker_result app_send(struct publication *publication,
	const struct stomp_frame *frame, struct slice destination, struct slice rest,
	struct broker_refusal *refusal);

/*
 * A SUBSCRIBE to a route with "reply": delivers one answer immediately, and nothing
 * later. Refused if the route has none. No home knows the subscription.
 */
enum broker_result app_subscribe(struct broker *broker, struct broker_call *call,
	const struct slice *id, struct slice destination, enum ack_mode ack);

#endif
