/* The checks of every SUBSCRIBE, also of one that Postern makes for the client. */
#ifndef GATEWAY_BROKER_SUBSCRIBE_H
#define GATEWAY_BROKER_SUBSCRIBE_H

#include "gateway/broker/broker.h"

/*
 * False, with the call's refusal, when the participant has a subscription of that id
 * already, or too many, or there is no memory for one more.
 */
bool broker_may_subscribe(const struct broker *broker, const struct broker_call *call,
	const struct slice *id, const struct slice *destination);

#endif
