/*
 * The home side of topics. A topic exists while somebody subscribes to it. Its
 * home gives each message its place in the order, and posts it once to each
 * worker that has subscribers; that worker fans out (audience.c).
 *
 * There is one worker so far, which is the home of every destination: posts go
 * to it, in the order that several workers will need.
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
	uint64_t subscribers;
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
	memcpy(topic->destination, destination.data, destination.len);
	table_insert(&broker->topics, &topic->node,
		(struct slice){topic->destination, destination.len});
	return topic;
}

static void topic_destroy(struct broker *broker, struct topic *topic)
{
	table_remove(&broker->topics, &topic->node);
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
	uint64_t subscription, party, request; /* not of those that leave */
	struct slice destination;
	char text[];
};

static void member_post_send(struct broker *broker, struct slice destination,
	uint64_t subscription, uint64_t party, uint64_t request,
	void (*run)(struct worker *worker, struct post *post))
{
	size_t size = sizeof(struct member_post) + destination.len;
	struct member_post *member = xmalloc(size);

	*member = (struct member_post){.post = {.size = size, .run = run},
		.subscription = subscription,
		.party = party,
		.request = request,
		.destination = {member->text, destination.len}};
	memcpy(member->text, destination.data, destination.len);
	worker_post(broker->worker, &member->post);
}

/*
 * At the subscriber: the home has counted the subscription in. If it has ended
 * meanwhile, the home hears that now: nobody leaves who has not joined.
 */
static void joined_run(struct worker *worker, struct post *post)
{
	struct member_post *member = container_of(post, struct member_post, post);
	struct broker *broker = worker->broker;
	struct table_node *node = table_find(&broker->subscriptions,
		(struct slice){(const char *)&member->subscription, sizeof(uint64_t)});

	if (node != NULL)
		container_of(node, struct subscription, node)->joined = true;
	else
		topic_leave(broker, member->destination);
	/* At once: its receipt goes ahead of what is published from now on. */
	broker_tell(broker, member->party, member->request, SLICE(""));
	free(member);
}

/* At the home. */
static void join_run(struct worker *worker, struct post *post)
{
	struct member_post *member = container_of(post, struct member_post, post);
	struct broker *broker = worker->broker;
	struct topic *topic = topic_find(broker, member->destination);

	if (topic == NULL &&
		broker->topics.count >= worker->config->limits.destinations) {
		broker_answer(broker, member->party, member->request,
			SLICE("There are too many destinations"));
		free(member);
		return;
	}
	if (topic == NULL)
		topic = topic_create(broker, member->destination);
	topic->subscribers++;

	/* The answer goes ahead of every message that is taken from now on. */
	member->post.run = joined_run;
	worker_post(broker->worker, &member->post);
}

/* At the home. */
static void leave_run(struct worker *worker, struct post *post)
{
	struct member_post *member = container_of(post, struct member_post, post);
	struct topic *topic = topic_find(worker->broker, member->destination);

	assert(topic != NULL && topic->subscribers > 0);
	if (--topic->subscribers == 0)
		topic_destroy(worker->broker, topic);
	free(member);
}

void topic_join(struct broker *broker, struct slice destination,
	const struct subscription *subscription, uint64_t request)
{
	member_post_send(broker, destination, subscription->number,
		subscription->party->number, request, join_run);
}

void topic_leave(struct broker *broker, struct slice destination)
{
	member_post_send(broker, destination, 0, 0, 0, leave_run);
}

/* Publishing. */

struct message_post {
	struct post post;
	struct message *message; /* one reference */
	uint64_t party, request;
};

/* At a worker that has subscribers. */
static void deliver_run(struct worker *worker, struct post *post)
{
	struct message_post *deliver = container_of(post, struct message_post, post);

	audience_deliver(worker->broker, deliver->message);
	message_unref(deliver->message);
	free(deliver);
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
		free(publish);
		return;
	}
	message_set_place(publish->message, topic->epoch, ++topic->offset);
	publish->post.run = deliver_run;
	worker_post(broker->worker, &publish->post);
}

void topic_publish(struct broker *broker, struct message *message, uint64_t party,
	uint64_t request)
{
	struct message_post *publish = xmalloc(sizeof(*publish));

	*publish = (struct message_post){
		.post = {.size = sizeof(*publish) + message_size(message),
			.run = publish_run},
		.message = message,
		.party = party,
		.request = request,
	};
	worker_post(broker->worker, &publish->post);
}
