/*
 * What the rules of the configuration let a client do (identity/access.h). A rule
 * speaks of the destination that the client names, after aliases are resolved. Without
 * rules all is permitted. A client may always subscribe to its own /user/... and
 * /temp-queue/..., and answer to a /reply-queue/TOKEN.
 */
#ifndef GATEWAY_BROKER_PERMIT_H
#define GATEWAY_BROKER_PERMIT_H

#include "gateway/broker/broker.h"
#include "gateway/broker/broker_refusal.h"

struct sender;

/* False, with *refusal filled in, when the client may not subscribe to it. */
bool permit_subscribe(const struct broker *broker,
	const struct participant *participant, struct slice destination,
	struct broker_refusal *refusal);

/* False, with *refusal filled in, when the sender may not send to it. */
bool permit_send(const struct broker *broker, const struct sender *sender,
	struct slice destination, struct broker_refusal *refusal);

/*
 * The rule that allows a client's SEND to that destination. NULL: none allows it, or no
 * rule is asked about it.
 */
const struct access_rule *permit_rule_of_send(const struct broker *broker,
	const struct sender *sender, struct slice destination);

/*
 * As permit_send(), for a reply-to: whoever answers may have more rights than the
 * sender, who must not borrow them. The sender's own /user/NAME/... and /temp-queue/...
 * are permitted.
 */
bool permit_reply_to(const struct broker *broker, const struct sender *sender,
	struct slice reply_to, struct broker_refusal *refusal);

/*
 * Dead letters may come from any client's queue, so not every client may read them:
 * those of an endpoint that may, and those for whom a rule opens them that names their
 * queue without a wildcard. False, with *refusal filled in, for others. True for any
 * other destination.
 */
bool permit_read(const struct broker *broker, const struct participant *participant,
	struct slice destination, struct broker_refusal *refusal);

/* A subscription that the rules have ended. Zeroed at first; permit_ended_finish(). */
struct permit_ended {
	struct buf id; /* empty: it had none */
	struct buf destination;
	struct broker_refusal refusal;
};

/*
 * Looks again whether the participant may have its subscription of that index. If the
 * rules, or its identity, do not let it any more: ends the subscription, fills in
 * *ended, and returns false. A later UNSUBSCRIBE of the client is then no mistake.
 */
bool permit_keep(struct broker *broker, struct participant *participant, size_t index,
	struct permit_ended *ended);
void permit_ended_finish(struct permit_ended *ended);

/* Why somebody may do something, or not. */
struct permit_explanation {
	bool is_allowed;
	const struct access_rule *rule; /* the configuration's; NULL: `text` says why */
	char text[300];
};

/*
 * Fills *explanation as a gateway with that configuration would decide, for a client of
 * an endpoint: aliases, the client's own, rules, and who owns the destination. It needs
 * no worker.
 */
void permit_explain(const struct config *config, const struct identity *identity,
	enum access_action action, struct slice destination,
	struct permit_explanation *explanation);

#endif
