/* The owner of a destination, and the limits of a client. */
/* tags: workers */
#include "gateway/broker/destination.h"
#include "gateway/broker/internal.h"
#include "tests/support/still_workers.h"
#include "tests/support/stomp_peer.h"
#include "tests/support/unit.h"

#include <stdio.h>

static struct worker *worker;
static struct stomp_peer *peer, *other;

static void begin(const char *members)
{
	struct workers *workers = still_workers_create(members);

	worker = workers->all[0];
	peer = stomp_peer_connect(worker, "1.2");
	other = stomp_peer_connect(workers->all[workers->count - 1], "1.2");
}

static void setup_prefixes(void)
{
	begin("'broker': {'prefixes': ['/topic', '/exchange/x'], 'client_send': true}");
}

static void setup_closed(void)
{
	begin("'broker': {'client_send': false},"
	      "'app': {'routes': [{'match': '/app/a'}]}");
}

static void setup_small(void)
{
	begin("'limits': {'subscriptions': 2, 'destination': 20, 'destinations': 3, "
	      "'share': 100}");
}

static void teardown(void)
{
	stomp_peer_destroy(peer);
	stomp_peer_destroy(other);
	still_workers_destroy(worker->workers);
}

static void say_to(struct stomp_peer *who, const char *destination, const char *head,
	const char *body)
{
	char frame[256];

	snprintf(frame, sizeof(frame), "%s{destination:%s}%s", head, destination, body);
	stomp_peer_say(who, frame);
}

static const struct {
	const char *destination;
	bool is_topic;
} destinations[] = {
	{"/topic/a", true},
	{"/topic/a/b", true},
	{"/topic/a b", true},
	{"/exchange/x/y", true},
	{"/topic", false},
	{"/topic/", false},
	{"/topicx", false},
	{"/topicx/a", false},
	{"/Topic/a", false},
	{"topic/a", false},
	{" /topic/a", false},
	{"/exchange", false},
	{"/exchange/x", false},
	{"/exchange/xy", false},
	{"/exchange/y", false},
	{"/", false},
	{"/app", false},
	{"/app/", false},
};

START_TEST(a_destination_is_a_topic_by_its_prefix)
{
	const char *destination = destinations[_i].destination;

	ck_assert(destination_is_topic(worker->broker, slice_of(destination)) ==
		  destinations[_i].is_topic);
	say_to(peer, destination, "SUBSCRIBE{id:1}{receipt:r}", "");
	say_to(other, destination, "SEND{receipt:r}", "[x]");
	if (destinations[_i].is_topic) {
		char expected[256];

		snprintf(expected, sizeof(expected),
			"RECEIPT{receipt-id:r} "
			"MESSAGE{subscription:1}{destination:%s}[x]",
			destination);
		assert_heard(peer, expected);
		assert_heard(other, "RECEIPT{receipt-id:r}");
	} else {
		stomp_peer_check_refused(peer,
			"No destination of that prefix can be subscribed to", "r");
		stomp_peer_check_refused(
			other, "Nobody owns destinations of that prefix", "r");
	}
}
END_TEST

START_TEST(an_application_destination_cannot_be_subscribed_to)
{
	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/app/a}");
	stomp_peer_check_refused(
		peer, "No destination of that prefix can be subscribed to", "");
}
END_TEST

START_TEST(clients_send_to_topics_only_where_they_may)
{
	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/topic/a}");
	stomp_peer_say(other, "SEND{destination:/app/a}[by a route]");
	stomp_peer_say(other, "SEND{destination:/topic/a}{receipt:r}[straight]");
	stomp_peer_check_refused(
		other, "Clients may not send to that destination", "r");
	assert_heard(peer, "MESSAGE{subscription:1}{destination:/topic/a}[by a route]");
}
END_TEST

START_TEST(a_client_has_a_bounded_number_of_subscriptions)
{
	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/topic/a}");
	stomp_peer_say(peer, "SUBSCRIBE{id:2}{destination:/topic/a}");
	stomp_peer_say(peer, "UNSUBSCRIBE{id:1}");
	stomp_peer_say(peer, "SUBSCRIBE{id:3}{destination:/topic/b}");
	stomp_peer_say(other, "SUBSCRIBE{id:1}{destination:/topic/a}");
	assert_heard(peer, "");
	stomp_peer_say(peer, "SUBSCRIBE{id:4}{destination:/topic/a}{receipt:r}");
	stomp_peer_check_refused(peer, "There are too many subscriptions", "r");
}
END_TEST

START_TEST(a_destination_has_a_bounded_length)
{
	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/topic/789012345678X}");
	stomp_peer_say(other, "SEND{destination:/topic/789012345678X}[x]");
	assert_heard(
		peer, "MESSAGE{subscription:1}{destination:/topic/789012345678X}[x]");
	stomp_peer_say(peer, "SUBSCRIBE{id:2}{destination:/topic/789012345678XY}");
	stomp_peer_check_refused(peer, "The destination is too long", "");
	stomp_peer_say(other, "SEND{destination:/topic/789012345678XY}[x]");
	stomp_peer_check_refused(other, "The destination is too long", "");
}
END_TEST

START_TEST(there_is_a_bounded_number_of_destinations)
{
	struct stomp_peer *third = stomp_peer_connect(worker, "1.2");

	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/topic/a}");
	stomp_peer_say(peer, "SUBSCRIBE{id:2}{destination:/topic/b}");
	stomp_peer_say(other, "SUBSCRIBE{id:1}{destination:/topic/c}");
	stomp_peer_say(other, "SUBSCRIBE{id:2}{destination:/topic/a}"); /* no new one */
	assert_heard(other, "");

	stomp_peer_say(third, "SUBSCRIBE{id:1}{destination:/topic/d}{receipt:r}");
	assert_heard(third, "");
	stomp_peer_say(third, "SUBSCRIBE{id:2}{destination:/topic/a}{receipt:s}");
	assert_heard(
		third, "RECEIPT{receipt-id:s}"); /* r has not come, and never will */
	ck_assert_uint_eq(still_workers_topics(worker->workers), 3);
	stomp_peer_destroy(third);
}
END_TEST

START_TEST(a_destination_that_nobody_listens_to_makes_room)
{
	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/topic/a}");
	stomp_peer_say(peer, "SUBSCRIBE{id:2}{destination:/topic/b}");
	stomp_peer_say(other, "SUBSCRIBE{id:1}{destination:/topic/c}");
	stomp_peer_say(peer, "UNSUBSCRIBE{id:1}");
	stomp_peer_say(other, "SUBSCRIBE{id:2}{destination:/topic/d}{receipt:r}");
	assert_heard(other, "RECEIPT{receipt-id:r}");
	ck_assert_uint_eq(still_workers_topics(worker->workers), 3);
}
END_TEST

START_TEST(sending_makes_no_destination)
{
	for (int i = 0; i < 10; i++) {
		char destination[] = "/topic/0";

		destination[7] += (char)i;
		say_to(peer, destination, "SEND", "[x]");
	}
	ck_assert_uint_eq(still_workers_topics(worker->workers), 0);
	ck_assert_uint_eq(still_workers_audiences(worker->workers), 0);
}
END_TEST

static void setup_narrow(void)
{
	begin("'limits': {'destinations': 3, 'share': 100, 'backlog_bytes': 1000},"
	      "'broker': {'client_send': true, 'deny': 'soft'}");
	stomp_peer_say(peer, "SUBSCRIBE{id:e}{destination:/user/queue/errors}");
}

/* A queue that is made for a message must not stay when it refuses that message. */
START_TEST(a_send_that_is_refused_leaves_no_queue)
{
	char frame[2000];

	for (int i = 0; i < 9; i++) {
		snprintf(frame, sizeof(frame), "SEND{destination:/queue/%d}[%01500d]",
			i, 0);
		stomp_peer_say(peer, frame);
	}
	stomp_peer_heard(peer);
	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/topic/a}{receipt:r}");
	assert_heard(peer, "RECEIPT{receipt-id:r}");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("broker");
	TCase *prefixes = unit_case(suite, "prefixes");
	TCase *closed = unit_case(suite, "closed");
	TCase *limits = unit_case(suite, "limits");
	TCase *narrow = unit_case(suite, "narrow queues");

	tcase_add_checked_fixture(prefixes, setup_prefixes, teardown);
	unit_add_table(prefixes, a_destination_is_a_topic_by_its_prefix, destinations);
	tcase_add_test(prefixes, an_application_destination_cannot_be_subscribed_to);

	tcase_add_checked_fixture(closed, setup_closed, teardown);
	tcase_add_test(closed, clients_send_to_topics_only_where_they_may);

	tcase_add_checked_fixture(limits, setup_small, teardown);
	tcase_add_test(limits, a_client_has_a_bounded_number_of_subscriptions);
	tcase_add_test(limits, a_destination_has_a_bounded_length);
	tcase_add_test(limits, there_is_a_bounded_number_of_destinations);
	tcase_add_test(limits, a_destination_that_nobody_listens_to_makes_room);
	tcase_add_test(limits, sending_makes_no_destination);
	tcase_add_checked_fixture(narrow, setup_narrow, teardown);
	tcase_add_test(narrow, a_send_that_is_refused_leaves_no_queue);
	return unit_run(suite);
}
