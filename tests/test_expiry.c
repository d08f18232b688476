/* Messages of queues that expire, as their senders say; time is driven. */
/* tags: workers */
#include "gateway/broker/expiry.h"

#include "gateway/broker/internal.h"
#include "gateway/broker/memory.h"
#include "gateway/worker/metrics.h"
#include "tests/support/still_workers.h"
#include "tests/support/stomp_peer.h"
#include "tests/support/unit.h"

#include <stdio.h>
#include <time.h>

/* What headers say, at 1,000 of the loop's clock and 50,000 of the calendar. */
static const struct {
	const char *expiration, *expires; /* NULL: there is none */
	bool is_good;
	uint64_t at;
} times[] = {
	{NULL, NULL, true, 0},
	{"0", NULL, true, 1000},
	{"100", NULL, true, 1100},
	{"0000000000000000000100", NULL, true, 1100},
	{NULL, "0", true, 0},
	{NULL, "50000", true, 1000},
	{NULL, "50100", true, 1100},
	{NULL, "49900", true, 900},
	{NULL, "1", true, 1}, /* long ago, and not never */
	{"100", "0", true, 1100},
	{"100", "50050", true, 1050},
	{"100", "50200", true, 1100},
	{"9223372036854775807", NULL, true, 9223372036854776807u},
	{NULL, "9223372036854775807", true, 9223372036854726807u},
	{"9223372036854775808", NULL, false, 0},
	{NULL, "9223372036854775808", false, 0},
	{NULL, "99999999999999999999999", false, 0},
	{"", NULL, false, 0},
	{"1.5", NULL, false, 0},
	{"-1", NULL, false, 0},
	{"+1", NULL, false, 0},
	{" 1", NULL, false, 0},
	{"1e3", NULL, false, 0},
	{"soon", NULL, false, 0},
	{"100", "never", false, 0},
	{"never", "100", false, 0},
};

START_TEST(a_time_is_read_or_refused_by_name)
{
	struct stomp_header headers[2];
	struct stomp_frame frame = {.command = STOMP_SEND, .headers = headers};
	struct broker_refusal refusal = {.kind = REFUSALS};
	uint64_t at = 7;

	if (times[_i].expiration != NULL)
		headers[frame.header_count++] = (struct stomp_header){
			SLICE("expiration"), slice_of(times[_i].expiration)};
	if (times[_i].expires != NULL)
		headers[frame.header_count++] = (struct stomp_header){
			SLICE("expires"), slice_of(times[_i].expires)};
	ck_assert(expiry_read(&frame, 1000, 50000, &at, &refusal) == times[_i].is_good);
	ck_assert_uint_eq(at, times[_i].is_good ? times[_i].at : 7);
	ck_assert_int_eq(
		refusal.kind, times[_i].is_good ? REFUSALS : REFUSAL_EXPIRATION);
	if (!times[_i].is_good)
		ck_assert_int_eq(strncmp(refusal.what, "header expir", 12), 0);
}
END_TEST

/*
 * Clients. The workers' clocks move with the test's own time too, so no test depends
 * on a few milliseconds.
 */

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
	begin("'limits': {'backlog_messages': 1000},"
	      "'app': {'routes': [{'match': '/app/both',"
	      " 'send_to': ['/topic/a', '/queue/a']}]}");
}

static void setup_without_dead_letters(void)
{
	begin("'broker': {'dead_letter': ''}");
}

static void setup_small(void)
{
	begin("'limits': {'backlog_messages': 2, 'share': 100}");
}

static void teardown(void)
{
	stomp_peer_destroy(sender);
	stomp_peer_destroy(consumer);
	stomp_peer_destroy(reader);
	still_workers_destroy(workers);
}

static void advance(uint64_t milliseconds)
{
	still_workers_advance(workers, milliseconds);
}

static uint64_t count_expired(void)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < workers->count; i++)
		sum += counter_read(&workers->all[i]->metrics->dead[DEAD_EXPIRED]);
	return sum;
}

static uint64_t expired(void)
{
	still_workers_settle(workers);
	return count_expired();
}

/* How many messages the queue has; -1: there is no such queue. */
static int held(const char *address)
{
	int sum = -1;

	still_workers_settle(workers);
	for (unsigned i = 0; i < workers->count; i++) {
		const struct queue *queue =
			memory_queue(workers->all[i]->broker, slice_of(address));

		if (queue != NULL)
			sum = (int)queue_messages(queue);
	}
	return sum;
}

static const char *dead_letters(void)
{
	stomp_peer_say(reader, "SUBSCRIBE{id:d}{destination:/queue/dead-letter}");
	return stomp_peer_heard(reader);
}

#define DEAD(header, body)                                                             \
	"MESSAGE{subscription:d}{destination:/queue/dead-letter}"                      \
	"{x-postern-from:/queue/a}{x-postern-reason:expired}" header "[" body "]"

START_TEST(a_message_that_nobody_takes_in_time_is_a_dead_letter)
{
	stomp_peer_say(sender, "SEND{destination:/queue/a}{expiration:100000}[1]");
	advance(90000);
	ck_assert_int_eq(held("/queue/a"), 1);
	advance(11000);
	ck_assert_int_eq(held("/queue/a"), -1); /* the queue was idle */
	ck_assert_uint_eq(expired(), 1);
	ck_assert_str_eq(dead_letters(), DEAD("{expiration:100000}", "1"));
}
END_TEST

START_TEST(a_message_that_is_taken_in_time_keeps_its_headers)
{
	stomp_peer_say(sender, "SEND{destination:/queue/a}{expiration:100000}[1]");
	advance(50000);
	stomp_peer_say(consumer, "SUBSCRIBE{id:1}{destination:/queue/a}{ack:client}");
	ck_assert_ptr_nonnull(
		strstr(stomp_peer_heard(consumer), "{expiration:100000}[1]"));
	advance(1000);
	ck_assert_int_eq(held("/queue/a"), 1);
	ck_assert_uint_eq(expired(), 0);
}
END_TEST

START_TEST(a_message_without_a_time_never_expires)
{
	stomp_peer_say(sender, "SEND{destination:/queue/a}[1]");
	stomp_peer_say(sender, "SEND{destination:/queue/a}{expires:0}[2]");
	advance(10000000);
	ck_assert_int_eq(held("/queue/a"), 2);
}
END_TEST

START_TEST(a_time_of_the_calendar_counts_too)
{
	char frame[128];
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	const unsigned long long wall = (unsigned long long)now.tv_sec * 1000;
	snprintf(frame, sizeof(frame), "SEND{destination:/queue/a}{expires:%llu}[1]",
		wall + 1000000);
	stomp_peer_say(sender, frame);
	advance(900000);
	ck_assert_uint_eq(expired(), 0);
	advance(200000);
	ck_assert_uint_eq(expired(), 1);
	stomp_peer_say(consumer, "SUBSCRIBE{id:1}{destination:/queue/b}");
	stomp_peer_say(sender, "SEND{destination:/queue/b}{expires:1}[2]");
	advance(1000);
	assert_heard(consumer, ""); /* it was too old when it came */
	ck_assert_uint_eq(expired(), 2);
}
END_TEST

START_TEST(who_is_ready_gets_what_expires_immediately)
{
	stomp_peer_say(consumer, "SUBSCRIBE{id:1}{destination:/queue/a}");
	stomp_peer_say(sender, "SEND{destination:/queue/a}{expiration:0}[1]");
	ck_assert_ptr_nonnull(strstr(stomp_peer_heard(consumer), "[1]"));
	stomp_peer_say(consumer, "UNSUBSCRIBE{id:1}");
	stomp_peer_say(sender, "SEND{destination:/queue/a}{expiration:0}[2]");
	advance(1000);
	ck_assert_uint_eq(expired(), 1);
	ck_assert_int_eq(held("/queue/a"), -1);
}
END_TEST

START_TEST(a_message_that_is_rejected_after_its_time_expires)
{
	char frame[128], ack[64];

	stomp_peer_say(consumer, "SUBSCRIBE{id:1}{destination:/queue/a}{ack:client}");
	stomp_peer_say(sender, "SEND{destination:/queue/a}{expiration:100000}[1]");
	advance(150000);
	ck_assert_uint_eq(expired(), 0);
	ck_assert_int_eq(sscanf(strstr(stomp_peer_heard(consumer), "{ack:"),
				 "{ack:%63[^}]", ack),
		1);
	snprintf(frame, sizeof(frame), "NACK{id:%s}", ack);
	stomp_peer_say(consumer, frame);
	advance(1000);
	assert_heard(consumer, "");
	ck_assert_uint_eq(expired(), 1);
	ck_assert_str_eq(dead_letters(), DEAD("{expiration:100000}", "1"));
}
END_TEST

START_TEST(a_dead_letter_does_not_expire_by_its_old_header)
{
	stomp_peer_say(sender, "SEND{destination:/queue/a}{expiration:100000}[1]");
	advance(900000);
	ck_assert_int_eq(held("/queue/dead-letter"), 1);
	ck_assert_uint_eq(expired(), 1);
}
END_TEST

START_TEST(without_dead_letters_a_message_is_dropped_when_it_expires)
{
	stomp_peer_say(sender, "SEND{destination:/queue/a}{expiration:9000}[1]");
	advance(10000);
	ck_assert_uint_eq(expired(), 1);
	ck_assert_int_eq(held("/queue/a"), -1);
}
END_TEST

START_TEST(in_a_transaction_the_time_counts_from_the_send)
{
	stomp_peer_say(sender, "BEGIN{transaction:t}");
	stomp_peer_say(sender,
		"SEND{destination:/queue/a}{transaction:t}{expiration:100000}[1]");
	stomp_peer_say(sender,
		"SEND{destination:/queue/a}{transaction:t}{expiration:300000}[2]");
	advance(200000);
	stomp_peer_say(sender, "COMMIT{transaction:t}");
	advance(1000);
	ck_assert_uint_eq(expired(), 1);
	ck_assert_int_eq(held("/queue/a"), 1);
	advance(80000);
	ck_assert_uint_eq(expired(), 1);
	advance(21000);
	ck_assert_uint_eq(expired(), 2);
}
END_TEST

START_TEST(what_expires_makes_room_in_a_full_queue)
{
	for (int i = 0; i < 2; i++)
		stomp_peer_say(
			sender, "SEND{destination:/queue/a}{expiration:50000}[1]");
	advance(51000);
	stomp_peer_say(sender, "SEND{destination:/queue/a}{receipt:r}[2]");
	assert_heard(sender, "RECEIPT{receipt-id:r}");
	ck_assert_int_eq(held("/queue/a"), 1);
}
END_TEST

START_TEST(what_stands_after_the_expired_messages_is_delivered)
{
	for (int i = 0; i < 200; i++)
		stomp_peer_say(
			sender, "SEND{destination:/queue/a}{expiration:9000}[1]");
	stomp_peer_say(sender, "SEND{destination:/queue/a}[2]");
	advance(10000);
	ck_assert_uint_eq(expired(), 200);
	stomp_peer_say(consumer, "SUBSCRIBE{id:1}{destination:/queue/a}");
	assert_heard(consumer, "MESSAGE{subscription:1}{destination:/queue/a}[2]");
}
END_TEST

START_TEST(a_turn_takes_some_dozens_of_expired_messages)
{
	static const uint64_t after[] = {64, 128, 192, 200};

	for (int i = 0; i < 200; i++)
		stomp_peer_say(
			sender, "SEND{destination:/queue/a}{expiration:9000}[1]");
	for (unsigned i = 0; i < workers->count; i++)
		loop_timer_stop(workers->all[i]->loop,
			&workers->all[i]->broker->memory->expiry);
	advance(10000);
	ck_assert_uint_eq(count_expired(), 0);
	for (size_t turn = 0; turn < COUNT(after); turn++) {
		for (unsigned i = 0; i < workers->count; i++)
			memory_expire(&workers->all[i]->broker->memory->expiry);
		ck_assert_uint_eq(count_expired(), after[turn]);
	}
	ck_assert_int_eq(held("/queue/dead-letter"), 200);
}
END_TEST

START_TEST(an_expired_message_does_not_stop_those_after_it)
{
	stomp_peer_say(consumer, "SUBSCRIBE{id:1}{destination:/queue/a}");
	stomp_peer_mutter(sender, "SEND{destination:/queue/a}{expires:1}[1]");
	stomp_peer_say(sender, "SEND{destination:/queue/a}{expiration:0}[2]");
	assert_heard(consumer,
		"MESSAGE{subscription:1}{destination:/queue/a}{expiration:0}[2]");
	ck_assert_uint_eq(expired(), 1);
}
END_TEST

/* On topics both headers are those of users. */
static const char *const passed[] = {
	"{expiration:1}", "{expiration:soon}", "{expires:never}", "{expires:1}"};

START_TEST(on_topics_the_headers_pass)
{
	char frame[128];

	stomp_peer_say(consumer, "SUBSCRIBE{id:1}{destination:/topic/a}");
	snprintf(frame, sizeof(frame), "SEND{destination:/topic/a}%s[1]", passed[_i]);
	stomp_peer_say(sender, frame);
	snprintf(frame, sizeof(frame),
		"MESSAGE{subscription:1}{destination:/topic/a}%s[1]", passed[_i]);
	assert_heard(consumer, frame);
	advance(10);
	ck_assert_uint_eq(expired(), 0);
}
END_TEST

START_TEST(a_route_to_a_queue_passes_the_time_on)
{
	stomp_peer_say(consumer, "SUBSCRIBE{id:1}{destination:/topic/a}");
	stomp_peer_say(sender, "SEND{destination:/app/both}{expiration:100000}[1]");
	ck_assert_ptr_nonnull(strstr(stomp_peer_heard(consumer), "[1]"));
	advance(101000);
	ck_assert_uint_eq(expired(), 1);
}
END_TEST

START_TEST(a_route_to_a_queue_refuses_a_wrong_time_whole)
{
	stomp_peer_say(consumer, "SUBSCRIBE{id:1}{destination:/topic/a}");
	stomp_peer_say(
		sender, "SEND{destination:/app/both}{expiration:x}{receipt:r}[1]");
	stomp_peer_check_refused(
		sender, "The time at which the message expires is no number", "r");
	assert_heard(consumer, "");
	ck_assert_int_eq(held("/queue/a"), -1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("expiry");
	TCase *reading = unit_case(suite, "reading");
	TCase *clients = unit_case(suite, "clients");
	TCase *none = unit_case(suite, "no dead letters");
	TCase *small = unit_case(suite, "small");

	unit_add_table(reading, a_time_is_read_or_refused_by_name, times);

	tcase_add_checked_fixture(clients, setup, teardown);
	tcase_add_test(clients, a_message_that_nobody_takes_in_time_is_a_dead_letter);
	tcase_add_test(clients, a_message_that_is_taken_in_time_keeps_its_headers);
	tcase_add_test(clients, a_message_without_a_time_never_expires);
	tcase_add_test(clients, a_time_of_the_calendar_counts_too);
	tcase_add_test(clients, who_is_ready_gets_what_expires_immediately);
	tcase_add_test(clients, a_message_that_is_rejected_after_its_time_expires);
	tcase_add_test(clients, a_dead_letter_does_not_expire_by_its_old_header);
	tcase_add_test(clients, in_a_transaction_the_time_counts_from_the_send);
	tcase_add_test(clients, what_stands_after_the_expired_messages_is_delivered);
	tcase_add_test(clients, a_turn_takes_some_dozens_of_expired_messages);
	tcase_add_test(clients, an_expired_message_does_not_stop_those_after_it);
	unit_add_table(clients, on_topics_the_headers_pass, passed);
	tcase_add_test(clients, a_route_to_a_queue_passes_the_time_on);
	tcase_add_test(clients, a_route_to_a_queue_refuses_a_wrong_time_whole);

	tcase_add_checked_fixture(none, setup_without_dead_letters, teardown);
	tcase_add_test(none, without_dead_letters_a_message_is_dropped_when_it_expires);

	tcase_add_checked_fixture(small, setup_small, teardown);
	tcase_add_test(small, what_expires_makes_room_in_a_full_queue);
	return unit_run(suite);
}
