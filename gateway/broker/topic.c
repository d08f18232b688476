/*
 * A topic at its home. It exists while somebody subscribes to it. The home gives each
 * message its place in the order, and posts it once to each worker that has
 * subscribers; that worker fans out (audience.c).
 */
#include "gateway/broker/internal.h"

#include "gateway/config.h"
#include "protocol/xmalloc.h"

#include <assert.h>
#include <stdlib.h>

struct topic {
	struct table_node node; /* its key points to `address` */
	struct place place;     /* of the latest message */
	unsigned listeners;     /* workers that have subscribers */
	uint64_t *subscribers;  /* of each worker */
	char address[];
};

struct topic *topic_find(const struct broker *broker, struct slice address)
{
	struct table_node *node = table_find(&broker->topics, address);

	return node == NULL ? NULL : container_of(node, struct topic, node);
}

static struct topic *topic_create(struct broker *broker, struct slice address)
{
	struct topic *topic = xcalloc(1, sizeof(*topic) + address.len);

	topic->place.epoch = ++broker->epoch;
	topic->subscribers = xcalloc(broker->workers, sizeof(*topic->subscribers));
	memcpy(topic->address, address.data, address.len);
	table_insert(&broker->topics, &topic->node,
		(struct slice){topic->address, address.len});
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

struct topic *topic_open(struct broker *broker, struct slice address)
{
	struct topic *topic = topic_find(broker, address);

	if (topic == NULL && crew_take(&broker->worker->crew->destinations,
				     broker->worker->config->limits.destinations))
		topic = topic_create(broker, address);
	return topic;
}

void topic_join(struct topic *topic, unsigned worker)
{
	if (topic->subscribers[worker]++ == 0)
		topic->listeners++;
}

void topic_leave(struct broker *broker, struct topic *topic, unsigned worker)
{
	assert(topic->subscribers[worker] > 0);
	if (--topic->subscribers[worker] == 0 && --topic->listeners == 0)
		topic_destroy(broker, topic);
}

struct deliver_post {
	struct post post;
	struct message *message; /* its only reference, so it may change the worker */
};

/* At a worker that has subscribers. */
static void deliver_run(struct worker *worker, struct post *post)
{
	struct deliver_post *deliver = container_of(post, struct deliver_post, post);

	audience_deliver(worker->broker, deliver->message);
	message_unref(deliver->message);
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
	};
	worker_post(broker->worker, to, &deliver->post);
}

/* One copy for each worker that has subscribers; the last gets the message itself. */
void topic_publish(struct broker *broker, struct topic *topic, struct message *message)
{
	unsigned left = topic->listeners;

	topic->place.offset++;
	message_set_place(message, topic->place, true);
	for (unsigned i = 0; left > 0; i++) {
		if (topic->subscribers[i] == 0)
			continue;
		left--;
		deliver_post_send(
			broker, i, left > 0 ? message_copy(message) : message);
	}
}
