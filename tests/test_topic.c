/* The home of a topic: the places of its messages, and its subscribers over time. */
/* tags: workers */
#include "gateway/broker/internal.h"
#include "gateway/broker/queue.h"
#include "gateway/session/message.h"
#include "tests/support/still_workers.h"
#include "tests/support/stomp_peer.h"
#include "tests/support/unit.h"

#include <inttypes.h>

static struct worker *worker;
static struct stomp_peer *peer, *other;

static void begin(struct workers *workers)
{
	worker = workers->all[0];
	peer = stomp_peer_connect(worker, "1.2");
	other = stomp_peer_connect(worker, "1.2");
}

static void setup(void)
{
	begin(still_workers_create(""));
}

/* Two topics have one home, so there is an order between them. */
static void setup_alone(void)
{
	begin(still_workers_create_of(1, ""));
}

static void teardown(void)
{
	stomp_peer_destroy(peer);
	stomp_peer_destroy(other);
	still_workers_destroy(worker->workers);
}

/* Sends a message and reads its place from the message-id that `peer` gets. */
static struct place publish(const char *frame)
{
	struct place place = {0, 0};

	peer->memory.describe = NULL;
	stomp_peer_say(other, frame);
	const char *id = strstr(stomp_peer_heard(peer), "\nmessage-id:");
	ck_assert_ptr_nonnull(id);
	ck_assert_int_eq(sscanf(id, "\nmessage-id:%" SCNx64 "-%" SCNu64 "\n",
				 &place.epoch, &place.offset),
		2);
	return place;
}

START_TEST(messages_of_a_topic_are_counted)
{
	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/topic/a}");
	struct place first = publish("SEND{destination:/topic/a}");

	ck_assert_uint_ne(first.epoch, 0);
	ck_assert_uint_eq(first.offset, 1);
	for (uint64_t i = 2; i < 10; i++) {
		struct place next = publish("SEND{destination:/topic/a}");

		ck_assert_uint_eq(next.epoch, first.epoch);
		ck_assert_uint_eq(next.offset, i);
	}
}
END_TEST

START_TEST(topics_count_apart)
{
	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/topic/a}");
	stomp_peer_say(peer, "SUBSCRIBE{id:2}{destination:/topic/b}");
	struct place a = publish("SEND{destination:/topic/a}");
	struct place b = publish("SEND{destination:/topic/b}");

	ck_assert_uint_ne(a.epoch, b.epoch);
	ck_assert_uint_eq(b.offset, 1);
	ck_assert_uint_eq(publish("SEND{destination:/topic/a}").offset, 2);
}
END_TEST

/* A log outside may number messages: with holes, and in an epoch of its own. */
static struct published publish_at(uint64_t epoch, uint64_t offset)
{
	const struct slice address = SLICE("/topic/a");
	const struct stomp_frame frame = {.command = STOMP_SEND};
	const unsigned home = worker_home(worker, address);
	struct published published = topic_publish(worker->workers->all[home]->broker,
		&(struct topic_message){
			.message = message_create(&frame, address, address),
			.place = {epoch, offset},
		});

	still_workers_settle(worker->workers);
	return published;
}

START_TEST(a_topic_takes_places_from_outside)
{
	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/topic/a}");
	stomp_peer_say(other, "SUBSCRIBE{id:1}{destination:/topic/*}");
	const struct published published = publish_at(0xabc, 17);

	peer->memory.describe = NULL;
	ck_assert_uint_eq(published.subscribers, 2);
	ck_assert_uint_eq(published.place.epoch, 0xabc);
	ck_assert_uint_eq(published.place.offset, 17);
	publish_at(0xabc, 21);
	const char *heard = stomp_peer_heard(peer);
	ck_assert_ptr_nonnull(strstr(heard, "\nx-postern-seq:abc-21\n"));
}
END_TEST

START_TEST(a_topic_that_is_made_again_has_another_epoch)
{
	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/topic/a}");
	struct place before = publish("SEND{destination:/topic/a}");
	stomp_peer_say(peer, "UNSUBSCRIBE{id:1}");
	ck_assert_uint_eq(still_workers_topics(worker->workers), 0);

	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/topic/a}");
	struct place after = publish("SEND{destination:/topic/a}");
	ck_assert_uint_ne(after.epoch, before.epoch);
	ck_assert_uint_eq(after.offset, 1);
}
END_TEST

START_TEST(a_topic_lasts_as_long_as_one_subscriber)
{
	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/topic/a}");
	struct place before = publish("SEND{destination:/topic/a}");
	stomp_peer_say(other, "SUBSCRIBE{id:1}{destination:/topic/a}");
	stomp_peer_say(peer, "UNSUBSCRIBE{id:1}");
	ck_assert_uint_eq(still_workers_topics(worker->workers), 1);

	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/topic/a}");
	struct place after = publish("SEND{destination:/topic/a}");
	ck_assert_uint_eq(after.epoch, before.epoch);
	ck_assert_uint_eq(after.offset, 2);
}
END_TEST

START_TEST(every_subscriber_sees_the_same_place)
{
	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/topic/a}");
	stomp_peer_say(other, "SUBSCRIBE{id:2}{destination:/topic/a}");
	other->memory.describe = NULL;
	struct place place = publish("SEND{destination:/topic/a}");
	char expected[64];

	snprintf(expected, sizeof(expected), "\nmessage-id:%" PRIx64 "-%" PRIu64 "\n",
		place.epoch, place.offset);
	ck_assert_ptr_nonnull(strstr(stomp_peer_heard(other), expected));
}
END_TEST

START_TEST(who_joins_hears_only_what_comes_after_the_answer)
{
	stomp_peer_say(other, "SUBSCRIBE{id:1}{destination:/topic/a}");
	stomp_peer_mutter(other, "SEND{destination:/topic/a}[before]");
	stomp_peer_mutter(peer, "SUBSCRIBE{id:1}{destination:/topic/a}{receipt:r}");
	stomp_peer_mutter(other, "SEND{destination:/topic/a}[after]");
	assert_heard(peer, "RECEIPT{receipt-id:r} "
			   "MESSAGE{subscription:1}{destination:/topic/a}[after]");
	assert_heard(other, "MESSAGE{subscription:1}{destination:/topic/a}[before] "
			    "MESSAGE{subscription:1}{destination:/topic/a}[after]");
}
END_TEST

START_TEST(who_left_before_the_answer_is_counted_out_again)
{
	stomp_peer_mutter(peer, "SUBSCRIBE{id:1}{destination:/topic/a}");
	stomp_peer_mutter(peer, "UNSUBSCRIBE{id:1}");
	stomp_peer_mutter(peer, "SUBSCRIBE{id:1}{destination:/topic/a}");
	stomp_peer_mutter(peer, "UNSUBSCRIBE{id:1}");
	still_workers_settle(worker->workers);
	ck_assert_uint_eq(still_workers_topics(worker->workers), 0);
	ck_assert_ptr_nonnull(peer->memory.session);
}
END_TEST

START_TEST(a_subscription_of_the_same_id_does_not_inherit_an_answer)
{
	stomp_peer_mutter(peer, "SUBSCRIBE{id:1}{destination:/topic/a}");
	stomp_peer_mutter(peer, "UNSUBSCRIBE{id:1}");
	stomp_peer_mutter(peer, "SUBSCRIBE{id:1}{destination:/topic/b}");
	stomp_peer_say(other, "SEND{destination:/topic/a}[a]");
	stomp_peer_say(other, "SEND{destination:/topic/b}[b]");
	assert_heard(peer, "MESSAGE{subscription:1}{destination:/topic/b}[b]");
	ck_assert_uint_eq(still_workers_topics(worker->workers), 1);
}
END_TEST

START_TEST(a_client_gone_before_the_answer_leaves_no_topic)
{
	stomp_peer_mutter(peer, "SUBSCRIBE{id:1}{destination:/topic/a}{receipt:r}");
	session_lost(peer->memory.session, ENDING_INTERRUPTED);
	peer->memory.session = NULL;
	still_workers_settle(worker->workers);
	ck_assert_uint_eq(still_workers_topics(worker->workers), 0);
	ck_assert_uint_eq(still_workers_subscriptions(worker->workers), 0);
}
END_TEST

START_TEST(what_comes_together_is_brought_to_one_subscription_after_the_other)
{
	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/topic/a}");
	stomp_peer_say(peer, "SUBSCRIBE{id:2}{destination:/topic/a}");
	stomp_peer_mutter(other, "SEND{destination:/topic/a}[x]");
	stomp_peer_say(other, "SEND{destination:/topic/a}[y]");
	assert_heard(peer, "MESSAGE{subscription:1}{destination:/topic/a}[x] "
			   "MESSAGE{subscription:1}{destination:/topic/a}[y] "
			   "MESSAGE{subscription:2}{destination:/topic/a}[x] "
			   "MESSAGE{subscription:2}{destination:/topic/a}[y]");
}
END_TEST

START_TEST(topics_that_come_in_turns_are_heard_in_turns)
{
	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/topic/a}");
	stomp_peer_say(peer, "SUBSCRIBE{id:2}{destination:/topic/b}");
	stomp_peer_mutter(other, "SEND{destination:/topic/a}[x]");
	stomp_peer_mutter(other, "SEND{destination:/topic/b}[y]");
	stomp_peer_say(other, "SEND{destination:/topic/a}[z]");
	assert_heard(peer, "MESSAGE{subscription:1}{destination:/topic/a}[x] "
			   "MESSAGE{subscription:2}{destination:/topic/b}[y] "
			   "MESSAGE{subscription:1}{destination:/topic/a}[z]");
}
END_TEST

static void setup_small_queues(void)
{
	begin(still_workers_create("'limits': {'queue_messages': 8}"));
}

START_TEST(no_more_comes_together_than_a_queue_takes)
{
	const int sent = 40;
	int heard = 0;

	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/topic/a}");
	for (int i = 1; i < sent; i++)
		stomp_peer_mutter(other, "SEND{destination:/topic/a}");
	stomp_peer_say(other, "SEND{destination:/topic/a}");
	for (const char *at = stomp_peer_heard(peer);
		(at = strstr(at, "MESSAGE{")) != NULL; at++)
		heard++;
	ck_assert_int_eq(heard, sent);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("topic");
	TCase *places = unit_case(suite, "places");
	TCase *joining = unit_case(suite, "joining");
	TCase *together = unit_case(suite, "together");
	TCase *small = unit_case(suite, "small queues");

	tcase_add_checked_fixture(places, setup, teardown);
	tcase_add_test(places, messages_of_a_topic_are_counted);
	tcase_add_test(places, topics_count_apart);
	tcase_add_test(places, a_topic_takes_places_from_outside);
	tcase_add_test(places, a_topic_that_is_made_again_has_another_epoch);
	tcase_add_test(places, a_topic_lasts_as_long_as_one_subscriber);
	tcase_add_test(places, every_subscriber_sees_the_same_place);

	tcase_add_checked_fixture(joining, setup, teardown);
	tcase_add_test(joining, who_joins_hears_only_what_comes_after_the_answer);
	tcase_add_test(joining, who_left_before_the_answer_is_counted_out_again);
	tcase_add_test(
		joining, a_subscription_of_the_same_id_does_not_inherit_an_answer);
	tcase_add_test(joining, a_client_gone_before_the_answer_leaves_no_topic);

	tcase_add_checked_fixture(together, setup_alone, teardown);
	tcase_add_test(together,
		what_comes_together_is_brought_to_one_subscription_after_the_other);
	tcase_add_test(together, topics_that_come_in_turns_are_heard_in_turns);
	tcase_add_checked_fixture(small, setup_small_queues, teardown);
	tcase_add_test(small, no_more_comes_together_than_a_queue_takes);
	return unit_run(suite);
}
