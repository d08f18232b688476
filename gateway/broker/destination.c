#include "gateway/broker/destination.h"

#include "gateway/broker/internal.h"
#include "gateway/broker/pattern.h"
#include "gateway/broker/private.h"
#include "gateway/broker/resolve.h"
#include "gateway/worker/metrics.h"
#include "gateway/worker/share.h"
#include "protocol/url.h"

const struct slice *destination_of(
	const struct broker *broker, const struct broker_call *call)
{
	const struct slice *destination = broker_header(call, "destination", false);
	uint64_t most = broker->worker->config->limits.destination;

	if (destination == NULL || destination->len <= most)
		return destination;
	metrics_refuse(broker->worker->metrics, BOUND_DESTINATION);
	broker_refuse(
		call->refusal, REFUSAL_DESTINATION_SIZE, "destination", destination);
	broker_refusal_hint(call->refusal,
		"It has %zu bytes; limits.destination is %llu.", destination->len,
		(unsigned long long)most);
	return NULL;
}

static bool destination_is_below(
	const struct strings *prefixes, struct slice destination, struct slice *rest)
{
	for (size_t i = 0; i < prefixes->count; i++) {
		if (url_is_below(destination, prefixes->items[i], rest) &&
			rest->len > 1)
			return true;
	}
	return false;
}

bool destination_is_queue(const struct broker *broker, struct slice address)
{
	struct slice rest;

	return destination_is_below(
		&broker->worker->config->queue_prefixes, address, &rest);
}

bool destination_is_dead_letter(const struct broker *broker, struct slice address)
{
	const struct slice dead_letter = broker->worker->config->dead_letter;

	return dead_letter.len > 0 && slice_equal(dead_letter, address);
}

bool destination_is_pattern(struct slice address)
{
	return slice_starts_with(address, SLICE("/")) && pattern_is(address);
}

bool destination_is_topic(const struct broker *broker, struct slice destination)
{
	struct slice rest;

	return destination_is_below(
		&broker->worker->config->broker_prefixes, destination, &rest);
}

bool destination_is_app(
	const struct broker *broker, struct slice destination, struct slice *rest)
{
	return destination_is_below(
		&broker->worker->config->app_prefixes, destination, rest);
}

bool destination_take(const struct broker *broker, uint32_t account, bool is_promised,
	enum refusal_kind *why)
{
	struct worker *worker = broker->worker;
	const uint64_t most = is_promised ? 0 : worker->config->limits.destinations;

	if (!share_take(worker, account, ACCOUNT_DESTINATIONS, 1, most)) {
		*why = REFUSAL_SHARE;
		return false;
	}
	if (workers_take(&worker->workers->destinations, most))
		return true;
	share_give(worker, account, ACCOUNT_DESTINATIONS, 1);
	metrics_refuse(worker->metrics, BOUND_DESTINATIONS);
	*why = REFUSAL_DESTINATIONS;
	return false;
}

void destination_give(const struct broker *broker, uint32_t account)
{
	workers_give(&broker->worker->workers->destinations);
	share_give(broker->worker, account, ACCOUNT_DESTINATIONS, 1);
}

void destination_hint_limit(const struct broker *broker, struct broker_refusal *refusal)
{
	const struct limits *limits = &broker->worker->config->limits;
	const unsigned long long most = limits->destinations;

	if (refusal->kind == REFUSAL_SHARE)
		broker_refusal_hint(refusal,
			"limits.destinations is %llu, and limits.share %llu per cent.",
			most, (unsigned long long)limits->share);
	else
		broker_refusal_hint(refusal, "limits.destinations is %llu.", most);
}

void destination_refuse(const struct broker *broker, struct broker_refusal *refusal,
	enum refusal_kind kind, struct slice destination)
{
	const struct limits *limits = &broker->worker->config->limits;

	broker_refuse(refusal, kind, "destination", &destination);
	refusal->destination = destination;
	if (kind == REFUSAL_QUEUE_FULL)
		broker_refusal_hint(refusal,
			"limits.backlog_messages is %llu, limits.backlog_bytes %llu.",
			(unsigned long long)limits->backlog_messages,
			(unsigned long long)limits->backlog_bytes);
	else if (kind == REFUSAL_PARKED)
		broker_refusal_hint(refusal,
			"limits.share is %llu per cent of limits.backlog_messages, "
			"%llu, and of limits.backlog_bytes, %llu.",
			(unsigned long long)limits->share,
			(unsigned long long)limits->backlog_messages,
			(unsigned long long)limits->backlog_bytes);
	else if (kind == REFUSAL_QUEUES_FULL)
		broker_refusal_hint(refusal, "limits.backlog_total_bytes is %llu.",
			(unsigned long long)budget_kept_max(broker->worker));
	else
		destination_hint_limit(broker, refusal);
}

/* Targets. */

void target_set(struct target *target, struct slice shown, struct slice address)
{
	char *at = buf_reserve(&target->made, shown.len + address.len);

	target->shown = slice_copy_out(&at, shown);
	target->address = slice_copy_out(&at, address);
}

void target_finish(struct target *target)
{
	buf_finish(&target->made);
	*target = (struct target){.is_reply = false};
}

/* Lists the prefixes that exist, as far as they fit. */
static void hint_prefixes(const struct broker *broker, struct broker_refusal *refusal)
{
	const struct config *config = broker->worker->config;
	const struct strings *const all[] = {&config->broker_prefixes,
		&config->queue_prefixes, &config->app_prefixes};
	struct buf text = {0};

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		for (size_t j = 0; j < all[i]->count; j++) {
			buf_append(&text, text.len > 0 ? SLICE(", ") : SLICE(""));
			buf_append(&text, all[i]->items[j]);
		}
	}
	broker_refusal_hint(
		refusal, "The prefixes are %.*s.", SLICE_ARGS(buf_slice(&text)));
	buf_finish(&text);
}

/* The broker itself sends there without a target. */
static enum broker_result target_refuse_dead_letter(
	struct slice destination, struct broker_refusal *refusal)
{
	broker_refuse(refusal, REFUSAL_DEAD_LETTER_SEND, "destination", &destination);
	broker_refusal_hint(refusal,
		"SEND to a queue of your own. Messages come from it to the dead "
		"letters when they expire, or by a NACK with requeue:false.");
	return BROKER_REFUSED;
}

enum broker_result target_aim(struct target *target, const struct broker *broker,
	struct slice destination, struct broker_refusal *refusal)
{
	struct slice rest;

	if (!resolve_sent(broker, destination, refusal))
		return BROKER_REFUSED;
	if (private_is_user(destination, &rest))
		return private_aim_user(rest, target)
			       ? BROKER_TAKEN
			       : broker_refuse(refusal, REFUSAL_USER_DESTINATION,
					 "destination", &destination);
	if (private_is_reply(destination, &rest))
		return private_aim_reply(broker, rest, target)
			       ? BROKER_TAKEN
			       : broker_refuse(refusal, REFUSAL_REPLY_QUEUE,
					 "destination", NULL);
	/* A prefix of queues may be below one of topics. */
	const bool is_queue = destination_is_queue(broker, destination);

	if (!is_queue && !destination_is_topic(broker, destination)) {
		broker_refuse(refusal, REFUSAL_NO_OWNER, "destination", &destination);
		hint_prefixes(broker, refusal);
		return BROKER_REFUSED;
	}
	if (pattern_is(destination))
		return broker_refuse(
			refusal, REFUSAL_SEND_PATTERN, "destination", &destination);
	if (is_queue && destination_is_dead_letter(broker, destination))
		return target_refuse_dead_letter(destination, refusal);
	target->is_queue = is_queue;
	target->shown = target->address = destination;
	return BROKER_TAKEN;
}
