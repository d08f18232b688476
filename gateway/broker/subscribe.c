/* SUBSCRIBE and UNSUBSCRIBE: the destination decides where they go. */
#include "gateway/broker/subscribe.h"

#include "gateway/broker/app.h"
#include "gateway/broker/audience.h"
#include "gateway/broker/destination.h"
#include "gateway/broker/foreign.h"
#include "gateway/broker/internal.h"
#include "gateway/broker/permit.h"
#include "gateway/broker/private.h"
#include "gateway/broker/refused.h"
#include "gateway/broker/resolve.h"
#include "gateway/broker/subscription.h"
#include "gateway/session/session.h"
#include "gateway/worker/metrics.h"
#include "gateway/worker/share.h"
#include "protocol/number.h"

enum { PREFETCH_DIGITS_MAX = 9 };

static bool call_ack_mode(const struct broker_call *call, enum ack_mode *mode)
{
	static const struct {
		struct slice name;
		enum ack_mode mode;
	} modes[] = {
		{SLICE_INIT("auto"), ACK_AUTO},
		{SLICE_INIT("client"), ACK_CLIENT},
		{SLICE_INIT("client-individual"), ACK_INDIVIDUAL},
	};
	const struct slice *ack = stomp_header(call->frame, SLICE("ack"));

	*mode = ACK_AUTO;
	if (ack == NULL)
		return true;
	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
		if (slice_equal(*ack, modes[i].name)) {
			*mode = modes[i].mode;
			return true;
		}
	}
	broker_refuse(call->refusal, REFUSAL_ACK_MODE, "header ack", ack);
	broker_refusal_hint(call->refusal, "It is auto, client or client-individual.");
	return false;
}

/*
 * A consumer's credit. Unacknowledged deliveries must be remembered, so their limit
 * bounds the credit.
 */
static bool call_prefetch(
	const struct broker *broker, const struct broker_call *call, uint64_t *prefetch)
{
	const struct config *config = broker->worker->config;
	const struct slice *header = stomp_header(call->frame, SLICE("prefetch-count"));
	uint64_t number;

	*prefetch = config->prefetch;
	if (header != NULL) {
		if (header->len > PREFETCH_DIGITS_MAX ||
			!number_read(*header, UINT64_MAX, &number) || number == 0) {
			broker_refuse(call->refusal, REFUSAL_PREFETCH,
				"header prefetch-count", header);
			return false;
		}
		*prefetch = number;
	}
	if (*prefetch > config->limits.unacked)
		*prefetch = config->limits.unacked;
	return true;
}

/* A client that selects a part of a destination must not silently get all of it. */
static bool call_may_select(const struct broker *broker, const struct broker_call *call,
	struct slice destination)
{
	const struct slice *selector = stomp_header(call->frame, SLICE("selector"));

	if (selector == NULL || selector->len == 0 ||
		engine_understands(
			broker_engine(broker, destination)->ops, SLICE("selector")))
		return true;
	broker_refuse(call->refusal, REFUSAL_SELECTOR, "header selector", selector);
	return false;
}

/*
 * The subscription that the frame names. Without an id it is that of the destination:
 * in STOMP 1.0 whether it has an id or not, later only one without.
 */
static struct subscription *broker_named(const struct broker_call *call,
	const struct slice *id, const struct slice *destination)
{
	return id == NULL && call->version != STOMP_1_0
		       ? subscription_find_nameless(call->participant, destination)
		       : subscription_find(call->participant, id, destination);
}

static bool subscribe_has_memory(const struct broker *broker,
	const struct broker_call *call, const struct slice *id,
	const struct slice *destination)
{
	if (session_may_hold(
		    call->participant->session, subscription_size(id, *destination)))
		return true;
	metrics_refuse(broker->worker->metrics, BOUND_MEMORY);
	broker_refuse(
		call->refusal, REFUSAL_SUBSCRIPTION_MEMORY, "destination", destination);
	return false;
}

bool broker_may_subscribe(const struct broker *broker, const struct broker_call *call,
	const struct slice *id, const struct slice *destination)
{
	uint64_t most = broker->worker->config->limits.subscriptions;

	if (broker_named(call, id, destination) != NULL) {
		if (id != NULL)
			broker_refuse(
				call->refusal, REFUSAL_ID_IN_USE, "header id", id);
		else
			broker_refuse(call->refusal, REFUSAL_SUBSCRIBED, "destination",
				destination);
		return false;
	}
	if (call->participant->subscription_count >= most) {
		metrics_refuse(broker->worker->metrics, BOUND_SUBSCRIPTIONS);
		broker_refuse(call->refusal, REFUSAL_SUBSCRIPTIONS, "destination",
			destination);
		broker_refusal_hint(call->refusal, "limits.subscriptions is %llu.",
			(unsigned long long)most);
		return false;
	}
	return subscribe_has_memory(broker, call, id, destination);
}

/* Joins a topic (also a user's) or a queue: its home answers. */
static struct subscription *broker_join(struct broker *broker, struct broker_call *call,
	const struct slice *id, struct slice destination, struct slice address,
	enum ack_mode ack, uint64_t prefetch)
{
	struct subscription *subscription = subscription_create(
		broker, call->participant, id, destination, call->version);

	subscription->ack = ack;
	if (destination_is_queue(broker, address))
		subscription->kind = SUBSCRIPTION_QUEUE;
	else
		audience_add(broker, address, subscription);
	if (destination_is_pattern(address))
		subscription->kind = SUBSCRIPTION_PATTERN;
	struct engine *engine = broker_engine(broker, address);
	foreign_warn(engine->ops, call->participant, call->frame);
	call->answers = engine->ops->subscribe(
		engine, subscription, call->frame, prefetch, call->request);
	return subscription;
}

/*
 * The segments of patterns share the limit of destinations. Several workers may exceed
 * it a little. A pattern that others subscribe to here costs nothing.
 */
static bool broker_has_room_for(const struct broker *broker, uint32_t account,
	struct slice pattern, enum refusal_kind *why)
{
	const struct pattern_set *patterns = &broker->audiences.patterns;
	const struct worker *worker = broker->worker;
	const uint64_t most = worker->config->limits.destinations;

	if (pattern_find(patterns, pattern) != NULL)
		return true;
	if (atomic_load(&worker->workers->segments) +
			pattern_growth(patterns, pattern) >
		most) {
		metrics_refuse(worker->metrics, BOUND_DESTINATIONS);
		*why = REFUSAL_PATTERNS;
		return false;
	}
	*why = REFUSAL_SHARE;
	return share_has_room(worker, account, ACCOUNT_SEGMENTS,
		pattern_segments(patterns, pattern), most);
}

/* Patterns match topics only. */
static bool broker_may_match(const struct broker *broker, uint32_t account,
	struct slice pattern, struct broker_refusal *refusal)
{
	enum refusal_kind kind;
	struct buf why = {0};

	if (destination_is_queue(broker, pattern)) {
		broker_refuse(refusal, REFUSAL_QUEUE_PATTERN, "destination", &pattern);
		return false;
	}
	if (!pattern_check(pattern, broker->audiences.patterns.separator, &why)) {
		broker_refuse(refusal, REFUSAL_PATTERN, "destination", &pattern);
		broker_refusal_hint(refusal, "%.*s.", SLICE_ARGS(buf_slice(&why)));
		buf_finish(&why);
		return false;
	}
	if (broker_has_room_for(broker, account, pattern, &kind))
		return true;
	broker_refuse(refusal, kind, "destination", &pattern);
	destination_hint_limit(broker, refusal);
	return false;
}

/* Joins the participant's own /user/..., which a client may also name otherwise. */
static enum broker_result join_user(struct broker *broker, struct broker_call *call,
	const struct slice *id, struct slice called, struct slice destination,
	enum ack_mode ack, uint64_t prefetch)
{
	struct buf address = {0};

	if (pattern_is(destination))
		return broker_refuse(call->refusal, REFUSAL_USER_PATTERN, "destination",
			&destination);
	private_own_address(
		call->participant, slice_from(destination, strlen("/user")), &address);
	broker_join(broker, call, id, called, buf_slice(&address), ack, prefetch)
		->is_alias = !slice_equal(called, destination);
	buf_finish(&address);
	return BROKER_TAKEN;
}

/* Subscribes by `destination`; the client's own name for it may differ. */
static enum broker_result subscribe_to(struct broker *broker, struct broker_call *call,
	const struct slice *id, struct slice called, struct slice destination,
	enum ack_mode ack, uint64_t prefetch)
{
	struct slice rest;

	if (!permit_subscribe(broker, call->participant, destination, call->refusal))
		return BROKER_REFUSED;
	if (private_is_user(destination, &rest))
		return join_user(broker, call, id, called, destination, ack, prefetch);
	if (private_is_temporary(destination)) {
		private_open_temporary(
			broker, call->participant, id, destination, call->version)
			->ack = ack;
		return BROKER_TAKEN;
	}
	if (destination_is_app(broker, destination, &rest))
		return app_subscribe(broker, call, id, destination, ack);
	if (destination_is_pattern(destination) &&
		!broker_may_match(
			broker, call->participant->account, destination, call->refusal))
		return BROKER_REFUSED;
	if (!permit_read(broker, call->participant, destination, call->refusal))
		return BROKER_REFUSED;
	if (destination_is_topic(broker, destination) ||
		destination_is_queue(broker, destination)) {
		broker_join(broker, call, id, called, destination, ack, prefetch);
		return BROKER_TAKEN;
	}
	return broker_refuse(
		call->refusal, REFUSAL_NOT_SUBSCRIBABLE, "destination", &destination);
}

static enum broker_result subscribe_to_engine(
	struct broker *broker, struct broker_call *call)
{
	const struct slice *id = stomp_header(call->frame, SLICE("id"));
	const struct slice *destination = destination_of(broker, call);
	enum ack_mode ack;
	uint64_t prefetch;
	struct buf resolved = {0};
	enum broker_result result = BROKER_REFUSED;

	call->answers = 0;
	if (destination == NULL || !call_ack_mode(call, &ack) ||
		!call_prefetch(broker, call, &prefetch) ||
		!broker_may_subscribe(broker, call, id, destination))
		return BROKER_REFUSED;
	if (resolve_subscribed(broker, call->participant, *destination, &resolved,
		    call->refusal) &&
		call_may_select(broker, call, buf_slice(&resolved)))
		result = subscribe_to(broker, call, id, *destination,
			buf_slice(&resolved), ack, prefetch);
	buf_finish(&resolved);
	return result;
}

/* A client that continues may name it in a later UNSUBSCRIBE. */
static void broker_remember_refused(
	struct broker *broker, const struct broker_call *call)
{
	const struct slice *destination =
		stomp_header(call->frame, SLICE("destination"));

	if (refusal_class(call->refusal->kind) != REFUSAL_MALFORMED)
		refused_remember(broker, call->participant,
			stomp_header(call->frame, SLICE("id")), *destination);
}

static void broker_remember_taken(struct broker *broker,
	struct participant *participant, const struct stomp_frame *frame)
{
	const struct subscription *latest =
		participant->subscriptions[participant->subscription_count - 1];

	participant->had_auto = participant->had_auto || latest->ack == ACK_AUTO;
	refused_forget(broker, participant, stomp_header(frame, SLICE("id")),
		stomp_header(frame, SLICE("destination")));
}

enum broker_result broker_subscribe(struct broker *broker, struct broker_call *call)
{
	const enum broker_result result = subscribe_to_engine(broker, call);

	if (result == BROKER_TAKEN)
		broker_remember_taken(broker, call->participant, call->frame);
	else
		broker_remember_refused(broker, call);
	return credit_conclude(broker, call, result);
}

void subscription_refuse(struct broker *broker, struct subscription *subscription)
{
	const struct slice id =
		subscription->id == NULL ? SLICE("") : name_text(subscription->id);

	refused_remember(broker, subscription->participant,
		subscription->id == NULL ? NULL : &id,
		name_text(subscription->destination));
	subscription_end(broker, subscription, 0);
}

enum broker_result broker_unsubscribe(struct broker *broker, struct broker_call *call)
{
	const struct slice *id = stomp_header(call->frame, SLICE("id"));
	const struct slice *destination =
		stomp_header(call->frame, SLICE("destination"));
	struct subscription *subscription = broker_named(call, id, destination);

	call->answers = 0;
	if (subscription != NULL) {
		call->answers = subscription_end(broker, subscription, call->request);
		return credit_conclude(broker, call, BROKER_TAKEN);
	}
	if (refused_forget(broker, call->participant, id, destination))
		return BROKER_TAKEN;
	if (id == NULL && destination == NULL) {
		broker_header(call, "id", true);
		return BROKER_REFUSED;
	}
	return broker_refuse(call->refusal, REFUSAL_UNKNOWN_SUBSCRIPTION,
		id != NULL ? "header id" : "destination",
		id != NULL ? id : destination);
}
