/*
 * A topic at its home. It exists while it has subscribers. The home gives each message
 * its place in the order, and posts it once to each worker that has subscribers; that
 * worker fans out (audience.c).
 *
 * Every home knows the patterns of all workers. A topic that only patterns match is
 * kept for its numbers, up to a limit: the least recently used go first.
 */
#include "gateway/broker/topic.h"

#include "gateway/broker/destination.h"
#include "gateway/broker/internal.h"
#include "gateway/config/config.h"
#include "gateway/worker/metrics.h"
#include "gateway/worker/share.h"
#include "protocol/xmalloc.h"

#include <assert.h>
#include <stdlib.h>

struct topic {
	struct table_node node; /* its key points to `address` */
	struct place place;     /* of the latest message */
	unsigned listeners;     /* how many workers have subscribers */
	uint64_t *subscribers;  /* count for each worker */
	struct list idle;       /* in broker->topics.idle while it has no listeners */
	uint32_t account;       /* charged for it while it has listeners */
	char address[];
};

void topics_init(struct topics *topics, const struct hash_key *key, char separator,
	unsigned workers)
{
	table_init(&topics->by_address, key);
	list_init(&topics->idle);
	pattern_set_init(&topics->patterns, key, separator);
	topics->wanting = xcalloc(workers, sizeof(*topics->wanting));
}

static struct topic *topic_of_node(struct table_node *node)
{
	return node == NULL ? NULL : container_of(node, struct topic, node);
}

struct topic *topic_find(const struct broker *broker, struct slice address)
{
	return topic_of_node(table_find(&broker->topics.by_address, address));
}

struct visit {
	void (*topic)(const struct topic *topic, void *context);
	void *context;
};

static void topic_visit(struct table_node *node, void *context)
{
	const struct visit *visit = context;

	visit->topic(container_of(node, struct topic, node), visit->context);
}

void topic_for_each(struct broker *broker,
	void (*visit)(const struct topic *topic, void *context), void *context)
{
	table_for_each(&broker->topics.by_address, topic_visit,
		&(struct visit){visit, context});
}

struct slice topic_destination(const struct topic *topic)
{
	return topic->node.key;
}

uint64_t topic_subscribers(const struct broker *broker, const struct topic *topic)
{
	uint64_t subscribers = 0;

	for (unsigned i = 0; i < broker->workers; i++)
		subscribers += topic->subscribers[i];
	return subscribers;
}

struct place topic_place(const struct topic *topic)
{
	return topic->place;
}

/* Takes the topic out of the idle topics. */
static void topic_wake(struct broker *broker, struct topic *topic)
{
	if (list_is_linked(&topic->idle)) {
		list_remove(&topic->idle);
		broker->topics.idle_count--;
	}
}

static struct topic *topic_create(struct broker *broker, struct slice address)
{
	struct topic *topic = xcalloc(1, sizeof(*topic) + address.len);

	topic->place.epoch = ++broker->epoch;
	topic->subscribers = xcalloc(broker->workers, sizeof(*topic->subscribers));
	memcpy(topic->address, address.data, address.len);
	table_insert(&broker->topics.by_address, &topic->node,
		(struct slice){topic->address, address.len});
	list_append(&broker->topics.idle, &topic->idle);
	broker->topics.idle_count++;
	return topic;
}

static void topic_destroy(struct broker *broker, struct topic *topic)
{
	topic_wake(broker, topic);
	table_remove(&broker->topics.by_address, &topic->node);
	destination_give(broker, topic->account);
	free(topic->subscribers);
	free(topic);
}

/*
 * So many idle topics may go when one is made. Thousands may have become idle since:
 * the others go with the next ones.
 */
enum { FORGOTTEN_AT_ONCE = 16 };

/* Frees at most `most` of the idle topics beyond the `kept` latest ones. */
static void topics_forget(struct broker *broker, uint64_t kept, size_t most)
{
	for (; most > 0 && broker->topics.idle_count > kept; most--) {
		topic_destroy(broker,
			container_of(broker->topics.idle.next, struct topic, idle));
	}
}

bool topics_forget_unmatched(struct broker *broker, size_t most)
{
	if (broker->topics.patterns.count == 0)
		topics_forget(broker, 0, most);
	return broker->topics.patterns.count > 0 || broker->topics.idle_count == 0;
}

void topics_finish(struct broker *broker)
{
	struct table_node *node;

	while ((node = table_any(&broker->topics.by_address)) != NULL)
		topic_destroy(broker, container_of(node, struct topic, node));
	table_finish(&broker->topics.by_address);
	pattern_set_finish(&broker->topics.patterns, free);
	free(broker->topics.wanting);
}

/* With `is_promised` no limit refuses it. */
static struct topic *topic_make(struct broker *broker, struct slice address,
	uint32_t account, bool is_promised, enum refusal_kind *why)
{
	const struct limits *limits = &broker->worker->config->limits;

	if (broker->topics.idle_count > limits->idle_topics)
		metrics_refuse(broker->worker->metrics, BOUND_IDLE_TOPICS);
	topics_forget(broker, limits->idle_topics, FORGOTTEN_AT_ONCE);
	if (!destination_take(broker, account, is_promised, why))
		return NULL;
	struct topic *topic = topic_create(broker, address);
	topic->account = account;
	return topic;
}

/* An idle topic gets an account again. */
static bool topic_charge(struct broker *broker, struct topic *topic, uint32_t account)
{
	if (!share_take(broker->worker, account, ACCOUNT_DESTINATIONS, 1,
		    broker->worker->config->limits.destinations))
		return false;
	topic->account = account;
	return true;
}

struct topic *topic_open(struct broker *broker, struct slice address, uint32_t account,
	enum refusal_kind *why)
{
	struct topic *topic = topic_find(broker, address);

	if (topic == NULL)
		return topic_make(broker, address, account, false, why);
	if (!list_is_linked(&topic->idle) || topic_charge(broker, topic, account))
		return topic;
	*why = REFUSAL_SHARE;
	return NULL;
}

void topic_join(struct broker *broker, struct topic *topic, unsigned worker)
{
	if (topic->subscribers[worker]++ == 0)
		topic->listeners++;
	topic_wake(broker, topic);
}

void topic_leave(struct broker *broker, struct topic *topic, unsigned worker)
{
	assert(topic->subscribers[worker] > 0);
	if (--topic->subscribers[worker] > 0 || --topic->listeners > 0)
		return;
	if (broker->topics.patterns.count == 0) {
		topic_destroy(broker, topic);
		return;
	}
	/* Nobody's client keeps an idle topic, so none is charged for it. */
	share_give(broker->worker, topic->account, ACCOUNT_DESTINATIONS, 1);
	topic->account = ACCOUNT_HOUSE;
	list_append(&broker->topics.idle, &topic->idle);
	broker->topics.idle_count++;
}

/* How many subscribers of a pattern each worker has. */

struct listeners {
	uint64_t all;
	uint64_t of[]; /* by worker */
};

/*
 * One that joins or leaves costs as much as so many deliveries: it is looked for in a
 * trie and in tables, which are in no cache.
 */
enum { DELIVERIES_OF_PATTERN = 16 };

void pattern_join(struct broker *broker, struct slice pattern, unsigned worker)
{
	void **slot = pattern_add(&broker->topics.patterns, pattern);
	struct listeners *listeners = *slot;

	worker_spend(broker->worker, DELIVERIES_OF_PATTERN);
	if (listeners == NULL)
		*slot = listeners =
			xcalloc(1, sizeof(*listeners) +
					   broker->workers * sizeof(listeners->of[0]));
	listeners->all++;
	listeners->of[worker]++;
}

void pattern_leave(struct broker *broker, struct slice pattern, unsigned worker)
{
	void **slot = pattern_find(&broker->topics.patterns, pattern);
	struct listeners *listeners = *slot;

	worker_spend(broker->worker, DELIVERIES_OF_PATTERN);
	assert(listeners->of[worker] > 0);
	listeners->of[worker]--;
	if (--listeners->all > 0)
		return;
	*slot = NULL;
	free(listeners);
	pattern_remove(&broker->topics.patterns, pattern);
}

/* The subscribers of an address: how many, and at which workers. */

static void topic_want_matched(void *value, void *context)
{
	const struct listeners *listeners = value;
	struct broker *broker = context;
	uint64_t *wanting = broker->topics.wanting;

	for (unsigned i = 0; i < broker->workers; i++)
		wanting[i] += listeners->of[i];
}

static void topic_start_look_up(struct broker *broker, struct slice address)
{
	struct topics *topics = &broker->topics;

	if (topics->is_looking)
		return;
	topics->is_looking = true;
	for (unsigned i = 0; i < broker->workers; i++)
		topics->wanting[i] = 0;
	if (slice_starts_with(address, SLICE("/")))
		pattern_start(&topics->patterns, address, topic_want_matched, broker);
}

bool topic_look_up(struct broker *broker, struct slice address)
{
	topic_start_look_up(broker, address);
	return broker_continue_match(broker, &broker->topics.patterns);
}

/*
 * Fills broker->topics.wanting. `topic` is NULL if only patterns can match. Returns
 * the number of subscribers.
 */
static uint64_t topic_find_subscribers(
	struct broker *broker, const struct topic *topic, struct slice address)
{
	struct topics *topics = &broker->topics;
	uint64_t subscribers = 0;
	size_t work = SIZE_MAX;

	topic_start_look_up(broker, address);
	pattern_continue(&topics->patterns, &work);
	topics->is_looking = false;
	for (unsigned i = 0; i < broker->workers; i++) {
		topics->wanting[i] += topic != NULL ? topic->subscribers[i] : 0;
		subscribers += topics->wanting[i];
	}
	return subscribers;
}

/* Publishing. */

struct deliver_post {
	struct post post;
	struct message *message; /* the only reference, so it may change the worker */
	unsigned home;           /* that has dispatched it */
	uint32_t weight;         /* of its deliveries there (window.h) */
};

static void deliver_run(struct worker *worker, struct post *post);

/* Adds the next post's message, if it goes to the same audience. */
static bool fan_out_take_next(
	struct worker *worker, struct fan_out *fan_out, size_t *room)
{
	const struct post *post = worker_next_post(worker);

	if (post == NULL || post->run != deliver_run)
		return false;
	const struct deliver_post *deliver =
		container_of(post, struct deliver_post, post);
	struct message *message = deliver->message;

	if (message_size(message) > *room ||
		!slice_equal(message_address(message),
			message_address(fan_out->messages[0])))
		return false;
	*room -= message_size(message);
	fan_out->messages[fan_out->count++] = message;
	worker->broker->topics.fan_out_weight += deliver->weight;
	free(container_of(worker_take_post(worker), struct deliver_post, post));
	return true;
}

/*
 * Messages of one destination that come together are delivered together, because the
 * walk to each subscriber is the expensive part. They are few compared with the length
 * of a session's queue.
 */
static void fan_out_begin(struct worker *worker, struct fan_out *fan_out,
	const struct deliver_post *deliver)
{
	struct message *first = deliver->message;
	const struct limits *limits = &worker->config->limits;
	const size_t size = message_size(first), bytes = limits->queue_bytes / 8;
	size_t room = size < bytes ? bytes - size : 0;

	fan_out->messages[fan_out->count++] = first;
	worker->broker->topics.fan_out_home = deliver->home;
	worker->broker->topics.fan_out_weight = deliver->weight;
	while (fan_out->count < FAN_OUT_MESSAGES &&
		fan_out->count < limits->queue_messages / 8 &&
		fan_out_take_next(worker, fan_out, &room))
		;
	audience_start_fan_out(worker->broker, first);
}

static void fan_out_end(struct broker *broker, struct fan_out *fan_out)
{
	window_done(broker, broker->topics.fan_out_home, broker->topics.fan_out_weight);
	while (fan_out->count > 0)
		message_unref(fan_out->messages[--fan_out->count]);
}

/* Runs at a worker that has subscribers. A large fan-out takes more than one turn. */
static void deliver_run(struct worker *worker, struct post *post)
{
	struct deliver_post *deliver = container_of(post, struct deliver_post, post);
	struct fan_out *fan_out = &worker->broker->topics.fan_out;

	if (fan_out->count == 0)
		fan_out_begin(worker, fan_out, deliver);
	const size_t members = worker_allowance(worker) / fan_out->count + 1;
	if (!audience_fan_out_step(worker->broker, fan_out, members)) {
		worker_return_post(worker, post);
		return;
	}
	fan_out_end(worker->broker, fan_out);
	free(deliver);
}

static void deliver_post_send(
	struct broker *broker, unsigned to, struct message *message)
{
	struct deliver_post *deliver = xmalloc(sizeof(*deliver));

	*deliver = (struct deliver_post){
		.post = {.size = sizeof(*deliver) + message_size(message),
			.run = deliver_run},
		.message = message,
		.home = broker->worker->index,
		.weight = window_dispatch(&broker->window, broker->topics.wanting[to]),
	};
	worker_post(broker->worker, to, &deliver->post);
}

/* One copy for each worker that has subscribers; the last one gets the original. */
static void topic_post(struct broker *broker, struct message *message)
{
	const uint64_t *wanting = broker->topics.wanting;
	unsigned left = 0;

	for (unsigned i = 0; i < broker->workers; i++)
		left += wanting[i] > 0;
	for (unsigned i = 0; left > 0; i++) {
		if (wanting[i] == 0)
			continue;
		left--;
		deliver_post_send(
			broker, i, left > 0 ? message_copy(message) : message);
	}
}

/* The message gets its place in the topic's order. */
static void topic_number(
	struct broker *broker, struct topic *topic, const struct topic_message *publish)
{
	if (list_is_linked(&topic->idle)) {
		list_remove(&topic->idle);
		list_append(&broker->topics.idle, &topic->idle);
	}
	if (publish->place.offset > 0)
		topic->place = publish->place;
	else
		topic->place.offset++;
	message_set_place(publish->message, topic->place, true);
}

static void topic_refuse(struct broker *broker, const struct topic_message *publish)
{
	struct broker_refusal refusal;

	destination_refuse(broker, &refusal, REFUSAL_DESTINATIONS,
		message_destination(publish->message));
	broker_answer(broker, publish->participant, publish->request, &refusal);
	message_unref(publish->message);
}

/* Answers before it delivers: receipts do not wait for readers. */
struct published topic_publish(
	struct broker *broker, const struct topic_message *publish)
{
	const struct slice address = message_address(publish->message);
	struct topic *topic =
		topic_of_node(table_find_hashed(&broker->topics.by_address, address,
			message_hash(publish->message, &broker->worker->key)));
	struct published published = {
		.subscribers = topic_find_subscribers(broker, topic, address),
	};

	enum refusal_kind why;

	/* If only patterns match, the topic is made for its numbers. */
	if (topic == NULL && published.subscribers > 0)
		topic = topic_make(
			broker, address, ACCOUNT_HOUSE, publish->is_promised, &why);
	if (topic == NULL && published.subscribers > 0) {
		topic_refuse(broker, publish);
		return (struct published){.is_refused = true};
	}
	counter_add(&broker->worker->metrics->messages, 1);
	if (published.subscribers > 0) {
		topic_number(broker, topic, publish);
		published.place = topic->place;
	}
	broker_answer_published(
		broker, publish->participant, publish->request, &published);
	if (published.subscribers > 0)
		topic_post(broker, publish->message);
	else
		message_unref(publish->message);
	return published;
}
