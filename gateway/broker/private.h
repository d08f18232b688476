/*
 * Destinations of one user or session. No client can name their addresses; private.c
 * lists these.
 */
#ifndef GATEWAY_BROKER_PRIVATE_H
#define GATEWAY_BROKER_PRIVATE_H

#include "gateway/broker/broker.h"
#include "gateway/broker/destination.h"
#include "gateway/session/message.h"

struct subscription;

/*
 * True for /user/..., as clients name it. *rest is then the part after /user/, and
 * points into the destination.
 */
bool private_is_user(struct slice destination, struct slice *rest);

/* True for /temp-queue/..., which each session understands as its own. */
bool private_is_temporary(struct slice destination);

/*
 * True for /reply-queue/TOKEN, which Postern has put into a reply-to. Only
 * private_aim_reply() checks the token. *token points into the destination.
 */
bool private_is_reply(struct slice destination, struct slice *token);

/*
 * Appends the homes' address of the participant's own /user + rest: that of its user
 * or, without a login, of its session.
 */
void private_own_address(
	const struct participant *participant, struct slice rest, struct buf *address);

/*
 * Fills the empty *target for a SEND to /user + `rest`. False when `rest` names no
 * user or no destination. The user may be offline.
 */
bool private_aim_user(struct slice rest, struct target *target);

/*
 * Fills the empty *target for a SEND to /reply-queue/ + `token`, that of a temporary
 * queue or of a session (replies.h). False when the token
 * names no worker of this process. The session may have ended meanwhile: then its
 * worker drops the message.
 */
bool private_aim_reply(
	const struct broker *broker, struct slice token, struct target *target);

/*
 * Opens a temporary queue: a subscription of the participant, which owns it. Its id is
 * `id`, which may be NULL.
 */
struct subscription *private_open_temporary(struct broker *broker,
	struct participant *participant, const struct slice *id,
	struct slice destination, enum stomp_version version);

/*
 * Appends to *reply the /reply-queue/TOKEN of the participant's temporary queue
 * `destination`: others may send there. Opens that queue if there is none yet. False,
 * with the call's refusal and nothing appended, if broker_may_subscribe() refuses it.
 */
bool private_reply_to(struct broker *broker, const struct broker_call *call,
	struct slice destination, struct buf *reply);

/*
 * Posts the message to the worker of a session's temporary queue; takes the only
 * reference over. That worker answers the request, even if the session has ended.
 */
void private_reply(struct broker *broker, unsigned worker, struct message *message,
	struct handle participant, uint64_t request);

/*
 * The next place for messages without a home, such as those to a temporary queue:
 * unique on this worker and in the order of calls.
 */
struct place private_place(struct broker *broker);

#endif
