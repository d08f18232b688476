/*
 * NACK with requeue:false: the message is a dead letter the first time, or is dropped
 * where there is no dead-letter queue.
 */
/* tags: workers */
#include "gateway/broker/internal.h"
#include "gateway/broker/memory.h"
#include "gateway/worker/metrics.h"
#include "tests/support/still_workers.h"
#include "tests/support/stomp_peer.h"
#include "tests/support/unit.h"

#include <stdio.h>

static struct workers *workers;
static struct stomp_peer *consumer, *other, *reader;
static char acks[8][64]; /* of what the consumer has got, in order */

static void begin(const char *members)
{
	workers = still_workers_create(members);
	consumer = stomp_peer_connect(workers->all[0], "1.2");
	other = stomp_peer_connect(workers->all[workers->count - 1], "1.2");
	reader = stomp_peer_connect_at(workers->all[0], "tcp", "1.2");
}

static void setup(void)
{
	begin("'broker': {'nacks': 3}");
}

static void setup_without_dead_letters(void)
{
	begin("'broker': {'nacks': 3, 'dead_letter': ''}");
}

static void teardown(void)
{
	stomp_peer_destroy(consumer);
	stomp_peer_destroy(other);
	stomp_peer_destroy(reader);
	still_workers_destroy(workers);
}

/* Subscribes to the destination, and gets messages "1" to the given number. */
static void deliver(const char *destination, const char *ack, int count)
{
	char frame[128];

	snprintf(frame, sizeof(frame), "SUBSCRIBE{id:1}{destination:%s}{ack:%s}",
		destination, ack);
	stomp_peer_say(consumer, frame);
	for (int i = 1; i <= count; i++) {
		snprintf(frame, sizeof(frame), "SEND{destination:%s}{note:mine}[%d]",
			destination, i);
		stomp_peer_say(other, frame);
	}
	const char *heard = stomp_peer_heard(consumer);
	for (int i = 0; i < count; i++) {
		heard = strstr(heard, "{ack:");
		ck_assert_ptr_nonnull(heard);
		sscanf(heard, "{ack:%63[^}]", acks[i]);
		heard++;
	}
}

/* The consumer settles the message of that number. */
static void settle(const char *command, int number, const char *more)
{
	char frame[256];

	snprintf(frame, sizeof(frame), "%s{id:%s}%s", command, acks[number - 1], more);
	stomp_peer_say(consumer, frame);
}

static const char *dead_letters(void)
{
	stomp_peer_say(reader, "SUBSCRIBE{id:d}{destination:/queue/dead-letter}");
	return stomp_peer_heard(reader);
}

#define DEAD(body)                                                                     \
	"MESSAGE{subscription:d}{destination:/queue/dead-letter}"                      \
	"{x-postern-from:/queue/a}{x-postern-reason:discarded by its consumer}"        \
	"{note:mine}[" body "]"

static uint64_t discarded(void)
{
	uint64_t sum = 0;

	still_workers_settle(workers);
	for (unsigned i = 0; i < workers->count; i++)
		sum += counter_read(&workers->all[i]->metrics->dead[DEAD_DISCARDED]);
	return sum;
}

/* How many messages the queue still has. */
static uint64_t left(struct slice address)
{
	uint64_t sum = 0;

	still_workers_settle(workers);
	for (unsigned i = 0; i < workers->count; i++) {
		const struct queue *queue =
			memory_queue(workers->all[i]->broker, address);

		sum += queue == NULL ? 0 : queue_messages(queue);
	}
	return sum;
}

START_TEST(requeue_false_makes_a_dead_letter_the_first_time)
{
	deliver("/queue/a", "client-individual", 2);
	settle("NACK", 2, "{requeue:false}{receipt:r}");
	assert_heard(consumer, "RECEIPT{receipt-id:r}");
	ck_assert_str_eq(dead_letters(), DEAD("2"));
	ck_assert_uint_eq(discarded(), 1);
	ck_assert_uint_eq(left(SLICE("/queue/a")), 1);
}
END_TEST

START_TEST(a_cumulative_nack_discards_all_up_to_its_message)
{
	deliver("/queue/a", "client", 4);
	settle("NACK", 3, "{requeue:false}");
	ck_assert_str_eq(dead_letters(), DEAD("1") " " DEAD("2") " " DEAD("3"));
	ck_assert_uint_eq(left(SLICE("/queue/a")), 1);
}
END_TEST

/* As without the header; on ACK it means nothing. */
static const struct {
	const char *command, *more;
	uint64_t left;
} without[] = {
	{"NACK", "{requeue:true}", 1},
	{"NACK", "", 1},
	{"ACK", "{requeue:false}", 0},
	{"ACK", "{requeue:never}", 0},
};

START_TEST(another_requeue_discards_nothing)
{
	deliver("/queue/a", "client-individual", 1);
	settle(without[_i].command, 1, without[_i].more);
	stomp_peer_heard(consumer);
	ck_assert_uint_eq(left(SLICE("/queue/a")), without[_i].left);
	ck_assert_uint_eq(discarded(), 0);
	ck_assert_str_eq(dead_letters(), "");
}
END_TEST

START_TEST(a_transaction_discards_at_its_commit)
{
	deliver("/queue/a", "client", 3);
	stomp_peer_say(consumer, "BEGIN{transaction:t}");
	settle("NACK", 2, "{transaction:t}{requeue:false}{receipt:r}");
	/* The receipt does not wait for COMMIT. */
	assert_heard(consumer, "RECEIPT{receipt-id:r}");
	ck_assert_uint_eq(discarded(), 0);
	ck_assert_uint_eq(left(SLICE("/queue/a")), 3);
	stomp_peer_say(consumer, "COMMIT{transaction:t}{receipt:c}");
	assert_heard(consumer, "RECEIPT{receipt-id:c}");
	ck_assert_str_eq(dead_letters(), DEAD("1") " " DEAD("2"));
	ck_assert_uint_eq(left(SLICE("/queue/a")), 1);
}
END_TEST

START_TEST(a_transaction_that_is_aborted_discards_nothing)
{
	deliver("/queue/a", "client", 1);
	stomp_peer_say(consumer, "BEGIN{transaction:t}");
	settle("NACK", 1, "{transaction:t}{requeue:false}");
	stomp_peer_say(consumer, "ABORT{transaction:t}");
	ck_assert_uint_eq(discarded(), 0);
	settle("ACK", 1, "{receipt:r}");
	assert_heard(consumer, "RECEIPT{receipt-id:r}");
	ck_assert_uint_eq(left(SLICE("/queue/a")), 0);
}
END_TEST

START_TEST(a_dead_letter_that_is_discarded_is_dropped)
{
	char frame[128], id[64];

	deliver("/queue/a", "client", 1);
	settle("NACK", 1, "{requeue:false}");
	stomp_peer_say(
		reader, "SUBSCRIBE{id:d}{destination:/queue/dead-letter}{ack:client}");
	ck_assert_int_eq(
		sscanf(strstr(stomp_peer_heard(reader), "{ack:"), "{ack:%63[^}]", id),
		1);
	snprintf(frame, sizeof(frame), "NACK{id:%s}{requeue:false}", id);
	stomp_peer_say(reader, frame);
	ck_assert_uint_eq(discarded(), 2);
	ck_assert_uint_eq(left(SLICE("/queue/dead-letter")), 0);
}
END_TEST

START_TEST(without_dead_letters_the_message_is_dropped)
{
	deliver("/queue/a", "client", 1);
	settle("NACK", 1, "{requeue:false}");
	ck_assert_uint_eq(discarded(), 1);
	ck_assert_uint_eq(left(SLICE("/queue/a")), 0);
}
END_TEST

START_TEST(on_a_topic_it_means_nothing_but_must_be_right)
{
	deliver("/topic/a", "client-individual", 2);
	settle("NACK", 1, "{requeue:false}{receipt:r}");
	assert_heard(consumer, "RECEIPT{receipt-id:r}");
	ck_assert_uint_eq(discarded(), 0);
	settle("NACK", 2, "{requeue:never}{receipt:r}");
	stomp_peer_check_refused(
		consumer, "The requeue header is neither true nor false", "r");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("discard");
	TCase *tcase = unit_case(suite, "dead letters");
	TCase *none = unit_case(suite, "no dead letters");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, requeue_false_makes_a_dead_letter_the_first_time);
	tcase_add_test(tcase, a_cumulative_nack_discards_all_up_to_its_message);
	unit_add_table(tcase, another_requeue_discards_nothing, without);
	tcase_add_test(tcase, a_transaction_discards_at_its_commit);
	tcase_add_test(tcase, a_transaction_that_is_aborted_discards_nothing);
	tcase_add_test(tcase, a_dead_letter_that_is_discarded_is_dropped);
	tcase_add_test(tcase, on_a_topic_it_means_nothing_but_must_be_right);

	tcase_add_checked_fixture(none, setup_without_dead_letters, teardown);
	tcase_add_test(none, without_dead_letters_the_message_is_dropped);
	return unit_run(suite);
}
