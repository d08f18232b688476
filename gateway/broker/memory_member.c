/* Subscriptions join and leave at the homes of their destinations, by posts. */
#include "gateway/broker/memory.h"

#include "gateway/broker/destination.h"
#include "gateway/broker/internal.h"
#include "gateway/broker/subscription.h"

#include <assert.h>
#include <stdlib.h>

struct member_post {
	struct post post;
	struct handle subscription;
	uint64_t prefetch;             /* if it joins a queue */
	uint64_t lost;                 /* if it leaves one */
	uint64_t participant, request; /* answered at the subscription's worker */
	uint32_t account;              /* the participant's */
	enum refusal_kind why;         /* if there is no room for another one */
	struct slice address;
};

static void memory_member_post_send(struct broker *broker, unsigned to,
	uint64_t subscription, struct slice address, const struct member_post *wish,
	void (*run)(struct worker *worker, struct post *post))
{
	struct member_post member = *wish;

	member.post.run = run;
	member.subscription = (struct handle){broker->worker->index, subscription};
	member.address = address;
	worker_post_copy(broker->worker, to, &member.post, sizeof(member),
		(struct slice *[]){&member.address, NULL});
}

/* Who has asked; nobody for a subscription that had ended when it had joined. */
static struct handle memory_member_participant(const struct member_post *member)
{
	return (struct handle){member->subscription.worker, member->participant};
}

/*
 * A queue has delivered, or taken back, so many messages since a client joined or left
 * it. One short frame can bring about a thousand of them, so they count as messages
 * that its account has sent.
 */
static void memory_member_charge(
	struct broker *broker, uint32_t account, uint64_t deliveries)
{
	lanes_charge(&broker->memory->lanes, account, deliveries);
	worker_spend(broker->worker, deliveries);
}

/*
 * At the home. What joins or leaves a queue waits for its account's turn; what concerns
 * a topic is little work, and only waits for what its participant has said before.
 */
static void memory_member_arrive(struct worker *worker, struct post *post,
	void (*run)(struct worker *worker, struct post *post))
{
	const struct member_post *member = container_of(post, struct member_post, post);
	struct broker *broker = worker->broker;
	struct lanes *lanes = &broker->memory->lanes;
	const struct handle participant = memory_member_participant(member);

	if (destination_is_queue(broker, member->address))
		lanes_put(lanes, participant, member->account, post, run);
	else if (!lanes_put_behind(lanes, participant, post, run))
		run(worker, post);
}

/* Runs at the home, after the publisher's SENDs that wait there. */
static void leave_run(struct worker *worker, struct post *post)
{
	struct member_post *member = container_of(post, struct member_post, post);
	struct broker *broker = worker->broker;

	credit_give_posts(broker, member->account, 1);
	if (destination_is_queue(broker, member->address)) {
		struct queue *queue = memory_queue(broker, member->address);

		assert(queue != NULL);
		const uint64_t before = queue_unacknowledged(queue);

		queue_leave(queue, member->subscription, member->lost);
		memory_use_queue(broker, queue);
		const uint64_t taken_back = before - queue_unacknowledged(queue);
		memory_member_charge(broker, member->account,
			taken_back + memory_serve(broker, queue));
	} else if (destination_is_pattern(member->address)) {
		pattern_leave(
			broker, member->address, (unsigned)member->subscription.worker);
	} else {
		struct topic *topic = topic_find(broker, member->address);

		assert(topic != NULL);
		topic_leave(broker, topic, (unsigned)member->subscription.worker);
	}
	broker_answer(broker, memory_member_participant(member), member->request, NULL);
	free(member);
}

/*
 * Runs at the home. The subscription has ended already. Until the leave has its turn, a
 * queue would deliver to nobody, and only the leave would give that to other consumers.
 */
static void leave_arrive(struct worker *worker, struct post *post)
{
	const struct member_post *member = container_of(post, struct member_post, post);
	struct broker *broker = worker->broker;

	if (destination_is_queue(broker, member->address))
		queue_dismiss(
			memory_queue(broker, member->address), member->subscription);
	memory_member_arrive(worker, post, leave_run);
}

static struct subscription *memory_member_subscription(
	const struct broker *broker, const struct member_post *member)
{
	struct entry *entry =
		registry_find(&broker->subscriptions, member->subscription.number);

	return entry == NULL ? NULL : container_of(entry, struct subscription, entry);
}

/* Nobody waits for the answer: the participant has it, or has gone. */
static void memory_member_leave_late(
	struct broker *broker, const struct member_post *member)
{
	credit_take_posts(broker, member->account, 1);
	memory_member_post_send(broker, worker_home(broker->worker, member->address),
		member->subscription.number, member->address,
		&(struct member_post){.account = member->account}, leave_arrive);
}

/*
 * Runs at the subscriber: the home has counted the subscription. If the subscription
 * has ended meanwhile, this posts its leave now: a leave may only follow a join.
 * Patterns have posted their leave already.
 */
static void joined_run(struct worker *worker, struct post *post)
{
	struct member_post *member = container_of(post, struct member_post, post);
	struct broker *broker = worker->broker;
	struct subscription *subscription = memory_member_subscription(broker, member);

	if (subscription != NULL)
		subscription->joining--;
	else if (!destination_is_pattern(member->address))
		memory_member_leave_late(broker, member);
	/* Not by a post: the receipt leaves before any message that follows. */
	broker_tell(broker, member->participant, member->request, NULL);
	free(member);
}

/* Runs at the subscriber: there is no room for another destination. */
static void refused_run(struct worker *worker, struct post *post)
{
	struct member_post *member = container_of(post, struct member_post, post);
	struct broker *broker = worker->broker;
	struct subscription *subscription = memory_member_subscription(broker, member);
	struct broker_refusal refusal;

	/* Clients know a private destination by another name than its home does. */
	destination_refuse(broker, &refusal, member->why,
		subscription == NULL ? SLICE("")
				     : name_text(subscription->destination));
	broker_tell(broker, member->participant, member->request, &refusal);
	/* The answer may have ended the session, and the subscription with it. */
	subscription = memory_member_subscription(broker, member);
	if (subscription != NULL)
		subscription_refuse(broker, subscription);
	free(member);
}

/* Runs at the home, after the publisher's SENDs that wait there. */
static void join_run(struct worker *worker, struct post *post)
{
	struct member_post *member = container_of(post, struct member_post, post);
	struct broker *broker = worker->broker;
	const unsigned from = (unsigned)member->subscription.worker;
	struct queue *queue = NULL;
	struct topic *topic = NULL;

	credit_give_posts(broker, member->account, 1);
	const bool is_pattern = destination_is_pattern(member->address);

	if (destination_is_queue(broker, member->address))
		queue = memory_open_queue(
			broker, member->address, member->account, &member->why);
	else if (!is_pattern)
		topic = topic_open(
			broker, member->address, member->account, &member->why);
	if (queue == NULL && topic == NULL && !is_pattern) {
		member->post.run = refused_run;
		worker_post(worker, from, &member->post);
		return;
	}
	if (is_pattern)
		pattern_join(broker, member->address, from);
	else if (topic != NULL)
		topic_join(broker, topic, from);
	else
		queue_join(queue, member->subscription, member->prefetch);

	/* Post the answer before any message is delivered. */
	const uint32_t account = member->account;
	member->post.run = joined_run;
	worker_post(worker, from, &member->post);
	if (queue != NULL)
		memory_member_charge(broker, account, memory_serve(broker, queue));
}

/* Runs at the home. */
static void join_arrive(struct worker *worker, struct post *post)
{
	memory_member_arrive(worker, post, join_run);
}

/* Posts to the homes that must know the subscription: its own, or all for a pattern. */
static size_t memory_member_posts_send(struct broker *broker,
	const struct subscription *subscription, const struct member_post *wish,
	void (*run)(struct worker *worker, struct post *post))
{
	const struct slice address = subscription_address(subscription);
	const bool is_pattern = destination_is_pattern(address);
	const unsigned home = is_pattern ? 0 : worker_home(broker->worker, address);
	const unsigned homes = is_pattern ? broker->workers : 1;

	credit_take_posts(broker, wish->account, homes);
	for (unsigned i = 0; i < homes; i++)
		memory_member_post_send(broker, home + i, subscription->entry.number,
			address, wish, run);
	return homes;
}

static struct member_post subscription_wish(
	const struct subscription *subscription, uint64_t request)
{
	return (struct member_post){
		.participant = subscription->participant->entry.number,
		.request = request,
		.account = subscription->participant->account,
	};
}

size_t memory_subscribe(struct engine *engine, struct subscription *subscription,
	const struct stomp_frame *frame, uint64_t prefetch, uint64_t request)
{
	struct member_post wish = subscription_wish(subscription, request);

	(void)frame;
	wish.prefetch = prefetch;
	const size_t homes = memory_member_posts_send(
		engine->broker, subscription, &wish, join_arrive);

	subscription->joining = (unsigned)homes;
	return homes;
}

size_t memory_unsubscribe(struct engine *engine, struct subscription *subscription,
	size_t lost, uint64_t request)
{
	struct member_post wish = subscription_wish(subscription, request);

	wish.lost = lost;
	return memory_member_posts_send(
		engine->broker, subscription, &wish, leave_arrive);
}
