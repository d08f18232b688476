/* Queues that hold messages and that nobody uses; time is driven. */
/* tags: workers */
#include "gateway/broker/internal.h"
#include "gateway/broker/memory.h"
#include "gateway/worker/metrics.h"
#include "tests/support/still_workers.h"
#include "tests/support/stomp_peer.h"
#include "tests/support/unit.h"

#include <stdio.h>

#define LETTERS "/queue/dead-letter"

static struct workers *workers;
static struct stomp_peer *sender, *consumer;

static void begin(const char *members)
{
	workers = still_workers_create(members);
	sender = stomp_peer_connect(workers->all[0], "1.2");
	consumer = stomp_peer_connect(workers->all[workers->count - 1], "1.2");
}

static void setup_default(void)
{
	begin("");
}

static void setup(void)
{
	begin("'times': {'queue_idle': 100000}");
}

static void teardown(void)
{
	stomp_peer_destroy(sender);
	stomp_peer_destroy(consumer);
	still_workers_destroy(workers);
}

static uint64_t held(const char *address)
{
	return still_workers_queued(workers, address);
}

static uint64_t idle(void)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < workers->count; i++)
		sum += counter_read(&workers->all[i]->metrics->dead[DEAD_IDLE]);
	return sum;
}

static void send_one(void)
{
	stomp_peer_say(sender, "SEND{destination:/queue/a}[x]");
}

START_TEST(without_the_key_a_queue_with_messages_stays)
{
	send_one();
	still_workers_advance(workers, 10000000);
	ck_assert_uint_eq(held("/queue/a"), 1);
}
END_TEST

START_TEST(with_it_its_messages_become_dead_letters)
{
	struct stomp_peer *reader =
		stomp_peer_connect_at(workers->all[0], "tcp", "1.2");

	send_one();
	still_workers_advance(workers, 99000);
	ck_assert_uint_eq(held("/queue/a"), 1);
	still_workers_advance(workers, 2000);
	ck_assert_uint_eq(held("/queue/a"), 0);
	ck_assert_uint_eq(idle(), 1);
	stomp_peer_say(reader, "SUBSCRIBE{id:d}{destination:" LETTERS "}");
	assert_heard(reader, "MESSAGE{subscription:d}{destination:" LETTERS "}"
			     "{x-postern-from:/queue/a}"
			     "{x-postern-reason:left in a queue that nobody used}[x]");
	stomp_peer_destroy(reader);
}
END_TEST

static void reload(const char *json)
{
	struct config *config = config_of(json);

	for (unsigned i = 0; i < workers->count; i++)
		worker_configure(workers->all[i], config);
	still_workers_settle(workers);
	config_unref(config);
}

START_TEST(a_reload_begins_the_time_of_queues_that_exist)
{
	send_one();
	still_workers_advance(workers, 10000000);
	reload("{'times': {'queue_idle': 100000}, 'endpoints': [{'path': '/s'}]}");
	still_workers_advance(workers, 99000);
	ck_assert_uint_eq(held("/queue/a"), 1);
	still_workers_advance(workers, 2000);
	ck_assert_uint_eq(held("/queue/a"), 0);
	ck_assert_uint_eq(idle(), 1);
}
END_TEST

START_TEST(the_dead_letters_stay)
{
	send_one();
	still_workers_advance(workers, 10000000);
	ck_assert_uint_eq(held(LETTERS), 1);
	ck_assert_uint_eq(idle(), 1);
}
END_TEST

START_TEST(a_send_uses_the_queue)
{
	send_one();
	still_workers_advance(workers, 60000);
	send_one();
	still_workers_advance(workers, 60000);
	ck_assert_uint_eq(held("/queue/a"), 2);
	still_workers_advance(workers, 50000);
	ck_assert_uint_eq(held("/queue/a"), 0);
}
END_TEST

START_TEST(a_consumer_uses_the_queue_until_it_leaves)
{
	send_one();
	stomp_peer_say(consumer, "SUBSCRIBE{id:1}{destination:/queue/a}{ack:client}");
	still_workers_advance(workers, 1000000);
	ck_assert_uint_eq(held("/queue/a"), 1);
	stomp_peer_say(consumer, "UNSUBSCRIBE{id:1}");
	still_workers_advance(workers, 90000);
	ck_assert_uint_eq(held("/queue/a"), 1);
	still_workers_advance(workers, 20000);
	ck_assert_uint_eq(held("/queue/a"), 0);
}
END_TEST

START_TEST(many_messages_take_some_turns)
{
	for (int i = 0; i < 200; i++)
		send_one();
	still_workers_advance(workers, 101000);
	ck_assert_uint_eq(held("/queue/a"), 0);
	ck_assert_uint_eq(held(LETTERS), 200);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("queue idle");
	TCase *never = unit_case(suite, "never"), *set = unit_case(suite, "set");

	tcase_add_checked_fixture(never, setup_default, teardown);
	tcase_add_test(never, without_the_key_a_queue_with_messages_stays);
	tcase_add_test(never, a_reload_begins_the_time_of_queues_that_exist);

	tcase_add_checked_fixture(set, setup, teardown);
	tcase_add_test(set, with_it_its_messages_become_dead_letters);
	tcase_add_test(set, the_dead_letters_stay);
	tcase_add_test(set, a_send_uses_the_queue);
	tcase_add_test(set, a_consumer_uses_the_queue_until_it_leaves);
	tcase_add_test(set, many_messages_take_some_turns);
	return unit_run(suite);
}
