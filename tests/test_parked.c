/*
 * Messages that are dead while the dead-letter queue is full: they stay in their
 * queues, in nobody's way, until it has room.
 */
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
static struct stomp_peer *sender, *consumer, *reader;

static void begin(const char *members)
{
	workers = still_workers_create(members);
	sender = stomp_peer_connect(workers->all[0], "1.2");
	consumer = stomp_peer_connect(workers->all[workers->count - 1], "1.2");
	reader = stomp_peer_connect_at(workers->all[0], "tcp", "1.2");
}

static void setup(void)
{
	begin("'limits': {'backlog_messages': 3, 'share': 100}");
}

static void setup_bytes(void)
{
	begin("'limits': {'backlog_bytes': 3000, 'share': 100}");
}

static void setup_narrow(void)
{
	begin("'limits': {'destinations': 1, 'share': 100}");
}

static void teardown(void)
{
	stomp_peer_destroy(sender);
	stomp_peer_destroy(consumer);
	stomp_peer_destroy(reader);
	still_workers_destroy(workers);
}

static struct queue *find(const char *address)
{
	still_workers_settle(workers);
	for (unsigned i = 0; i < workers->count; i++) {
		struct queue *queue =
			memory_queue(workers->all[i]->broker, slice_of(address));

		if (queue != NULL)
			return queue;
	}
	return NULL;
}

static unsigned held(const char *address)
{
	const struct queue *queue = find(address);

	return queue == NULL ? 0 : (unsigned)queue_messages(queue);
}

static unsigned parked(const char *address)
{
	const struct queue *queue = find(address);

	return queue == NULL ? 0 : (unsigned)queue_parked(queue);
}

static int64_t sum_parked(void)
{
	int64_t sum = 0;

	still_workers_settle(workers);
	for (unsigned i = 0; i < workers->count; i++)
		sum += (int64_t)counter_read(&workers->all[i]->metrics->queue_parked);
	return sum;
}

/* Messages whose time is over already. */
static void kill_messages(const char *address, const char *bodies)
{
	char frame[128];

	for (; *bodies != '\0'; bodies++) {
		snprintf(frame, sizeof(frame), "SEND{destination:%s}{expires:1}[%c]",
			address, *bodies);
		stomp_peer_say(sender, frame);
		still_workers_advance(workers, 2);
	}
}

/* The bodies of what the peer has got. */
static const char *bodies(struct stomp_peer *peer)
{
	static char got[64];
	size_t len = 0;

	still_workers_settle(workers);
	for (const char *at = stomp_peer_heard(peer); (at = strchr(at, '[')) != NULL;
		at++)
		got[len++] = at[1];
	got[len] = '\0';
	return got;
}

/* The reader takes one letter after the other, and accepts each. */
static char read_one(void)
{
	char frame[128], id[64];
	const char *ack;

	still_workers_settle(workers);
	const char *heard = stomp_peer_heard(reader);
	ck_assert_ptr_nonnull(strchr(heard, '['));
	ack = strstr(heard, "{ack:");
	const char body = strchr(heard, '[')[1];
	ck_assert_int_eq(sscanf(ack, "{ack:%63[^}]", id), 1);
	snprintf(frame, sizeof(frame), "ACK{id:%s}", id);
	stomp_peer_say(reader, frame);
	return body;
}

static void read_slowly(void)
{
	stomp_peer_say(reader, "SUBSCRIBE{id:d}{destination:" LETTERS "}{ack:client}"
			       "{prefetch-count:1}");
}

START_TEST(what_has_no_room_is_parked_in_its_queue)
{
	kill_messages("/queue/x", "abc");
	ck_assert_uint_eq(held(LETTERS), 3);
	kill_messages("/queue/a", "12");
	ck_assert_uint_eq(held(LETTERS), 3);
	ck_assert_uint_eq(held("/queue/a"), 2);
	ck_assert_uint_eq(parked("/queue/a"), 2);
	ck_assert_int_eq(sum_parked(), 2);
}
END_TEST

START_TEST(it_moves_on_in_order_when_there_is_room)
{
	kill_messages("/queue/x", "abc");
	kill_messages("/queue/a", "123");
	read_slowly();
	for (const char *at = "abc123"; *at != '\0'; at++)
		ck_assert_int_eq(read_one(), *at);
	ck_assert_uint_eq(held("/queue/a"), 0);
	ck_assert_ptr_null(find("/queue/a"));
	ck_assert_ptr_null(find("/queue/x"));
	ck_assert_int_eq(sum_parked(), 0);
}
END_TEST

START_TEST(it_moves_on_without_a_reader_that_is_slow)
{
	kill_messages("/queue/x", "abc");
	kill_messages("/queue/a", "123");
	kill_messages("/queue/b", "456");
	stomp_peer_say(reader, "SUBSCRIBE{id:d}{destination:" LETTERS "}");
	ck_assert_uint_eq(strlen(bodies(reader)), 9);
	ck_assert_int_eq(sum_parked(), 0);
}
END_TEST

START_TEST(it_is_in_nobodys_way)
{
	kill_messages("/queue/x", "abc");
	kill_messages("/queue/a", "1");
	stomp_peer_say(consumer, "SUBSCRIBE{id:1}{destination:/queue/a}");
	stomp_peer_say(sender, "SEND{destination:/queue/a}[2]");
	still_workers_advance(workers, 100000);
	ck_assert_str_eq(bodies(consumer), "2");
	ck_assert_uint_eq(parked("/queue/a"), 1);
}
END_TEST

START_TEST(it_counts_in_the_bounds_of_its_queue)
{
	kill_messages("/queue/x", "abc");
	kill_messages("/queue/a", "123");
	stomp_peer_say(sender, "SEND{destination:/queue/a}{receipt:r}[4]");
	stomp_peer_check_refused(sender, "The queue is full", "r");
	read_slowly();
	read_one();
	stomp_peer_say(consumer, "SEND{destination:/queue/a}{receipt:s}[4]");
	still_workers_settle(workers);
	assert_heard(consumer, "RECEIPT{receipt-id:s}");
}
END_TEST

START_TEST(queues_go_round)
{
	char got[16];
	unsigned before_last = 0;

	kill_messages("/queue/x", "xyz");
	kill_messages("/queue/a", "aaa");
	kill_messages("/queue/b", "bbb");
	kill_messages("/queue/c", "ccc");
	read_slowly();
	for (int i = 0; i < 12; i++)
		got[i] = read_one();
	/* Whatever their homes: no queue is done before another one has begun. */
	for (int i = 3; i < 9; i++)
		before_last |= 1u << (got[i] - 'a');
	ck_assert_uint_eq(before_last, 7);
	ck_assert_int_eq(sum_parked(), 0);
}
END_TEST

START_TEST(its_reason_is_counted_once)
{
	uint64_t sum = 0;

	kill_messages("/queue/x", "abc");
	kill_messages("/queue/a", "12");
	still_workers_advance(workers, 10000);
	for (unsigned i = 0; i < workers->count; i++)
		sum += counter_read(&workers->all[i]->metrics->dead[DEAD_EXPIRED]);
	ck_assert_uint_eq(sum, 5);
}
END_TEST

START_TEST(a_letter_that_is_discarded_makes_room)
{
	char frame[128], id[64];

	kill_messages("/queue/x", "abc");
	kill_messages("/queue/a", "1");
	read_slowly();
	ck_assert_int_eq(
		sscanf(strstr(stomp_peer_heard(reader), "{ack:"), "{ack:%63[^}]", id),
		1);
	snprintf(frame, sizeof(frame), "NACK{id:%s}{requeue:false}", id);
	stomp_peer_say(reader, frame);
	ck_assert_int_eq(sum_parked(), 0);
	ck_assert_uint_eq(held(LETTERS), 3);
}
END_TEST

/* A reload while messages are parked: another queue has room, or none is needed. */
static const struct {
	const char *broker, *letters;
	unsigned held;
} reloads[] = {
	{"{'broker': {'dead_letter': '/queue/others'}, 'endpoints': [{'path': '/s'}]}",
		"/queue/others", 2},
	{"{'broker': {'dead_letter': ''}, 'endpoints': [{'path': '/s'}]}", NULL, 0},
	{"{'limits': {'backlog_messages': 5, 'share': 100}, 'endpoints': [{'path': "
	 "'/s'}]}",
		LETTERS, 5},
};

START_TEST(a_reload_may_make_room)
{
	struct config *config = config_of(reloads[_i].broker);

	kill_messages("/queue/x", "abc");
	kill_messages("/queue/a", "12");
	for (unsigned i = 0; i < workers->count; i++) {
		worker_configure(workers->all[i], config);
		loop_advance(workers->all[i]->loop, 0);
	}
	ck_assert_int_eq(sum_parked(), 0);
	ck_assert_ptr_null(find("/queue/a"));
	if (reloads[_i].letters != NULL)
		ck_assert_uint_eq(held(reloads[_i].letters), reloads[_i].held);
	config_unref(config);
}
END_TEST

/* The longest body with which a message that expires has a place in the queue. */
static size_t longest(const char *body)
{
	struct stomp_header expires = {SLICE("expires"), SLICE("1")};
	struct stomp_frame frame = {.command = STOMP_SEND,
		.headers = &expires,
		.header_count = 1,
		.body = slice_of(body)};
	bool fits = false;

	while (!fits) {
		struct message *message =
			message_create(&frame, SLICE("/queue/a"), SLICE("/queue/a"));

		fits = message_size(message) <= workers->config->limits.backlog_bytes;
		frame.body.len -= !fits;
		message_unref(message);
	}
	return frame.body.len;
}

/* The letter has more headers than the message, and so more bytes. */
START_TEST(an_empty_queue_takes_a_letter_that_is_too_large)
{
	static char frame[4000], body[3001];

	memset(body, 'x', sizeof(body) - 1);
	snprintf(frame, sizeof(frame),
		"SEND{destination:/queue/a}{expires:1}{receipt:r}[%.*s]",
		(int)longest(body), body);
	for (int i = 0; i < 2; i++) {
		stomp_peer_say(sender, frame);
		still_workers_advance(workers, 2);
		assert_heard(sender, "RECEIPT{receipt-id:r}");
		ck_assert_uint_eq(held(LETTERS), 1);
		ck_assert_uint_eq(parked("/queue/a"), i);
	}
	read_slowly();
	ck_assert_int_eq(read_one(), 'x');
	ck_assert_int_eq(read_one(), 'x');
	ck_assert_int_eq(sum_parked(), 0);
}
END_TEST

START_TEST(the_dead_letters_have_a_place_when_all_are_taken)
{
	kill_messages("/queue/a", "1");
	ck_assert_uint_eq(held(LETTERS), 1);
	ck_assert_ptr_null(find("/queue/a"));
}
END_TEST

/* Most dead-letter queues are full by bytes: a small letter would still have room. */
START_TEST(a_letter_that_does_not_fit_is_not_tried_again_in_vain)
{
	char frame[1400];
	int len = snprintf(frame, sizeof(frame),
		"SEND{destination:/queue/x}{expires:1}[%01200d]", 0);

	ck_assert_int_lt(len, (int)sizeof(frame));
	for (int i = 0; i < 4; i++) {
		stomp_peer_say(sender, frame);
		still_workers_advance(workers, 2);
	}
	ck_assert_uint_ge(held(LETTERS), 1);
	ck_assert_uint_ge(parked("/queue/x"), 1);
	ck_assert_uint_eq(held(LETTERS) + parked("/queue/x"), 4);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("parked");
	TCase *usual = unit_case(suite, "usual"), *bytes = unit_case(suite, "bytes"),
	      *narrow = unit_case(suite, "narrow");

	tcase_add_checked_fixture(usual, setup, teardown);
	tcase_add_test(usual, what_has_no_room_is_parked_in_its_queue);
	tcase_add_test(usual, it_moves_on_in_order_when_there_is_room);
	tcase_add_test(usual, it_moves_on_without_a_reader_that_is_slow);
	tcase_add_test(usual, it_is_in_nobodys_way);
	tcase_add_test(usual, it_counts_in_the_bounds_of_its_queue);
	tcase_add_test(usual, queues_go_round);
	tcase_add_test(usual, its_reason_is_counted_once);
	tcase_add_test(usual, a_letter_that_is_discarded_makes_room);
	unit_add_table(usual, a_reload_may_make_room, reloads);

	tcase_add_checked_fixture(bytes, setup_bytes, teardown);
	tcase_add_test(bytes, an_empty_queue_takes_a_letter_that_is_too_large);
	tcase_add_test(bytes, a_letter_that_does_not_fit_is_not_tried_again_in_vain);

	tcase_add_checked_fixture(narrow, setup_narrow, teardown);
	tcase_add_test(narrow, the_dead_letters_have_a_place_when_all_are_taken);
	return unit_run(suite);
}
