/*
 * Turns a client's name for a destination into the broker's, before any other check.
 * Names that can never be reached are refused here.
 */
#ifndef GATEWAY_BROKER_RESOLVE_H
#define GATEWAY_BROKER_RESOLVE_H

#include "gateway/broker/broker.h"

/*
 * Appends to *resolved the destination that a SUBSCRIBE to `called` means:
 *
 *   /user/NAME/queue/x   /user/queue/x, where NAME is the participant's user or session
 *   /topic/a.#, .../>    /topic/a.**, in the words of RabbitMQ and ActiveMQ
 *
 * Any other stays as it is. False, with *refusal filled in, when no message would ever
 * come.
 */
bool resolve_subscribed(const struct broker *broker,
	const struct participant *participant, struct slice called,
	struct buf *resolved, struct broker_refusal *refusal);

/* The same for whoever has that user's name (empty: none) and that session's label. */
bool resolve_subscribed_by(const struct broker *broker, struct slice user,
	struct slice label, struct slice called, struct buf *resolved,
	struct broker_refusal *refusal);

/*
 * True when a SEND to that destination can reach something. False, with *refusal
 * filled in, for /user/queue/x, which lacks a name, and for a pattern below a user.
 */
bool resolve_sent(const struct broker *broker, struct slice destination,
	struct broker_refusal *refusal);

/*
 * As resolve_sent(), for a reply-to. A destination that nobody owns, or a pattern,
 * passes: the answer to it is refused when it is sent.
 */
bool resolve_reply_to(const struct broker *broker, struct slice reply_to,
	struct broker_refusal *refusal);

#endif
