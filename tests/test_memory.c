/*
 * Queues as clients see them: consumers take turns, acknowledge, reject, read slowly
 * and leave, and no message is lost.
 */
/* tags: workers */
#include "gateway/broker/internal.h"
#include "gateway/broker/memory.h"
#include "gateway/broker/queue.h"
#include "tests/support/still_workers.h"
#include "tests/support/stomp_peer.h"
#include "tests/support/unit.h"

#include <stdio.h>

enum { PEERS = 4 };

static struct worker *worker;
static struct stomp_peer *peers[PEERS], *sender, *undertaker;
static char acks[64][48]; /* of the received messages, in order */
static size_t ack_count;

/* The peers are spread over the available workers. */
static void begin(const char *members)
{
	struct workers *workers = still_workers_create(members);

	worker = workers->all[0];
	for (unsigned i = 0; i < PEERS; i++)
		peers[i] = stomp_peer_connect(workers->all[i % workers->count], "1.2");
	sender = stomp_peer_connect(worker, "1.2");
	undertaker = stomp_peer_connect_at(worker, "tcp", "1.2");
	ack_count = 0;
}

static void setup(void)
{
	begin("'broker': {'nacks': 3, 'losses': 2}");
}

static void setup_small(void)
{
	begin("'limits': {'backlog_messages': 3, 'backlog_bytes': 3000,"
	      " 'destinations': 2, 'share': 100}");
}

static void setup_small_queue(void)
{
	begin("'limits': {'queue_messages': 4, 'queue_bytes': 32000}");
}

static void teardown(void)
{
	for (int i = 0; i < PEERS; i++)
		stomp_peer_destroy(peers[i]);
	stomp_peer_destroy(sender);
	stomp_peer_destroy(undertaker);
	still_workers_destroy(worker->workers);
}

/* The output, without the ack headers, which are kept in `acks`. */
static const char *heard(struct stomp_peer *peer)
{
	static char text[8192];
	const char *from = stomp_peer_heard(peer);
	size_t len = 0;

	while (*from != '\0') {
		if (strncmp(from, "{ack:", 5) != 0) {
			text[len++] = *from++;
			continue;
		}
		size_t size = strcspn(from, "}");
		snprintf(acks[ack_count++ % COUNT(acks)], sizeof(*acks), "%.*s",
			(int)size - 5, from + 5);
		from += size + 1;
	}
	text[len] = '\0';
	return text;
}

#define assert_hears(peer, expected) ck_assert_str_eq(heard(peer), expected)

#define MESSAGE(body) "MESSAGE{subscription:1}{destination:/queue/a}[" body "]"
#define AGAIN(body)                                                                    \
	"MESSAGE{subscription:1}{destination:/queue/a}{redelivered:true}[" body "]"

static void subscribe(struct stomp_peer *peer, const char *more)
{
	char frame[256];

	snprintf(frame, sizeof(frame), "SUBSCRIBE{id:1}{destination:/queue/a}%s", more);
	stomp_peer_say(peer, frame);
}

static void send(const char *body)
{
	char frame[256];

	snprintf(frame, sizeof(frame), "SEND{destination:/queue/a}[%s]", body);
	stomp_peer_say(sender, frame);
}

static void settle(struct stomp_peer *peer, const char *command, const char *ack)
{
	char frame[256];

	snprintf(frame, sizeof(frame), "%s{id:%s}", command, ack);
	stomp_peer_say(peer, frame);
}

/* The number of queues, at all homes. */
static size_t queues(void)
{
	size_t count = 0;

	for (unsigned i = 0; i < worker->workers->count; i++)
		count += worker->workers->all[i]->broker->memory->queues.count;
	return count;
}

static void lose(struct stomp_peer *peer)
{
	session_lost(peer->memory.session, ENDING_INTERRUPTED);
	peer->memory.session = NULL;
	still_workers_settle(worker->workers);
}

START_TEST(a_message_waits_until_somebody_comes)
{
	send("1");
	send("2");
	ck_assert_uint_eq(queues(), 1);
	subscribe(peers[0], "{receipt:r}");
	assert_hears(peers[0], "RECEIPT{receipt-id:r} " MESSAGE("1") " " MESSAGE("2"));
}
END_TEST

START_TEST(each_message_goes_to_one_consumer_by_turns)
{
	subscribe(peers[0], "");
	subscribe(peers[1], "");
	subscribe(peers[2], "");
	for (int i = 0; i < 6; i++)
		send((char[]){(char)('1' + i), '\0'});
	assert_hears(peers[0], MESSAGE("1") " " MESSAGE("4"));
	assert_hears(peers[1], MESSAGE("2") " " MESSAGE("5"));
	assert_hears(peers[2], MESSAGE("3") " " MESSAGE("6"));
}
END_TEST

START_TEST(a_queue_goes_when_nobody_needs_it)
{
	subscribe(peers[0], "");
	send("1");
	stomp_peer_say(peers[0], "UNSUBSCRIBE{id:1}");
	ck_assert_uint_eq(queues(), 0);
	send("2");
	ck_assert_uint_eq(queues(), 1);
	subscribe(peers[0], "");
	ck_assert_uint_eq(queues(), 1);
	lose(peers[0]);
	ck_assert_uint_eq(queues(), 0);
}
END_TEST

START_TEST(who_must_acknowledge_gets_no_more_than_its_prefetch)
{
	subscribe(peers[0], "{ack:client-individual}{prefetch-count:000000002}");
	for (int i = 0; i < 5; i++)
		send((char[]){(char)('1' + i), '\0'});
	assert_hears(peers[0], MESSAGE("1") " " MESSAGE("2"));
	settle(peers[0], "ACK", acks[1]); /* in whatever order */
	assert_hears(peers[0], MESSAGE("3"));
	settle(peers[0], "ACK", acks[0]);
	settle(peers[0], "ACK", acks[2]);
	assert_hears(peers[0], MESSAGE("4") " " MESSAGE("5"));
}
END_TEST

START_TEST(ack_client_counts_for_all_before)
{
	subscribe(peers[0], "{ack:client}{prefetch-count:3}");
	for (int i = 0; i < 5; i++)
		send((char[]){(char)('1' + i), '\0'});
	assert_hears(peers[0], MESSAGE("1") " " MESSAGE("2") " " MESSAGE("3"));
	settle(peers[0], "ACK", acks[1]);
	assert_hears(peers[0], MESSAGE("4") " " MESSAGE("5"));
	settle(peers[0], "ACK", acks[0]);
	stomp_peer_check_refused(
		peers[0], "There is no such message to acknowledge", "");
}
END_TEST

START_TEST(what_was_acknowledged_cannot_be_again)
{
	subscribe(peers[0], "{ack:client-individual}");
	send("1");
	assert_hears(peers[0], MESSAGE("1"));
	settle(peers[0], "ACK", acks[0]);
	settle(peers[0], "NACK", acks[0]);
	stomp_peer_check_refused(
		peers[0], "There is no such message to acknowledge", "");
}
END_TEST

START_TEST(nobody_acknowledges_what_another_got)
{
	subscribe(peers[0], "{ack:client}");
	subscribe(peers[1], "{ack:client}");
	send("1");
	assert_hears(peers[0], MESSAGE("1"));
	settle(peers[1], "ACK", acks[0]);
	stomp_peer_check_refused(
		peers[1], "There is no such message to acknowledge", "");
}
END_TEST

START_TEST(what_one_rejects_another_gets)
{
	subscribe(peers[0], "{ack:client-individual}");
	send("1");
	assert_hears(peers[0], MESSAGE("1"));
	subscribe(peers[1], "{ack:client-individual}");
	settle(peers[0], "NACK", acks[0]);
	assert_hears(peers[0], "");
	assert_hears(peers[1], AGAIN("1"));
}
END_TEST

START_TEST(what_is_rejected_too_often_is_a_dead_letter)
{
	subscribe(peers[0], "{ack:client-individual}");
	send("1");
	for (int i = 0; i < 3; i++) {
		ck_assert_str_eq(heard(peers[0]), i == 0 ? MESSAGE("1") : AGAIN("1"));
		settle(peers[0], "NACK", acks[i]);
	}
	assert_hears(peers[0], "");
	stomp_peer_say(undertaker, "SUBSCRIBE{id:d}{destination:/queue/dead-letter}");
	assert_hears(undertaker,
		"MESSAGE{subscription:d}{destination:/queue/dead-letter}"
		"{x-postern-from:/queue/a}{x-postern-reason:rejected 3 times}[1]");
}
END_TEST

START_TEST(what_a_lost_client_had_goes_to_another_in_order)
{
	subscribe(peers[0], "{ack:client}");
	for (int i = 0; i < 4; i++)
		send((char[]){(char)('1' + i), '\0'});
	heard(peers[0]);
	settle(peers[0], "ACK", acks[0]);
	lose(peers[0]);
	subscribe(peers[1], "");
	send("5");
	assert_hears(
		peers[1], AGAIN("2") " " AGAIN("3") " " AGAIN("4") " " MESSAGE("5"));
}
END_TEST

/* A consumer gets the message, and both are lost. */
static void lose_one(int peer)
{
	subscribe(peers[peer], "{ack:client-individual}");
	ck_assert_str_ne(heard(peers[peer]), "");
	lose(peers[peer]);
}

#define DEAD_LETTER                                                                    \
	"MESSAGE{subscription:d}{destination:/queue/dead-letter}"                      \
	"{x-postern-from:/queue/a}{x-postern-reason:lost with its consumer 2 "         \
	"times}[1]"

START_TEST(what_is_lost_with_its_consumers_too_often_is_a_dead_letter)
{
	send("1");
	lose_one(0);
	lose_one(1);
	subscribe(peers[2], "");
	assert_hears(peers[2], "");
	stomp_peer_say(undertaker, "SUBSCRIBE{id:d}{destination:/queue/dead-letter}");
	assert_hears(undertaker, DEAD_LETTER);
}
END_TEST

START_TEST(who_says_goodbye_is_lost_too)
{
	send("1");
	lose_one(0);
	subscribe(peers[1], "{ack:client}");
	stomp_peer_say(peers[1], "DISCONNECT");
	stomp_peer_say(undertaker, "SUBSCRIBE{id:d}{destination:/queue/dead-letter}");
	assert_hears(undertaker, DEAD_LETTER);
}
END_TEST

START_TEST(what_is_given_back_at_unsubscribe_is_not_lost)
{
	send("1");
	for (int i = 0; i < 5; i++) {
		subscribe(peers[0], "{ack:client}");
		stomp_peer_say(peers[0], "UNSUBSCRIBE{id:1}");
	}
	heard(peers[0]);
	subscribe(peers[1], "");
	assert_hears(peers[1], AGAIN("1"));
}
END_TEST

START_TEST(what_was_not_sent_is_not_lost)
{
	send("1");
	lose_one(0);
	for (int i = 1; i < PEERS; i++) {
		peers[i]->memory.blocked = true;
		subscribe(peers[i], i == 1 ? "" : "{ack:client}");
		lose(peers[i]);
	}
	stomp_peer_say(sender, "SUBSCRIBE{id:1}{destination:/queue/a}");
	assert_hears(sender, AGAIN("1"));
}
END_TEST

START_TEST(a_dead_letter_is_never_lost)
{
	stomp_peer_say(sender, "SEND{destination:/queue/a}{expires:1}[1]");
	still_workers_advance(worker->workers, 1000);
	for (int i = 0; i < PEERS; i++) {
		struct stomp_peer *reader = stomp_peer_connect_at(worker, "tcp", "1.2");

		stomp_peer_say(reader,
			"SUBSCRIBE{id:d}{destination:/queue/dead-letter}{ack:client}");
		lose(reader);
		stomp_peer_destroy(reader);
	}
	stomp_peer_say(undertaker, "SUBSCRIBE{id:d}{destination:/queue/dead-letter}");
	assert_hears(undertaker,
		"MESSAGE{subscription:d}{destination:/queue/dead-letter}"
		"{redelivered:true}{x-postern-from:/queue/a}"
		"{x-postern-reason:expired}{expires:1}[1]");
}
END_TEST

START_TEST(what_was_not_acknowledged_comes_back_at_unsubscribe)
{
	subscribe(peers[0], "{ack:client}");
	send("1");
	heard(peers[0]);
	subscribe(peers[1], "");
	stomp_peer_say(peers[0], "UNSUBSCRIBE{id:1}{receipt:r}");
	assert_hears(peers[0], "RECEIPT{receipt-id:r}");
	assert_hears(peers[1], AGAIN("1"));
}
END_TEST

START_TEST(a_reader_that_stands_still_gets_no_more_than_its_prefetch)
{
	subscribe(peers[0], "{prefetch-count:2}");
	peers[0]->memory.blocked = true;
	for (int i = 0; i < 5; i++)
		send((char[]){(char)('1' + i), '\0'});
	subscribe(peers[1], "");
	assert_hears(peers[1], MESSAGE("3") " " MESSAGE("4") " " MESSAGE("5"));
	peers[0]->memory.blocked = false;
	session_detach(peers[0]->memory.session);
	session_attach(peers[0]->memory.session, &peers[0]->memory.outlet);
	still_workers_settle(worker->workers);
	assert_hears(peers[0], MESSAGE("1") " " MESSAGE("2"));
}
END_TEST

START_TEST(a_backlog_does_not_harm_who_reads_it)
{
	for (int i = 0; i < 20; i++)
		send("x");
	subscribe(peers[0], "{receipt:r}");
	heard(peers[0]);
	ck_assert_int_eq(session_state(peers[0]->memory.session), SESSION_OPEN);
	ck_assert_uint_eq(queues(), 1);
	stomp_peer_say(peers[0], "UNSUBSCRIBE{id:1}");
	ck_assert_uint_eq(queues(), 0); /* everything was taken */
}
END_TEST

START_TEST(a_full_queue_says_so_to_the_sender)
{
	for (int i = 0; i < 3; i++)
		stomp_peer_say(sender, "SEND{destination:/queue/a}{receipt:r}[x]");
	assert_hears(sender, "RECEIPT{receipt-id:r} RECEIPT{receipt-id:r} "
			     "RECEIPT{receipt-id:r}");
	stomp_peer_say(sender, "SEND{destination:/queue/a}{receipt:4}[x]");
	stomp_peer_check_refused(sender, "The queue is full", "4");
}
END_TEST

START_TEST(what_is_lent_counts_as_in_the_queue)
{
	subscribe(peers[0], "{ack:client}");
	for (int i = 0; i < 4; i++)
		send("x");
	stomp_peer_check_refused(sender, "The queue is full", "");
}
END_TEST

START_TEST(queues_count_as_destinations)
{
	stomp_peer_say(peers[0], "SUBSCRIBE{id:1}{destination:/topic/a}");
	send("x");
	stomp_peer_say(sender, "SEND{destination:/queue/b}{receipt:r}[x]");
	assert_hears(sender, "");
	ck_assert_ptr_nonnull(sender->memory.session);
}
END_TEST

START_TEST(old_versions_acknowledge_by_message_id)
{
	static const char *const versions[] = {"1.0", "1.1"};
	struct stomp_peer *old =
		stomp_peer_connect(worker->workers->all[0], versions[_i]);
	char id[48], frame[256];

	subscribe(old, "{ack:client-individual}{prefetch-count:1}");
	old->memory.describe = NULL;
	send("1");
	send("2");
	const char *at = strstr(stomp_peer_heard(old), "\nmessage-id:");
	ck_assert_ptr_nonnull(at);
	ck_assert_int_eq(sscanf(at, "\nmessage-id:%47[^\n]", id), 1);
	snprintf(frame, sizeof(frame), "ACK{message-id:%s}{subscription:1}", id);
	stomp_peer_say(old, frame);
	at = stomp_peer_heard(old);
	ck_assert_ptr_nonnull(strstr(at, "\n\n2"));
	ck_assert_ptr_null(strstr(at, "\nack:"));
	stomp_peer_destroy(old);
}
END_TEST

START_TEST(topics_can_be_acknowledged_once_and_forget)
{
	char frame[128];

	stomp_peer_say(peers[0],
		"SUBSCRIBE{id:1}{destination:/topic/a}{ack:client-individual}");
	stomp_peer_say(sender, "SEND{destination:/topic/a}[1]");
	stomp_peer_say(sender, "SEND{destination:/topic/a}[2]");
	heard(peers[0]);
	settle(peers[0], "NACK", acks[1]);
	settle(peers[0], "ACK", acks[0]);
	assert_hears(peers[0], "");
	snprintf(frame, sizeof(frame), "ACK{id:%s}{receipt:r}", acks[0]);
	stomp_peer_say(peers[0], frame);
	stomp_peer_check_refused(
		peers[0], "There is no such message to acknowledge", "r");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("memory");
	TCase *lending = unit_case(suite, "lending");
	TCase *settling = unit_case(suite, "settling");
	TCase *bounds = unit_case(suite, "bounds");
	TCase *backlog = unit_case(suite, "backlog");

	tcase_add_checked_fixture(lending, setup, teardown);
	tcase_add_test(lending, a_message_waits_until_somebody_comes);
	tcase_add_test(lending, each_message_goes_to_one_consumer_by_turns);
	tcase_add_test(lending, a_queue_goes_when_nobody_needs_it);
	tcase_add_test(lending, who_must_acknowledge_gets_no_more_than_its_prefetch);
	tcase_add_test(
		lending, a_reader_that_stands_still_gets_no_more_than_its_prefetch);

	tcase_add_checked_fixture(settling, setup, teardown);
	tcase_add_test(settling, ack_client_counts_for_all_before);
	tcase_add_test(settling, what_was_acknowledged_cannot_be_again);
	tcase_add_test(settling, nobody_acknowledges_what_another_got);
	tcase_add_test(settling, what_one_rejects_another_gets);
	tcase_add_test(settling, what_is_rejected_too_often_is_a_dead_letter);
	tcase_add_test(
		settling, what_is_lost_with_its_consumers_too_often_is_a_dead_letter);
	tcase_add_test(settling, who_says_goodbye_is_lost_too);
	tcase_add_test(settling, what_is_given_back_at_unsubscribe_is_not_lost);
	tcase_add_test(settling, what_was_not_sent_is_not_lost);
	tcase_add_test(settling, a_dead_letter_is_never_lost);
	tcase_add_test(settling, what_a_lost_client_had_goes_to_another_in_order);
	tcase_add_test(settling, what_was_not_acknowledged_comes_back_at_unsubscribe);
	tcase_add_loop_test(settling, old_versions_acknowledge_by_message_id, 0, 2);
	tcase_add_test(settling, topics_can_be_acknowledged_once_and_forget);

	tcase_add_checked_fixture(bounds, setup_small, teardown);
	tcase_add_test(bounds, a_full_queue_says_so_to_the_sender);
	tcase_add_test(bounds, what_is_lent_counts_as_in_the_queue);
	tcase_add_test(bounds, queues_count_as_destinations);

	tcase_add_checked_fixture(backlog, setup_small_queue, teardown);
	tcase_add_test(backlog, a_backlog_does_not_harm_who_reads_it);
	return unit_run(suite);
}
