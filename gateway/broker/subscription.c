/*
 * A participant's subscriptions, in the order in which they were made. So a binary
 * search finds a subscription by its ordinal.
 */
#include "gateway/broker/subscription.h"

#include "gateway/broker/audience.h"
#include "gateway/broker/delivery_index.h"
#include "gateway/broker/internal.h"
#include "gateway/broker/refused.h"
#include "gateway/session/session.h"
#include "gateway/worker/metrics.h"
#include "protocol/xmalloc.h"

#include <stdlib.h>

struct subscription *subscription_create(struct broker *broker,
	struct participant *participant, const struct slice *id,
	struct slice destination, enum stomp_version version)
{
	struct subscription *subscription = xcalloc(1, sizeof(*subscription));
	struct names *names = &broker->worker->names;

	subscription->participant = participant;
	subscription->version = version;
	subscription->id = id == NULL ? NULL : name_intern(names, *id);
	subscription->destination = name_intern(names, destination);
	subscription->ordinal = ++participant->ordinals;
	if (participant->subscription_count == participant->subscription_capacity) {
		participant->subscription_capacity =
			participant->subscription_capacity == 0
				? 1
				: participant->subscription_capacity * 2;
		participant->subscriptions = xrealloc(participant->subscriptions,
			participant->subscription_capacity * sizeof(subscription));
	}
	participant->subscriptions[participant->subscription_count++] = subscription;
	registry_add(&broker->subscriptions, &subscription->entry);
	counter_add(&broker->worker->metrics->subscriptions, 1);
	return subscription;
}

/* The index of the first subscription with at least that ordinal. */
static size_t participant_seek(const struct participant *participant, uint32_t ordinal)
{
	size_t low = 0, high = participant->subscription_count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (participant->subscriptions[middle]->ordinal < ordinal)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* From now on nothing is delivered to it. */
static void subscription_silence(
	struct broker *broker, struct subscription *subscription)
{
	if (subscription->audience != NULL)
		audience_leave(subscription);
	registry_remove(&broker->subscriptions, &subscription->entry);
	counter_add(&broker->worker->metrics->subscriptions, (uint64_t)-1);
}

/*
 * Tells the engine, and frees the subscription, which is silent. `lost`: see struct
 * engine_ops.
 */
static size_t subscription_finish(struct broker *broker,
	struct subscription *subscription, size_t lost, uint64_t request)
{
	struct names *names = &broker->worker->names;
	struct engine *engine = subscription_engine(broker, subscription);
	size_t answers = 0;

	/*
	 * The engine forgets a subscription that has not joined when that is answered.
	 */
	if (subscription->kind != SUBSCRIPTION_LOCAL &&
		(subscription->joining == 0 ||
			subscription->kind == SUBSCRIPTION_PATTERN))
		answers = engine->ops->unsubscribe(engine, subscription, lost, request);
	if (subscription->audience != NULL)
		audience_forget(broker, subscription);
	unacked_finish(&subscription->unacked);
	name_unref(names, subscription->id);
	name_unref(names, subscription->destination);
	free(subscription);
	return answers;
}

size_t subscription_end(
	struct broker *broker, struct subscription *subscription, uint64_t request)
{
	struct participant *participant = subscription->participant;
	const size_t index = participant_seek(participant, subscription->ordinal);

	if (subscription->kind == SUBSCRIPTION_QUEUE)
		session_withdraw(participant->session, subscription->ordinal);
	subscription_silence(broker, subscription);
	participant->subscription_count--;
	memmove(participant->subscriptions + index,
		participant->subscriptions + index + 1,
		(participant->subscription_count - index) * sizeof(subscription));
	return subscription_finish(broker, subscription, 0, request);
}

/*
 * A session ends: its subscriptions are silent at once, and end in the next turns.
 * Each has a post for its home, or for all homes, and memory to free; a session may
 * have many, and many sessions may end in one turn.
 */

/* What is left of the participant. */
struct leaver {
	struct list link;               /* in broker->leavers */
	struct participant participant; /* named by the subscriptions */
};

static bool participant_has_queue(const struct participant *participant)
{
	for (size_t i = 0; i < participant->subscription_count; i++) {
		if (participant->subscriptions[i]->kind == SUBSCRIPTION_QUEUE)
			return true;
	}
	return false;
}

void subscriptions_leave(struct broker *broker, struct participant *participant)
{
	struct leaver *leaver;

	if (participant->subscription_count == 0) {
		free(participant->subscriptions);
		participant->subscriptions = NULL;
		participant->subscription_capacity = 0;
		return;
	}
	if (participant_has_queue(participant))
		session_withdraw_all(participant->session);
	leaver = xcalloc(1, sizeof(*leaver));
	leaver->participant = (struct participant){
		.entry.number = participant->entry.number,
		.subscriptions = participant->subscriptions,
		.subscription_count = participant->subscription_count,
	};
	for (size_t i = 0; i < participant->subscription_count; i++) {
		participant->subscriptions[i]->participant = &leaver->participant;
		subscription_silence(broker, participant->subscriptions[i]);
	}
	participant->subscriptions = NULL;
	participant->subscription_count = participant->subscription_capacity = 0;
	list_append(&broker->leavers, &leaver->link);
	broker->worker->owing++;
}

bool subscriptions_end_left(struct broker *broker, size_t most)
{
	for (; most > 0 && !list_is_empty(&broker->leavers); most--) {
		struct leaver *leaver =
			container_of(broker->leavers.next, struct leaver, link);
		struct participant *left = &leaver->participant;
		struct subscription *last =
			left->subscriptions[--left->subscription_count];

		/* What the kernel had taken counts as lost with its consumer. */
		subscription_finish(
			broker, last, unacked_count_sent(&last->unacked), 0);
		if (left->subscription_count > 0)
			continue;
		list_remove(&leaver->link);
		broker->worker->owing--;
		free(left->subscriptions);
		free(leaver);
	}
	return list_is_empty(&broker->leavers);
}

struct subscription *subscription_find(const struct participant *participant,
	const struct slice *id, const struct slice *destination)
{
	for (size_t i = 0; i < participant->subscription_count; i++) {
		struct subscription *one = participant->subscriptions[i];

		if (id != NULL ? one->id != NULL && slice_equal(name_text(one->id), *id)
			       : destination != NULL &&
					 slice_equal(name_text(one->destination),
						 *destination))
			return one;
	}
	return NULL;
}

struct subscription *subscription_find_nameless(
	const struct participant *participant, const struct slice *destination)
{
	for (size_t i = 0; destination != NULL && i < participant->subscription_count;
		i++) {
		struct subscription *one = participant->subscriptions[i];

		if (one->id == NULL &&
			slice_equal(name_text(one->destination), *destination))
			return one;
	}
	return NULL;
}

struct subscription *subscription_at(
	const struct participant *participant, uint32_t ordinal)
{
	size_t index = participant_seek(participant, ordinal);

	return index < participant->subscription_count &&
			       participant->subscriptions[index]->ordinal == ordinal
		       ? participant->subscriptions[index]
		       : NULL;
}

struct slice subscription_address(const struct subscription *subscription)
{
	return subscription->audience != NULL ? audience_address(subscription->audience)
					      : name_text(subscription->destination);
}

struct engine *subscription_engine(
	const struct broker *broker, const struct subscription *subscription)
{
	return broker_engine(broker, subscription_address(subscription));
}

/* Queues the message for the session, unchanged. */
static void subscription_push(
	struct subscription *subscription, struct message *message, uint16_t attempt)
{
	struct session *session = subscription->participant->session;
	const struct worker *worker = session_worker(session);
	const bool from_queue = attempt > 0;
	unsigned flags = from_queue ? DELIVERY_FROM_QUEUE | DELIVERY_TOLD : 0;

	if (subscription->ack != ACK_AUTO && subscription->version == STOMP_1_2)
		flags |= DELIVERY_ACK;
	/* Topics remember nothing, so nothing of theirs is requeued. */
	if (from_queue || subscription->ack != ACK_AUTO) {
		if (!unacked_push(&subscription->unacked, message_place(message),
			    from_queue ? attempt : 1,
			    from_queue ? 0 : worker->config->limits.unacked))
			metrics_refuse(worker->metrics, BOUND_UNACKED);
		delivery_index_note(subscription);
	}
	session_send(session, &(struct delivery){
				      .message = message,
				      .subscription = subscription->id,
				      .ordinal = subscription->ordinal,
				      .attempt = attempt,
				      .version = subscription->version,
				      .flags = (uint8_t)flags,
				      .command = STOMP_MESSAGE,
			      });
}

void subscription_deliver(
	struct subscription *subscription, struct message *message, uint16_t attempt)
{
	if (!subscription->is_alias) {
		subscription_push(subscription, message, attempt);
		return;
	}
	struct message *renamed =
		message_rename(message, name_text(subscription->destination));
	subscription_push(subscription, renamed, attempt);
	message_unref(renamed);
}
