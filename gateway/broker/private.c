/*
 * Destinations of users and of sessions. Inside they have addresses that do not begin
 * with '/', so that no client can name them:
 *
 *   /user/queue/x          "user:3:bob/queue/x", a topic at its home
 *   /user/bob/queue/x      the same, to send to
 *   /temp-queue/x          "temp:W-TOKEN", at worker W, where its session lives
 *   /reply-queue/W-TOKEN   the same, to send to: any client that knows the token may
 *   /reply-queue/W-N-TAG   "reply:W-N-TAG", at worker W, where session N lives
 */
#include "gateway/broker/private.h"

#include "gateway/broker/audience.h"
#include "gateway/broker/internal.h"
#include "gateway/broker/subscribe.h"
#include "gateway/broker/subscription.h"
#include "gateway/session/session.h"
#include "gateway/worker/metrics.h"
#include "protocol/number.h"
#include "protocol/url.h"
#include "protocol/xmalloc.h"

#include <inttypes.h>
#include <stdlib.h>
#include <sys/random.h>

enum { WORKER_DIGITS_MAX = 3 };

/* True if text follows the prefix; *rest is that text. */
static bool private_is_behind(
	struct slice destination, struct slice prefix, struct slice *rest)
{
	*rest = slice_from(destination, prefix.len);
	return slice_starts_with(destination, prefix) && rest->len > 0;
}

bool private_is_user(struct slice destination, struct slice *rest)
{
	return private_is_behind(destination, SLICE("/user/"), rest);
}

bool private_is_temporary(struct slice destination)
{
	struct slice rest;

	return private_is_behind(destination, SLICE("/temp-queue/"), &rest);
}

bool private_is_reply(struct slice destination, struct slice *token)
{
	return private_is_behind(destination, SLICE("/reply-queue/"), token);
}

/* Users. */

/* The length separates names that contain ':' or '/'. */
static void private_write_user_address(
	struct buf *address, struct slice name, struct slice rest)
{
	buf_printf(address, "user:%zu:", name.len);
	buf_append(address, name);
	buf_append(address, rest);
}

void private_own_address(
	const struct participant *participant, struct slice rest, struct buf *address)
{
	const struct slice user = participant_user(participant);

	private_write_user_address(address,
		user.len > 0 ? user : session_label(participant->session), rest);
}

bool private_aim_user(struct slice rest, struct target *target)
{
	const size_t slash = slice_find(rest, '/');
	const struct slice below = slice_from(rest, slash);
	struct buf name = {0}, address = {0}, shown = {0};
	bool good = slash > 0 && below.len > 1 &&
		    url_decode(&name, slice_first(rest, slash), false);

	if (good) {
		private_write_user_address(&address, buf_slice(&name), below);
		buf_append(&shown, SLICE("/user"));
		buf_append(&shown, below);
		target_set(target, buf_slice(&shown), buf_slice(&address));
	}
	buf_finish(&name);
	buf_finish(&address);
	buf_finish(&shown);
	return good;
}

/* Temporary queues. */

static const struct slice temporary = SLICE_INIT("temp:");

struct place private_place(struct broker *broker)
{
	if (broker->place.epoch == 0)
		broker->place.epoch = ++broker->epoch;
	broker->place.offset++;
	return broker->place;
}

/* A token has 128 random bits, so a client cannot guess it. */
static void private_write_temporary_address(
	const struct broker *broker, struct buf *address)
{
	uint64_t chance[2];

	while (getrandom(chance, sizeof(chance), 0) != sizeof(chance))
		;
	buf_append(address, temporary);
	buf_printf(address, "%u-%016" PRIx64 "%016" PRIx64, broker->worker->index,
		chance[0], chance[1]);
}

struct subscription *private_open_temporary(struct broker *broker,
	struct participant *participant, const struct slice *id,
	struct slice destination, enum stomp_version version)
{
	struct subscription *subscription =
		subscription_create(broker, participant, id, destination, version);
	struct buf address = {0};

	private_write_temporary_address(broker, &address);
	subscription->kind = SUBSCRIPTION_LOCAL;
	audience_add(broker, buf_slice(&address), subscription);
	buf_finish(&address);
	return subscription;
}

bool private_reply_to(struct broker *broker, const struct broker_call *call,
	struct slice destination, struct buf *reply)
{
	struct subscription *subscription =
		subscription_find(call->participant, NULL, &destination);

	if (subscription == NULL) {
		if (!broker_may_subscribe(broker, call, &destination, &destination))
			return false;
		subscription = private_open_temporary(broker, call->participant,
			&destination, destination, call->version);
		call->participant->had_auto = true;
	}
	buf_append(reply, SLICE("/reply-queue/"));
	buf_append(
		reply, slice_from(subscription_address(subscription), temporary.len));
	return true;
}

bool private_aim_reply(
	const struct broker *broker, struct slice token, struct target *target)
{
	struct buf address = {0}, shown = {0};
	uint64_t worker;
	size_t len = slice_find(token, '-');

	if (len > WORKER_DIGITS_MAX || len == token.len ||
		!number_read(slice_first(token, len), broker->workers - 1, &worker))
		return false;
	if (replies_is_token(slice_from(token, len + 1))) {
		buf_append(&shown, replies_destination());
		replies_append_address(token, &address);
	} else {
		buf_append(&shown, SLICE("/reply-queue/"));
		buf_append(&shown, token);
		buf_append(&address, temporary);
		buf_append(&address, token);
	}
	target_set(target, buf_slice(&shown), buf_slice(&address));
	buf_finish(&address);
	buf_finish(&shown);
	target->is_reply = true;
	target->worker = (unsigned)worker;
	return true;
}

struct reply_post {
	struct post post;
	struct message *message; /* the only reference */
	struct handle participant;
	uint64_t request;
};

/*
 * Runs at the owner of the queue, or where the session lives. If that has gone, the
 * reply is dropped.
 */
static void reply_run(struct worker *worker, struct post *post)
{
	struct reply_post *reply = container_of(post, struct reply_post, post);
	struct broker *broker = worker->broker;

	credit_give(broker, reply->message);
	counter_add(&worker->metrics->messages, 1);
	message_set_place(reply->message, private_place(broker), false);
	if (replies_is_address(message_address(reply->message))) {
		replies_deliver(broker, reply->message);
	} else {
		audience_start_fan_out(broker, reply->message);
		audience_fan_out_step(
			broker, &(struct fan_out){{reply->message}, 1}, SIZE_MAX);
	}
	message_unref(reply->message);
	broker_answer(broker, reply->participant, reply->request, NULL);
	free(reply);
}

void private_reply(struct broker *broker, unsigned worker, struct message *message,
	struct handle participant, uint64_t request)
{
	struct reply_post *reply = xmalloc(sizeof(*reply));

	message_set_sent_at(message, loop_now(broker->worker->loop));
	*reply = (struct reply_post){
		.post = {.size = sizeof(*reply) + message_size(message),
			.run = reply_run},
		.message = message,
		.participant = participant,
		.request = request,
	};
	worker_post(broker->worker, worker, &reply->post);
}
