/*
 * A topic whose publishers, subscribers and home are on three workers, with a peer at
 * each. Every test runs with each of them as the home of its topic, `destination`,
 * which replaces the ? in the frames.
 */
#include "gateway/broker/internal.h"
#include "gateway/session/session_internal.h"
#include "tests/support/still_workers.h"
#include "tests/support/stomp_peer.h"
#include "tests/support/unit.h"

enum { WORKERS = 3 };

static struct workers *workers;
static struct stomp_peer *peers[WORKERS];
static char destination[32];

/* The first /topic/LETTER... of which that worker is the home. */
static void choose(char letter, unsigned home)
{
	for (int i = 0; i < 1000; i++) {
		snprintf(destination, sizeof(destination), "/topic/%c%d", letter, i);
		if (worker_home(workers->all[0], slice_of(destination)) == home)
			return;
	}
	ck_abort_msg("worker %u is nobody's home", home);
}

static void setup(void)
{
	workers = still_workers_create_of(
		WORKERS, "'limits': {'destinations': 2, 'share': 100}");
	for (unsigned i = 0; i < WORKERS; i++)
		peers[i] = stomp_peer_connect(workers->all[i], "1.2");
}

static void teardown(void)
{
	for (unsigned i = 0; i < WORKERS; i++)
		stomp_peer_destroy(peers[i]);
	ck_assert_uint_eq(still_workers_topics(workers), 0);
	ck_assert_uint_eq(still_workers_audiences(workers), 0);
	ck_assert_uint_eq(atomic_load(&workers->destinations), 0);
	still_workers_destroy(workers);
}

static const char *with_destination(const char *text)
{
	static char whole[512];
	const char *mark = strchr(text, '?');

	ck_assert_ptr_nonnull(mark);
	snprintf(whole, sizeof(whole), "%.*s%s%s", (int)(mark - text), text,
		destination, mark + 1);
	return whole;
}

static void mutter(unsigned who, const char *frame)
{
	stomp_peer_mutter(peers[who], frame);
}

static void mutter_at(unsigned who, const char *frame)
{
	mutter(who, with_destination(frame));
}

static void say_at(unsigned who, const char *frame)
{
	stomp_peer_say(peers[who], with_destination(frame));
}

static void turn(unsigned who)
{
	loop_advance(workers->all[who]->loop, 0);
}

#define assert_heard_at(who, frame) assert_heard(peers[who], with_destination(frame))

START_TEST(subscribers_of_all_workers_get_a_message_once)
{
	choose('t', (unsigned)_i);
	say_at(0, "SUBSCRIBE{id:1}{destination:?}");
	say_at(0, "SUBSCRIBE{id:2}{destination:?}");
	say_at(2, "SUBSCRIBE{id:3}{destination:?}");
	say_at(1, "SEND{destination:?}{x:1}[body]");
	stomp_peer_heard(peers[1]);
	const char *both = strchr(stomp_peer_heard(peers[0]), ' ');
	ck_assert_ptr_nonnull(both);
	ck_assert_str_eq(both + 1,
		with_destination("MESSAGE{subscription:2}{destination:?}{x:1}[body]"));
	assert_heard_at(2, "MESSAGE{subscription:3}{destination:?}{x:1}[body]");
	assert_heard(peers[1], "");
}
END_TEST

/* How many posts a message from worker 1, which has no subscriber, becomes. */
static int64_t count_posts(unsigned home)
{
	mutter_at(1, "SEND{destination:?}[x]");
	turn(1);
	workers->all[home]->work_per_turn = 1; /* else it runs its own immediately */
	loop_turn(workers->all[home]->loop);
	int64_t count = atomic_load(&workers->posts);
	still_workers_settle(workers);
	return count;
}

START_TEST(a_message_is_posted_once_to_each_worker_that_has_subscribers)
{
	choose('t', (unsigned)_i);
	for (unsigned i = 0; i < WORKERS; i += 2) {
		say_at(i, "SUBSCRIBE{id:1}{destination:?}");
		say_at(i, "SUBSCRIBE{id:2}{destination:?}");
	}
	ck_assert_int_eq(count_posts((unsigned)_i), 2);
	stomp_peer_say(peers[2], "UNSUBSCRIBE{id:1}");
	ck_assert_int_eq(count_posts((unsigned)_i), 2);
	stomp_peer_say(peers[2], "UNSUBSCRIBE{id:2}");
	ck_assert_int_eq(count_posts((unsigned)_i), 1);
	stomp_peer_say(peers[0], "UNSUBSCRIBE{id:1}");
	stomp_peer_say(peers[0], "UNSUBSCRIBE{id:2}");
	ck_assert_int_eq(count_posts((unsigned)_i), 0);
}
END_TEST

/* The output queued in a peer's session, as the bytes of its message's rendering. */
static const char *waiting(unsigned who)
{
	const struct view view = {STOMP_1_0, WIRE_PLAIN, NULL, 0, 0};
	const struct session *session = peers[who]->memory.session;

	return message_render(outbound_item(&session->queue, 0)->message, &view)
		.bytes.data;
}

START_TEST(the_last_worker_gets_the_message_itself_and_the_others_copies)
{
	const struct stomp_frame send = {STOMP_SEND, NULL, 0, SLICE("x")};
	const struct view view = {STOMP_1_0, WIRE_PLAIN, NULL, 0, 0};

	choose('t', (unsigned)_i);
	for (unsigned i = 0; i < WORKERS; i++) {
		/* STOMP 1.0 and no id: all of them get the same frame. */
		stomp_peer_destroy(peers[i]);
		peers[i] = stomp_peer_connect(workers->all[i], "1.0");
		say_at(i, "SUBSCRIBE{destination:?}");
		peers[i]->memory.blocked = true;
	}
	struct message *message =
		message_create(&send, slice_of(destination), slice_of(destination));
	broker_send_message(workers->all[1]->broker, message, (struct handle){0, 0}, 0);
	still_workers_settle(workers);
	ck_assert_ptr_eq(message_render(message, &view).bytes.data, waiting(2));
	ck_assert_ptr_ne(waiting(0), waiting(1));
	ck_assert_ptr_ne(waiting(0), waiting(2));
	ck_assert_ptr_ne(waiting(1), waiting(2));
}
END_TEST

START_TEST(every_worker_sees_the_same_place)
{
	char expected[64];

	choose('t', (unsigned)_i);
	for (unsigned i = 0; i < WORKERS; i++) {
		say_at(i, "SUBSCRIBE{id:1}{destination:?}");
		peers[i]->memory.describe = NULL;
	}
	say_at(1, "SEND{destination:?}[x]");
	const char *id = strstr(stomp_peer_heard(peers[0]), "\nmessage-id:");
	ck_assert_ptr_nonnull(id);
	snprintf(expected, sizeof(expected), "%.*s\n", (int)strcspn(id + 1, "\n") + 1,
		id);
	for (unsigned i = 1; i < WORKERS; i++)
		ck_assert_ptr_nonnull(strstr(stomp_peer_heard(peers[i]), expected));
}
END_TEST

START_TEST(a_topic_lasts_until_the_last_worker_leaves)
{
	choose('t', (unsigned)_i);
	for (unsigned i = 0; i < WORKERS; i++)
		say_at(i, "SUBSCRIBE{id:1}{destination:?}");
	for (unsigned i = 0; i < WORKERS; i++) {
		ck_assert_uint_eq(workers->all[_i]->broker->topics.by_address.count, 1);
		ck_assert_uint_eq(still_workers_topics(workers), 1);
		stomp_peer_say(peers[i], "UNSUBSCRIBE{id:1}");
	}
	ck_assert_uint_eq(still_workers_topics(workers), 0);
	say_at(0, "SEND{destination:?}{receipt:r}[x]");
	assert_heard(peers[0], "RECEIPT{receipt-id:r}");
	assert_heard(peers[2], "");
}
END_TEST

START_TEST(messages_taken_before_the_join_are_not_delivered)
{
	choose('t', (unsigned)_i);
	say_at(1, "SUBSCRIBE{id:1}{destination:?}");
	mutter_at(2, "SEND{destination:?}[before]");
	turn(2);
	turn((unsigned)_i);
	mutter_at(0, "SUBSCRIBE{id:1}{destination:?}{receipt:r}");
	turn(0);
	turn((unsigned)_i);
	mutter_at(2, "SEND{destination:?}[after]");
	assert_heard_at(0, "RECEIPT{receipt-id:r} "
			   "MESSAGE{subscription:1}{destination:?}[after]");
	const char *after = strchr(stomp_peer_heard(peers[1]), ' ');
	ck_assert_ptr_nonnull(after);
	ck_assert_str_eq(after + 1,
		with_destination("MESSAGE{subscription:1}{destination:?}[after]"));
}
END_TEST

START_TEST(what_another_subscription_brings_here_is_not_for_who_has_not_joined)
{
	choose('t', (unsigned)_i);
	say_at(0, "SUBSCRIBE{id:old}{destination:?}");
	mutter_at(2, "SEND{destination:?}[x]");
	turn(2);
	turn((unsigned)_i); /* the message is under way to worker 0 */
	mutter_at(0, "SUBSCRIBE{id:new}{destination:?}");
	assert_heard_at(0, "MESSAGE{subscription:old}{destination:?}[x]");
	say_at(2, "SEND{destination:?}[y]");
	stomp_peer_heard(peers[0]);
}
END_TEST

START_TEST(who_left_before_the_answer_from_afar_is_counted_out_again)
{
	choose('t', (unsigned)_i);
	for (int round = 0; round < 2; round++) {
		mutter_at(0, "SUBSCRIBE{id:1}{destination:?}");
		turn(0);
		mutter(0, "UNSUBSCRIBE{id:1}");
		turn((unsigned)_i);
		ck_assert_uint_eq(still_workers_topics(workers), _i != 0);
		turn(0);
		turn((unsigned)_i);
		ck_assert_uint_eq(still_workers_topics(workers), 0);
	}
	assert_heard(peers[0], "");
}
END_TEST

START_TEST(who_is_gone_before_the_answer_from_afar_leaves_no_topic)
{
	choose('t', (unsigned)_i);
	mutter_at(0, "SUBSCRIBE{id:1}{destination:?}{receipt:r}");
	turn(0);
	session_lost(peers[0]->memory.session, ENDING_INTERRUPTED);
	peers[0]->memory.session = NULL;
	still_workers_settle(workers);
	ck_assert_uint_eq(still_workers_topics(workers), 0);
	ck_assert_uint_eq(still_workers_subscriptions(workers), 0);
}
END_TEST

START_TEST(a_subscription_that_comes_again_waits_for_its_own_answer)
{
	choose('t', (unsigned)_i);
	say_at(1, "SUBSCRIBE{id:1}{destination:?}");
	mutter_at(0, "SUBSCRIBE{id:1}{destination:?}");
	turn(0);
	mutter(0, "UNSUBSCRIBE{id:1}");
	mutter_at(0, "SUBSCRIBE{id:1}{destination:?}{receipt:r}");
	still_workers_settle(workers);
	say_at(2, "SEND{destination:?}[x]");
	assert_heard_at(0, "RECEIPT{receipt-id:r} "
			   "MESSAGE{subscription:1}{destination:?}[x]");
	stomp_peer_say(peers[0], "UNSUBSCRIBE{id:1}");
	stomp_peer_say(peers[1], "UNSUBSCRIBE{id:1}");
	ck_assert_uint_eq(still_workers_topics(workers), 0);
}
END_TEST

START_TEST(receipts_from_several_homes_leave_in_the_order_of_asking)
{
	unsigned slow = (unsigned)_i, quick = (slow + 1) % WORKERS, who = quick;

	choose('s', slow);
	mutter_at(who, "SEND{destination:?}{receipt:1}[x]");
	choose('q', quick);
	mutter_at(who, "SEND{destination:?}{receipt:2}[x]");
	turn(who); /* which answers the second itself */
	ck_assert_str_eq(memory_outlet_got(&peers[who]->memory), "");
	turn(slow);
	turn(who);
	ck_assert_str_eq(memory_outlet_got(&peers[who]->memory),
		"RECEIPT{receipt-id:1} RECEIPT{receipt-id:2}");
}
END_TEST

START_TEST(the_limit_of_destinations_is_for_all_workers_together)
{
	choose('a', (unsigned)_i);
	say_at(0, "SUBSCRIBE{id:1}{destination:?}");
	choose('b', (unsigned)(_i + 1) % WORKERS);
	say_at(1, "SUBSCRIBE{id:1}{destination:?}");
	for (unsigned home = 0; home < WORKERS; home++) {
		struct stomp_peer *late = stomp_peer_connect(workers->all[home], "1.2");

		choose('c', home);
		stomp_peer_say(late,
			with_destination("SUBSCRIBE{id:1}{destination:?}{receipt:r}"));
		assert_heard(late, "");
		ck_assert_ptr_nonnull(late->memory.session);
		stomp_peer_destroy(late);
	}
	ck_assert_uint_eq(still_workers_topics(workers), 2);

	stomp_peer_say(peers[0], "UNSUBSCRIBE{id:1}");
	say_at(2, "SUBSCRIBE{id:1}{destination:?}{receipt:r}");
	assert_heard(peers[2], "RECEIPT{receipt-id:r}");
	ck_assert_uint_eq(atomic_load(&workers->destinations), 2);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("topic workers");
	TCase *tcase = unit_case(suite, "workers");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(
		tcase, subscribers_of_all_workers_get_a_message_once, 0, WORKERS);
	tcase_add_loop_test(tcase,
		a_message_is_posted_once_to_each_worker_that_has_subscribers, 0,
		WORKERS);
	tcase_add_loop_test(tcase,
		the_last_worker_gets_the_message_itself_and_the_others_copies, 0,
		WORKERS);
	tcase_add_loop_test(tcase, every_worker_sees_the_same_place, 0, WORKERS);
	tcase_add_loop_test(
		tcase, a_topic_lasts_until_the_last_worker_leaves, 0, WORKERS);
	tcase_add_loop_test(
		tcase, messages_taken_before_the_join_are_not_delivered, 0, WORKERS);
	tcase_add_loop_test(tcase,
		what_another_subscription_brings_here_is_not_for_who_has_not_joined, 0,
		WORKERS);
	tcase_add_loop_test(tcase,
		who_left_before_the_answer_from_afar_is_counted_out_again, 0, WORKERS);
	tcase_add_loop_test(tcase,
		who_is_gone_before_the_answer_from_afar_leaves_no_topic, 0, WORKERS);
	tcase_add_loop_test(tcase,
		a_subscription_that_comes_again_waits_for_its_own_answer, 0, WORKERS);
	tcase_add_loop_test(tcase,
		receipts_from_several_homes_leave_in_the_order_of_asking, 0, WORKERS);
	tcase_add_loop_test(tcase,
		the_limit_of_destinations_is_for_all_workers_together, 0, WORKERS);
	return unit_run(suite);
}
