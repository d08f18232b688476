#include "tests/support/engine_customer.h"

#include "gateway/broker/audience.h"
#include "gateway/broker/destination.h"
#include "gateway/broker/internal.h"
#include "gateway/broker/subscription.h"
#include "protocol/xmalloc.h"
#include "tests/support/still_workers.h"
#include "tests/support/unit.h"

#include <stdio.h>

static size_t deliveries_of(const struct participant *participant)
{
	size_t count = 0;

	for (size_t i = 0; i < participant->subscription_count; i++)
		count += participant->subscriptions[i]->unacked.pushed;
	return count;
}

static void on_answer(struct participant *participant, uint64_t request,
	const struct published *published, const struct broker_refusal *refusal)
{
	struct customer *customer =
		container_of(participant, struct customer, participant);

	ck_assert_uint_lt(customer->answer_count, ANSWERS_MAX);
	struct answer *answer = &customer->answers[customer->answer_count++];
	answer->request = request;
	answer->published = *published;
	answer->deliveries = deliveries_of(participant);
	if (refusal == NULL)
		return;
	snprintf(answer->error, sizeof(answer->error), "%s",
		refusal_sentence(refusal->kind).data);
	snprintf(answer->destination, sizeof(answer->destination), "%.*s",
		SLICE_ARGS(refusal->destination));
}

static void on_expect(struct participant *participant, uint64_t request, size_t answers)
{
	container_of(participant, struct customer, participant)->expected += answers;
	(void)request;
}

static void on_resume(struct participant *participant)
{
	container_of(participant, struct customer, participant)->resumed++;
}

static struct slice header(struct slice frame, struct slice name)
{
	for (; frame.len > 0; frame = slice_from(frame, slice_find(frame, '\n') + 1)) {
		if (slice_starts_with(frame, name))
			return slice_from(
				slice_first(frame, slice_find(frame, '\n')), name.len);
	}
	return SLICE("");
}

/* "ID:BODY", with a "+" after it when it was redelivered. */
static void describe(struct buf *got, struct slice frame)
{
	const struct slice id = header(frame, SLICE("subscription:"));
	const bool again = header(frame, SLICE("redelivered:")).len > 0;

	while (!slice_starts_with(frame, SLICE("\n\n")))
		frame = slice_from(frame, 1);
	buf_printf(got, "%.*s:%.*s%s", SLICE_ARGS(id), (int)frame.len - 3,
		frame.data + 2, again ? "+" : "");
}

static const struct participant_ops customer_ops = {
	.answer = on_answer,
	.expect = on_expect,
	.resume = on_resume,
};

void customer_enter(struct customer *customer, struct worker *worker)
{
	*customer = (struct customer){.broker = worker->broker};
	((struct endpoint *)still_workers_endpoint(worker->workers, "/echo"))
		->reads_dead_letters = true;
	customer->participant.session =
		still_workers_open(worker, "/echo", SESSION_RAW, "");
	customer->participant.ops = &customer_ops;
	customer->outlet.wire = WIRE_PLAIN;
	customer->outlet.describe = describe;
	memory_outlet_attach(&customer->outlet, customer->participant.session);
	broker_enter(customer->broker, &customer->participant);
}

void customer_leave(struct customer *customer)
{
	if (customer->broker == NULL)
		return;
	broker_leave(customer->broker, &customer->participant);
	customer->broker = NULL;
}

size_t customer_answered(const struct customer *customer, uint64_t request)
{
	size_t count = 0;

	for (size_t i = 0; i < customer->answer_count; i++)
		count += customer->answers[i].request == request &&
			 customer->answers[i].error[0] == '\0';
	return count;
}

const struct answer *customer_answer(const struct customer *customer, uint64_t request)
{
	const struct answer *latest = NULL;

	for (size_t i = 0; i < customer->answer_count; i++) {
		if (customer->answers[i].request == request)
			latest = &customer->answers[i];
	}
	ck_assert_ptr_nonnull(latest);
	return latest;
}

const char *customer_refused(const struct customer *customer, uint64_t request)
{
	for (size_t i = 0; i < customer->answer_count; i++) {
		if (customer->answers[i].request == request &&
			customer->answers[i].error[0] != '\0')
			return customer->answers[i].error;
	}
	return NULL;
}

size_t customer_subscribe(struct customer *customer, const char *id,
	const char *address, uint64_t prefetch, uint64_t request)
{
	struct broker *broker = customer->broker;
	const struct slice name = slice_of(id), place = slice_of(address);
	struct subscription *subscription = subscription_create(
		broker, &customer->participant, &name, place, STOMP_1_2);

	subscription->ack = ACK_INDIVIDUAL;
	if (destination_is_queue(broker, place))
		subscription->kind = SUBSCRIPTION_QUEUE;
	else
		audience_add(broker, place, subscription);
	if (destination_is_pattern(place))
		subscription->kind = SUBSCRIPTION_PATTERN;
	struct engine *engine = broker_engine(broker, place);
	return engine->ops->subscribe(engine, subscription,
		&(struct stomp_frame){.command = STOMP_SUBSCRIBE}, prefetch, request);
}

struct subscription *customer_find(struct customer *customer, const char *id)
{
	const struct slice name = slice_of(id);

	return subscription_find(&customer->participant, &name, NULL);
}

size_t customer_unsubscribe(struct customer *customer, const char *id, uint64_t request)
{
	return subscription_end(customer->broker, customer_find(customer, id), request);
}

static struct message *message_of(const char *address, const char *body)
{
	const struct slice place = slice_of(address);
	const struct stomp_frame frame = {
		.command = STOMP_SEND, .body = slice_of(body)};

	return message_create(&frame, place, place);
}

void customer_send(struct customer *customer, const char *address, const char *body,
	uint64_t request)
{
	broker_send_message(customer->broker, message_of(address, body),
		broker_handle(customer->broker, &customer->participant), request);
}

static size_t settle_places(struct customer *customer,
	struct subscription *subscription, const struct place *places, size_t count,
	enum outcome outcome, uint64_t request)
{
	struct engine *engine = subscription_engine(customer->broker, subscription);

	return engine->ops->settle(
		engine, subscription, places, count, outcome, request);
}

size_t customer_settle(struct customer *customer, const char *id, size_t count,
	enum outcome outcome, uint64_t request)
{
	struct subscription *subscription = customer_find(customer, id);
	struct place places[16];

	for (size_t i = 0; i < count; i++) {
		places[i] = unacked_at(&subscription->unacked, 0)->place;
		unacked_remove(&subscription->unacked, 0);
	}
	return settle_places(customer, subscription, places, count, outcome, request);
}

size_t customer_settle_at(struct customer *customer, const char *id, size_t index,
	enum outcome outcome, uint64_t request)
{
	struct subscription *subscription = customer_find(customer, id);
	const struct place place = unacked_at(&subscription->unacked, index)->place;

	unacked_remove(&subscription->unacked, index);
	return settle_places(customer, subscription, &place, 1, outcome, request);
}

void customer_was_sent(struct customer *customer, const char *id, size_t count)
{
	const uint32_t ordinal = customer_find(customer, id)->ordinal;

	for (; count > 0; count--)
		broker_sent(customer->broker, &customer->participant, ordinal);
}

size_t customer_sync(struct customer *customer, uint64_t request)
{
	struct broker_call call = {
		.participant = &customer->participant, .request = request};

	broker_sync(customer->broker, &call);
	return call.answers;
}

/* Marks the delivery as settled by a transaction, as the broker does. */
static struct action settling(
	struct customer *customer, const char *id, enum outcome outcome)
{
	const struct subscription *subscription = customer_find(customer, id);
	const struct unacked *unacked = &subscription->unacked;
	size_t index = 0;

	while (unacked_at(unacked, index)->in_transaction)
		index++;
	unacked_at(unacked, index)->in_transaction = true;
	return (struct action){
		.ordinal = subscription->ordinal,
		.place = unacked_at(unacked, index)->place,
		.outcome = outcome,
	};
}

static struct action action_of(struct customer *customer, const char *text)
{
	static const struct {
		const char *word;
		enum outcome outcome;
	} words[] = {{"ack", OUTCOME_ACCEPT}, {"nack", OUTCOME_REJECT},
		{"drop", OUTCOME_DISCARD}};
	char address[64], body[64];

	ck_assert_int_eq(sscanf(text, "%63s %63s", address, body), 2);
	for (size_t i = 0; i < COUNT(words); i++) {
		if (strcmp(address, words[i].word) == 0)
			return settling(customer, body, words[i].outcome);
	}
	return (struct action){.message = message_of(address, body)};
}

size_t customer_commit(struct customer *customer, uint64_t request,
	const char *const *actions, size_t count)
{
	struct broker_refusal refusal;
	struct broker_call call = {.participant = &customer->participant,
		.request = request,
		.refusal = &refusal};
	struct action *taken = xcalloc(count + 1, sizeof(*taken));

	for (size_t i = 0; i < count; i++)
		taken[i] = action_of(customer, actions[i]);
	if (commit_start(customer->broker, &call, taken, count) == BROKER_REFUSED) {
		on_answer(&customer->participant, request,
			&(struct published){.is_refused = true}, &refusal);
		free(call.kept);
		return 0;
	}
	customer->waited += call.waits;
	return call.answers;
}
