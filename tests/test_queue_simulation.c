/*
 * Queues, acknowledgements and transactions against a plain model: random clients at
 * random workers, which take their turns in random order. Each schedule comes from a
 * seed; POSTERN_SEED in the environment plays that one alone and tells all of it.
 *
 * What the model knows of each message, and what must hold:
 * - it is with one consumer at a time, and never comes again once it was accepted;
 * - when it comes again it says so, and it comes to no more than prefetch-count others;
 * - in the end each was accepted, is a dead letter or still there, in its order; of a
 *   transaction all or nothing, and of one that was aborted nothing.
 */
#include "gateway/broker/internal.h"
#include "tests/chance.h"
#include "tests/still_crew.h"
#include "tests/stomp_peer.h"
#include "tests/unit.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

enum {
	PARTS = 10,
	SCHEDULES = 50, /* of each part: with their steps 100,000 and more */
	STEPS = 250,
	CLIENTS = 6,
	QUEUES = 3,
	MESSAGES = 1000,
	NACKS = 3,
	TRANSACTIONS_MAX = 400,
	NOBODY = -1,
};

enum fate {
	SURE,     /* its queue has it, or will have */
	OPEN,     /* its transaction is */
	DROPPED,  /* its transaction was aborted, or ended with its client */
	PERHAPS,  /* its client was lost in COMMIT */
	ACCEPTED, /* for ever */
};

struct model_message {
	unsigned queue;
	enum fate fate;
	unsigned transaction;  /* that sends it; 0: none */
	int holder;            /* the client that it is with, or NOBODY */
	unsigned subscription; /* the holder's, by its count */
	unsigned settling;     /* the transaction that settles it; 0: none */
	bool accepting;        /* or rejecting */
	unsigned rejections;
	bool heard, dead;
	char ack[48];
};

struct model_client {
	struct stomp_peer *peer;
	unsigned queue, prefetch; /* of its subscription */
	bool subscribed, must_ack, cumulative;
	unsigned subscriptions; /* ever */
	unsigned transaction;   /* open; 0: none */
	unsigned committing;    /* COMMIT is said, and not answered */
	uint64_t order;         /* heard messages, for cumulative ACKs */
};

struct model {
	struct chance chance;
	uint64_t seed;
	unsigned step;
	bool trace;
	struct crew *crew;
	struct model_client clients[CLIENTS];
	struct model_message messages[MESSAGES];
	uint64_t heard_order[MESSAGES];
	unsigned message_count, transactions;
	uint64_t heard_count;
	bool draining;
};

static struct model model;

static unsigned below(unsigned count)
{
	return chance_below(&model.chance, count);
}

static void __attribute__((format(printf, 1, 2))) tell(const char *format, ...)
{
	va_list values;

	if (!model.trace)
		return;
	fprintf(stderr, "%u: ", model.step);
	va_start(values, format);
	vfprintf(stderr, format, values);
	va_end(values);
	fputc('\n', stderr);
}

#define must(kept, ...)                                                                \
	do {                                                                           \
		if (!(kept)) {                                                         \
			char why_[256];                                                \
			snprintf(why_, sizeof(why_), __VA_ARGS__);                     \
			ck_abort_msg("seed %" PRIu64 ", step %u: %s", model.seed,      \
				model.step, why_);                                     \
		}                                                                      \
	} while (0)

/* Says a frame, whole or cut somewhere, without letting anybody work. */
static void say(struct model_client *client, const char *frame)
{
	struct session *session = client->peer->memory.session;
	struct buf bytes = {0};

	tell("client %td says %s", client - model.clients, frame);
	stomp_peer_write(&bytes, frame);
	size_t cut = below((unsigned)bytes.len + 1);
	session_receive(session, slice_first(buf_slice(&bytes), cut), false);
	session_receive(session, slice_from(buf_slice(&bytes), cut), false);
	buf_finish(&bytes);
}

/* Hearing. */

/* It is with nobody any more, for whatever reason. */
static void let_go(struct model_message *message)
{
	message->holder = NOBODY;
	message->settling = 0;
}

static void settled(struct model_message *message, bool accepted)
{
	let_go(message);
	if (accepted)
		message->fate = ACCEPTED;
	else if (++message->rejections == NACKS)
		message->dead = true;
}

static unsigned held_by(int client)
{
	unsigned count = 0;

	for (unsigned i = 0; i < model.message_count; i++)
		count += model.messages[i].holder == client;
	return count;
}

static void hear_message(int index, unsigned body, bool redelivered, const char *ack)
{
	struct model_client *client = &model.clients[index];
	struct model_message *message = &model.messages[body];

	tell("client %d hears %u%s", index, body, redelivered ? " again" : "");
	must(body < model.message_count, "nobody has sent %u", body);
	must(client->subscribed && message->queue == client->queue, "%u is astray",
		body);
	must(message->fate != ACCEPTED, "%u comes after it was accepted", body);
	must(message->fate != OPEN && message->fate != DROPPED,
		"%u comes out of a transaction", body);
	must(!message->dead, "%u is dead", body);
	must(message->holder == NOBODY, "%u is with client %d", body, message->holder);
	must(redelivered || !message->heard, "%u does not say that it comes again",
		body);
	if (message->fate == PERHAPS)
		message->fate = SURE;
	message->heard = true;
	model.heard_count++;
	if (!client->must_ack) {
		settled(message, true);
		return;
	}
	message->holder = index;
	message->subscription = client->subscriptions;
	model.heard_order[body] = ++client->order;
	snprintf(message->ack, sizeof(message->ack), "%s", ack);
	must(held_by(index) <= client->prefetch, "client %d has more than %u", index,
		client->prefetch);
}

static void hear_commit(struct model_client *client)
{
	const unsigned transaction = client->committing;

	client->committing = 0;
	for (unsigned i = 0; i < model.message_count; i++) {
		struct model_message *message = &model.messages[i];

		if (message->transaction == transaction && message->fate == PERHAPS)
			message->fate = SURE;
	}
}

static void hear(int index)
{
	const char *at = stomp_peer_heard(model.clients[index].peer);

	for (; (at = strpbrk(at, "MRE")) != NULL; at += strcspn(at, " ")) {
		if (strncmp(at, "RECEIPT", 7) == 0) {
			hear_commit(&model.clients[index]);
			continue;
		}
		must(strncmp(at, "MESSAGE{", 8) == 0, "client %d hears %s", index, at);
		const char *end = strchr(at, ']'), *ack = strstr(at, "{ack:");
		char id[48] = "";
		if (ack != NULL && ack < end)
			sscanf(ack, "{ack:%47[^}]", id);
		const char *again = strstr(at, "{redelivered:true}");
		hear_message(index, (unsigned)strtoul(strchr(at, '[') + 1, NULL, 10),
			again != NULL && again < end, id);
	}
}

static void turn(void)
{
	loop_turn(model.crew->workers[below(model.crew->count)]->loop);
	for (int i = 0; i < CLIENTS; i++)
		hear(i);
}

static void settle_all(void)
{
	still_crew_settle(model.crew);
	for (int i = 0; i < CLIENTS; i++)
		hear(i);
}

/* Acting. */

static void connect(struct model_client *client)
{
	const unsigned subscriptions = client->subscriptions;

	*client = (struct model_client){.subscriptions = subscriptions};
	client->peer = stomp_peer_connect(
		model.crew->workers[below(model.crew->count)], "1.2");
}

static void send_message(struct model_client *client)
{
	char frame[128];
	const unsigned number = model.message_count++;
	struct model_message *message = &model.messages[number];

	*message = (struct model_message){.queue = below(QUEUES), .holder = NOBODY};
	if (client->transaction != 0 && below(2) == 0) {
		message->fate = OPEN;
		message->transaction = client->transaction;
		snprintf(frame, sizeof(frame),
			"SEND{destination:/queue/%u}{transaction:%u}[%u]",
			message->queue, client->transaction, number);
	} else {
		snprintf(frame, sizeof(frame), "SEND{destination:/queue/%u}[%u]",
			message->queue, number);
	}
	say(client, frame);
}

static void subscribe(struct model_client *client)
{
	static const char *const modes[] = {"auto", "client", "client-individual"};
	char frame[128];
	const unsigned mode = below(3);

	client->subscribed = true;
	client->subscriptions++;
	client->queue = below(QUEUES);
	client->must_ack = mode > 0;
	client->cumulative = mode == 1;
	client->prefetch = 1 + below(4);
	snprintf(frame, sizeof(frame),
		"SUBSCRIBE{id:%u}{destination:/queue/%u}{ack:%s}{prefetch-count:%u}",
		client->subscriptions, client->queue, modes[mode], client->prefetch);
	say(client, frame);
}

/* What the client holds goes back; what a transaction has settled too. */
static void give_back(int index)
{
	for (unsigned i = 0; i < model.message_count; i++) {
		if (model.messages[i].holder == index)
			let_go(&model.messages[i]);
	}
}

/* In a transaction that settles something the subscription has to stay. */
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
	snprintf(frame, sizeof(frame), "UNSUBSCRIBE{id:%u}", client->subscriptions);
	say(client, frame);
	/* What an outlet has not taken is taken back; it has taken all that is heard. */
	hear(index);
	client->subscribed = false;
	give_back(index);
}

static void settle(int index)
{
	struct model_client *client = &model.clients[index];
	const bool accepted = below(4) > 0;
	struct model_message *chosen = NULL;
	char frame[128];

	for (unsigned i = 0, seen = 0; i < model.message_count; i++) {
		struct model_message *message = &model.messages[i];

		if (message->holder == index && message->settling == 0 &&
			below(++seen) == 0)
			chosen = message;
	}
	if (chosen == NULL)
		return;
	const unsigned transaction = below(2) == 0 ? client->transaction : 0;
	int len = snprintf(frame, sizeof(frame), "%s{id:%s}", accepted ? "ACK" : "NACK",
		chosen->ack);
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
			settled(message, accepted);
		} else {
			message->settling = transaction;
			message->accepting = accepted;
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

/* What it sent is dropped, what it settled is not settled. */
static void forget(struct model_client *client)
{
	for (unsigned i = 0; i < model.message_count; i++) {
		struct model_message *message = &model.messages[i];

		if (message->fate == OPEN &&
			message->transaction == client->transaction)
			message->fate = DROPPED;
		if (message->settling != 0 && message->settling == client->transaction)
			message->settling = 0;
	}
	client->transaction = 0;
}

static void end_transaction(struct model_client *client)
{
	char frame[64];
	const unsigned transaction = client->transaction;

	if (below(3) == 0) {
		snprintf(frame, sizeof(frame), "ABORT{transaction:%u}", transaction);
		forget(client);
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
		}
	}
	for (unsigned i = 0; i < model.message_count; i++) {
		struct model_message *message = &model.messages[i];

		if (message->settling == transaction)
			settled(message, message->accepting);
	}
	say(client, frame);
	/* Its homes answer first: till then the client must stay, for the model's sake. */
	if (sends && below(2) == 0)
		return;
	settle_all();
	must(client->committing == 0, "transaction %u is not answered", transaction);
}

static void vanish(int index)
{
	struct model_client *client = &model.clients[index];

	/* Acknowledgements of a commit that waits could go either way. */
	if (client->committing != 0)
		settle_all();
	tell("client %d vanishes", index);
	hear(index);
	forget(client);
	struct session *session = client->peer->memory.session;
	client->peer->memory.session = NULL;
	session_lost(session, 1006, SLICE("Gone"));
	stomp_peer_destroy(client->peer);
	give_back(index);
	connect(client);
	for (int i = 0; i < CLIENTS; i++)
		hear(i);
}

static void act(void)
{
	const int index = (int)below(CLIENTS);
	struct model_client *client = &model.clients[index];
	const unsigned what = below(100);

	if (client->committing != 0)
		return; /* the model knows what is sent, not when it is obeyed */
	if (what < 40) {
		if (model.message_count < MESSAGES)
			send_message(client);
	} else if (what < 55) {
		if (!client->subscribed)
			subscribe(client);
	} else if (what < 59) {
		if (client->subscribed)
			unsubscribe(index);
	} else if (what < 85) {
		settle(index);
	} else if (what < 97) {
		if (client->transaction != 0)
			end_transaction(client);
		else
			begin(client);
	} else {
		vanish(index);
	}
}

/* The end: what is still in the queues comes out, in order. */

static void drain(void)
{
	struct stomp_peer *peer = stomp_peer_connect(model.crew->workers[0], "1.2");
	unsigned long long last = 0;
	char frame[64];

	for (unsigned queue = 0; queue <= QUEUES; queue++, last = 0) {
		if (queue < QUEUES)
			snprintf(frame, sizeof(frame),
				"SUBSCRIBE{id:%u}{destination:/queue/%u}", queue,
				queue);
		else
			snprintf(frame, sizeof(frame),
				"SUBSCRIBE{id:d}{destination:/queue/dead-letter}");
		peer->memory.describe = NULL;
		stomp_peer_say(peer, frame);
		const struct buf *got = &peer->memory.got;
		for (size_t at = 0; at < got->len; at += strlen(got->data + at) + 1) {
			const char *text = got->data + at, *id, *body;
			unsigned long long offset;

			if (strstr(text, "MESSAGE\n") == NULL)
				continue;
			id = strstr(text, "\nmessage-id:");
			body = strstr(text, "\n\n");
			must(sscanf(id, "\nmessage-id:%*[^-]-%llu", &offset) == 1,
				"no message-id");
			must(offset > last, "offset %llu follows %llu", offset, last);
			last = offset;
			struct model_message *message =
				&model.messages[strtoul(body, NULL, 10)];
			tell("left: %td", message - model.messages);
			must(message->dead == (queue == QUEUES), "%td is %sdead",
				message - model.messages, message->dead ? "" : "not ");
			must(message->fate == SURE || message->fate == PERHAPS,
				"%td is still there", message - model.messages);
			message->fate = ACCEPTED;
		}
		buf_clear(&peer->memory.got);
	}
	stomp_peer_destroy(peer);
}

static void play(uint64_t seed, bool trace)
{
	model = (struct model){.chance = {seed}, .seed = seed, .trace = trace};
	model.crew = still_crew_create_of(1 + below(4),
		"'broker': {'nacks': 3}, 'limits': {'transaction_actions': 5000}");
	for (int i = 0; i < CLIENTS; i++)
		connect(&model.clients[i]);
	for (; model.step < STEPS; model.step++) {
		if (below(2) == 0)
			turn();
		else
			act();
	}
	settle_all();
	for (int i = 0; i < CLIENTS; i++) {
		hear(i);
		forget(&model.clients[i]);
		stomp_peer_destroy(model.clients[i].peer);
		give_back(i);
	}
	drain();
	for (unsigned i = 0; i < model.message_count; i++) {
		const enum fate fate = model.messages[i].fate;

		must(fate == ACCEPTED || fate == DROPPED, "%u is lost", i);
	}
	ck_assert_uint_eq(still_crew_subscriptions(model.crew), 0);
	still_crew_destroy(model.crew);
}

START_TEST(every_schedule_fits_the_model)
{
	for (uint64_t i = 0; i < SCHEDULES; i++)
		play(1 + (uint64_t)_i * SCHEDULES + i, false);
}
END_TEST

START_TEST(schedules_are_full_of_messages)
{
	uint64_t heard = 0;

	for (uint64_t seed = 1; seed <= 20; seed++) {
		play(seed, false);
		heard += model.heard_count;
	}
	ck_assert_uint_gt(heard, 20 * 20);
}
END_TEST

START_TEST(the_schedule_of_one_seed_fits_the_model)
{
	play(strtoull(getenv("POSTERN_SEED"), NULL, 10), true);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("queue simulation");
	TCase *tcase = unit_case(suite, "schedules");

	tcase_set_timeout(tcase, 0);
	if (getenv("POSTERN_SEED") != NULL) {
		tcase_add_test(tcase, the_schedule_of_one_seed_fits_the_model);
	} else {
		tcase_add_loop_test(tcase, every_schedule_fits_the_model, 0, PARTS);
		tcase_add_test(tcase, schedules_are_full_of_messages);
	}
	return unit_run(suite);
}
