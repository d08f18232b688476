/*
 * The backend that is built in: topics and queues in memory, each at its home, the
 * worker that its address hashes to. Everything is asked by a post and answered by
 * one. What goes from one worker to another keeps its order, and that is all that the
 * promises need: a subscriber hears that he has joined ahead of the first message,
 * and messages in the order that their home gave them.
 */
#include "gateway/broker/transaction.h"

#include "gateway/log.h"
#include "protocol/xmalloc.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

/* Queues at their home. */

static struct queue *memory_queue(const struct broker *broker, struct slice address)
{
	struct table_node *node = table_find(&broker->queues, address);

	return node == NULL ? NULL : queue_of_node(node);
}

/* Made if need be; NULL when there are too many destinations. */
static struct queue *memory_open_queue(struct broker *broker, struct slice address)
{
	const struct config *config = broker->worker->config;
	const struct queue_rules rules = {
		.messages = config->limits.backlog_messages,
		.bytes = config->limits.backlog_bytes,
		.lent_bytes = config->limits.queue_bytes / 16,
		.rejections = config->nacks,
	};
	struct queue *queue = memory_queue(broker, address);

	if (queue != NULL || !crew_take(&broker->worker->crew->destinations,
				     config->limits.destinations))
		return queue;
	queue = queue_create(address, ++broker->epoch, &rules, &broker->worker->key);
	table_insert(&broker->queues, queue_node(queue), queue_destination(queue));
	return queue;
}

static void memory_destroy_queue(struct broker *broker, struct queue *queue)
{
	table_remove(&broker->queues, queue_node(queue));
	crew_give(&broker->worker->crew->destinations);
	queue_destroy(queue);
}

void memory_finish(struct broker *broker)
{
	struct table_node *node;

	while ((node = table_any(&broker->queues)) != NULL)
		memory_destroy_queue(broker, queue_of_node(node));
}

struct loan_post {
	struct post post;
	uint64_t subscription;
	struct message *message;
	bool redelivered;
};

/* At the consumer. If it has ended, its leaving tells the home to lend this again. */
static void loan_run(struct worker *worker, struct post *post)
{
	struct loan_post *loan = container_of(post, struct loan_post, post);
	struct entry *entry =
		registry_find(&worker->broker->subscriptions, loan->subscription);

	if (entry != NULL) {
		subscription_deliver(container_of(entry, struct subscription, entry),
			loan->message,
			DELIVERY_LENT | (loan->redelivered ? DELIVERY_REDELIVERED : 0));
	}
	message_unref(loan->message);
	free(loan);
}

/* After every change: lends what can be lent; a queue that nobody needs goes. */
static void memory_serve(struct broker *broker, struct queue *queue)
{
	struct loan loan;

	while (queue_lend(queue, &loan)) {
		const unsigned to = (unsigned)loan.consumer.worker;
		struct loan_post *post = xmalloc(sizeof(*post));

		*post = (struct loan_post){
			.post = {.size = sizeof(*post) + message_size(loan.message),
				.run = loan_run},
			.subscription = loan.consumer.number,
			/* A message never leaves its worker. */
			.message = to == broker->worker->index
					   ? message_ref(loan.message)
					   : message_copy(loan.message),
			.redelivered = loan.redelivered,
		};
		worker_post(broker->worker, to, &post->post);
	}
	if (queue_is_idle(queue))
		memory_destroy_queue(broker, queue);
}

/* Joining and leaving. */

struct member_post {
	struct post post;
	struct handle subscription;
	uint64_t prefetch, party, request; /* only of those that join */
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

static size_t memory_subscribe(struct broker *broker, struct subscription *subscription,
	uint64_t prefetch, uint64_t request)
{
	const struct member_post wish = {
		.prefetch = prefetch,
		.party = subscription->party->entry.number,
		.request = request,
	};
	size_t homes = member_posts_send(broker, subscription, &wish, join_run);

	subscription->joining = (unsigned)homes;
	return homes;
}

static void memory_unsubscribe(struct broker *broker, struct subscription *subscription)
{
	member_posts_send(
		broker, subscription, &(struct member_post){.request = 0}, leave_run);
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

static void memory_send_reserved(struct broker *broker, struct message *message,
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

/* Committing: first every queue keeps room for what it will get. */

struct reserve_post {
	struct post post;
	struct handle commit;
	size_t index; /* of the reservation */
	uint64_t messages, bytes;
	bool is_granted;
	struct slice address;
	char text[];
};

static void reserve_post_send(struct broker *broker, uint64_t commit, size_t index,
	const struct reservation *reservation,
	void (*run)(struct worker *worker, struct post *post))
{
	const struct slice address = reservation->address;
	const size_t size = sizeof(struct reserve_post) + address.len;
	struct reserve_post *reserve = xmalloc(size);

	*reserve = (struct reserve_post){
		.post = {.size = size, .run = run},
		.commit = {broker->worker->index, commit},
		.index = index,
		.messages = reservation->messages,
		.bytes = reservation->bytes,
		.address = {reserve->text, address.len},
	};
	memcpy(reserve->text, address.data, address.len);
	worker_post(
		broker->worker, worker_home(broker->worker, address), &reserve->post);
}

/* At the home. */
static void unreserve_run(struct worker *worker, struct post *post)
{
	struct reserve_post *reserve = container_of(post, struct reserve_post, post);
	struct queue *queue = memory_queue(worker->broker, reserve->address);

	assert(queue != NULL);
	queue_unreserve(queue, reserve->messages, reserve->bytes);
	memory_serve(worker->broker, queue);
	free(reserve);
}

/* At the party: all queues have answered. */
static void memory_decide(struct broker *broker, struct commit *commit)
{
	bool is_granted = true;

	for (size_t i = 0; i < commit->reservation_count; i++)
		is_granted = is_granted && commit->reservations[i].is_granted;
	if (is_granted && commit_is_wanted(broker, commit)) {
		commit_apply(broker, commit, memory_send_reserved);
		return;
	}
	for (size_t i = 0; i < commit->reservation_count; i++) {
		if (commit->reservations[i].is_granted)
			reserve_post_send(
				broker, 0, i, &commit->reservations[i], unreserve_run);
	}
	commit_fail(broker, commit, SLICE("A queue of the transaction is full"));
}

/* At the party. */
static void reserved_run(struct worker *worker, struct post *post)
{
	struct reserve_post *reserve = container_of(post, struct reserve_post, post);
	struct broker *broker = worker->broker;
	struct entry *entry = registry_find(&broker->commits, reserve->commit.number);
	struct commit *commit = container_of(entry, struct commit, entry);

	commit->reservations[reserve->index].is_granted = reserve->is_granted;
	free(reserve);
	if (--commit->waiting == 0)
		memory_decide(broker, commit);
}

/* At the home. */
static void reserve_run(struct worker *worker, struct post *post)
{
	struct reserve_post *reserve = container_of(post, struct reserve_post, post);
	struct queue *queue = memory_open_queue(worker->broker, reserve->address);

	reserve->is_granted = queue != NULL &&
			      queue_reserve(queue, reserve->messages, reserve->bytes);
	if (queue != NULL && queue_is_idle(queue))
		memory_destroy_queue(worker->broker, queue);
	reserve->post.run = reserved_run;
	worker_post(worker, (unsigned)reserve->commit.worker, &reserve->post);
}

static struct reservation *commit_reservation(
	struct commit *commit, struct slice address)
{
	for (size_t i = 0; i < commit->reservation_count; i++) {
		if (slice_equal(commit->reservations[i].address, address))
			return &commit->reservations[i];
	}
	struct reservation *made = &commit->reservations[commit->reservation_count++];
	*made = (struct reservation){.address = address};
	return made;
}

static void memory_commit(struct broker *broker, struct commit *commit)
{
	commit->reservations =
		xcalloc(commit->count + 1, sizeof(*commit->reservations));
	for (size_t i = 0; i < commit->count; i++) {
		const struct message *message = commit->actions[i].message;

		if (message == NULL || commit->actions[i].is_reply ||
			!broker_is_queue(broker, message_address(message)))
			continue;
		struct reservation *reservation =
			commit_reservation(commit, message_address(message));
		reservation->messages++;
		reservation->bytes += message_size(message);
	}
	commit->waiting = commit->reservation_count;
	for (size_t i = 0; i < commit->reservation_count; i++) {
		reserve_post_send(broker, commit->entry.number, i,
			&commit->reservations[i], reserve_run);
	}
	if (commit->waiting == 0)
		memory_decide(broker, commit);
}

const struct backend memory_backend = {
	.subscribe = memory_subscribe,
	.unsubscribe = memory_unsubscribe,
	.send = memory_send,
	.settle = memory_settle,
	.commit = memory_commit,
};
