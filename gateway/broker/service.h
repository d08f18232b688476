/*
 * A service serves operators, who SEND below its prefix: the console is one
 * (gateway/console/console.h). The broker tries services first, but only for sessions
 * of the operators' endpoint. For every other session such a destination is an
 * ordinary one.
 */
#ifndef GATEWAY_BROKER_SERVICE_H
#define GATEWAY_BROKER_SERVICE_H

#include "gateway/broker/broker.h"

struct publication;

struct service {
	struct slice prefix;

	/*
	 * `rest` is the destination after the prefix. Answers go to the frame's
	 * reply-to. All is borrowed for the call. It may let the participant wait
	 * (broker_expect()).
	 */
	enum broker_result (*send)(struct publication *publication,
		const struct stomp_frame *frame, struct slice rest,
		struct broker_refusal *refusal);
};

#endif
