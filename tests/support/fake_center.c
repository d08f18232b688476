/* The broker at the other end of the fake engine's lines. */
#include "gateway/broker/destination.h"
#include "gateway/broker/pattern.h"
#include "gateway/broker/subscription.h"
#include "gateway/config/config.h"
#include "protocol/xmalloc.h"
#include "tests/support/fake_engine_internal.h"

#include <stdlib.h>

struct fake_center *fake_center;

/* Destinations. */

static struct fake_destination *fake_destination_of(struct list *link)
{
	return container_of(link, struct fake_destination, link);
}

struct fake_destination *fake_destination_open(
	const struct broker *broker, struct slice address)
{
	list_for_each (link, &fake_center->destinations) {
		struct fake_destination *one = fake_destination_of(link);

		if (slice_equal(buf_slice(&one->address), address))
			return one;
	}
	struct fake_destination *made = xcalloc(1, sizeof(*made));
	buf_append(&made->address, address);
	made->is_queue = destination_is_queue(broker, address);
	made->place.epoch = ++fake_center->epoch;
	list_init(&made->items);
	list_append(&fake_center->destinations, &made->link);
	return made;
}

bool fake_destination_is_used(const struct fake_destination *destination)
{
	return destination->messages > 0 || destination->subscribers > 0;
}

/* Whether the bound of destinations permits `more`. */
static bool fake_center_has_room(const struct broker *broker, size_t more)
{
	const uint64_t most = broker->worker->config->limits.destinations;
	size_t used = 0;

	list_for_each (link, &fake_center->destinations)
		used += fake_destination_is_used(fake_destination_of(link));
	return most == 0 || used + more <= most;
}

/* Subscriptions. */

static struct fake_subscription *fake_subscription_of(struct list *link)
{
	return container_of(link, struct fake_subscription, link);
}

static struct fake_subscription *fake_subscription_find(struct handle handle)
{
	list_for_each (link, &fake_center->subscriptions) {
		struct fake_subscription *one = fake_subscription_of(link);

		if (one->handle.worker == handle.worker &&
			one->handle.number == handle.number)
			return one;
	}
	return NULL;
}

/* Runs at the subscriber. */
static void fake_deliver_run(struct worker *worker, struct post *post)
{
	struct fake_reply *reply = container_of(post, struct fake_reply, post);
	struct entry *entry =
		registry_find(&worker->broker->subscriptions, reply->subscription);

	if (entry != NULL)
		subscription_deliver(container_of(entry, struct subscription, entry),
			reply->message, reply->attempt, true);
	fake_reply_free(reply);
}

void fake_subscription_deliver(const struct fake_subscription *subscription,
	const struct message *message, uint16_t attempt)
{
	struct fake_reply *reply = fake_reply_create(
		fake_center->parts[subscription->handle.worker], fake_deliver_run);

	reply->subscription = subscription->handle.number;
	reply->message = message_copy(message);
	reply->attempt = attempt;
}

static void fake_subscription_join(
	const struct broker *broker, struct fake_subscription *subscription)
{
	const struct slice address = buf_slice(&subscription->address);

	subscription->is_failed = false;
	if (destination_is_pattern(address))
		return;
	subscription->destination = fake_destination_open(broker, address);
	subscription->destination->subscribers++;
	fake_queue_serve(subscription->destination);
}

static void fake_subscription_free(struct fake_subscription *subscription)
{
	struct fake_destination *destination = subscription->destination;

	list_remove(&subscription->link);
	if (destination != NULL)
		destination->subscribers--;
	buf_finish(&subscription->address);
	free(subscription);
}

/* Runs at the subscriber. */
static void fake_give_up_run(struct worker *worker, struct post *post)
{
	struct fake_reply *reply = container_of(post, struct fake_reply, post);
	struct entry *entry =
		registry_find(&worker->broker->subscriptions, reply->subscription);

	if (entry != NULL)
		subscription_refuse(worker->broker,
			container_of(entry, struct subscription, entry));
	fake_reply_free(reply);
}

static void fake_subscription_give_up(struct handle handle)
{
	fake_reply_create(fake_center->parts[handle.worker], fake_give_up_run)
		->subscription = handle.number;
}

/* Matching. */

static void fake_pattern_note(void *value, void *context)
{
	(void)value;
	*(bool *)context = true;
}

static bool fake_subscription_matches(const struct broker *broker,
	const struct fake_subscription *subscription, struct slice address)
{
	const struct slice mine = buf_slice(&subscription->address);
	struct pattern_set set;
	bool matches = false;

	if (subscription->is_failed)
		return false;
	if (slice_equal(mine, address))
		return true;
	if (!destination_is_pattern(mine) || !slice_starts_with(address, SLICE("/")))
		return false;
	pattern_set_init(
		&set, &broker->worker->key, broker->worker->config->separator.data[0]);
	*pattern_add(&set, mine) = &matches;
	pattern_match(&set, address, fake_pattern_note, &matches);
	*pattern_find(&set, mine) = NULL;
	pattern_remove(&set, mine);
	pattern_set_finish(&set, NULL);
	return matches;
}

/* Takes the message over. */
static struct published fake_topic_publish(
	const struct broker *broker, struct message *message)
{
	const struct slice address = message_address(message);
	struct fake_destination *topic = fake_destination_open(broker, address);
	struct published published = {.is_refused = false};

	list_for_each (link, &fake_center->subscriptions)
		published.subscribers += fake_subscription_matches(
			broker, fake_subscription_of(link), address);
	if (published.subscribers > 0) {
		topic->place.offset++;
		published.place = topic->place;
		message_set_place(message, topic->place, true);
	}
	list_for_each (link, &fake_center->subscriptions) {
		const struct fake_subscription *one = fake_subscription_of(link);

		if (fake_subscription_matches(broker, one, address))
			fake_subscription_deliver(one, message, 0);
	}
	message_unref(message);
	return published;
}

/* Requests. */

/* True by the script. *refusal borrows the destination. */
static bool fake_center_refuses(struct slice shown, struct broker_refusal *refusal)
{
	if (fake_engine.refusals == 0)
		return false;
	fake_engine.refusals--;
	broker_refuse(refusal, fake_engine.refuse, "destination", &shown);
	refusal->destination = shown;
	return true;
}

void fake_center_subscribe(struct fake_part *from, struct fake_request *request)
{
	const struct broker *broker = from->engine.broker;
	const struct slice address = buf_slice(&request->address),
			   shown = buf_slice(&request->shown);
	struct fake_subscription *made = xcalloc(1, sizeof(*made));
	struct broker_refusal refusal;
	const bool is_known =
		destination_is_pattern(address) ||
		fake_destination_is_used(fake_destination_open(broker, address));
	const bool is_refused = fake_center_refuses(shown, &refusal);
	const bool is_full = !is_known && !fake_center_has_room(broker, 1);

	if (is_full && !is_refused)
		destination_refuse(broker, &refusal, REFUSAL_DESTINATIONS, shown);
	made->handle = (struct handle){broker->worker->index, request->subscription};
	buf_append(&made->address, address);
	made->prefetch = request->prefetch;
	made->is_failed = is_refused || is_full;
	list_append(&fake_center->subscriptions, &made->link);
	fake_reply_answer(from, request, made->is_failed ? &refusal : NULL);
	if (!made->is_failed) {
		fake_subscription_join(broker, made);
	} else if (is_full || refusal_class(refusal.kind) != REFUSAL_FAILED) {
		fake_subscription_give_up(made->handle);
		fake_subscription_free(made);
	}
	fake_request_free(request);
}

void fake_center_unsubscribe(struct fake_part *from, struct fake_request *request)
{
	struct fake_subscription *one = fake_subscription_find((struct handle){
		from->engine.broker->worker->index, request->subscription});
	struct fake_destination *destination = one == NULL ? NULL : one->destination;

	if (destination != NULL)
		fake_queue_leave(destination, one, request->lost);
	if (one != NULL)
		fake_subscription_free(one);
	if (destination != NULL)
		fake_queue_serve(destination);
	fake_reply_answer(from, request, NULL);
	fake_request_free(request);
}

void fake_center_sync(struct fake_part *from, struct fake_request *request)
{
	fake_reply_answer(from, request, NULL);
	fake_request_free(request);
}

/* Actions. */

/* The queue must have room for all that the request sends there. */
static bool fake_queue_fits(struct fake_part *from, struct fake_destination *queue,
	struct message *message, size_t *opened, struct broker_refusal *refusal)
{
	const struct limits *limits = &from->engine.broker->worker->config->limits;
	const struct slice shown = message_destination(message);

	*opened += !fake_destination_is_used(queue) && queue->wanted == 0;
	queue->wanted++;
	queue->wanted_bytes += message_size(message);
	if (!fake_center_has_room(from->engine.broker, *opened)) {
		destination_refuse(
			from->engine.broker, refusal, REFUSAL_DESTINATIONS, shown);
		return false;
	}
	if (queue->messages + queue->wanted > limits->backlog_messages ||
		queue->bytes + queue->wanted_bytes > limits->backlog_bytes) {
		destination_refuse(
			from->engine.broker, refusal, REFUSAL_QUEUE_FULL, shown);
		return false;
	}
	return true;
}

static bool fake_center_fits(struct fake_part *from, const struct fake_request *request,
	struct broker_refusal *refusal)
{
	size_t opened = 0;

	list_for_each (link, &fake_center->destinations)
		fake_destination_of(link)->wanted =
			fake_destination_of(link)->wanted_bytes = 0;
	for (size_t i = 0; i < request->count; i++) {
		struct message *message = request->actions[i].message;
		struct fake_destination *queue =
			message == NULL ? NULL
					: fake_destination_open(from->engine.broker,
						  message_address(message));

		if (queue != NULL && queue->is_queue &&
			!fake_queue_fits(from, queue, message, &opened, refusal))
			return false;
	}
	return true;
}

static void fake_center_settle(struct fake_part *from, const struct fake_action *action)
{
	struct fake_subscription *holder = fake_subscription_find((struct handle){
		from->engine.broker->worker->index, action->subscription});

	if (holder == NULL || holder->destination == NULL)
		return;
	fake_queue_settle(holder->destination, holder, action->offset, action->outcome);
	fake_queue_serve(holder->destination);
}

/* Takes the action's message. */
static struct published fake_center_send(
	struct fake_part *from, struct fake_action *action)
{
	struct broker *broker = from->engine.broker;
	struct message *message = action->message;
	struct fake_destination *destination =
		fake_destination_open(broker, message_address(message));

	action->message = NULL;
	fake_engine.taken++;
	if (!destination->is_queue)
		return fake_topic_publish(broker, message);
	fake_queue_put(destination, message);
	fake_queue_serve(destination);
	return (struct published){
		.place = destination->place, .subscribers = destination->subscribers};
}

static struct slice fake_request_shown(const struct fake_request *request)
{
	for (size_t i = 0; i < request->count; i++) {
		if (request->actions[i].message != NULL)
			return message_destination(request->actions[i].message);
	}
	return buf_slice(&request->shown);
}

/* False, with *refusal filled in. */
static bool fake_center_permits(struct fake_part *from,
	const struct fake_request *request, struct broker_refusal *refusal)
{
	return !fake_center_refuses(fake_request_shown(request), refusal) &&
	       fake_center_fits(from, request, refusal);
}

static struct published fake_center_apply(
	struct fake_part *from, struct fake_request *request)
{
	struct published published = {.is_refused = false};

	for (size_t i = 0; i < request->count; i++) {
		struct fake_action *action = &request->actions[i];

		if (action->message != NULL)
			published = fake_center_send(from, action);
		else
			fake_center_settle(from, action);
	}
	return published;
}

bool fake_center_try(struct fake_part *from, struct fake_request *request,
	struct broker_refusal *refusal)
{
	if (!fake_center_permits(from, request, refusal))
		return false;
	fake_center_apply(from, request);
	return true;
}

void fake_center_act(struct fake_part *from, struct fake_request *request)
{
	struct broker_refusal refusal;

	fake_request_give_credits(from, request);
	if (fake_center_permits(from, request, &refusal)) {
		/* The answer comes before what the request makes it deliver. */
		struct fake_reply *reply = fake_reply_answer(from, request, NULL);

		reply->published = fake_center_apply(from, request);
	} else {
		fake_reply_answer(from, request, &refusal);
	}
	fake_request_free(request);
}

/* The script's. */

void fake_engine_refuse(size_t requests, enum refusal_kind why)
{
	fake_engine.refusals = requests;
	fake_engine.refuse = why;
}

void fake_engine_serve_failed(void)
{
	list_for_each (link, &fake_center->subscriptions) {
		struct fake_subscription *one = fake_subscription_of(link);

		if (one->is_failed)
			fake_subscription_join(
				fake_center->parts[one->handle.worker]->engine.broker,
				one);
	}
}

void fake_engine_give_up_failed(void)
{
	for (struct list *link = fake_center->subscriptions.next, *next;
		link != &fake_center->subscriptions; link = next) {
		struct fake_subscription *one = fake_subscription_of(link);

		next = link->next;
		if (!one->is_failed)
			continue;
		fake_subscription_give_up(one->handle);
		fake_subscription_free(one);
	}
}

/* Its life. */

void fake_center_enter(struct fake_part *part)
{
	const struct broker *broker = part->engine.broker;

	if (fake_center == NULL) {
		fake_center = xcalloc(1, sizeof(*fake_center));
		fake_center->parts =
			xcalloc(broker->workers, sizeof(*fake_center->parts));
		list_init(&fake_center->destinations);
		list_init(&fake_center->subscriptions);
	}
	fake_center->parts[broker->worker->index] = part;
	fake_center->count++;
}

void fake_center_leave(struct fake_part *part)
{
	(void)part;
	if (--fake_center->count > 0)
		return;
	while (!list_is_empty(&fake_center->subscriptions))
		fake_subscription_free(
			fake_subscription_of(fake_center->subscriptions.next));
	for (struct list *link;
		(link = list_take_first(&fake_center->destinations)) != NULL;) {
		struct fake_destination *destination = fake_destination_of(link);

		fake_queue_finish(destination);
		buf_finish(&destination->address);
		free(destination);
	}
	free(fake_center->parts);
	free(fake_center);
	fake_center = NULL;
}
