/*
 * Topics, patterns, queues, acknowledgements and transactions against a plain model
 * (broker_model.h): random clients at random workers, which take their turns in random
 * order. Each schedule comes from a seed; POSTERN_SEED in the environment plays that
 * one alone and prints all of it. After FAR_SEEDS there are two engines.
 */
#include "gateway/broker/internal.h"
#include "tests/support/broker_model.h"
#include "tests/support/engine_shares.h"
#include "tests/support/fake_engine.h"
#include "tests/support/still_workers.h"
#include "tests/support/unit.h"

#include <stdio.h>

enum {
	PARTS = 10,
	SCHEDULES = 50, /* of each part: with their steps 100,000 and more */
	STEPS = 250,
	SAMPLE = 100, /* schedules that show what schedules are full of */
	FAR_PARTS = 5,
	FAR_SEEDS = 1000000,
};

static unsigned below(unsigned count)
{
	return chance_below(&model.chance, count);
}

/* Sends a frame, whole or cut somewhere, without running any worker. */
static void say(struct model_client *client, const char *frame)
{
	struct session *session = client->peer->memory.session;
	struct buf bytes = {0};

	model_tell("client %td says %s", client - model.clients, frame);
	stomp_peer_write(&bytes, frame);
	size_t cut = below((unsigned)bytes.len + 1);
	session_receive(session, slice_first(buf_slice(&bytes), cut), PAYLOAD_TEXT);
	session_receive(session, slice_from(buf_slice(&bytes), cut), PAYLOAD_TEXT);
	buf_finish(&bytes);
}

static void turn(void)
{
	struct worker *worker = model.workers->all[below(model.workers->count)];

	/* A message to many takes several turns. */
	worker->work_per_turn = 1 + below(3);
	worker->turn_ns = below(2) * UINT32_MAX;
	loop_turn(worker->loop);
	model_hear_all();
	model_look_at_lanes();
}

/* Acting. */

static void connect(struct model_client *client)
{
	const unsigned subscriptions = client->subscriptions;

	*client = (struct model_client){
		.subscriptions = subscriptions, .connection = ++model.connections};
	still_workers_come_from((unsigned char)(1 + below(ADDRESSES)));
	client->peer = stomp_peer_connect(
		model.workers->all[below(model.workers->count)], "1.2");
}

static void send_message(struct model_client *client)
{
	char frame[128], destination[32], transaction[32] = "";
	const unsigned number = model.message_count++;
	struct model_message *message = &model.messages[number];
	const bool is_topic = model.is_narrow ? below(4) > 0 : below(2) == 0;

	*message = (struct model_message){
		.is_topic = is_topic,
		.place = below(!is_topic         ? QUEUES
			       : model.is_narrow ? 2
						 : TOPICS),
		.connection = client->connection,
		.holder = NOBODY,
	};
	if (is_topic)
		snprintf(destination, sizeof(destination), "%s",
			model_topics[message->place]);
	else
		snprintf(destination, sizeof(destination), "/queue/%u", message->place);
	if (client->transaction != 0 && below(2) == 0) {
		message->fate = OPEN;
		message->transaction = client->transaction;
		snprintf(transaction, sizeof(transaction), "{transaction:%u}",
			client->transaction);
	} else if (is_topic) {
		model_says_topic(message);
	}
	snprintf(frame, sizeof(frame), "SEND{destination:%s}%s[%u]", destination,
		transaction, number);
	say(client, frame);
}

static void listen(struct model_client *client)
{
	struct listener *listener = &client->listener;
	char frame[128];

	if (listener->state == LISTENING_NOT) {
		listener_joins(listener, ++client->subscriptions,
			below(2) == 0
				? model_topics[below(model.is_narrow ? 2 : TOPICS)]
				: model_patterns[below(
					  model.is_narrow ? 2 : PATTERNS)]);
		/* A session is obeyed in the order in which it speaks. */
		for (unsigned i = 0; i < model.message_count; i++) {
			if (model.messages[i].connection == client->connection &&
				model.messages[i].said != 0)
				listener->past[i] = true;
		}
		snprintf(frame, sizeof(frame),
			"SUBSCRIBE{id:t%u}{destination:%s}{receipt:t}", listener->id,
			listener->place);
		client->had_auto = true;
	} else if ((listener->state == LISTENING && below(4) == 0) ||
		   (listener->state == LISTENING_SOON && below(2) == 0)) {
		snprintf(frame, sizeof(frame), "UNSUBSCRIBE{id:t%u}{receipt:t}",
			listener->id);
		listener_leaves(listener);
	} else {
		return;
	}
	say(client, frame);
}

static void consume(struct model_client *client)
{
	static const char *const modes[] = {"auto", "client", "client-individual"};
	char frame[128];
	const unsigned mode = below(3);

	client->consuming = true;
	client->consumer = ++client->subscriptions;
	client->queue = below(QUEUES);
	client->must_ack = mode > 0;
	client->had_auto = client->had_auto || mode == 0;
	client->cumulative = mode == 1;
	client->prefetch = 1 + below(4);
	snprintf(frame, sizeof(frame),
		"SUBSCRIBE{id:%u}{destination:/queue/%u}{ack:%s}{prefetch-count:%u}",
		client->consumer, client->queue, modes[mode], client->prefetch);
	say(client, frame);
}

/* If a transaction settles a delivery, the subscription has to stay. */
static bool is_settling(int index)
{
	for (unsigned i = 0; i < model.message_count; i++) {
		if (model.messages[i].holder == index &&
			model.messages[i].settling != 0)
			return true;
	}
	return false;
}

static void unsubscribe(int index)
{
	struct model_client *client = &model.clients[index];
	char frame[64];

	if (is_settling(index))
		return;
	snprintf(frame, sizeof(frame), "UNSUBSCRIBE{id:%u}", client->consumer);
	say(client, frame);
	/*
	 * Output that the outlet has not pulled is requeued; it has pulled all
	 * received messages.
	 */
	model_hear(index);
	client->consuming = false;
	model_give_back(index);
}

/* An id of an earlier delivery, of this client or another: it settles nothing. */
static void settle_late(struct model_client *client)
{
	char frame[128];

	for (unsigned i = 0; client->had_auto && i < model.message_count; i++) {
		if (model.messages[i].late[0] == '\0' || below(4) > 0)
			continue;
		snprintf(frame, sizeof(frame), "%s{id:%s}",
			below(2) == 0 ? "ACK" : "NACK", model.messages[i].late);
		say(client, frame);
		return;
	}
}

/* The ack id of its delivery, or the message-id, which is the same without ordinal. */
static void write_id(char id[64], const struct model_message *message)
{
	const char *ordinal = strrchr(message->ack, '-');

	if (below(4) == 0)
		snprintf(id, 64, "%.*s%s", (int)(ordinal - message->ack), message->ack,
			ordinal + strcspn(ordinal, "."));
	else
		memcpy(id, message->ack, 64);
}

static const char *const outcome_words[] = {
	[OUTCOME_ACCEPT] = "ACK",
	[OUTCOME_REJECT] = "NACK",
	[OUTCOME_DISCARD] = "NACK{requeue:false}",
};

static enum outcome choose_outcome(void)
{
	const unsigned die = below(16);

	return die < 11 ? OUTCOME_ACCEPT : die < 14 ? OUTCOME_REJECT : OUTCOME_DISCARD;
}

static void settle(int index)
{
	struct model_client *client = &model.clients[index];
	const enum outcome outcome = choose_outcome();
	struct model_message *chosen = NULL;
	char frame[192], id[64];

	for (unsigned i = 0, seen = 0; i < model.message_count; i++) {
		struct model_message *message = &model.messages[i];

		if (message->holder == index && message->settling == 0 &&
			below(++seen) == 0)
			chosen = message;
	}
	if (chosen == NULL)
		return;
	const unsigned transaction = below(2) == 0 ? client->transaction : 0;
	write_id(id, chosen);
	int len =
		snprintf(frame, sizeof(frame), "%s{id:%s}", outcome_words[outcome], id);
	if (transaction != 0)
		snprintf(frame + len, sizeof(frame) - (size_t)len, "{transaction:%u}",
			transaction);
	const uint64_t until = model.heard_order[chosen - model.messages];
	for (unsigned i = 0; i < model.message_count; i++) {
		struct model_message *message = &model.messages[i];

		if (message->holder != index || message->settling != 0 ||
			(message != chosen &&
				(!client->cumulative || model.heard_order[i] > until)))
			continue;
		if (transaction == 0) {
			model_settled(message, outcome);
		} else {
			message->settling = transaction;
			message->outcome = outcome;
		}
	}
	say(client, frame);
}

static void begin(struct model_client *client)
{
	char frame[64];

	client->transaction = ++model.transactions;
	snprintf(frame, sizeof(frame), "BEGIN{transaction:%u}", client->transaction);
	say(client, frame);
}

static void end_transaction(struct model_client *client)
{
	char frame[64];
	const unsigned transaction = client->transaction;

	if (below(3) == 0) {
		snprintf(frame, sizeof(frame), "ABORT{transaction:%u}", transaction);
		model_forget(client);
		say(client, frame);
		return;
	}
	snprintf(frame, sizeof(frame), "COMMIT{transaction:%u}{receipt:%u}",
		transaction, transaction);
	client->transaction = 0;
	client->committing = transaction;
	bool sends = false;
	for (unsigned i = 0; i < model.message_count; i++) {
		if (model.messages[i].transaction == transaction &&
			model.messages[i].fate == OPEN) {
			model.messages[i].fate = PERHAPS;
			sends = true;
			if (model.messages[i].is_topic)
				model_says_topic(&model.messages[i]);
		}
	}
	for (unsigned i = 0; i < model.message_count; i++) {
		struct model_message *message = &model.messages[i];

		if (message->settling == transaction)
			model_settled(message, message->outcome);
	}
	say(client, frame);
	/*
	 * Its homes answer first: until then the client must stay, because of the
	 * model.
	 */
	if (sends && (model.is_narrow ? below(8) > 0 : below(2) == 0))
		return;
	model_rest();
	must(client->committing == 0, "transaction %u is not answered", transaction);
}

/* Without a word, or with DISCONNECT. */
static void leave(int index)
{
	struct model_client *client = &model.clients[index];

	const bool says_so = below(model.is_narrow ? 8 : 2) == 0;

	/* Acknowledgements of a waiting commit could go either way. */
	if (says_so || client->committing != 0)
		model_rest();
	if (says_so) {
		say(client, "DISCONNECT");
	} else {
		struct session *session = client->peer->memory.session;

		model_tell("client %d vanishes", index);
		model_hear(index);
		client->peer->memory.session = NULL;
		session_lost(session, ENDING_INTERRUPTED);
	}
	model_forget(client);
	model_lose(index);
	listener_leaves(&client->listener);
	if (says_so)
		model_rest();
	stomp_peer_destroy(client->peer);
	connect(client);
	model_hear_all();
}

static void send_some(struct model_client *client)
{
	unsigned count = model.is_narrow ? 1 + below(6) : 1;

	for (; count > 0 && model.message_count < MESSAGES && !model_is_paused(client);
		count--)
		send_message(client);
}

static void act(void)
{
	const int index = (int)below(CLIENTS);
	struct model_client *client = &model.clients[index];
	const unsigned what = below(100);

	if (client->committing != 0 || (model_is_paused(client) && what < 97))
		return; /* the model knows when frames are sent, not when they run */
	if (what < 40) {
		send_some(client);
	} else if (what < 48) {
		if (!client->consuming)
			consume(client);
	} else if (what < 52) {
		if (client->consuming)
			unsubscribe(index);
	} else if (what < (model.is_narrow ? 72 : 62)) {
		listen(client);
	} else if (what < 83) {
		settle(index);
	} else if (what < 85) {
		settle_late(client);
	} else if (what < 97) {
		if (client->transaction != 0)
			end_transaction(client);
		else
			begin(client);
	} else {
		leave(index);
	}
}

#define BROKER "'broker': {'nacks': 3, 'losses': 2}"
#define LIMITS "'limits': {'transaction_actions': 5000"

/* With the memory engine, every other dead-letter queue has room for few: then true. */
static bool create_workers(uint64_t seed)
{
	const bool is_far = seed > FAR_SEEDS, is_small = !is_far && below(2) == 0;
	const unsigned count = 1 + below(4);

	model.workers = still_workers_create_of(count, BROKER ", " LIMITS "}");
	if (is_small)
		model_letters_begin();
	return is_small;
}

static void play(uint64_t seed, bool trace)
{
	model = (struct model){.chance = {seed}, .seed = seed, .trace = trace};
	engine_shares_choose(&model.chance, seed > FAR_SEEDS);
	/* Messages are parked where queues have much to do, as in wide schedules. */
	model.is_narrow = !create_workers(seed) && below(8) > 0;
	if (model.is_narrow)
		model.quantum = still_workers_narrow(model.workers, &model.chance);
	for (int i = 0; i < CLIENTS; i++)
		connect(&model.clients[i]);
	for (; model.step < STEPS; model.step++) {
		model_letters_look();
		if (below(2) == 0)
			turn();
		else if (model.letters.peer != NULL && below(40) == 0)
			model_letters_read();
		else
			act();
	}
	model_rest();
	if (model.letters.peer != NULL)
		model_letters_end();
	for (int i = 0; i < CLIENTS; i++) {
		model_hear(i); /* messages that earlier clients have given back */
		model_forget(&model.clients[i]);
		stomp_peer_destroy(model.clients[i].peer);
		model_lose(i);
	}
	model_drain();
	for (unsigned i = 0; i < model.message_count; i++) {
		const enum fate fate = model.messages[i].fate;

		must(model.messages[i].is_topic || fate == ACCEPTED || fate == DROPPED,
			"%u is lost", i);
	}
	ck_assert_uint_eq(still_workers_subscriptions(model.workers), 0);
	still_workers_destroy(model.workers);
}

START_TEST(every_schedule_fits_the_model)
{
	for (uint64_t i = 0; i < SCHEDULES; i++)
		play(1 + (uint64_t)_i * SCHEDULES + i, false);
}
END_TEST

START_TEST(every_schedule_over_two_engines_fits_the_model)
{
	for (uint64_t i = 0; i < SCHEDULES; i++)
		play(FAR_SEEDS + 1 + (uint64_t)_i * SCHEDULES + i, false);
}
END_TEST

START_TEST(schedules_are_full_of_messages)
{
	const bool is_far = _i > 0;
	uint64_t queues = 0, topics = 0, taken = 0, asked = 0, parked = 0, waited = 0;

	for (uint64_t seed = 1; seed <= SAMPLE; seed++) {
		play(is_far ? FAR_SEEDS + seed : seed, false);
		queues += model.heard_count;
		topics += model.heard_topics;
		taken += fake_engine.taken;
		asked += fake_engine.asked;
		parked += model.letters.parked;
		waited += model.waited;
	}
	ck_assert_uint_gt(queues, SAMPLE * 15);
	ck_assert_uint_gt(topics, SAMPLE * 15);
	ck_assert_uint_ge(taken, is_far ? SAMPLE * 15 : 0);
	ck_assert_uint_ge(asked, is_far ? SAMPLE / 2 : 0);
	ck_assert_uint_ge(parked, is_far ? 0 : SAMPLE * 3);
	ck_assert_uint_ge(waited, is_far ? 0 : SAMPLE * 20);
}
END_TEST

START_TEST(the_schedule_of_one_seed_fits_the_model)
{
	play(strtoull(getenv("POSTERN_SEED"), NULL, 10), true);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("broker simulation");
	TCase *tcase = unit_case(suite, "schedules");

	tcase_set_timeout(tcase, 0);
	if (getenv("POSTERN_SEED") != NULL) {
		tcase_add_test(tcase, the_schedule_of_one_seed_fits_the_model);
	} else {
		tcase_add_loop_test(tcase, every_schedule_fits_the_model, 0, PARTS);
		tcase_add_loop_test(tcase,
			every_schedule_over_two_engines_fits_the_model, 0, FAR_PARTS);
		tcase_add_loop_test(tcase, schedules_are_full_of_messages, 0, 2);
	}
	return unit_run(suite);
}
