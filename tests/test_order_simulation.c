/*
 * Random clients at one to four workers, which take their turns in random order,
 * against a model of the order in which clients receive frames (order_model.h). A
 * fan-out takes several turns, and nothing waits until all is done. Each schedule
 * comes from a seed: POSTERN_SEED in the environment plays that one alone and prints
 * all of it, POSTERN_SCHEDULES sets their number.
 */
#include "gateway/broker/internal.h"
#include "tests/support/engine_shares.h"
#include "tests/support/order_model.h"
#include "tests/support/still_workers.h"
#include "tests/support/stomp_peer.h"
#include "tests/support/unit.h"

#include <stdio.h>

enum {
	PARTS = 10,
	SCHEDULES = 300, /* in all */
	STEPS = 500,
	FRAMES_PER_READ = 4,
	NUMBER_MAX = 16,
	FAR_SEEDS = 1000000,                    /* after these there are two engines */
	ADDRESSES = 3,                          /* so many accounts, and the house */
	WIDEST = 1 + ORDER_CLIENTS * ORDER_IDS, /* what one message may cost */
};

/* The model, and what plays it. */
struct play {
	struct order order;
	struct workers *workers;
	struct stomp_peer *peers[ORDER_CONNECTIONS]; /* by connection */
	struct buf frames;                           /* of one read */
	unsigned quantum;                            /* of an account; 0: as usual */
	uint64_t waited; /* steps at which something waited in lanes */
};

static unsigned below(struct play *play, unsigned count)
{
	return chance_below(&play->order.chance, count);
}

static struct order_client *client_of(struct play *play, unsigned client)
{
	return &play->order.clients[client];
}

static struct stomp_peer *peer_of(struct play *play, unsigned client)
{
	return play->peers[client_of(play, client)->connection];
}

/* Writes a frame, whose end is a body and maybe a header that asks for a receipt. */
static void write_frame(struct play *play, unsigned client, const char *head,
	const char *rest, enum order_frame frame, unsigned index, unsigned receipts)
{
	struct buf text = {0};
	struct order_client *who = client_of(play, client);

	who->frames_said++;
	buf_printf(&text, "%s", head);
	if (chance_percent(&play->order.chance, receipts))
		buf_printf(&text, "{receipt:%u}",
			order_asks(&play->order, client, frame, index));
	buf_printf(&text, "%s", rest);
	buf_append_char(&text, '\0');
	order_tell(&play->order, "client %u says %s", client, text.data);
	stomp_peer_write(&play->frames, text.data);
	buf_finish(&text);
}

static void write_send(struct play *play, unsigned client)
{
	const struct order_client *who = client_of(play, client);
	const unsigned place = below(play, ORDER_PLACES);
	const unsigned reader = below(play, ORDER_CLIENTS);
	const bool in_transaction = who->transaction != 0 && below(play, 2) == 0;
	const struct session *session = peer_of(play, reader)->memory.session;
	char head[128], body[NUMBER_MAX];

	if (play->order.message_count == ORDER_MESSAGES)
		return;
	if (place != ORDER_OWN) {
		snprintf(head, sizeof(head), "SEND{destination:%s}",
			order_places[place]);
	} else {
		if (session == NULL)
			return;
		snprintf(head, sizeof(head), "SEND{destination:/user/%.*s/queue/x}",
			SLICE_ARGS(session_label(session)));
	}
	if (in_transaction)
		snprintf(head + strlen(head), sizeof(head) - strlen(head),
			"{transaction:%u}", who->transaction);
	const unsigned number = order_sends(&play->order, client, place,
		place == ORDER_OWN ? client_of(play, reader)->connection : 0,
		in_transaction);
	snprintf(body, sizeof(body), "[%u]", number);
	write_frame(play, client, head, body, ORDER_SEND, number, 50);
}

static void write_subscribe(struct play *play, unsigned client, unsigned id)
{
	static const char *const modes[] = {"auto", "client-individual"};
	struct order_subscription made = {.id = id, .prefetch = 1 + below(play, 3)};
	char head[128];

	made.place = below(play, 3) == 0 ? ORDER_PLACES : below(play, ORDER_PLACES);
	made.must_ack = order_is_queue(made.place) && below(play, 2) == 0;
	made.destination = made.place == ORDER_PLACES
				   ? order_patterns[below(play, ORDER_PATTERNS)]
				   : order_places[made.place];
	const unsigned index = order_subscribes(&play->order, client, &made);
	snprintf(head, sizeof(head),
		"SUBSCRIBE{id:%u}{destination:%s}{ack:%s}{prefetch-count:%u}", id,
		made.destination, modes[made.must_ack], made.prefetch);
	write_frame(play, client, head, "", ORDER_SUBSCRIBE, index, 100);
}

/* A transaction that settles deliveries needs their subscription. */
static bool is_settling(const struct order *order, unsigned client, unsigned consumer)
{
	for (unsigned i = 0; i < order->message_count; i++) {
		const struct order_message *message = &order->messages[i];

		if (message->holder == (int)client && message->consumer == consumer &&
			message->settling != 0)
			return true;
	}
	return false;
}

static void write_membership(struct play *play, unsigned client)
{
	const struct order_client *who = client_of(play, client);
	const unsigned id = below(play, ORDER_IDS);
	char head[64];

	for (unsigned i = 0; i < who->subscription_count; i++) {
		const struct order_subscription *one = &who->subscriptions[i];

		if (one->id != id || one->state >= ORDER_ENDING)
			continue;
		if (is_settling(&play->order, client, i) || below(play, 2) == 0)
			return;
		order_unsubscribes(&play->order, client, i);
		snprintf(head, sizeof(head), "UNSUBSCRIBE{id:%u}", id);
		write_frame(play, client, head, "", ORDER_UNSUBSCRIBE, i, 100);
		return;
	}
	if (who->subscription_count < ORDER_SUBSCRIPTIONS)
		write_subscribe(play, client, id);
}

static void write_settle(struct play *play, unsigned client)
{
	struct order *order = &play->order;
	const struct order_client *who = client_of(play, client);
	const bool is_accepted = below(play, 4) > 0;
	struct order_message *chosen = NULL;
	char head[160];

	for (unsigned i = 0, seen = 0; i < order->message_count; i++) {
		if (order->messages[i].holder == (int)client &&
			order->messages[i].settling == 0 && below(play, ++seen) == 0)
			chosen = &order->messages[i];
	}
	if (chosen == NULL)
		return;
	const unsigned transaction = below(play, 2) == 0 ? who->transaction : 0;
	snprintf(head, sizeof(head), "%s{id:%s}", is_accepted ? "ACK" : "NACK",
		chosen->ack);
	if (transaction != 0)
		snprintf(head + strlen(head), sizeof(head) - strlen(head),
			"{transaction:%u}", transaction);
	write_frame(play, client, head, "", ORDER_OTHER, 0, 30);
	order_settles(order, client, chosen, is_accepted, transaction);
}

static void write_transaction(struct play *play, unsigned client)
{
	struct order_client *who = client_of(play, client);
	const unsigned transaction =
		who->transaction != 0 ? who->transaction : ++play->order.transactions;
	const char *command = who->transaction == 0 ? "BEGIN"
			      : below(play, 4) == 0 ? "ABORT"
						    : "COMMIT";
	char head[64];

	snprintf(head, sizeof(head), "%s{transaction:%u}", command, transaction);
	if (command[0] == 'C')
		write_frame(play, client, head, "", ORDER_COMMIT, transaction, 100);
	else
		write_frame(play, client, head, "", ORDER_OTHER, 0, 30);
	ck_assert_uint_lt(transaction, ORDER_TRANSACTIONS);
	if (command[0] == 'B')
		who->transaction = transaction;
	else if (command[0] == 'A')
		order_aborts(&play->order, client);
	else
		order_commits(&play->order, client);
}

static void write_any(struct play *play, unsigned client)
{
	const struct order_client *who = client_of(play, client);
	const unsigned what = below(play, 100);

	if (who->asked_count + FRAMES_PER_READ >= ORDER_ASKED || what < 1) {
		order_disconnects(&play->order, client);
		write_frame(play, client, "DISCONNECT", "", ORDER_DISCONNECT, 0, 100);
	} else if (what < 55) {
		write_send(play, client);
	} else if (what < 75) {
		write_membership(play, client);
	} else if (what < 88) {
		write_settle(play, client);
	} else {
		write_transaction(play, client);
	}
}

/* Some frames, which come in one read or in two. */
static void say(struct play *play, unsigned client)
{
	struct session *session = peer_of(play, client)->memory.session;
	unsigned frames = 1 + below(play, FRAMES_PER_READ);

	buf_clear(&play->frames);
	for (; frames > 0 && !client_of(play, client)->is_disconnecting; frames--)
		write_any(play, client);
	const struct slice bytes = buf_slice(&play->frames);
	const size_t cut = below(play, (unsigned)bytes.len + 1);
	if (session == NULL || bytes.len == 0)
		return;
	session_receive(session, slice_first(bytes, cut), PAYLOAD_TEXT);
	session_receive(session, slice_from(bytes, cut), PAYLOAD_TEXT);
}

/* Clients come and go. */

static void hear_all(struct play *play)
{
	for (unsigned i = 0; i < ORDER_CLIENTS; i++) {
		struct buf *got = &peer_of(play, i)->memory.got;

		order_hears(&play->order, i, buf_slice(got));
		buf_clear(got);
	}
}

static void come(struct play *play, unsigned client)
{
	struct worker *worker = play->workers->all[below(play, play->workers->count)];

	still_workers_come_from((unsigned char)(1 + below(play, ADDRESSES)));
	order_connects(&play->order, client);
	const unsigned connection = client_of(play, client)->connection;
	play->peers[connection] = stomp_peer_create(worker);
	play->peers[connection]->memory.describe = NULL;
	stomp_peer_mutter(play->peers[connection], "CONNECT{accept-version:1.2}");
}

static void vanish(struct play *play, unsigned client)
{
	struct session *session = peer_of(play, client)->memory.session;

	hear_all(play);
	if (session == NULL)
		return;
	order_tell(&play->order, "client %u vanishes", client);
	peer_of(play, client)->memory.session = NULL;
	session_lost(session, ENDING_INTERRUPTED);
	order_is_lost(&play->order, client);
}

/* The client's socket takes nothing, or takes all again. */
static void block(struct play *play, unsigned client, bool is_blocked)
{
	struct memory_outlet *memory = &peer_of(play, client)->memory;

	memory->blocked = is_blocked;
	memory_outlet_pull(memory);
}

static bool is_committing(const struct order_client *who)
{
	for (unsigned i = who->first_asked; i < who->asked_count; i++) {
		if (who->asked[i].frame == ORDER_COMMIT)
			return true;
	}
	return false;
}

static void turn(struct play *play)
{
	struct worker *worker = play->workers->all[below(play, play->workers->count)];

	worker->work_per_turn = 1 + below(play, 3);
	worker->turn_ns = below(play, 2) * UINT32_MAX;
	loop_turn(worker->loop);
	play->waited += still_workers_lanes(play->workers) > 0;
	if (play->quantum > 0)
		order_must(&play->order,
			still_workers_longest_wait(play->workers) <=
				(ADDRESSES + 1) * (play->quantum + WIDEST),
			"an account waits for more than the others' turns");
}

static void rest(struct play *play)
{
	for (unsigned i = 0; i < ORDER_CLIENTS; i++)
		block(play, i, false);
	still_workers_settle(play->workers);
	hear_all(play);
	order_rests(&play->order);
}

static void step(struct play *play)
{
	const unsigned client = below(play, ORDER_CLIENTS);
	const unsigned what = below(play, 1000);

	if (what < 650)
		turn(play);
	else if (client_of(play, client)->is_over)
		come(play, client);
	else if (what < 653 || (what < 670 && is_committing(client_of(play, client))))
		vanish(play, client);
	else if (what < 677)
		rest(play);
	else if (what < 697)
		block(play, client, what < 684);
	else
		say(play, client);
	hear_all(play);
}

/* The end of a schedule. */

/* Takes what is left in the queues, in its order. */
static void drain(struct play *play)
{
	struct stomp_peer *peer = stomp_peer_connect(play->workers->all[0], "1.2");

	peer->memory.describe = NULL;
	for (unsigned place = 0; place < ORDER_PLACES; place++) {
		char frame[64];

		if (!order_is_queue(place))
			continue;
		snprintf(frame, sizeof(frame), "SUBSCRIBE{id:%u}{destination:%s}",
			place, order_places[place]);
		stomp_peer_say(peer, frame);
	}
	struct slice output = buf_slice(&peer->memory.got);
	while (output.len > 0) {
		const size_t end = slice_find(output, '\0');

		order_finds(&play->order, slice_first(output, end));
		output = slice_from(output, end + 1);
	}
	stomp_peer_destroy(peer);
}

static void finish(struct play *play)
{
	rest(play);
	for (unsigned i = 0; i < ORDER_CLIENTS; i++)
		vanish(play, i);
	still_workers_settle(play->workers);
	drain(play);
	order_ends(&play->order);
	for (unsigned i = 1; i <= play->order.connections; i++)
		stomp_peer_destroy(play->peers[i]);
	order_must(&play->order,
		atomic_load(&play->workers->destinations) == 0 &&
			still_workers_topics(play->workers) +
					still_workers_audiences(play->workers) +
					still_workers_subscriptions(play->workers) ==
				0,
		"destinations or subscriptions are left");
	still_workers_destroy(play->workers);
	buf_finish(&play->frames);
}

struct result {
	uint64_t heard, commits, waited;
};

static struct result play(uint64_t seed, bool trace)
{
	static struct play play;
	const char *broker = "'broker': {'nacks': 1000, 'losses': 1000,"
			     " 'client_send': true}";
	char members[160];

	play = (struct play){.order = {.chance = {seed}, .seed = seed, .trace = trace}};
	engine_shares_choose(&play.order.chance, seed > FAR_SEEDS);
	play.order.may_refuse = below(&play, 4) == 0;
	snprintf(members, sizeof(members), "%s, 'limits': {'backlog_messages': %u}",
		broker, play.order.may_refuse ? 4 : 10000);
	play.workers = still_workers_create_of(1 + below(&play, 4), members);
	if (below(&play, 4) > 0)
		play.quantum = still_workers_narrow(play.workers, &play.order.chance);
	for (unsigned i = 0; i < ORDER_CLIENTS; i++)
		come(&play, i);
	for (; play.order.step < STEPS; play.order.step++)
		step(&play);
	finish(&play);
	return (struct result){play.order.heard, play.order.commits, play.waited};
}

static uint64_t from_environment(const char *name, uint64_t otherwise)
{
	const char *value = getenv(name);

	return value == NULL ? otherwise : strtoull(value, NULL, 10);
}

START_TEST(every_schedule_keeps_the_order)
{
	const uint64_t count = from_environment("POSTERN_SCHEDULES", SCHEDULES);

	for (uint64_t seed = 1 + (uint64_t)_i; seed <= count; seed += PARTS)
		play(seed, false);
}
END_TEST

START_TEST(every_schedule_over_two_engines_keeps_the_order)
{
	const uint64_t count = from_environment("POSTERN_SCHEDULES", SCHEDULES);

	for (uint64_t seed = 1 + (uint64_t)_i; seed <= count / 2; seed += PARTS)
		play(FAR_SEEDS + seed, false);
}
END_TEST

START_TEST(schedules_are_full_of_messages_and_commits)
{
	struct result sum = {0, 0, 0};

	for (uint64_t seed = 1; seed <= 20; seed++) {
		const struct result one = play(seed, false);

		sum.heard += one.heard;
		sum.commits += one.commits;
		sum.waited += one.waited;
	}
	ck_assert_uint_gt(sum.heard, 20 * 100);
	ck_assert_uint_gt(sum.commits, 20 * 3);
	ck_assert_uint_gt(sum.waited, 20 * 20);
}
END_TEST

START_TEST(the_schedule_of_one_seed_keeps_the_order)
{
	play(from_environment("POSTERN_SEED", 1), true);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("order simulation");
	TCase *tcase = unit_case(suite, "schedules");

	tcase_set_timeout(tcase, 0);
	if (getenv("POSTERN_SEED") != NULL) {
		tcase_add_test(tcase, the_schedule_of_one_seed_keeps_the_order);
	} else {
		tcase_add_loop_test(tcase, every_schedule_keeps_the_order, 0, PARTS);
		tcase_add_loop_test(tcase,
			every_schedule_over_two_engines_keeps_the_order, 0, PARTS);
		tcase_add_test(tcase, schedules_are_full_of_messages_and_commits);
	}
	return unit_run(suite);
}
