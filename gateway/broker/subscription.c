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

/* Of a plain one the nodes of tables and two names take 170 bytes beside the struct. */
enum { SUBSCRIPTION_ENTRIES = 192 };

size_t subscription_size(const struct slice *id, struct slice destination)
{
	return sizeof(struct subscription) + SUBSCRIPTION_ENTRIES + destination.len +
	       (id == NULL ? 0 : id->len);
}

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
	subscription->held = (uint32_t)subscription_size(id, destination);
	session_hold(participant->session, subscription->held);
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

static size_t unacked_bytes(const struct unacked *unacked)
{
	return unacked->capacity * sizeof(struct unacked_item);
}

static int64_t subscription_held(const struct subscription *subscription)
{
	return subscription->held + (int64_t)unacked_bytes(&subscription->unacked);
}

/* A session that has ended has left the charge to the account. */
static void subscription_give_back(
	struct broker *broker, const struct subscription *subscription)
{
	const struct participant *participant = subscription->participant;
	const int64_t bytes = subscription_held(subscription);

	if (participant->session != NULL)
		session_hold(participant->session, -bytes);
	else
		budget_charge(broker->worker->workers, participant->account, -bytes);
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
	subscription_give_back(broker, subscription);
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
	int64_t held = 0;

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
		.account = participant->account,
		.subscriptions = participant->subscriptions,
		.subscription_count = participant->subscription_count,
	};
	for (size_t i = 0; i < participant->subscription_count; i++) {
		participant->subscriptions[i]->participant = &leaver->participant;
		held += subscription_held(participant->subscriptions[i]);
		subscription_silence(broker, participant->subscriptions[i]);
	}
	session_hold(participant->session, -held);
	budget_charge(broker->worker->workers, participant->account, held);
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

/*
 * How many unacknowledged deliveries the subscription may have; 0: any number. A topic
 * forgets the older half if there is no memory for more. A queue bounds its own.
 */
static size_t subscription_unacked_max(
	const struct subscription *subscription, bool from_queue)
{
	enum { LEAST = 16 }; /* that even then are remembered */
	const struct unacked *unacked = &subscription->unacked;
	const struct session *session = subscription->participant->session;

	if (from_queue)
		return 0;
	if (unacked->count == unacked->capacity && unacked->count >= LEAST &&
		!session_may_remember(session, unacked_bytes(unacked)))
		return unacked->count / 2; /* so many that it need not grow soon */
	return session_worker(session)->config->limits.unacked;
}

/* The delivery is to be acknowledged. `attempt`: of a queue; 0: it is of a topic. */
static void subscription_remember(struct subscription *subscription,
	const struct message *message, uint16_t attempt)
{
	struct unacked *unacked = &subscription->unacked;
	struct session *session = subscription->participant->session;
	const size_t before = unacked_bytes(unacked);

	if (!unacked_push(unacked, message_place(message), attempt > 0 ? attempt : 1,
		    subscription_unacked_max(subscription, attempt > 0)))
		metrics_refuse(session_worker(session)->metrics, BOUND_UNACKED);
	if (unacked_bytes(unacked) != before)
		session_hold(session, (int64_t)(unacked_bytes(unacked) - before));
}

/* Queues the message for the session, unchanged. */
static void subscription_push(struct subscription *subscription,
	struct message *message, uint16_t attempt, bool to_few)
{
	struct session *session = subscription->participant->session;
	const bool from_queue = attempt > 0;
	unsigned flags = from_queue ? DELIVERY_FROM_QUEUE | DELIVERY_TOLD : 0;

	if (to_few)
		flags |= DELIVERY_TO_FEW;
	if (subscription->ack != ACK_AUTO && subscription->version == STOMP_1_2)
		flags |= DELIVERY_ACK;
	/* Topics remember nothing, so nothing of theirs is requeued. */
	if (from_queue || subscription->ack != ACK_AUTO) {
		subscription_remember(subscription, message, attempt);
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

void subscription_deliver(struct subscription *subscription, struct message *message,
	uint16_t attempt, bool to_few)
{
	if (!subscription->is_alias) {
		subscription_push(subscription, message, attempt, to_few);
		return;
	}
	struct message *renamed =
		message_rename(message, name_text(subscription->destination));
	subscription_push(subscription, renamed, attempt, to_few);
	message_unref(renamed);
}
