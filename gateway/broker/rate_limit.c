#include "gateway/broker/rate_limit.h"

#include "gateway/broker/internal.h"
#include "gateway/broker/permit.h"
#include "gateway/broker/sender.h"
#include "gateway/broker/transaction.h"
#include "gateway/worker/account.h"
#include "gateway/worker/metrics.h"

#include <stdio.h>

static struct rate_bucket *rate_limit_bucket(
	const struct broker *broker, uint32_t account, unsigned number)
{
	return account_rate(broker->worker->workers->accounts, account, number);
}

/* True when the charge waits for this rate, and for no other longer. */
static bool rate_limit_wait(const struct broker *broker, struct rate_charge *charge,
	uint64_t wait, enum bound bound)
{
	if (wait > 0)
		metrics_refuse(broker->worker->metrics, bound);
	if (wait <= charge->wait)
		return false;
	charge->wait = wait;
	return true;
}

static void rate_limit_charge_user(
	const struct broker *broker, struct rate_charge *charge)
{
	const struct rate *rate = &broker->worker->config->rates[0];

	if (rate->messages == 0)
		return;
	charge->user = *rate;
	const uint64_t wait = rate_take(rate_limit_bucket(broker, charge->account, 0),
		rate, loop_now(broker->worker->loop));

	if (rate_limit_wait(broker, charge, wait, BOUND_USER_MESSAGES))
		snprintf(charge->bound, sizeof(charge->bound), "limits.user_messages");
}

static enum broker_result rate_limit_deny(const struct broker *broker,
	const struct access_rule *rule, const struct rate *rate, uint64_t wait,
	struct slice destination, struct broker_refusal *refusal)
{
	const struct access_rules *rules = &broker->worker->config->access;

	metrics_refuse(broker->worker->metrics, BOUND_RATE);
	broker_refuse(refusal, REFUSAL_RATE, "destination", &destination);
	broker_refusal_hint(refusal, "The next message may come in %llu ms.",
		(unsigned long long)wait);
	broker_refusal_reason(refusal,
		"rules[%zu] lets %llu through in %llu ms, %llu in a row",
		(size_t)(rule - rules->items), (unsigned long long)rate->messages,
		(unsigned long long)rate->per, (unsigned long long)rate_burst(rate));
	return BROKER_REFUSED;
}

static enum broker_result rate_limit_charge_rule(const struct broker *broker,
	const struct access_rule *rule, struct slice destination,
	struct rate_charge *charge, struct broker_refusal *refusal)
{
	const struct rate *rate = &broker->worker->config->rates[rule->rate];
	const uint64_t now = loop_now(broker->worker->loop);
	struct rate_bucket *bucket =
		rate_limit_bucket(broker, charge->account, rule->rate);

	if (rule->denies_above) {
		const uint64_t wait = rate_try(bucket, rate, now);

		if (wait > 0)
			return rate_limit_deny(
				broker, rule, rate, wait, destination, refusal);
	} else if (rate_limit_wait(
			   broker, charge, rate_take(bucket, rate, now), BOUND_RATE)) {
		snprintf(charge->bound, sizeof(charge->bound), "rules[%zu].rate",
			(size_t)(rule - broker->worker->config->access.items));
	}
	charge->rule = rule->rate;
	charge->rated = *rate;
	return BROKER_TAKEN;
}

enum broker_result rate_limit_charge(
	struct broker *broker, struct broker_call *call, struct rate_charge *charge)
{
	const struct slice *destination =
		stomp_header(call->frame, SLICE("destination"));
	const struct sender sender = sender_of(call->participant);
	const struct access_rule *rule;

	*charge = (struct rate_charge){.account = call->participant->account};
	if (sender.kind != SENDER_CLIENT ||
		account_is_exempt(broker->worker->workers->accounts, charge->account))
		return BROKER_TAKEN;
	rate_limit_charge_user(broker, charge);
	if (destination == NULL) /* broker_send() refuses it */
		return BROKER_TAKEN;
	rule = permit_rule_of_send(broker, &sender, *destination);
	if (rule == NULL || rule->rate == 0)
		return BROKER_TAKEN;
	return transaction_conclude(call, rate_limit_charge_rule(broker, rule,
						  *destination, charge, call->refusal));
}

void rate_limit_give(const struct broker *broker, const struct rate_charge *charge)
{
	if (charge->user.messages > 0)
		rate_give(rate_limit_bucket(broker, charge->account, 0), &charge->user);
	if (charge->rated.messages > 0)
		rate_give(rate_limit_bucket(broker, charge->account, charge->rule),
			&charge->rated);
}
