#include "gateway/broker/permit.h"

#include "gateway/broker/destination.h"
#include "gateway/broker/internal.h"
#include "gateway/broker/private.h"
#include "gateway/broker/resolve.h"
#include "gateway/broker/sender.h"
#include "gateway/broker/subscription.h"
#include "gateway/session/session.h"
#include "gateway/worker/metrics.h"
#include "protocol/url.h"
#include "protocol/xmalloc.h"

#include <stdio.h>
#include <stdlib.h>

static const struct identity *permit_identity(const struct identity *identity)
{
	return identity != NULL ? identity : identity_nobody();
}

/*
 * Counts it, and tells the log which rule has decided; the client is told nothing of
 * rules.
 */
static void permit_refuse(const struct broker *broker, struct access_verdict verdict,
	enum access_action action, const char *what, struct slice destination,
	struct broker_refusal *refusal)
{
	const struct access_rules *rules = &broker->worker->config->access;
	struct metrics *metrics = broker->worker->metrics;

	counter_add(&metrics->denied[action][verdict.rule != NULL ? DENIED_BY_RULE
								  : DENIED_BY_NONE],
		1);
	broker_refuse(refusal,
		action == ACCESS_SEND ? REFUSAL_MAY_NOT_SEND
				      : REFUSAL_MAY_NOT_SUBSCRIBE,
		what, &destination);
	if (verdict.rule == NULL)
		broker_refusal_reason(refusal, "no rule allows it");
	else
		broker_refusal_reason(refusal, "rules[%zu] \"%.*s\" denies it",
			(size_t)(verdict.rule - rules->items),
			SLICE_ARGS(verdict.rule->pattern.text));
}

/* What a SUBSCRIBE always understands as the client's own. */
static bool permit_is_for_oneself(struct slice destination)
{
	struct slice rest;

	return private_is_user(destination, &rest) || private_is_temporary(destination);
}

bool permit_subscribe(const struct broker *broker,
	const struct participant *participant, struct slice destination,
	struct broker_refusal *refusal)
{
	const struct access_rules *rules = &broker->worker->config->access;

	if (rules->count == 0 || session_endpoint(participant->session)->is_console ||
		permit_is_for_oneself(destination))
		return true;
	const struct access_verdict verdict = access_check(rules,
		permit_identity(participant->identity), ACCESS_SUBSCRIBE, destination);
	if (!verdict.is_allowed)
		permit_refuse(broker, verdict, ACCESS_SUBSCRIBE, "destination",
			destination, refusal);
	return verdict.is_allowed;
}

static bool permit_opens_dead_letters(
	const struct broker *broker, const struct identity *identity)
{
	const struct access_rules *rules = &broker->worker->config->access;
	const struct slice queue = broker->worker->config->dead_letter;
	const struct access_verdict verdict =
		access_check(rules, identity, ACCESS_SUBSCRIBE, queue);

	return verdict.is_allowed && verdict.rule != NULL &&
	       slice_equal(verdict.rule->pattern.text, queue);
}

bool permit_read(const struct broker *broker, const struct participant *participant,
	struct slice destination, struct broker_refusal *refusal)
{
	if (!destination_is_dead_letter(broker, destination) ||
		session_endpoint(participant->session)->reads_dead_letters ||
		permit_opens_dead_letters(
			broker, permit_identity(participant->identity)))
		return true;
	broker_refuse(refusal, REFUSAL_DEAD_LETTER_READ, "destination", &destination);
	broker_refusal_hint(refusal, "Read them by plain STOMP, on a tcp listener with "
				     "tcp.dead_letters, or in the console.");
	return false;
}

bool permit_keep(struct broker *broker, struct participant *participant, size_t index,
	struct permit_ended *ended)
{
	struct subscription *subscription = participant->subscriptions[index];
	const struct slice called = name_text(subscription->destination);
	struct buf resolved = {0};
	const bool is_kept =
		resolve_subscribed(
			broker, participant, called, &resolved, &ended->refusal) &&
		permit_subscribe(
			broker, participant, buf_slice(&resolved), &ended->refusal) &&
		permit_read(broker, participant, buf_slice(&resolved), &ended->refusal);

	buf_finish(&resolved);
	if (is_kept)
		return true;
	buf_append(&ended->destination, called);
	if (subscription->id != NULL)
		buf_append(&ended->id, name_text(subscription->id));
	subscription_refuse(broker, subscription);
	return false;
}

void permit_ended_finish(struct permit_ended *ended)
{
	buf_finish(&ended->id);
	buf_finish(&ended->destination);
}

/*
 * The destination as rules see it. A user's name is decoded before it is looked for, so
 * it has one spelling here: a rule about /user/root also holds for /user/r%6Fot.
 */
static struct slice permit_spell(
	struct slice destination, char separator, struct buf *spelled)
{
	struct slice rest;
	struct buf name = {0};

	if (!private_is_user(destination, &rest))
		return destination;
	const size_t end = slice_find(rest, '/');
	const bool is_spelled = url_decode(&name, slice_first(rest, end), false);
	if (is_spelled) {
		buf_append(spelled, SLICE("/user/"));
		url_append_segment(spelled, buf_slice(&name), separator);
		buf_append(spelled, slice_from(rest, end));
	}
	buf_finish(&name);
	return is_spelled ? buf_slice(spelled) : destination;
}

static struct access_verdict permit_judge_send(const struct broker *broker,
	const struct sender *sender, struct slice destination)
{
	const struct access_rules *rules = &broker->worker->config->access;
	struct slice token;

	if (rules->count == 0 || sender->kind != SENDER_CLIENT ||
		private_is_reply(destination, &token))
		return (struct access_verdict){.is_allowed = true};
	struct buf spelled = {0};
	const struct access_verdict verdict =
		access_check(rules, permit_identity(sender->identity), ACCESS_SEND,
			permit_spell(destination, rules->separator, &spelled));
	buf_finish(&spelled);
	return verdict;
}

const struct access_rule *permit_rule_of_send(const struct broker *broker,
	const struct sender *sender, struct slice destination)
{
	const struct access_verdict verdict =
		permit_judge_send(broker, sender, destination);

	return verdict.is_allowed ? verdict.rule : NULL;
}

/* `what` names the header that has the destination. */
static bool permit_send_to(const struct broker *broker, const struct sender *sender,
	const char *what, struct slice destination, struct broker_refusal *refusal)
{
	const struct access_verdict verdict =
		permit_judge_send(broker, sender, destination);

	if (!verdict.is_allowed)
		permit_refuse(broker, verdict, ACCESS_SEND, what, destination, refusal);
	return verdict.is_allowed;
}

bool permit_send(const struct broker *broker, const struct sender *sender,
	struct slice destination, struct broker_refusal *refusal)
{
	return permit_send_to(broker, sender, "destination", destination, refusal);
}

/* True for /user/NAME/... with the sender's own name. */
static bool permit_is_own(const struct sender *sender, struct slice destination)
{
	const struct slice user = identity_user(sender->identity);
	struct slice rest;
	struct buf name = {0};

	if (!private_is_user(destination, &rest))
		return false;
	const bool is_own =
		url_decode(&name, slice_first(rest, slice_find(rest, '/')), false) &&
		slice_equal(buf_slice(&name), user.len > 0 ? user : sender->label);
	buf_finish(&name);
	return is_own;
}

bool permit_reply_to(const struct broker *broker, const struct sender *sender,
	struct slice reply_to, struct broker_refusal *refusal)
{
	return private_is_temporary(reply_to) || permit_is_own(sender, reply_to) ||
	       permit_send_to(broker, sender, "header reply-to", reply_to, refusal);
}

/* Explaining: the same questions, for somebody who is not connected. */

static void permit_explain_refusal(
	struct permit_explanation *explanation, const struct broker_refusal *refusal)
{
	const struct slice sentence = refusal_sentence(refusal->kind);

	explanation->is_allowed = false;
	explanation->rule = NULL;
	snprintf(explanation->text, sizeof(explanation->text), "%.*s. %s",
		SLICE_ARGS(sentence), refusal->hint);
}

static void permit_explain_verdict(
	struct permit_explanation *explanation, struct access_verdict verdict)
{
	explanation->is_allowed = verdict.is_allowed;
	explanation->rule = verdict.rule;
	snprintf(explanation->text, sizeof(explanation->text), "%s",
		verdict.is_allowed ? "there are no rules" : "no rule allows it");
}

static void permit_explain_always(
	struct permit_explanation *explanation, const char *text)
{
	explanation->is_allowed = true;
	snprintf(explanation->text, sizeof(explanation->text), "%s", text);
}

/* As subscribe_to() does, after the aliases have been resolved. */
static void permit_explain_subscribe(const struct broker *broker,
	const struct identity *identity, struct slice destination,
	struct permit_explanation *explanation)
{
	struct broker_refusal refusal = {.kind = REFUSAL_NOT_SUBSCRIBABLE};
	struct slice rest;

	if (permit_is_for_oneself(destination)) {
		permit_explain_always(explanation, "it is the client's own");
		return;
	}
	permit_explain_verdict(
		explanation, access_check(&broker->worker->config->access, identity,
				     ACCESS_SUBSCRIBE, destination));
	if (!explanation->is_allowed || destination_is_app(broker, destination, &rest))
		return;
	if (destination_is_dead_letter(broker, destination) &&
		!permit_opens_dead_letters(broker, identity)) {
		refusal.kind = REFUSAL_DEAD_LETTER_READ;
		broker_refusal_hint(&refusal,
			"They need a rule that names their queue without a wildcard.");
		permit_explain_refusal(explanation, &refusal);
	} else if (!destination_is_topic(broker, destination) &&
		   !destination_is_queue(broker, destination)) {
		permit_explain_refusal(explanation, &refusal);
	}
}

static void permit_explain_send(const struct broker *broker,
	const struct identity *identity, struct slice destination,
	struct permit_explanation *explanation)
{
	const struct config *config = broker->worker->config;
	const struct sender sender = {.kind = SENDER_CLIENT, .identity = identity};
	struct broker_refusal refusal = {.kind = REFUSAL_CLIENT_SEND};
	struct target target = {.is_reply = false};
	struct slice rest;

	if (config->token_count > 0 &&
		slice_equal(destination, SLICE("/session/token"))) {
		permit_explain_always(explanation, "it takes the client's next token");
		return;
	}
	if (private_is_reply(destination, &rest)) {
		permit_explain_always(explanation, "it answers a reply-to");
		return;
	}
	permit_explain_verdict(
		explanation, permit_judge_send(broker, &sender, destination));
	if (!explanation->is_allowed || destination_is_app(broker, destination, &rest))
		return;
	if (!config->client_send)
		broker_refusal_hint(&refusal, "broker.client_send is false.");
	if (target_aim(&target, broker, destination, &refusal) == BROKER_REFUSED ||
		!config->client_send)
		permit_explain_refusal(explanation, &refusal);
	target_finish(&target);
}

void permit_explain(const struct config *config, const struct identity *identity,
	enum access_action action, struct slice destination,
	struct permit_explanation *explanation)
{
	struct worker *worker = xcalloc(1, sizeof(*worker));
	struct broker *broker = xcalloc(1, sizeof(*broker));
	struct broker_refusal refusal;
	struct buf resolved = {0};

	*explanation = (struct permit_explanation){.is_allowed = false};
	worker->config = config;
	broker->worker = worker;
	broker->audiences.patterns.separator = config->separator.data[0];
	if (action == ACCESS_SEND)
		permit_explain_send(broker, identity, destination, explanation);
	else if (resolve_subscribed_by(broker, identity->user, SLICE(""), destination,
			 &resolved, &refusal))
		permit_explain_subscribe(
			broker, identity, buf_slice(&resolved), explanation);
	else
		permit_explain_refusal(explanation, &refusal);
	buf_finish(&resolved);
	free(broker);
	free(worker);
}
