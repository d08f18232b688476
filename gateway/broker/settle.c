/*
 * ACK and NACK. The participant's worker knows what a client may acknowledge, so it
 * refuses a wrong one immediately, without the home. On topics both mean nothing, but
 * must be right.
 *
 * Old clients acknowledge every message. A message of a subscription with ack:auto
 * needs no ACK, and is not remembered. So a client that has or had such a subscription
 * is not refused for an ACK of an unknown message.
 */
#include "gateway/broker/delivery_id.h"
#include "gateway/broker/delivery_index.h"
#include "gateway/broker/internal.h"
#include "gateway/broker/subscription.h"
#include "gateway/broker/transaction.h"
#include "gateway/worker/metrics.h"
#include "protocol/xmalloc.h"

#include <stdlib.h>

enum finding {
	FINDING_NOTHING,
	FINDING_DELIVERY,
	FINDING_AUTO, /* needs no acknowledgement */
};

/* SIZE_MAX when the subscription has no such delivery, or had an earlier one. */
static size_t subscription_find_delivery(
	const struct subscription *subscription, const struct delivery_id *id)
{
	const struct unacked *unacked = &subscription->unacked;
	const size_t index = delivery_find(subscription, id->place);

	return index == SIZE_MAX || unacked_at(unacked, index)->attempt == id->attempt
		       ? index
		       : SIZE_MAX;
}

/* It may have had that delivery, and have forgotten it. */
static bool subscription_has_forgotten(
	const struct subscription *subscription, const struct delivery_id *id)
{
	return subscription->kind != SUBSCRIPTION_QUEUE &&
	       subscription->unacked.has_forgotten && id->attempt == 1;
}

static enum finding settle_find_delivery(struct subscription *subscription,
	const struct delivery_id *id, struct delivery_found *found)
{
	if (subscription == NULL)
		return FINDING_NOTHING;
	if (subscription->ack == ACK_AUTO)
		return FINDING_AUTO;
	found->subscription = subscription;
	found->index = subscription_find_delivery(subscription, id);
	return found->index != SIZE_MAX || subscription_has_forgotten(subscription, id)
		       ? FINDING_DELIVERY
		       : FINDING_NOTHING;
}

/*
 * Some clients of STOMP 1.2 send the message-id as `id`. It does not name the
 * subscription, so it counts only if no other subscription has that message.
 */
static enum finding settle_find_only(struct participant *participant,
	const struct delivery_id *id, struct delivery_found *found)
{
	return delivery_find_any(participant, id->place, id->attempt, false, found) == 1
		       ? FINDING_DELIVERY
		       : FINDING_NOTHING;
}

/* STOMP 1.2: the MESSAGE's ack header. */
static enum finding settle_find_by_ack(struct participant *participant,
	struct slice text, struct delivery_found *found)
{
	struct delivery_id id;

	if (!delivery_id_read(text, &id))
		return FINDING_NOTHING;
	return id.ordinal == 0
		       ? settle_find_only(participant, &id, found)
		       : settle_find_delivery(
				 subscription_at(participant, id.ordinal), &id, found);
}

/*
 * In the oldest subscription that has the message; `nameless`: only in those without an
 * id. Else a subscription that has forgotten deliveries may have had it.
 */
static enum finding settle_find_anywhere(struct participant *participant, bool nameless,
	const struct delivery_id *id, struct delivery_found *found)
{
	if (delivery_find_any(participant, id->place, id->attempt, nameless, found) > 0)
		return FINDING_DELIVERY;
	for (size_t i = 0; i < participant->subscription_count; i++) {
		struct subscription *one = participant->subscriptions[i];

		if (one->ack != ACK_AUTO && (!nameless || one->id == NULL) &&
			subscription_has_forgotten(one, id)) {
			*found = (struct delivery_found){one, SIZE_MAX};
			return FINDING_DELIVERY;
		}
	}
	return FINDING_NOTHING;
}

/*
 * STOMP 1.0 and 1.1: the message-id; since 1.1 also the subscription, if that has an
 * id.
 */
static enum finding settle_find_by_message(const struct broker_call *call,
	struct slice text, const struct slice *subscription,
	struct delivery_found *found)
{
	struct participant *participant = call->participant;
	struct delivery_id id;
	const bool is_id = delivery_id_read(text, &id) && id.ordinal == 0;

	if (subscription != NULL) {
		struct subscription *one =
			subscription_find(participant, subscription, NULL);

		if (one != NULL && one->ack == ACK_AUTO)
			return FINDING_AUTO;
		return is_id ? settle_find_delivery(one, &id, found) : FINDING_NOTHING;
	}
	return is_id ? settle_find_anywhere(
			       participant, call->version != STOMP_1_0, &id, found)
		     : FINDING_NOTHING;
}

static bool participant_has_nameless(const struct participant *participant)
{
	for (size_t i = 0; i < participant->subscription_count; i++) {
		if (participant->subscriptions[i]->id == NULL)
			return true;
	}
	return false;
}

/* False, with a refusal. For an ACK without effect, the subscription is NULL. */
static bool settle_find_acknowledged(
	const struct broker_call *call, struct delivery_found *found)
{
	const enum stomp_version version = call->version;
	const char *name = version == STOMP_1_2 ? "id" : "message-id";
	const struct slice *id = broker_header(call, name, true);
	const struct slice *subscription =
		version == STOMP_1_1 ? stomp_header(call->frame, SLICE("subscription"))
				     : NULL;

	if (id == NULL || (version == STOMP_1_1 && subscription == NULL &&
				  !participant_has_nameless(call->participant) &&
				  broker_header(call, "subscription", true) == NULL))
		return false;
	const enum finding finding =
		version == STOMP_1_2
			? settle_find_by_ack(call->participant, *id, found)
			: settle_find_by_message(call, *id, subscription, found);
	if (finding == FINDING_DELIVERY)
		return true;
	found->subscription = NULL;
	if (finding == FINDING_AUTO || call->participant->had_auto)
		return true;
	broker_refuse(call->refusal, REFUSAL_UNKNOWN_MESSAGE,
		version == STOMP_1_2 ? "header id" : "header message-id", id);
	return false;
}

/*
 * The index of the oldest delivery that the frame means: with ack:client, all up to
 * the named one.
 */
static size_t acknowledged_first(const struct delivery_found *found)
{
	return found->subscription->ack == ACK_CLIENT ? 0 : found->index;
}

/* Returns how many answers to `request` will come. */
static size_t settle_now(struct broker *broker, const struct delivery_found *found,
	enum outcome outcome, uint64_t request)
{
	struct subscription *subscription = found->subscription;
	struct unacked *unacked = &subscription->unacked;
	const size_t first = acknowledged_first(found);
	struct place *places = xmalloc((found->index - first + 1) * sizeof(*places));
	size_t count = 1, answers = 0;

	if (first == found->index) {
		*places = unacked_at(unacked, first)->place;
		unacked_remove(unacked, first);
	} else {
		count = unacked_take_up_to(unacked, found->index, places);
	}
	if (subscription->kind == SUBSCRIPTION_QUEUE) {
		struct engine *engine = subscription_engine(broker, subscription);

		answers = engine->ops->settle(
			engine, subscription, places, count, outcome, request);
	}
	free(places);
	return answers;
}

static bool settle_later(struct broker *broker, struct transaction *transaction,
	const struct delivery_found *found, enum outcome outcome,
	struct broker_refusal *refusal)
{
	struct unacked *unacked = &found->subscription->unacked;

	for (size_t i = acknowledged_first(found); i <= found->index; i++) {
		struct unacked_item *item = unacked_at(unacked, i);

		if (item->in_transaction)
			continue;
		if (!transaction_add(broker, transaction,
			    &(struct action){
				    .ordinal = found->subscription->ordinal,
				    .place = item->place,
				    .outcome = outcome,
			    },
			    refusal))
			return false;
		item->in_transaction = true;
	}
	return true;
}

/* A NACK may say that the message must not be requeued. False, with a refusal. */
static bool settle_read_outcome(const struct broker_call *call, enum outcome *outcome)
{
	const struct slice *requeue;

	*outcome = OUTCOME_ACCEPT;
	if (call->frame->command == STOMP_ACK)
		return true;
	*outcome = OUTCOME_REJECT;
	if (call->version == STOMP_1_0) {
		broker_refuse(call->refusal, REFUSAL_NO_NACK, NULL, NULL);
		return false;
	}
	requeue = stomp_header(call->frame, SLICE("requeue"));
	if (requeue == NULL || slice_equal(*requeue, SLICE("true")))
		return true;
	*outcome = OUTCOME_DISCARD;
	if (slice_equal(*requeue, SLICE("false")))
		return true;
	broker_refuse(call->refusal, REFUSAL_REQUEUE, "header requeue", requeue);
	broker_refusal_hint(call->refusal, "It is true or false.");
	return false;
}

static enum broker_result settle_frame(struct broker *broker, struct broker_call *call)
{
	struct transaction *transaction = NULL;
	enum outcome outcome;
	struct delivery_found found = {NULL, 0};

	call->answers = 0;
	if (!settle_read_outcome(call, &outcome) ||
		!transaction_of(call, &transaction) ||
		!settle_find_acknowledged(call, &found))
		return BROKER_REFUSED;
	if (found.subscription == NULL) {
		counter_add(&broker->worker->metrics->ignored_acks, 1);
		return BROKER_TAKEN;
	}
	if (found.index == SIZE_MAX ||
		(transaction != NULL && transaction->doom != NULL))
		return BROKER_TAKEN;
	if (unacked_at(&found.subscription->unacked, found.index)->in_transaction)
		return broker_refuse(call->refusal, REFUSAL_ACKNOWLEDGED,
			call->version == STOMP_1_2 ? "header id" : "header message-id",
			stomp_header(call->frame, call->version == STOMP_1_2
							  ? SLICE("id")
							  : SLICE("message-id")));
	if (transaction != NULL)
		return settle_later(broker, transaction, &found, outcome, call->refusal)
			       ? BROKER_TAKEN
			       : BROKER_REFUSED;
	call->answers = settle_now(broker, &found, outcome, call->request);
	return BROKER_TAKEN;
}

enum broker_result broker_settle(struct broker *broker, struct broker_call *call)
{
	return transaction_conclude(call, settle_frame(broker, call));
}

void broker_sent(
	struct broker *broker, struct participant *participant, uint32_t ordinal)
{
	struct subscription *subscription = subscription_at(participant, ordinal);

	if (subscription == NULL)
		return;
	if (subscription->ack != ACK_AUTO) {
		unacked_tell_sent(&subscription->unacked);
		return;
	}
	if (subscription->unacked.count == 0)
		return;
	struct place place = unacked_at(&subscription->unacked, 0)->place;
	unacked_remove(&subscription->unacked, 0);
	struct engine *engine = subscription_engine(broker, subscription);
	engine->ops->settle(engine, subscription, &place, 1, OUTCOME_ACCEPT, 0);
}
