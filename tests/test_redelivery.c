/*
 * Each delivery of a message of a queue has ids of its own: what a client says late of
 * an earlier delivery never settles a later one.
 */
/* tags: workers */
#include "gateway/broker/internal.h"
#include "gateway/broker/memory.h"
#include "tests/support/still_workers.h"
#include "tests/support/stomp_peer.h"
#include "tests/support/unit.h"

#include <stdio.h>

enum { PEERS = 2 };

static struct workers *workers;
static struct stomp_peer *peers[PEERS];

static const char *const versions[] = {"1.0", "1.1", "1.2"};

/* The peers are spread over the available workers. */
static void begin(const char *version)
{
	for (unsigned i = 0; i < PEERS; i++) {
		peers[i] =
			stomp_peer_connect(workers->all[i % workers->count], version);
		peers[i]->memory.describe = NULL; /* the tests read the ids */
	}
}

static void setup(void)
{
	workers = still_workers_create("'broker': {'nacks': 5}");
}

static void teardown(void)
{
	for (int i = 0; i < PEERS; i++)
		stomp_peer_destroy(peers[i]);
	still_workers_destroy(workers);
}

static void subscribe(int peer, const char *id, const char *ack)
{
	char frame[128];

	snprintf(frame, sizeof(frame), "SUBSCRIBE{id:%s}{destination:/queue/a}{ack:%s}",
		id, ack);
	stomp_peer_say(peers[peer], frame);
}

/* The ids of one delivery; each is empty if the MESSAGE does not have it. */
struct ids {
	char message_id[64], ack[64];
};

static void read_header(const char *frame, const char *name, char value[64])
{
	const char *at = strstr(frame, name);

	value[0] = '\0';
	if (at != NULL)
		sscanf(at + strlen(name), "%63[^\n]", value);
}

/* The peer has received one MESSAGE, and nothing else. */
static struct ids receive(int peer)
{
	struct memory_outlet *memory = &peers[peer]->memory;
	struct ids ids;

	still_workers_settle(workers);
	const char *got = memory_outlet_got(memory);
	ck_assert_msg(strncmp(got, "MESSAGE\n", 8) == 0, "not a MESSAGE: %s", got);
	read_header(got, "\nmessage-id:", ids.message_id);
	read_header(got, "\nack:", ids.ack);
	return ids;
}

/* Acknowledges as the version of that index does. */
static void settle(int peer, int version, const char *command, const struct ids *ids)
{
	char frame[256];

	if (version == 2)
		snprintf(frame, sizeof(frame), "%s{id:%s}", command, ids->ack);
	else
		snprintf(frame, sizeof(frame), "%s{message-id:%s}%s", command,
			ids->message_id, version == 1 ? "{subscription:1}" : "");
	stomp_peer_say(peers[peer], frame);
}

static void assert_unknown(int peer)
{
	const char *heard = stomp_peer_heard(peers[peer]);

	ck_assert_ptr_nonnull(
		strstr(heard, "message:There is no such message to acknowledge"));
	ck_assert_ptr_null(peers[peer]->memory.session);
}

/* How many messages the queue still has. */
static uint64_t left(void)
{
	uint64_t sum = 0;

	still_workers_settle(workers);
	for (unsigned i = 0; i < workers->count; i++) {
		const struct queue *queue =
			memory_queue(workers->all[i]->broker, SLICE("/queue/a"));

		sum += queue == NULL ? 0 : queue_messages(queue);
	}
	return sum;
}

START_TEST(a_redelivery_has_ids_that_end_in_its_number)
{
	char expected[72];

	begin(versions[2]);
	subscribe(0, "1", "client-individual");
	stomp_peer_say(peers[0], "SEND{destination:/queue/a}[x]");
	const struct ids first = receive(0);
	for (int attempt = 2; attempt <= 4; attempt++) {
		struct ids latest = first;

		if (attempt > 2)
			snprintf(latest.ack, sizeof(latest.ack), "%.56s.%d", first.ack,
				attempt - 1);
		settle(0, 2, "NACK", &latest);
		const struct ids ids = receive(0);
		snprintf(
			expected, sizeof(expected), "%s.%d", first.message_id, attempt);
		ck_assert_str_eq(ids.message_id, expected);
		snprintf(expected, sizeof(expected), "%s.%d", first.ack, attempt);
		ck_assert_str_eq(ids.ack, expected);
	}
}
END_TEST

/* The consumer unsubscribes, and subscribes again under the same id. */
START_TEST(a_late_ack_does_not_settle_a_later_delivery)
{
	begin(versions[_i]);
	subscribe(0, "1", "client-individual");
	stomp_peer_say(peers[0], "SEND{destination:/queue/a}[x]");
	const struct ids first = receive(0);
	stomp_peer_say(peers[0], "UNSUBSCRIBE{id:1}");
	subscribe(0, "1", "client-individual");
	const struct ids second = receive(0);
	ck_assert_str_ne(first.message_id, second.message_id);

	settle(0, _i, "ACK", &first);
	assert_unknown(0);
	ck_assert_uint_eq(left(), 1);
	subscribe(1, "1", "client-individual");
	const struct ids third = receive(1);
	settle(1, _i, "ACK", &third);
	ck_assert_uint_eq(left(), 0);
}
END_TEST

START_TEST(what_was_rejected_is_settled_by_its_new_id_only)
{
	begin(versions[1 + _i]);
	subscribe(0, "1", "client-individual");
	stomp_peer_say(peers[0], "SEND{destination:/queue/a}[x]");
	const struct ids first = receive(0);
	settle(0, 1 + _i, "NACK", &first);
	const struct ids second = receive(0);
	settle(0, 1 + _i, "NACK", &second);
	receive(0);
	settle(0, 1 + _i, "ACK", &second);
	assert_unknown(0);
	ck_assert_uint_eq(left(), 1);
}
END_TEST

START_TEST(a_late_ack_does_not_settle_what_another_has)
{
	begin(versions[_i]);
	subscribe(0, "1", "client-individual");
	stomp_peer_say(peers[1], "SEND{destination:/queue/a}[x]");
	const struct ids first = receive(0);
	stomp_peer_say(peers[0], "UNSUBSCRIBE{id:1}");
	subscribe(1, "1", "client-individual");
	const struct ids second = receive(1);
	settle(1, _i, "ACK", &first);
	assert_unknown(1);
	ck_assert_uint_eq(left(), 1);
	ck_assert_str_ne(first.message_id, second.message_id);
}
END_TEST

START_TEST(a_late_ack_is_ignored_after_an_auto_subscription)
{
	begin(versions[_i]);
	stomp_peer_say(peers[0], "SUBSCRIBE{id:auto}{destination:/topic/b}");
	subscribe(0, "1", "client-individual");
	stomp_peer_say(peers[0], "SEND{destination:/queue/a}[x]");
	const struct ids first = receive(0);
	stomp_peer_say(peers[0], "UNSUBSCRIBE{id:1}");
	subscribe(0, "1", "client-individual");
	const struct ids second = receive(0);
	settle(0, _i, "ACK", &first);
	ck_assert_str_eq(stomp_peer_heard(peers[0]), "");
	ck_assert_uint_eq(left(), 1);
	settle(0, _i, "ACK", &second);
	ck_assert_str_eq(stomp_peer_heard(peers[0]), "");
	ck_assert_uint_eq(left(), 0);
}
END_TEST

START_TEST(a_message_id_is_taken_in_1_2)
{
	begin(versions[2]);
	subscribe(0, "1", "client-individual");
	stomp_peer_say(peers[0], "SEND{destination:/queue/a}[x]");
	struct ids ids = receive(0);
	snprintf(ids.ack, sizeof(ids.ack), "%s", ids.message_id);
	settle(0, 2, "NACK", &ids);
	ids = receive(0);
	snprintf(ids.ack, sizeof(ids.ack), "%s", ids.message_id);
	settle(0, 2, "ACK", &ids);
	ck_assert_str_eq(stomp_peer_heard(peers[0]), "");
	ck_assert_uint_eq(left(), 0);
}
END_TEST

START_TEST(topics_have_the_ids_that_they_had)
{
	begin(versions[2]);
	stomp_peer_say(peers[0], "SUBSCRIBE{id:1}{destination:/topic/b}{ack:client}");
	stomp_peer_say(peers[1], "SEND{destination:/topic/b}[x]");
	const struct ids ids = receive(0);
	ck_assert_ptr_null(strchr(ids.message_id, '.'));
	ck_assert_ptr_null(strchr(ids.ack, '.'));
	settle(0, 2, "NACK", &ids);
	ck_assert_str_eq(stomp_peer_heard(peers[0]), "");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("redelivery");
	TCase *tcase = unit_case(suite, "ids");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_redelivery_has_ids_that_end_in_its_number);
	tcase_add_loop_test(tcase, a_late_ack_does_not_settle_a_later_delivery, 0, 3);
	tcase_add_loop_test(
		tcase, what_was_rejected_is_settled_by_its_new_id_only, 0, 2);
	tcase_add_loop_test(tcase, a_late_ack_does_not_settle_what_another_has, 0, 3);
	tcase_add_loop_test(
		tcase, a_late_ack_is_ignored_after_an_auto_subscription, 0, 3);
	tcase_add_test(tcase, a_message_id_is_taken_in_1_2);
	tcase_add_test(tcase, topics_have_the_ids_that_they_had);
	return unit_run(suite);
}
