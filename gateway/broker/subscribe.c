/* SUBSCRIBE and UNSUBSCRIBE: the destination decides who takes them. */
#include "gateway/broker/internal.h"

#include "gateway/metrics.h"

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
	buf_append(call->error, SLICE("The ack mode is unknown"));
	return false;
}

/* A consumer's credit; what cannot be remembered is not lent. */
static bool call_prefetch(
	const struct broker *broker, const struct broker_call *call, uint64_t *prefetch)
{
	const struct config *config = broker->worker->config;
	const struct slice *header = stomp_header(call->frame, SLICE("prefetch-count"));
	uint64_t number = 0;

	*prefetch = config->prefetch;
	if (header != NULL) {
		bool good = header->len > 0 && header->len < 10;

		for (size_t i = 0; good && i < header->len; i++) {
			good = header->data[i] >= '0' && header->data[i] <= '9';
			number = number * 10 + (uint64_t)(header->data[i] - '0');
		}
		if (!good || number == 0) {
			buf_append(call->error,
				SLICE("The prefetch-count is no number from 1"));
			return false;
		}
		*prefetch = number;
	}
	if (*prefetch > config->limits.unacked)
		*prefetch = config->limits.unacked;
	return true;
}

/* Who asks for less than all of a destination must not be given all of it in silence. */
static bool call_has_selector(const struct broker_call *call)
{
	const struct slice *selector = stomp_header(call->frame, SLICE("selector"));

	return selector != NULL && selector->len > 0;
}

bool broker_may_subscribe(const struct broker *broker, const struct broker_call *call,
	const struct slice *id, const struct slice *destination)
{
	uint64_t most = broker->worker->config->limits.subscriptions;

	if (id == NULL && call->version != STOMP_1_0) {
		buf_append(call->error, SLICE("SUBSCRIBE needs an id"));
		return false;
	}
	if (subscription_find(call->party, id, destination) != NULL) {
		buf_append(call->error, id != NULL
						? SLICE("The subscription id is in use")
						: SLICE("The destination is subscribed "
							"to"));
		return false;
	}
	if (call->party->subscription_count >= most) {
		metrics_refuse(broker->worker->metrics, BOUND_SUBSCRIPTIONS);
		buf_printf(call->error, "More than %llu subscriptions",
			(unsigned long long)most);
		return false;
	}
	return true;
}

/* To a topic (also a user's) or a queue: its home answers. */
static void broker_join(struct broker *broker, struct broker_call *call,
	const struct slice *id, struct slice destination, struct slice address,
	enum ack_mode ack, uint64_t prefetch)
{
	struct subscription *subscription = subscription_create(
		broker, call->party, id, destination, call->version);

	subscription->ack = ack;
	if (broker_is_queue(broker, address))
		subscription->kind = SUBSCRIPTION_QUEUE;
	else
		audience_add(broker, address, subscription);
	if (broker_is_pattern(address))
		subscription->kind = SUBSCRIPTION_PATTERN;
	call->answers = broker->backend->subscribe(
		broker, subscription, prefetch, call->request);
}

/* As many segments of patterns as destinations. Several workers may go a bit beyond. */
static bool broker_has_room_for(
	const struct broker *broker, struct slice pattern, struct buf *error)
{
	const struct worker *worker = broker->worker;
	const uint64_t there = atomic_load(&worker->crew->segments);
	const size_t growth = pattern_growth(&broker->patterns, pattern);

	if (growth == 0 || there + growth <= worker->config->limits.destinations)
		return true;
	metrics_refuse(worker->metrics, BOUND_DESTINATIONS);
	buf_append(error, SLICE("There are too many patterns"));
	return false;
}

/* A pattern, only of topics. */
static bool broker_may_match(
	const struct broker *broker, struct slice pattern, struct buf *error)
{
	if (broker_is_queue(broker, pattern)) {
		buf_append(
			error, SLICE("A queue is subscribed to by its name, not by a "
				     "pattern"));
		return false;
	}
	return pattern_check(pattern, broker->patterns.separator, error) &&
	       broker_has_room_for(broker, pattern, error);
}

/* To the party's own /user/... */
static enum broker_result join_user(struct broker *broker, struct broker_call *call,
	const struct slice *id, struct slice destination, enum ack_mode ack,
	uint64_t prefetch)
{
	struct buf address = {0};

	if (pattern_is(destination)) {
		buf_append(call->error, SLICE("Destinations of users are subscribed to "
					      "by their names"));
		return BROKER_REFUSED;
	}
	private_own_address(
		call->party, slice_from(destination, strlen("/user")), &address);
	broker_join(broker, call, id, destination, buf_slice(&address), ack, prefetch);
	buf_finish(&address);
	return BROKER_TAKEN;
}

static enum broker_result subscribe(struct broker *broker, struct broker_call *call)
{
	const struct slice *id = stomp_header(call->frame, SLICE("id"));
	const struct slice *destination = broker_destination(broker, call);
	enum ack_mode ack;
	uint64_t prefetch;
	struct slice rest;

	call->answers = 0;
	if (destination == NULL || !call_ack_mode(call, &ack) ||
		!call_prefetch(broker, call, &prefetch) ||
		!broker_may_subscribe(broker, call, id, destination))
		return BROKER_REFUSED;
	if (call_has_selector(call)) {
		buf_append(call->error, SLICE("Selectors are not supported"));
		return BROKER_DENIED;
	}

	if (private_is_user(*destination, &rest))
		return join_user(broker, call, id, *destination, ack, prefetch);
	if (private_is_temporary(*destination)) {
		private_open_temporary(
			broker, call->party, id, *destination, call->version)
			->ack = ack;
		return BROKER_TAKEN;
	}
	if (broker_is_app(broker, *destination, &rest))
		return app_subscribe(broker, call, id, *destination, ack);
	if (broker_is_pattern(*destination) &&
		!broker_may_match(broker, *destination, call->error))
		return BROKER_REFUSED;
	if (broker_is_topic(broker, *destination) ||
		broker_is_queue(broker, *destination)) {
		broker_join(
			broker, call, id, *destination, *destination, ack, prefetch);
		return BROKER_TAKEN;
	}
	buf_append(call->error,
		SLICE("No destination of that prefix can be subscribed to"));
	return BROKER_DENIED;
}

enum broker_result broker_subscribe(struct broker *broker, struct broker_call *call)
{
	return broker_conclude(broker, call, subscribe(broker, call));
}

enum broker_result broker_unsubscribe(struct broker *broker, struct broker_call *call)
{
	const struct slice *id = stomp_header(call->frame, SLICE("id"));
	const struct slice *destination =
		call->version == STOMP_1_0
			? stomp_header(call->frame, SLICE("destination"))
			: NULL;
	struct subscription *subscription =
		subscription_find(call->party, id, destination);

	call->answers = 0;
	if (subscription == NULL) {
		buf_append(call->error, id == NULL && destination == NULL
						? SLICE("UNSUBSCRIBE needs an id")
						: SLICE("There is no such "
							"subscription"));
		return BROKER_REFUSED;
	}
	call->answers = subscription_end(broker, subscription, call->request);
	return BROKER_TAKEN;
}
