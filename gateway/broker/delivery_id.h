/*
 * The ids by which clients acknowledge a delivery, as message.c writes them: the
 * message-id EPOCH-OFFSET, and the ack id EPOCH-OFFSET-ORDINAL. From a queue's second
 * attempt to deliver a message on, ".ATTEMPT" follows. So an id names one delivery,
 * not the message, and a message-id is never an ack id.
 */
#ifndef GATEWAY_BROKER_DELIVERY_ID_H
#define GATEWAY_BROKER_DELIVERY_ID_H

#include "gateway/session/message.h"

struct delivery_id {
	struct place place;
	uint32_t ordinal; /* the subscription's; 0: it is a message-id */
	uint16_t attempt; /* from 1 */
};

/* False, with *id unchanged, for a text that is neither of the two. */
bool delivery_id_read(struct slice text, struct delivery_id *id);

#endif
