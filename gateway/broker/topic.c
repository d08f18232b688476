/*
 * The home side of topics. A topic exists while somebody subscribes to it. Its
 * home (the worker that its name's hash says) gives each message its place in the
 * order, and posts it once to each worker that has subscribers; that worker fans
 * out (audience.c).
 *
 * The home is a worker like any other, often not the publisher's nor a
 * subscriber's. What goes from one worker to another keeps its order, and that is
 * all that the promises need: a subscriber hears that he has joined ahead of the first
 * message, and messages in the order that their home gave them.
 */
#include "gateway/broker/internal.h"

#include "gateway/config.h"
#include "protocol/xmalloc.h"

#include <assert.h>
#include <stdlib.h>

struct topic {
	struct table_node node; /* its key points to `destination` */
	uint64_t epoch;         /* a topic that is made again has another one */
	uint64_t offset;        /* of the latest message */
	unsigned listeners;     /* workers that have subscribers */
	uint64_t *subscribers;  /* of each worker */
	char destination[];
};

static struct topic *topic_find(struct broker *broker, struct slice destination)
{
	struct table_node *node = table_find(&broker->topics, destination);

	return node == NULL ? NULL : container_of(node, struct topic, node);
}

static struct topic *topic_create(struct broker *broker, struct slice destination)
{
	struct topic *topic = xcalloc(1, sizeof(*topic) + destination.len);

	topic->epoch = ++broker->epoch;
	topic->subscribers = xcalloc(broker->workers, sizeof(*topic->subscribers));
	memcpy(topic->destination, destination.data, destination.len);
	table_insert(&broker->topics, &topic->node,
		(struct slice){topic->destination, destination.len});
	return topic;
}

static void topic_destroy(struct broker *broker, struct topic *topic)
{
	table_remove(&broker->topics, &topic->node);
	crew_give(&broker->worker->crew->destinations);
	free(topic->subscribers);
	free(topic);
}

void topics_finish(struct broker *broker)
{
	struct table_node *node;

	while ((node = table_any(&broker->topics)) != NULL)
		topic_destroy(broker, container_of(node, struct topic, node));
}

/* Joining and leaving. */

struct member_post {
	struct post post;
	unsigned worker; /* the subscriber's; the rest only of those that join */
	uint64_t subscription, party, request;
	struct slice destination;
	char text[];
};

static struct member_post *member_post_create(struct broker *broker,
	struct slice destination, void (*run)(struct worker *worker, struct post *post))
{
	size_t size = sizeof(struct member_post) + destination.len;
	struct member_post *member = xmalloc(size);

	*member = (struct member_post){.post = {.size = size, .run = run},
		.worker = broker->worker->index,
		.destination = {member->text, destination.len}};
	memcpy(member->text, destination.data, destination.len);
	return member;
}

/*
 * At the subscriber: the home has counted the subscription in. If it has ended
 * meanwhile, the home hears that now: nobody leaves who has not joined.
 */
static void joined_run(struct worker *worker, struct post *post)
{
	struct member_post *member = container_of(post, struct member_post, post);
	struct broker *broker = worker->broker;
	struct entry *entry =
		registry_find(&broker->subscriptions, member->subscription);

	if (entry != NULL)
		container_of(entry, struct subscription, entry)->joined = true;
	else
		topic_leave(broker, member->destination);
	/* At once: its receipt goes ahead of what is published from now on. */
	broker_tell(broker, member->party, member->request, SLICE(""));
	free(member);
}

/* At the home: the topic, made if need be; NULL when there are too many. */
static struct topic *topic_open(struct broker *broker, struct slice destination)
{
	struct topic *topic = topic_find(broker, destination);

	if (topic == NULL && crew_take(&broker->worker->crew->destinations,
				     broker->worker->config->limits.destinations))
		topic = topic_create(broker, destination);
	return topic;
}

/* At the home. */
static void join_run(struct worker *worker, struct post *post)
{
	struct member_post *member = container_of(post, struct member_post, post);
	struct broker *broker = worker->broker;
	struct topic *topic = topic_open(broker, member->destination);

	if (topic == NULL) {
		broker_answer(broker, (struct handle){member->worker, member->party},
			member->request, SLICE("There are too many destinations"));
		free(member);
		return;
	}
	if (topic->subscribers[member->worker]++ == 0)
		topic->listeners++;

	/* The answer goes ahead of every message that is taken from now on. */
	member->post.run = joined_run;
	worker_post(worker, member->worker, &member->post);
}

/* At the home. */
static void leave_run(struct worker *worker, struct post *post)
{
	struct member_post *member = container_of(post, struct member_post, post);
	struct topic *topic = topic_find(worker->broker, member->destination);

	assert(topic != NULL && topic->subscribers[member->worker] > 0);
	if (--topic->subscribers[member->worker] == 0 && --topic->listeners == 0)
		topic_destroy(worker->broker, topic);
	free(member);
}

void topic_join(struct broker *broker, struct slice destination,
	const struct subscription *subscription, uint64_t request)
{
	struct member_post *member = member_post_create(broker, destination, join_run);

	member->subscription = subscription->entry.number;
	member->party = subscription->party->entry.number;
	member->request = request;
	worker_post(broker->worker, worker_home(broker->worker, destination),
		&member->post);
}

void topic_leave(struct broker *broker, struct slice destination)
{
	worker_post(broker->worker, worker_home(broker->worker, destination),
		&member_post_create(broker, destination, leave_run)->post);
}

/* Publishing. */

struct message_post {
	struct post post;
	struct message *message; /* its only reference, so it may change the worker */
	struct handle party;
	uint64_t request;
};

/* Takes the caller's reference over, which must be the only one. */
static void message_post_send(struct broker *broker, unsigned to,
	struct message *message, struct handle party, uint64_t request,
	void (*run)(struct worker *worker, struct post *post))
{
	struct message_post *post = xmalloc(sizeof(*post));

	*post = (struct message_post){
		.post = {.size = sizeof(*post) + message_size(message), .run = run},
		.message = message,
		.party = party,
		.request = request,
	};
	worker_post(broker->worker, to, &post->post);
}

/* At a worker that has subscribers. */
static void deliver_run(struct worker *worker, struct post *post)
{
	struct message_post *deliver = container_of(post, struct message_post, post);

	audience_deliver(worker->broker, deliver->message);
	message_unref(deliver->message);
	free(deliver);
}

/* One copy for each worker that has subscribers; the last gets the message itself. */
static void topic_distribute(
	struct broker *broker, const struct topic *topic, struct message *message)
{
	unsigned left = topic->listeners;

	for (unsigned i = 0; left > 0; i++) {
		if (topic->subscribers[i] == 0)
			continue;
		left--;
		message_post_send(broker, i, left > 0 ? message_copy(message) : message,
			(struct handle){0, 0}, 0, deliver_run);
	}
}

/* At the home. */
static void publish_run(struct worker *worker, struct post *post)
{
	struct message_post *publish = container_of(post, struct message_post, post);
	struct broker *broker = worker->broker;
	struct topic *topic = topic_find(broker, message_destination(publish->message));

	broker_answer(broker, publish->party, publish->request, SLICE(""));
	if (topic == NULL) { /* nobody listens */
		message_unref(publish->message);
	} else {
		message_set_place(publish->message, topic->epoch, ++topic->offset);
		topic_distribute(broker, topic, publish->message);
	}
	free(publish);
}

void topic_publish(struct broker *broker, struct message *message, struct handle party,
	uint64_t request)
{
	unsigned home = worker_home(broker->worker, message_destination(message));

	message_post_send(broker, home, message, party, request, publish_run);
}
