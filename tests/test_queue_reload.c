/* After a reload: which messages of queues that exist are dead, and where they go. */
/* tags: workers */
#include "gateway/broker/internal.h"
#include "gateway/broker/memory.h"
#include "tests/support/still_workers.h"
#include "tests/support/stomp_peer.h"
#include "tests/support/unit.h"

#include <stdio.h>

#define LETTERS "/queue/dead-letter"
#define OTHERS  "/queue/others"

enum { PEERS = 4 };

static struct workers *workers;
static struct stomp_peer *sender, *peers[PEERS];
static unsigned lost; /* of the peers */

static void begin(const char *members)
{
	workers = still_workers_create(members);
	sender = stomp_peer_connect(workers->all[0], "1.2");
	lost = 0;
	for (int i = 0; i < PEERS; i++)
		peers[i] = stomp_peer_connect_at(
			workers->all[workers->count - 1], "tcp", "1.2");
}

static void end(void)
{
	stomp_peer_destroy(sender);
	for (int i = 0; i < PEERS; i++)
		stomp_peer_destroy(peers[i]);
	still_workers_destroy(workers);
}

static void reload(const char *broker)
{
	char json[256];

	snprintf(json, sizeof(json), "{'broker': {%s}, 'endpoints': [{'path': '/s'}]}",
		broker);
	struct config *config = config_of(json);
	for (unsigned i = 0; i < workers->count; i++)
		worker_configure(workers->all[i], config);
	still_workers_settle(workers);
	config_unref(config);
}

static uint64_t held(const char *address)
{
	return still_workers_queued(workers, address);
}

static void subscribe(struct stomp_peer *peer, const char *address)
{
	char frame[128];

	snprintf(frame, sizeof(frame),
		"SUBSCRIBE{id:1}{destination:%s}{ack:client-individual}", address);
	stomp_peer_say(peer, frame);
	ck_assert_str_ne(stomp_peer_heard(peer), "");
}

/* A consumer gets the only message of the queue, and both are lost. */
static void lose_one(const char *address)
{
	struct stomp_peer *peer = peers[lost++];

	subscribe(peer, address);
	session_lost(peer->memory.session, ENDING_INTERRUPTED);
	peer->memory.session = NULL;
	still_workers_settle(workers);
}

static const struct {
	const char *before, *after;
	unsigned lost_before, lost_after;
	bool is_dead;
} losses[] = {
	{"'losses': 2", "'losses': 2, 'dead_letter': ''", 1, 3, false},
	{"'losses': 2, 'dead_letter': ''", "'losses': 2", 0, 2, true},
	{"'losses': 2, 'dead_letter': ''", "'losses': 2", 2, 1, true},
	{"'losses': 9", "'losses': 2", 3, 1, true},
	{"'losses': 2", "'losses': 9", 1, 3, false},
};

START_TEST(a_reload_decides_after_how_many_losses_a_message_is_dead)
{
	char members[128];

	snprintf(members, sizeof(members), "'broker': {%s}", losses[_i].before);
	begin(members);
	stomp_peer_say(sender, "SEND{destination:/queue/a}[x]");
	for (unsigned i = 0; i < losses[_i].lost_before; i++)
		lose_one("/queue/a");
	reload(losses[_i].after);
	for (unsigned i = 0; i < losses[_i].lost_after; i++)
		lose_one("/queue/a");
	ck_assert_uint_eq(held("/queue/a"), losses[_i].is_dead ? 0 : 1);
	ck_assert_uint_eq(held(LETTERS), losses[_i].is_dead ? 1 : 0);
	end();
}
END_TEST

START_TEST(a_dead_letter_queue_that_loses_its_name_is_a_queue_as_others)
{
	begin("'broker': {'losses': 1}");
	stomp_peer_say(sender, "SEND{destination:/queue/a}[x]");
	lose_one("/queue/a");
	ck_assert_uint_eq(held(LETTERS), 1);
	reload("'losses': 1, 'dead_letter': '" OTHERS "'");
	ck_assert_uint_eq(held(LETTERS), 1);

	stomp_peer_say(sender, "SEND{destination:/queue/b}[y]");
	lose_one("/queue/b");
	ck_assert_uint_eq(held(OTHERS), 1);
	ck_assert_uint_eq(held(LETTERS), 1);
	lose_one(LETTERS); /* its letters can be lost now, too */
	ck_assert_uint_eq(held(LETTERS), 0);
	ck_assert_uint_eq(held(OTHERS), 2);
	end();
}
END_TEST

START_TEST(a_queue_that_becomes_the_dead_letter_queue_never_loses_a_message)
{
	begin("'broker': {'losses': 1}");
	stomp_peer_say(sender, "SEND{destination:" OTHERS "}[x]");
	reload("'losses': 1, 'dead_letter': '" OTHERS "'");
	for (int i = 0; i < PEERS; i++)
		lose_one(OTHERS);
	ck_assert_uint_eq(held(OTHERS), 1);
	end();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("queue reload");
	TCase *tcase = unit_case(suite, "queue reload");

	unit_add_table(tcase, a_reload_decides_after_how_many_losses_a_message_is_dead,
		losses);
	tcase_add_test(
		tcase, a_dead_letter_queue_that_loses_its_name_is_a_queue_as_others);
	tcase_add_test(tcase,
		a_queue_that_becomes_the_dead_letter_queue_never_loses_a_message);
	return unit_run(suite);
}
