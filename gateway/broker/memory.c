/*
 * The backend that is built in: topics and queues in memory, each at its home, the
 * worker that its address hashes to. Everything is asked by a post and answered by
 * one. What goes from one worker to another keeps its order, and that is all that the
 * promises need: a subscriber hears that he has joined ahead of the first message,
 * and messages in the order that their home gave them.
 */
#include "gateway/broker/memory.h"

#include "gateway/log.h"
#include "protocol/xmalloc.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

/* Joining and leaving. */

struct member_post {
	struct post post;
	struct handle subscription;
	uint64_t prefetch;       /* of those that join a queue */
	uint64_t party, request; /* who is answered, at the subscription's worker */
	struct slice address;
	char text[];
};

static void member_post_send(struct broker *broker, unsigned to, uint64_t subscription,
	struct slice address, const struct member_post *wish,
	void (*run)(struct worker *worker, struct post *post))
{
	size_t size = sizeof(struct member_post) + address.len;
	struct member_post *member = xmalloc(size);

	*member = *wish;
	member->post = (struct post){.size = size, .run = run};
	member->subscription = (struct handle){broker->worker->index, subscription};
	member->address = (struct slice){member->text, address.len};
	memcpy(member->text, address.data, address.len);
	worker_post(broker->worker, to, &member->post);
}

/* At the home. */
static void leave_run(struct worker *worker, struct post *post)
{
	struct member_post *member = container_of(post, struct member_post, post);
	struct broker *broker = worker->broker;

	if (broker_is_queue(broker, member->address)) {
		struct queue *queue = memory_queue(broker, member->address);

		assert(queue != NULL);
		queue_leave(queue, member->subscription);
		memory_serve(broker, queue);
	} else if (broker_is_pattern(member->address)) {
		pattern_leave(
			broker, member->address, (unsigned)member->subscription.worker);
	} else {
		struct topic *topic = topic_find(broker, member->address);

		assert(topic != NULL);
		topic_leave(broker, topic, (unsigned)member->subscription.worker);
	}
	broker_answer(broker,
		(struct handle){member->subscription.worker, member->party},
		member->request, SLICE(""));
	free(member);
}

/*
 * At the subscriber: the home has counted the subscription in. If it has ended
 * meanwhile, the home hears that now: nobody leaves who has not joined (of patterns
 * the homes have heard already).
 */
static void joined_run(struct worker *worker, struct post *post)
{
	struct member_post *member = container_of(post, struct member_post, post);
	struct broker *broker = worker->broker;
	struct entry *entry =
		registry_find(&broker->subscriptions, member->subscription.number);

	if (entry != NULL)
		container_of(entry, struct subscription, entry)->joining--;
	else if (!broker_is_pattern(member->address))
		member_post_send(broker, worker_home(worker, member->address),
			member->subscription.number, member->address,
			&(struct member_post){.request = 0}, leave_run);
	/* At once: its receipt goes ahead of what is published from now on. */
	broker_tell(broker, member->party, member->request, SLICE(""));
	free(member);
}

/* At the home. */
static void join_run(struct worker *worker, struct post *post)
{
	struct member_post *member = container_of(post, struct member_post, post);
	struct broker *broker = worker->broker;
	const unsigned from = (unsigned)member->subscription.worker;
	struct queue *queue = NULL;
	struct topic *topic = NULL;

	const bool is_pattern = broker_is_pattern(member->address);

	if (broker_is_queue(broker, member->address))
		queue = memory_open_queue(broker, member->address);
	else if (!is_pattern)
		topic = topic_open(broker, member->address);
	if (queue == NULL && topic == NULL && !is_pattern) {
		broker_answer(broker, (struct handle){from, member->party},
			member->request, SLICE("There are too many destinations"));
		free(member);
		return;
	}
	if (is_pattern)
		pattern_join(broker, member->address, from);
	else if (topic != NULL)
		topic_join(broker, topic, from);
	else
		queue_join(queue, member->subscription, member->prefetch);

	/* The answer goes ahead of every message that is delivered from now on. */
	member->post.run = joined_run;
	worker_post(worker, from, &member->post);
	if (queue != NULL)
		memory_serve(broker, queue);
}

/* The homes that must know the subscription: its own, or all for a pattern. */
static size_t member_posts_send(struct broker *broker,
	const struct subscription *subscription, const struct member_post *wish,
	void (*run)(struct worker *worker, struct post *post))
{
	const struct slice address = subscription_address(subscription);
	const bool is_pattern = broker_is_pattern(address);
	const unsigned home = is_pattern ? 0 : worker_home(broker->worker, address);
	const unsigned homes = is_pattern ? broker->workers : 1;

	for (unsigned i = 0; i < homes; i++)
		member_post_send(broker, home + i, subscription->entry.number, address,
			wish, run);
	return homes;
}

static struct member_post subscription_wish(
	const struct subscription *subscription, uint64_t prefetch, uint64_t request)
{
	return (struct member_post){
		.prefetch = prefetch,
		.party = subscription->party->entry.number,
		.request = request,
	};
}

static size_t memory_subscribe(struct broker *broker, struct subscription *subscription,
	uint64_t prefetch, uint64_t request)
{
	const struct member_post wish =
		subscription_wish(subscription, prefetch, request);
	const size_t homes = member_posts_send(broker, subscription, &wish, join_run);

	subscription->joining = (unsigned)homes;
	return homes;
}

static size_t memory_unsubscribe(
	struct broker *broker, struct subscription *subscription, uint64_t request)
{
	const struct member_post wish = subscription_wish(subscription, 0, request);

	return member_posts_send(broker, subscription, &wish, leave_run);
}

/* Sending. */

struct send_post {
	struct post post;
	struct message *message; /* its only reference, so it may change the worker */
	struct handle party;
	uint64_t request;
	bool is_reserved; /* room in the queue is kept for it */
};

/* At the home. Answered ahead of what comes of it: receipts do not wait for readers. */
static void send_to_queue(struct broker *broker, const struct send_post *send)
{
	const struct slice address = message_address(send->message);
	const size_t size = message_size(send->message);
	struct queue *queue = memory_open_queue(broker, address);
	struct slice error = SLICE("");

	if (queue == NULL)
		error = SLICE("There are too many destinations");
	else if (!send->is_reserved && !queue_reserve(queue, 1, size))
		error = SLICE("The queue is full");
	broker_answer(broker, send->party, send->request, error);
	if (error.len == 0) {
		queue_unreserve(queue, 1, size);
		queue_put(queue, send->message);
		memory_serve(broker, queue);
		return;
	}
	if (send->party.number == 0) /* nobody hears the answer */
		log_warn("queue %.*s: a dead letter is lost: %.*s", SLICE_ARGS(address),
			SLICE_ARGS(error));
	message_unref(send->message);
}

/* At the home. */
static void send_to_topic(struct broker *broker, const struct send_post *send)
{
	const struct slice address = message_address(send->message);
	const bool is_heard = topic_is_heard(broker, address);
	/* When only patterns match, the topic is made for its numbers. */
	struct topic *topic = is_heard ? topic_open(broker, address) : NULL;

	broker_answer(broker, send->party, send->request,
		is_heard && topic == NULL ? SLICE("There are too many destinations")
					  : SLICE(""));
	if (topic != NULL)
		topic_publish(broker, topic, send->message);
	else
		message_unref(send->message);
}

static void send_run(struct worker *worker, struct post *post)
{
	struct send_post *send = container_of(post, struct send_post, post);

	if (broker_is_queue(worker->broker, message_address(send->message)))
		send_to_queue(worker->broker, send);
	else
		send_to_topic(worker->broker, send);
	free(send);
}

static void send_post_send(struct broker *broker, struct message *message,
	struct handle party, uint64_t request, bool is_reserved)
{
	const unsigned home = worker_home(broker->worker, message_address(message));
	struct send_post *send = xmalloc(sizeof(*send));

	*send = (struct send_post){
		.post = {.size = sizeof(*send) + message_size(message),
			.run = send_run},
		.message = message,
		.party = party,
		.request = request,
		.is_reserved = is_reserved,
	};
	worker_post(broker->worker, home, &send->post);
}

static void memory_send(struct broker *broker, struct message *message,
	struct handle party, uint64_t request)
{
	send_post_send(broker, message, party, request, false);
}

void memory_send_reserved(struct broker *broker, struct message *message,
	struct handle party, uint64_t request)
{
	send_post_send(broker, message, party, request,
		broker_is_queue(broker, message_address(message)));
}

/* Settling. */

struct settle_post {
	struct post post;
	struct handle consumer;
	bool is_accepted;
	struct slice address; /* behind the offsets */
	size_t count;
	uint64_t offsets[];
};

/* Takes the message over, which nobody wants. */
static void memory_bury(
	struct broker *broker, struct slice address, struct message *message)
{
	const struct config *config = broker->worker->config;
	char reason[48];
	int len = snprintf(reason, sizeof(reason), "rejected %llu times",
		(unsigned long long)config->nacks);
	const struct stomp_header made[] = {
		{SLICE("x-postern-from"), address},
		{SLICE("x-postern-reason"), {reason, (size_t)len}},
	};

	if (config->dead_letter.len > 0 && !slice_equal(config->dead_letter, address))
		memory_send(broker,
			message_forward(message, config->dead_letter, made, 2),
			(struct handle){0, 0}, 0);
	else
		log_warn("queue %.*s: a message is dropped, %s", SLICE_ARGS(address),
			reason);
	message_unref(message);
}

/* At the home. A queue is there while it has consumers, and lent something. */
static void settle_run(struct worker *worker, struct post *post)
{
	struct settle_post *settle = container_of(post, struct settle_post, post);
	struct broker *broker = worker->broker;
	struct queue *queue = memory_queue(broker, settle->address);

	for (size_t i = 0; queue != NULL && i < settle->count; i++) {
		struct message *dead = queue_settle(queue, settle->consumer,
			settle->offsets[i], settle->is_accepted);

		if (dead != NULL)
			memory_bury(broker, settle->address, dead);
	}
	if (queue != NULL)
		memory_serve(broker, queue);
	free(settle);
}

static void memory_settle(struct broker *broker,
	const struct subscription *subscription, const struct place *places,
	size_t count, bool is_accepted)
{
	const struct slice address = subscription_address(subscription);
	const size_t size =
		sizeof(struct settle_post) + count * sizeof(uint64_t) + address.len;
	struct settle_post *settle = xmalloc(size);
	char *text = (char *)(settle->offsets + count);

	*settle = (struct settle_post){
		.post = {.size = size, .run = settle_run},
		.consumer = {broker->worker->index, subscription->entry.number},
		.is_accepted = is_accepted,
		.address = {text, address.len},
		.count = count,
	};
	for (size_t i = 0; i < count; i++)
		settle->offsets[i] = places[i].offset;
	memcpy(text, address.data, address.len);
	worker_post(
		broker->worker, worker_home(broker->worker, address), &settle->post);
}

const struct backend memory_backend = {
	.subscribe = memory_subscribe,
	.unsubscribe = memory_unsubscribe,
	.send = memory_send,
	.settle = memory_settle,
	.commit = memory_commit,
};
