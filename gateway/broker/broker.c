#include "gateway/broker/transaction.h"
#include "gateway/metrics.h"
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
	list_init(&broker->hearing);
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
		subscription_lose(
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

bool broker_is_app(
	const struct broker *broker, struct slice destination, struct slice *rest)
{
	return broker_has_prefix(
		&broker->worker->config->app_prefixes, destination, rest);
}

const struct slice *broker_destination(
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
		metrics_refuse(broker->worker->metrics, BOUND_DESTINATION);
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

enum broker_result broker_conclude(
	struct broker *broker, struct broker_call *call, enum broker_result result)
{
	return result == BROKER_DENIED ? broker_deny(broker, call) : result;
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
	struct entry *entry = request == 0 && error.len == 0
				      ? NULL
				      : registry_find(&broker->parties, number);

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

/* What goes from one worker to another keeps its order: this comes behind it, twice. */
struct sync_post {
	struct post post;
	struct handle party;
	uint64_t request;
};

/* At a home. */
static void sync_run(struct worker *worker, struct post *post)
{
	struct sync_post *sync = container_of(post, struct sync_post, post);

	broker_answer(worker->broker, sync->party, sync->request, SLICE(""));
	free(sync);
}

enum broker_result broker_sync(struct broker *broker, struct broker_call *call)
{
	call->answers = call->request == 0 ? 0 : broker->workers;
	for (unsigned i = 0; i < call->answers; i++) {
		struct sync_post *sync = xmalloc(sizeof(*sync));

		*sync = (struct sync_post){
			.post = {.size = sizeof(*sync), .run = sync_run},
			.party = broker_handle(broker, call->party),
			.request = call->request,
		};
		worker_post(broker->worker, i, &sync->post);
	}
	return BROKER_TAKEN;
}
