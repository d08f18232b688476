#include "gateway/broker/internal.h"

#include "gateway/config.h"
#include "protocol/url.h"
#include "protocol/xmalloc.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/random.h>

struct broker *broker_create(struct worker *worker, unsigned workers)
{
	struct broker *broker = xcalloc(1, sizeof(*broker));

	broker->worker = worker;
	broker->workers = workers;
	registry_init(&broker->parties, &worker->key);
	registry_init(&broker->subscriptions, &worker->key);
	table_init(&broker->audiences, &worker->key);
	table_init(&broker->topics, &worker->key);

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
	topics_finish(broker);
	table_finish(&broker->topics);
	table_finish(&broker->audiences);
	registry_finish(&broker->subscriptions);
	registry_finish(&broker->parties);
	free(broker);
}

void broker_enter(struct broker *broker, struct party *party)
{
	list_init(&party->subscriptions);
	registry_add(&broker->parties, &party->entry);
}

/* Subscriptions. */

/* What is still on its way to it finds it gone, and is dropped. */
static void subscription_end(struct broker *broker, struct subscription *subscription)
{
	if (subscription->joined)
		topic_leave(broker, audience_destination(subscription->audience));
	audience_remove(broker, subscription);
	registry_remove(&broker->subscriptions, &subscription->entry);
	list_remove(&subscription->link);
	name_unref(&broker->worker->names, subscription->id);
	free(subscription);
}

void broker_leave(struct broker *broker, struct party *party)
{
	while (!list_is_empty(&party->subscriptions)) {
		subscription_end(broker, container_of(party->subscriptions.next,
						 struct subscription, link));
	}
	registry_remove(&broker->parties, &party->entry);
}

/* The subscription of that id, or without one of that destination. */
static struct subscription *party_find(const struct party *party,
	const struct slice *id, const struct slice *destination)
{
	list_for_each (link, &party->subscriptions) {
		struct subscription *subscription =
			container_of(link, struct subscription, link);

		if (id != NULL ? subscription->id != NULL &&
					 slice_equal(name_text(subscription->id), *id)
			       : destination != NULL &&
					 slice_equal(audience_destination(
							     subscription->audience),
						 *destination))
			return subscription;
	}
	return NULL;
}

static size_t party_count(const struct party *party)
{
	size_t count = 0;

	list_for_each (link, &party->subscriptions)
		count++;
	return count;
}

/* True when `destination` lies below one of the prefixes; *rest is what follows. */
static bool prefixes_have(
	const struct strings *prefixes, struct slice destination, struct slice *rest)
{
	for (size_t i = 0; i < prefixes->count; i++) {
		if (url_is_below(destination, prefixes->items[i], rest) &&
			rest->len > 1)
			return true;
	}
	return false;
}

bool broker_is_topic(const struct broker *broker, struct slice destination)
{
	struct slice rest;

	return prefixes_have(
		&broker->worker->config->broker_prefixes, destination, &rest);
}

static const struct slice *frame_destination(
	const struct broker *broker, const struct stomp_frame *frame, struct buf *error)
{
	const struct slice *destination = stomp_header(frame, SLICE("destination"));
	uint64_t most = broker->worker->config->limits.destination;

	if (destination == NULL || destination->len == 0) {
		buf_printf(error, "%.*s needs a destination",
			SLICE_ARGS(stomp_command_name(frame->command)));
		return NULL;
	}
	if (destination->len > most) {
		buf_printf(error, "The destination is longer than %llu bytes",
			(unsigned long long)most);
		return NULL;
	}
	return destination;
}

bool broker_subscribe(struct broker *broker, struct party *party,
	const struct stomp_frame *frame, enum stomp_version version, uint64_t request,
	struct buf *error)
{
	const struct slice *destination = frame_destination(broker, frame, error);
	const struct slice *id = stomp_header(frame, SLICE("id"));
	uint64_t most = broker->worker->config->limits.subscriptions;

	if (destination == NULL)
		return false;
	if (!broker_is_topic(broker, *destination)) {
		buf_append(error, SLICE("No destination of that prefix can be "
					"subscribed to"));
		return false;
	}
	if (party_find(party, id, destination) != NULL) {
		buf_append(error, id != NULL
					  ? SLICE("The subscription id is in use")
					  : SLICE("The destination is subscribed to"));
		return false;
	}
	if (party_count(party) >= most) {
		buf_printf(error, "More than %llu subscriptions",
			(unsigned long long)most);
		return false;
	}

	struct subscription *subscription = xcalloc(1, sizeof(*subscription));
	subscription->party = party;
	subscription->version = version;
	if (id != NULL)
		subscription->id = name_intern(&broker->worker->names, *id);
	list_append(&party->subscriptions, &subscription->link);
	registry_add(&broker->subscriptions, &subscription->entry);
	audience_add(broker, *destination, subscription);
	topic_join(broker, *destination, subscription, request);
	return true;
}

bool broker_unsubscribe(struct broker *broker, struct party *party,
	const struct slice *id, const struct slice *destination)
{
	struct subscription *subscription = party_find(party, id, destination);

	if (subscription == NULL)
		return false;
	subscription_end(broker, subscription);
	return true;
}

bool broker_send(struct broker *broker, struct party *party,
	const struct stomp_frame *frame, uint64_t request, size_t *answers,
	struct buf *error)
{
	const struct config *config = broker->worker->config;
	const struct slice *destination = frame_destination(broker, frame, error);
	struct slice rest;

	if (destination == NULL)
		return false;
	if (prefixes_have(&config->app_prefixes, *destination, &rest))
		return app_send(broker, party, frame, *destination, rest, request,
			answers, error);
	if (!broker_is_topic(broker, *destination)) {
		buf_append(error, SLICE("Nobody owns destinations of that prefix"));
		return false;
	}
	if (!config->client_send) {
		buf_append(error, SLICE("Clients may not send to that destination"));
		return false;
	}
	topic_publish(broker, message_create(frame, *destination),
		broker_handle(broker, party), request);
	*answers = 1;
	return true;
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
