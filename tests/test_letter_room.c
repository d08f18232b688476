/*
 * An account has its share of the dead-letter queue. Its other letters wait in their
 * queues, and those of everybody else pass.
 */
/* tags: workers */
#include "gateway/broker/letter_room.h"

#include "gateway/broker/internal.h"
#include "gateway/broker/memory.h"
#include "gateway/worker/metrics.h"
#include "tests/support/chance.h"
#include "tests/support/still_workers.h"
#include "tests/support/stomp_peer.h"
#include "tests/support/unit.h"

#include <stdio.h>

#define LETTERS "/queue/dead-letter"

enum { HOG, BEN, EVA, SENDERS };

static struct workers *workers;
static struct stomp_peer *senders[SENDERS], *reader;

static void begin(const char *members)
{
	workers = still_workers_create(members);
	for (int i = 0; i < SENDERS; i++) {
		still_workers_come_from((unsigned char)(1 + i));
		senders[i] = stomp_peer_connect(
			workers->all[(unsigned)i % workers->count], "1.2");
	}
	reader = stomp_peer_connect_at(workers->all[0], "tcp", "1.2");
}

static void setup(void)
{
	begin("'limits': {'backlog_messages': 8}"); /* a share is 2 */
}

static void setup_bytes(void)
{
	begin("'limits': {'backlog_bytes': 16384}"); /* a share is 4 KiB */
}

static void setup_whole(void)
{
	begin("'limits': {'backlog_messages': 8, 'share': 100}");
}

static void setup_exempt(void)
{
	begin("'limits': {'backlog_messages': 8}, "
	      "'exempt_addresses': ['192.0.2.0/24']");
}

static void teardown(void)
{
	for (int i = 0; i < SENDERS; i++)
		stomp_peer_destroy(senders[i]);
	stomp_peer_destroy(reader);
	still_workers_destroy(workers);
}

static struct queue *find(const char *address)
{
	struct queue *queue = NULL;

	still_workers_settle(workers);
	for (unsigned i = 0; i < workers->count && queue == NULL; i++)
		queue = memory_queue(workers->all[i]->broker, slice_of(address));
	return queue;
}

static unsigned held(const char *address)
{
	const struct queue *queue = find(address);

	return queue == NULL ? 0 : (unsigned)queue_messages(queue);
}

/* Sums over all workers. */

static unsigned parked(void)
{
	uint64_t sum = 0;

	still_workers_settle(workers);
	for (unsigned i = 0; i < workers->count; i++)
		sum += counter_read(&workers->all[i]->metrics->queue_parked);
	return (unsigned)sum;
}

static unsigned refused(void)
{
	uint64_t sum = 0;

	still_workers_settle(workers);
	for (unsigned i = 0; i < workers->count; i++)
		sum += counter_read(&workers->all[i]->metrics->refused[BOUND_SHARE]);
	return (unsigned)sum;
}

/* Messages whose time is over already. Returns how many were taken. */
static unsigned kill_messages(int sender, const char *address, const char *bodies)
{
	char frame[128];
	unsigned taken = 0;

	for (; *bodies != '\0'; bodies++) {
		snprintf(frame, sizeof(frame),
			"SEND{destination:%s}{expires:1}{receipt:r}[%c]", address,
			*bodies);
		stomp_peer_say(senders[sender], frame);
		still_workers_advance(workers, 2);
		taken += strstr(stomp_peer_heard(senders[sender]), "RECEIPT") != NULL;
	}
	return taken;
}

static void read_slowly(void)
{
	stomp_peer_say(reader, "SUBSCRIBE{id:d}{destination:" LETTERS "}{ack:client}"
			       "{prefetch-count:1}");
}

/* The reader takes a letter, if there is one, and accepts it. */
static char read_one(void)
{
	char frame[128], id[64];

	still_workers_settle(workers);
	const char *heard = stomp_peer_heard(reader);
	const char *ack = strstr(heard, "{ack:"), *body = strchr(heard, '[');

	if (body == NULL)
		return '\0';
	const char first = body[1];
	ck_assert_int_eq(sscanf(ack, "{ack:%63[^}]", id), 1);
	snprintf(frame, sizeof(frame), "ACK{id:%s}", id);
	stomp_peer_say(reader, frame);
	return first;
}

static size_t read_all(char *got, size_t size)
{
	size_t len = 0;

	while (len < size && (got[len] = read_one()) != '\0')
		len++;
	return len;
}

START_TEST(an_account_has_its_share_and_others_pass)
{
	kill_messages(HOG, "/queue/hog", "1234");
	ck_assert_uint_eq(held(LETTERS), 2);
	ck_assert_uint_eq(queue_parked(find("/queue/hog")), 2);
	kill_messages(BEN, "/queue/ben", "a");
	ck_assert_uint_eq(held(LETTERS), 3);
	ck_assert_ptr_null(find("/queue/ben"));
}
END_TEST

START_TEST(others_pass_in_the_same_queue)
{
	kill_messages(HOG, "/queue/x", "123");
	kill_messages(BEN, "/queue/x", "ab");
	kill_messages(HOG, "/queue/x", "4");
	kill_messages(EVA, "/queue/x", "c");
	ck_assert_uint_eq(held(LETTERS), 5);
	ck_assert_uint_eq(queue_parked(find("/queue/x")), 2);
}
END_TEST

START_TEST(an_account_moves_on_when_its_letters_leave)
{
	kill_messages(HOG, "/queue/hog", "1234");
	kill_messages(BEN, "/queue/ben", "a");
	read_slowly();
	for (const char *at = "12a34"; *at != '\0'; at++)
		ck_assert_int_eq(read_one(), *at);
	ck_assert_uint_eq(parked(), 0);
	ck_assert_ptr_null(find("/queue/hog"));
}
END_TEST

/* The queues of the account have several homes: each of them is woken. */
START_TEST(no_home_is_forgotten)
{
	char address[32], got[64];

	for (int i = 0; i < 6; i++) {
		snprintf(address, sizeof(address), "/queue/%d", i);
		kill_messages(HOG, address, "12");
	}
	ck_assert_uint_eq(held(LETTERS), 2);
	ck_assert_uint_eq(parked(), 10);
	read_slowly();
	ck_assert_uint_eq(read_all(got, sizeof(got)), 12);
	ck_assert_uint_eq(parked(), 0);
}
END_TEST

START_TEST(it_is_counted_once)
{
	kill_messages(HOG, "/queue/hog", "123");
	kill_messages(HOG, "/queue/hog", "4");
	ck_assert_uint_eq(refused(), 1);
	kill_messages(BEN, "/queue/ben", "ab");
	ck_assert_uint_eq(refused(), 1);
}
END_TEST

/* Else a queue of others is full of what nobody can take. */
START_TEST(an_account_parks_no_more_than_its_share_of_a_queue)
{
	ck_assert_uint_eq(kill_messages(HOG, "/queue/x", "1234567"), 4);
	ck_assert_uint_eq(queue_parked(find("/queue/x")), 2);
	/* Nor does it send others there; in another queue it has a share of its own. */
	stomp_peer_say(senders[HOG], "SEND{destination:/queue/x}{receipt:r}[8]");
	assert_heard(senders[HOG], "");
	ck_assert_uint_eq(kill_messages(HOG, "/queue/y", "1"), 1);
	stomp_peer_say(senders[BEN], "SEND{destination:/queue/x}{receipt:r}[a]");
	assert_heard(senders[BEN], "RECEIPT{receipt-id:r}");
	read_slowly();
	ck_assert_int_eq(read_one(), '1');
	stomp_peer_say(senders[HOG], "SEND{destination:/queue/x}{receipt:s}[8]");
	assert_heard(senders[HOG], "RECEIPT{receipt-id:s}");
}
END_TEST

/* Messages that expire later, so that none is dead when the others come. */
START_TEST(what_has_expired_leaves_room_in_its_queue)
{
	for (int i = 0; i < 8; i++) {
		stomp_peer_say(senders[HOG],
			"SEND{destination:/queue/x}{expiration:50000}{receipt:r}[1]");
		assert_heard(senders[HOG], "RECEIPT{receipt-id:r}");
	}
	stomp_peer_say(senders[BEN], "SEND{destination:/queue/x}{receipt:r}[a]");
	stomp_peer_check_refused(senders[BEN], "The queue is full", "r");
	still_workers_advance(workers, 51000);
	ck_assert_uint_eq(held(LETTERS), 2);
	ck_assert_uint_eq(parked(), 6);
	for (int i = 0; i < 6; i++) {
		stomp_peer_say(
			senders[EVA], "SEND{destination:/queue/x}{receipt:r}[b]");
		assert_heard(senders[EVA], "RECEIPT{receipt-id:r}");
	}
	stomp_peer_say(senders[EVA], "SEND{destination:/queue/x}{receipt:r}[b]");
	stomp_peer_check_refused(senders[EVA], "The queue is full", "r");
}
END_TEST

/* Four accounts and a part of a fifth may fill it: then all of them wait. */
START_TEST(a_queue_that_is_full_parks_all)
{
	char got[64];

	for (unsigned char address = 11; address < 16; address++) {
		still_workers_come_from(address);
		stomp_peer_destroy(senders[EVA]);
		senders[EVA] = stomp_peer_connect(workers->all[0], "1.2");
		kill_messages(EVA, "/queue/x", "123");
	}
	ck_assert_uint_eq(held(LETTERS), 8);
	ck_assert_uint_eq(parked(), 6);
	kill_messages(BEN, "/queue/ben", "a");
	ck_assert_uint_eq(parked(), 7);
	read_slowly();
	ck_assert_uint_eq(read_all(got, sizeof(got)), 15);
	ck_assert_uint_eq(parked(), 0);
}
END_TEST

START_TEST(a_reload_may_give_a_larger_share)
{
	struct config *config = config_of("{'limits': {'backlog_messages': 16}, "
					  "'endpoints': [{'path': '/s'}]}");

	kill_messages(HOG, "/queue/hog", "1234");
	kill_messages(HOG, "/queue/other", "5");
	for (unsigned i = 0; i < workers->count; i++) {
		worker_configure(workers->all[i], config);
		loop_advance(workers->all[i]->loop, 0);
	}
	ck_assert_uint_eq(held(LETTERS), 4);
	ck_assert_uint_eq(parked(), 1);
	config_unref(config);
}
END_TEST

/* By chance: whatever comes and goes, no letter is forgotten. */
START_TEST(all_letters_come)
{
	struct chance chance = {(uint64_t)_i};
	char address[32], got[256];
	unsigned killed = 0, seen = 0;

	read_slowly();
	for (int step = 0; step < 120; step++) {
		if (chance_percent(&chance, 60)) {
			snprintf(address, sizeof(address), "/queue/%u",
				chance_below(&chance, 5));
			killed += kill_messages(
				(int)chance_below(&chance, SENDERS), address, "x");
		} else {
			seen += read_one() != '\0';
		}
	}
	seen += (unsigned)read_all(got, sizeof(got));
	ck_assert_uint_eq(seen, killed);
	ck_assert_uint_eq(parked(), 0);
}
END_TEST

/* The dead letter of a message of that size, and nothing else of its sender. */
static void kill_large(int size)
{
	char frame[16384];

	snprintf(frame, sizeof(frame), "SEND{destination:/queue/hog}{expires:1}[%0*d]",
		size, 1);
	stomp_peer_say(senders[HOG], frame);
	still_workers_advance(workers, 2);
}

START_TEST(bytes_have_a_share_too)
{
	for (int i = 0; i < 3; i++)
		kill_large(1500);
	ck_assert_uint_eq(held(LETTERS), 2);
	kill_messages(BEN, "/queue/ben", "a");
	ck_assert_uint_eq(held(LETTERS), 3);
}
END_TEST

START_TEST(a_letter_above_the_share_goes_alone)
{
	char got[8];

	for (int i = 0; i < 2; i++)
		kill_large(6000);
	ck_assert_uint_eq(held(LETTERS), 1);
	read_slowly();
	ck_assert_uint_eq(read_all(got, sizeof(got)), 2);
}
END_TEST

START_TEST(no_share_bounds_it)
{
	kill_messages(HOG, "/queue/hog", "1234567");
	ck_assert_uint_eq(held(LETTERS), 7);
	ck_assert_uint_eq(parked(), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("letter room");
	TCase *usual = unit_case(suite, "usual"), *bytes = unit_case(suite, "bytes"),
	      *whole = unit_case(suite, "share 100"),
	      *exempt = unit_case(suite, "exempt");

	tcase_add_checked_fixture(usual, setup, teardown);
	tcase_add_test(usual, an_account_has_its_share_and_others_pass);
	tcase_add_test(usual, others_pass_in_the_same_queue);
	tcase_add_test(usual, an_account_moves_on_when_its_letters_leave);
	tcase_add_test(usual, no_home_is_forgotten);
	tcase_add_test(usual, it_is_counted_once);
	tcase_add_test(usual, an_account_parks_no_more_than_its_share_of_a_queue);
	tcase_add_test(usual, what_has_expired_leaves_room_in_its_queue);
	tcase_add_test(usual, a_queue_that_is_full_parks_all);
	tcase_add_test(usual, a_reload_may_give_a_larger_share);
	tcase_add_loop_test(usual, all_letters_come, 1, 21);

	tcase_add_checked_fixture(bytes, setup_bytes, teardown);
	tcase_add_test(bytes, bytes_have_a_share_too);
	tcase_add_test(bytes, a_letter_above_the_share_goes_alone);

	tcase_add_checked_fixture(whole, setup_whole, teardown);
	tcase_add_test(whole, no_share_bounds_it);

	tcase_add_checked_fixture(exempt, setup_exempt, teardown);
	tcase_add_test(exempt, no_share_bounds_it);
	return unit_run(suite);
}
