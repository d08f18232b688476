/*
 * From what a client writes to what the broker goes by, before anything else looks at
 * it; and what could never be reached, refused when it is written.
 */
#ifndef GATEWAY_BROKER_RESOLVE_H
#define GATEWAY_BROKER_RESOLVE_H

#include "gateway/broker/internal.h"

/*
 * Appends to *resolved the destination that a SUBSCRIBE to `called` means:
 *
 *   /user/NAME/queue/x   /user/queue/x, where NAME is the participant's user or session
 *   /topic/a.#, .../>    /topic/a.**, in the words of RabbitMQ and ActiveMQ
 *
 * and any other as it is. False, with *refusal filled in, when nothing would ever come.
 */
bool resolve_subscribed(const struct broker *broker,
	const struct participant *participant, struct slice called,
	struct buf *resolved, struct broker_refusal *refusal);

/*
 * False, with *refusal filled in, for /user/queue/x, which names nobody, and for a
 * pattern of a user's destinations.
 */
bool resolve_sent(const struct broker *broker, struct slice destination,
	struct broker_refusal *refusal);

/* False, with *refusal filled in, when nobody could send to that reply-to. */
bool resolve_reply_to(const struct broker *broker, struct slice reply_to,
	struct broker_refusal *refusal);

#endif
