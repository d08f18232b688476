#include "gateway/broker/transaction.h"
#include "gateway/session.h"
#include "protocol/url.h"
#include "protocol/xmalloc.h"

#include <stdlib.h>
#include <sys/random.h>

struct broker *broker_create(struct worker *worker, unsigned workers)
{
	struct broker *broker = xcalloc(1, sizeof(*broker));
	const char separator = worker->config->separator.data[0];

	broker->worker = worker;
	broker->workers = workers;
	registry_init(&broker->parties, &worker->key);
	registry_init(&broker->subscriptions, &worker->key);
	table_init(&broker->audiences, &worker->key);
	pattern_set_init(&broker->patterns, &worker->key, separator);
	table_init(&broker->topics, &worker->key);
	list_init(&broker->idle_topics);
	pattern_set_init(&broker->remote_patterns, &worker->key, separator);
	broker->wanting = xcalloc(workers, sizeof(*broker->wanting));
	table_init(&broker->queues, &worker->key);
	registry_init(&broker->commits, &worker->key);
	broker->backend = &memory_backend;

	/* Epochs of this process are not those of the one before it. */
	uint32_t start = 0;
	while (getrandom(&start, sizeof(start), 0) != sizeof(start))
		;
	broker->epoch = (uint64_t)start << 24;
	return broker;
}

void broker_destroy(struct broker *broker)
{
	if (broker == NULL)
		return;
	commits_finish(broker);
	registry_finish(&broker->commits);
	memory_finish(broker);
	table_finish(&broker->queues);
	topics_finish(broker);
	table_finish(&broker->topics);
	pattern_set_finish(&broker->remote_patterns, free);
	pattern_set_finish(&broker->patterns, NULL);
	free(broker->wanting);
	table_finish(&broker->audiences);
	registry_finish(&broker->subscriptions);
	registry_finish(&broker->parties);
	free(broker);
}

void broker_enter(struct broker *broker, struct party *party)
{
	list_init(&party->transactions);
	registry_add(&broker->parties, &party->entry);
}

void broker_leave(struct broker *broker, struct party *party)
{
	transactions_drop(party);
	while (party->subscription_count > 0) {
		subscription_end(
			broker, party->subscriptions[party->subscription_count - 1]);
	}
	free(party->subscriptions);
	party->subscriptions = NULL;
	party->subscription_capacity = 0;
	registry_remove(&broker->parties, &party->entry);
}

/* Destinations. */

bool broker_has_prefix(
	const struct strings *prefixes, struct slice destination, struct slice *rest)
{
	for (size_t i = 0; i < prefixes->count; i++) {
		if (url_is_below(destination, prefixes->items[i], rest) &&
			rest->len > 1)
			return true;
	}
	return false;
}

bool broker_is_queue(const struct broker *broker, struct slice address)
{
	struct slice rest;

	return broker_has_prefix(
		&broker->worker->config->queue_prefixes, address, &rest);
}

bool broker_is_pattern(struct slice address)
{
	return slice_starts_with(address, SLICE("/")) && pattern_is(address);
}

bool broker_is_topic(const struct broker *broker, struct slice destination)
{
	struct slice rest;

	return broker_has_prefix(
		&broker->worker->config->broker_prefixes, destination, &rest);
}

static bool broker_is_app(
	const struct broker *broker, struct slice destination, struct slice *rest)
{
	return broker_has_prefix(
		&broker->worker->config->app_prefixes, destination, rest);
}

static const struct slice *call_destination(
	const struct broker *broker, const struct broker_call *call)
{
	const struct slice *destination =
		stomp_header(call->frame, SLICE("destination"));
	uint64_t most = broker->worker->config->limits.destination;

	if (destination == NULL || destination->len == 0) {
		buf_printf(call->error, "%.*s needs a destination",
			SLICE_ARGS(stomp_command_name(call->frame->command)));
		return NULL;
	}
	if (destination->len > most) {
		buf_printf(call->error, "The destination is longer than %llu bytes",
			(unsigned long long)most);
		return NULL;
	}
	return destination;
}

/*
 * What the configuration does not allow may be said softly: a message to this
 * session's /user/queue/errors, and the conversation goes on (broker.deny).
 */
static enum broker_result broker_deny(struct broker *broker, struct broker_call *call)
{
	static const struct slice errors = SLICE_INIT("/user/queue/errors");
	const struct slice *destination =
		stomp_header(call->frame, SLICE("destination"));
	const struct slice *receipt = stomp_header(call->frame, SLICE("receipt"));
	const struct stomp_header headers[] = {
		{SLICE("message"), buf_slice(call->error)},
		{SLICE("content-type"), SLICE("text/plain")},
		{SLICE("denied-destination"), *destination},
		{SLICE("receipt-id"), receipt == NULL ? SLICE("") : *receipt},
	};
	const struct stomp_frame frame = {
		.command = STOMP_SEND,
		.headers = (struct stomp_header *)headers,
		.header_count = receipt == NULL ? 3 : 4,
		.body = buf_slice(call->error),
	};

	if (!slice_equal(broker->worker->config->deny, SLICE("soft")))
		return BROKER_REFUSED;

	struct message *message = message_create(&frame, errors, errors);
	message_set_place(message, private_place(broker), false);
	for (size_t i = 0; i < call->party->subscription_count; i++) {
		struct subscription *one = call->party->subscriptions[i];

		if (slice_equal(name_text(one->destination), errors))
			subscription_deliver(one, message, 0);
	}
	message_unref(message);
	buf_clear(call->error);
	return BROKER_DENIED;
}

static enum broker_result broker_conclude(
	struct broker *broker, struct broker_call *call, enum broker_result result)
{
	return result == BROKER_DENIED ? broker_deny(broker, call) : result;
}

/* Subscribing. */

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
	return pattern_check(pattern, broker->patterns.separator, error);
}

static enum broker_result subscribe(struct broker *broker, struct broker_call *call)
{
	const struct slice *id = stomp_header(call->frame, SLICE("id"));
	const struct slice *destination = call_destination(broker, call);
	enum ack_mode ack;
	uint64_t prefetch;
	struct slice rest;

	call->answers = 0;
	if (destination == NULL || !call_ack_mode(call, &ack) ||
		!call_prefetch(broker, call, &prefetch) ||
		!broker_may_subscribe(broker, call, id, destination))
		return BROKER_REFUSED;

	if (private_is_user(*destination, &rest)) {
		struct buf address = {0};

		private_own_address(call->party, slice_from(*destination, 5), &address);
		broker_join(broker, call, id, *destination, buf_slice(&address), ack,
			prefetch);
		buf_finish(&address);
		return BROKER_TAKEN;
	}
	if (private_is_temporary(*destination)) {
		private_open_temporary(
			broker, call->party, id, *destination, call->version)
			->ack = ack;
		return BROKER_TAKEN;
	}
	if (broker_is_app(broker, *destination, &rest))
		return app_subscribe(broker, call, id, *destination);
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
	subscription_end(broker, subscription);
	return BROKER_TAKEN;
}

/* Sending. */

void target_finish(struct target *target)
{
	buf_finish(&target->shown);
	buf_finish(&target->address);
	*target = (struct target){.is_reply = false};
}

static enum broker_result deny(struct buf *error, struct slice why)
{
	buf_append(error, why);
	return BROKER_DENIED;
}

enum broker_result broker_aim(const struct broker *broker, struct slice destination,
	struct target *target, struct buf *error)
{
	struct slice rest;

	target_finish(target);
	if (private_is_user(destination, &rest))
		return private_aim_user(rest, target)
			       ? BROKER_TAKEN
			       : deny(error,
					 SLICE("/user needs a name and a destination"));
	if (private_is_reply(destination, &rest))
		return private_aim_reply(broker, rest, target)
			       ? BROKER_TAKEN
			       : deny(error, SLICE("There is no such reply queue"));
	if (!broker_is_topic(broker, destination) &&
		!broker_is_queue(broker, destination))
		return deny(error, SLICE("Nobody owns destinations of that prefix"));
	if (pattern_is(destination)) {
		buf_append(
			error, SLICE("A message has one destination, not a pattern"));
		return BROKER_REFUSED;
	}
	buf_append(&target->shown, destination);
	buf_append(&target->address, destination);
	return BROKER_TAKEN;
}

bool broker_emit(struct outgoing *outgoing, const struct stomp_frame *frame,
	const struct target *target, struct buf *error)
{
	struct broker *broker = outgoing->broker;
	const struct handle party = broker_handle(broker, outgoing->party);
	struct message *message = message_create(
		frame, buf_slice(&target->shown), buf_slice(&target->address));

	if (outgoing->transaction != NULL)
		return transaction_add(broker, outgoing->transaction,
			&(struct action){.message = message,
				.is_reply = target->is_reply,
				.worker = target->worker},
			error);
	if (target->is_reply)
		private_reply(
			broker, target->worker, message, party, outgoing->request);
	else
		broker->backend->send(broker, message, party, outgoing->request);
	outgoing->answers++;
	return true;
}

static enum broker_result send_straight(struct outgoing *outgoing,
	const struct stomp_frame *frame, struct slice destination, struct buf *error)
{
	const struct broker *broker = outgoing->broker;
	struct target target = {.is_reply = false};
	enum broker_result result = broker_aim(broker, destination, &target, error);

	if (result == BROKER_TAKEN && !target.is_reply &&
		!broker->worker->config->client_send)
		result = deny(error, SLICE("Clients may not send to that destination"));
	if (result == BROKER_TAKEN && !broker_emit(outgoing, frame, &target, error))
		result = BROKER_REFUSED;
	target_finish(&target);
	return result;
}

/* The frame with another reply-to; *headers is the caller's to free. */
static struct stomp_frame frame_with_reply_to(const struct stomp_frame *frame,
	struct slice reply_to, struct stomp_header **headers)
{
	struct stomp_frame changed = *frame;

	*headers = xmalloc(frame->header_count * sizeof(**headers));
	memcpy(*headers, frame->headers, frame->header_count * sizeof(**headers));
	for (size_t i = 0; i < frame->header_count; i++) {
		if (slice_equal((*headers)[i].name, SLICE("reply-to"))) {
			(*headers)[i].value = reply_to;
			break; /* of two alike the first counts */
		}
	}
	changed.headers = *headers;
	return changed;
}

static enum broker_result send(struct broker *broker, struct broker_call *call)
{
	const struct slice *destination = call_destination(broker, call);
	const struct slice *reply_to = stomp_header(call->frame, SLICE("reply-to"));
	struct outgoing outgoing = {broker, call->party, call->request, 0, NULL};
	struct stomp_frame frame = *call->frame;
	struct stomp_header *headers = NULL;
	struct buf reply = {0};
	struct slice rest;

	call->answers = 0;
	if (destination == NULL || !transaction_of(call, &outgoing.transaction))
		return BROKER_REFUSED;
	if (reply_to != NULL && private_is_temporary(*reply_to)) {
		if (!private_reply_to(broker, call, *reply_to, &reply))
			return BROKER_REFUSED;
		frame = frame_with_reply_to(&frame, buf_slice(&reply), &headers);
	}
	enum broker_result result =
		broker_is_app(broker, *destination, &rest)
			? app_send(&outgoing, &frame, *destination, rest, call->error)
			: send_straight(&outgoing, &frame, *destination, call->error);
	call->answers = outgoing.answers;
	free(headers);
	buf_finish(&reply);
	return result;
}

enum broker_result broker_send(struct broker *broker, struct broker_call *call)
{
	return broker_conclude(broker, call, send(broker, call));
}

/* Answers travel by posts, so that they come in order and never nested. */

struct answer_post {
	struct post post;
	uint64_t party, request;
	struct slice error; /* points to `text` */
	char text[];
};

struct handle broker_handle(const struct broker *broker, const struct party *party)
{
	return (struct handle){broker->worker->index, party->entry.number};
}

void broker_tell(
	struct broker *broker, uint64_t number, uint64_t request, struct slice error)
{
	struct entry *entry = registry_find(&broker->parties, number);

	if (entry != NULL) {
		struct party *party = container_of(entry, struct party, entry);
		party->answer(party, request, error);
	}
}

void broker_tell_login(struct broker *broker, uint64_t number, bool good)
{
	struct entry *entry = registry_find(&broker->parties, number);

	if (entry != NULL) {
		struct party *party = container_of(entry, struct party, entry);
		party->logged_in(party, good);
	}
}

static void answer_run(struct worker *worker, struct post *post)
{
	struct answer_post *answer = container_of(post, struct answer_post, post);

	broker_tell(worker->broker, answer->party, answer->request, answer->error);
	free(answer);
}

void broker_answer(struct broker *broker, struct handle party, uint64_t request,
	struct slice error)
{
	if (request == 0 && error.len == 0)
		return;

	size_t size = sizeof(struct answer_post) + error.len;
	struct answer_post *answer = xmalloc(size);
	*answer = (struct answer_post){.post = {.size = size, .run = answer_run},
		.party = party.number,
		.request = request,
		.error = {answer->text, error.len}};
	memcpy(answer->text, error.data, error.len);
	worker_post(broker->worker, (unsigned)party.worker, &answer->post);
}
