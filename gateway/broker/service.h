/*
 * A service is asked by operators, who SEND below its prefix: the console is one
 * (gateway/console/console.h). The broker looks for a service before anything else, but
 * only for sessions of the operators' own endpoint. For every other session the
 * destination is one like any other.
 */
#ifndef GATEWAY_BROKER_SERVICE_H
#define GATEWAY_BROKER_SERVICE_H

#include "gateway/broker/broker.h"

struct publication;

struct service {
	struct slice prefix;

	/*
	 * `rest` is what stands after the prefix. Answers go to the frame's reply-to.
	 * All is borrowed for the call.
	 */
	enum broker_result (*send)(struct publication *publication,
		const struct stomp_frame *frame, struct slice rest,
		struct broker_refusal *refusal);
};

#endif
