/* Patterns of topics, as clients see them. */
/* tags: workers */
#include "gateway/broker/internal.h"
#include "tests/support/still_workers.h"
#include "tests/support/stomp_peer.h"
#include "tests/support/unit.h"

#include <stdio.h>

static struct worker *worker;
static struct stomp_peer *peer, *other, *sender;

static void begin(const char *members)
{
	struct workers *workers = still_workers_create(members);

	worker = workers->all[0];
	peer = stomp_peer_connect(worker, "1.2");
	other = stomp_peer_connect(workers->all[workers->count - 1], "1.2");
	sender = stomp_peer_connect(workers->all[workers->count / 2], "1.2");
}

static void setup(void)
{
	begin("'limits': {'idle_topics': 3}");
}

static void setup_dots(void)
{
	begin("'broker': {'separator': '.'}");
}

static void teardown(void)
{
	stomp_peer_destroy(peer);
	stomp_peer_destroy(other);
	stomp_peer_destroy(sender);
	ck_assert_uint_eq(still_workers_audiences(worker->workers), 0);
	ck_assert_uint_eq(still_workers_topics(worker->workers), 0);
	for (unsigned i = 0; i < worker->workers->count; i++) {
		const struct broker *broker = worker->workers->all[i]->broker;

		ck_assert_uint_eq(broker->audiences.patterns.count +
					  broker->topics.patterns.count,
			0);
	}
	ck_assert_uint_eq(atomic_load(&worker->workers->segments), 0);
	still_workers_destroy(worker->workers);
}

static void send_to(const char *destination)
{
	char frame[128];

	snprintf(frame, sizeof(frame), "SEND{destination:%s}{receipt:r}[x]",
		destination);
	stomp_peer_say(sender, frame);
	assert_heard(sender, "RECEIPT{receipt-id:r}");
}

#define MESSAGE(id, destination)                                                       \
	"MESSAGE{subscription:" id "}{destination:" destination "}[x]"

START_TEST(a_pattern_gets_what_matches_on_every_home)
{
	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/topic/*/x}{receipt:s}");
	assert_heard(peer, "RECEIPT{receipt-id:s}");
	for (int i = 0; i < 10; i++) {
		char destination[32], expected[128];

		snprintf(destination, sizeof(destination), "/topic/%d/x", i);
		send_to(destination);
		snprintf(expected, sizeof(expected), MESSAGE("1", "%s"), destination);
		assert_heard(peer, expected);
	}
	send_to("/topic/1/y");
	assert_heard(peer, "");
}
END_TEST

START_TEST(each_subscription_that_matches_gets_it)
{
	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/topic/a}");
	stomp_peer_say(peer, "SUBSCRIBE{id:2}{destination:/topic/**}");
	stomp_peer_say(other, "SUBSCRIBE{id:3}{destination:/topic/?}");
	send_to("/topic/a");
	const char *heard = stomp_peer_heard(peer);
	ck_assert_ptr_nonnull(strstr(heard, MESSAGE("1", "/topic/a")));
	ck_assert_ptr_nonnull(strstr(heard, MESSAGE("2", "/topic/a")));
	assert_heard(other, MESSAGE("3", "/topic/a"));
	stomp_peer_say(peer, "UNSUBSCRIBE{id:2}");
	send_to("/topic/b");
	assert_heard(peer, "");
	assert_heard(other, MESSAGE("3", "/topic/b"));
}
END_TEST

START_TEST(two_subscribers_share_a_pattern)
{
	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/topic/*}");
	stomp_peer_say(other, "SUBSCRIBE{id:1}{destination:/topic/*}");
	stomp_peer_say(peer, "UNSUBSCRIBE{id:1}");
	send_to("/topic/a");
	assert_heard(peer, "");
	assert_heard(other, MESSAGE("1", "/topic/a"));
}
END_TEST

START_TEST(private_destinations_are_never_matched)
{
	struct slice label = session_label(peer->memory.session);
	char frame[128];

	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/user/queue/x}");
	stomp_peer_say(other, "SUBSCRIBE{id:1}{destination:/topic/**}");
	snprintf(frame, sizeof(frame), "SEND{destination:/user/%.*s/queue/x}[x]",
		SLICE_ARGS(label));
	stomp_peer_say(sender, frame);
	assert_heard(peer, MESSAGE("1", "/user/queue/x"));
	assert_heard(other, "");
}
END_TEST

START_TEST(a_pattern_keeps_to_its_prefix)
{
	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/*/a}{receipt:r}");
	stomp_peer_check_refused(
		peer, "No destination of that prefix can be subscribed to", "r");
}
END_TEST

START_TEST(a_queue_has_no_pattern)
{
	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/queue/*}");
	stomp_peer_check_refused(
		peer, "A queue is subscribed to by its name, not by a pattern", "");
}
END_TEST

START_TEST(nothing_is_sent_to_a_pattern)
{
	stomp_peer_say(peer, "SEND{destination:/topic/*}[x]");
	stomp_peer_check_refused(
		peer, "A message has one destination, not a pattern", "");
}
END_TEST

START_TEST(a_bad_pattern_is_refused)
{
	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/topic/a**}");
	stomp_peer_check_refused(peer, "The pattern cannot be used", "");
}
END_TEST

START_TEST(patterns_have_segments_within_a_bound)
{
	const uint64_t most = worker->config->limits.destinations;

	stomp_peer_say(other, "SUBSCRIBE{id:1}{destination:/topic/a/b/*}");
	ck_assert_uint_eq(atomic_load(&worker->workers->segments), 4);
	stomp_peer_say(other, "SUBSCRIBE{id:2}{destination:/topic/a/b/?}");
	ck_assert_uint_eq(atomic_load(&worker->workers->segments), 5);
	stomp_peer_say(other, "UNSUBSCRIBE{id:1}");
	ck_assert_uint_eq(atomic_load(&worker->workers->segments), 4);

	atomic_fetch_add(&worker->workers->segments, most - 5);
	stomp_peer_say(other, "SUBSCRIBE{id:3}{destination:/topic/a/b/?}");
	stomp_peer_say(other, "SUBSCRIBE{id:4}{destination:/topic/a/?}");
	assert_heard(other, "");
	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/topic/c/*}{receipt:r}");
	assert_heard(peer, "");
	ck_assert_ptr_nonnull(peer->memory.session);
	atomic_fetch_sub(&worker->workers->segments, most - 5);
}
END_TEST

START_TEST(of_topics_that_only_patterns_match_a_bounded_number_is_kept)
{
	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/topic/**}");
	for (int i = 0; i < 100; i++) {
		char destination[32];

		snprintf(destination, sizeof(destination), "/topic/%d", i);
		send_to(destination);
	}
	stomp_peer_heard(peer);
	ck_assert_uint_le(still_workers_topics(worker->workers),
		(3 + 1) * worker->workers->count);
}
END_TEST

START_TEST(a_topic_outlasts_its_own_subscribers_while_a_pattern_matches)
{
	char first[64], again[64];

	stomp_peer_say(other, "SUBSCRIBE{id:1}{destination:/topic/*}");
	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/topic/a}");
	other->memory.describe = NULL;
	send_to("/topic/a");
	ck_assert_int_eq(sscanf(strstr(stomp_peer_heard(other), "\nx-postern-seq:"),
				 "\nx-postern-seq:%63[^-]-1\n", first),
		1);
	stomp_peer_say(peer, "UNSUBSCRIBE{id:1}");
	send_to("/topic/a");
	ck_assert_int_eq(sscanf(strstr(stomp_peer_heard(other), "\nx-postern-seq:"),
				 "\nx-postern-seq:%63[^-]-2\n", again),
		1);
	ck_assert_str_eq(first, again);
}
END_TEST

START_TEST(segments_may_begin_at_dots)
{
	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/topic/price.*.ibm}");
	send_to("/topic/price.stock.ibm");
	assert_heard(peer, MESSAGE("1", "/topic/price.stock.ibm"));
	send_to("/topic/price.stock.us.ibm");
	assert_heard(peer, "");
}
END_TEST

/* Leaves without a word, and without a turn. */
static void vanish(struct stomp_peer *one)
{
	session_lost(one->memory.session, ENDING_INTERRUPTED);
	one->memory.session = NULL;
}

/* One turn of each worker at a time, until nothing waits. Returns how many. */
static unsigned turns_until_quiet(void)
{
	struct workers *workers = worker->workers;
	unsigned turns = 0;

	do {
		still_workers_turn(workers);
		turns++;
	} while (atomic_load(&workers->posts) > 0);
	return turns;
}

/* They share all their literals with others, so none is spared. */
static void subscribe_to_costly_patterns(void)
{
	char frame[80];
	int id = 0;

	for (char a = 'a'; a < 'p'; a++) {
		for (char b = 'a'; b < 'p'; b++) {
			snprintf(frame, sizeof(frame),
				"SUBSCRIBE{id:%d}{destination:/topic/*%c*%c*0}", ++id,
				a, b);
			stomp_peer_say(peer, frame);
		}
	}
}

#define COSTLY "/topic/abcdefghijklmnoabcdefghijklmno1"

START_TEST(a_look_up_among_many_patterns_takes_turns_and_keeps_the_order)
{
	for (unsigned i = 0; i < worker->workers->count; i++)
		worker->workers->all[i]->work_per_turn = 1;
	subscribe_to_costly_patterns();
	stomp_peer_say(other, "SUBSCRIBE{id:1}{destination:" COSTLY "}");
	stomp_peer_say(other, "SUBSCRIBE{id:2}{destination:/topic/*}");
	stomp_peer_heard(other);
	stomp_peer_mutter(sender, "SEND{destination:" COSTLY "}[x]");
	stomp_peer_mutter(sender, "SEND{destination:" COSTLY "}{receipt:r}[y]");
	ck_assert_uint_ge(turns_until_quiet(), 4);
	assert_heard(sender, "RECEIPT{receipt-id:r}");
	assert_heard(peer, "");
	const char *heard = stomp_peer_heard(other);
	const char *first =
		strstr(heard, "{subscription:1}{destination:" COSTLY "}[x]");
	ck_assert_ptr_nonnull(first);
	ck_assert_ptr_nonnull(
		strstr(first, "{subscription:1}{destination:" COSTLY "}[y]"));
	ck_assert_ptr_nonnull(
		strstr(heard, "{subscription:2}{destination:" COSTLY "}[x]"));
}
END_TEST

START_TEST(a_client_may_leave_during_a_look_up)
{
	for (unsigned i = 0; i < worker->workers->count; i++)
		worker->workers->all[i]->work_per_turn = 1;
	subscribe_to_costly_patterns();
	stomp_peer_say(other, "SUBSCRIBE{id:2}{destination:/topic/*}");
	stomp_peer_mutter(sender, "SEND{destination:" COSTLY "}{receipt:r}[x]");
	for (int i = 0; i < _i; i++)
		still_workers_turn(worker->workers);
	vanish(peer);
	assert_heard(sender, "RECEIPT{receipt-id:r}");
	assert_heard(other, MESSAGE("2", COSTLY));
}
END_TEST

START_TEST(many_subscriptions_that_end_together_end_in_turns)
{
	const unsigned count = worker->workers->count;
	uint64_t owing = 0;

	for (unsigned i = 0; i < count; i++)
		worker->workers->all[i]->work_per_turn = 1;
	subscribe_to_costly_patterns();
	const uint64_t before = atomic_load(&worker->workers->segments);
	vanish(peer);
	still_workers_turn(worker->workers);
	for (unsigned i = 0; i < count; i++)
		owing += worker->workers->all[i]->owing;
	ck_assert_uint_eq(owing, 1);
	/* Nothing is delivered to what is left of them. */
	send_to("/topic/aa0");
	ck_assert_uint_gt(before, 225);
	still_workers_settle(worker->workers);
	ck_assert_uint_eq(atomic_load(&worker->workers->segments), 0);
	for (unsigned i = 0; i < count; i++)
		ck_assert_uint_eq(worker->workers->all[i]->owing, 0);
}
END_TEST

/* Topics of /topic/N that become idle together: a pattern keeps them. */
static void make_idle(int count)
{
	char frame[96];

	for (int i = 0; i < count; i++) {
		snprintf(frame, sizeof(frame),
			"SUBSCRIBE{id:%d}{destination:/topic/%d}", i, i);
		stomp_peer_mutter(other, frame);
	}
	for (int i = 0; i < count; i++) {
		snprintf(frame, sizeof(frame), "UNSUBSCRIBE{id:%d}", i);
		stomp_peer_mutter(other, frame);
	}
	still_workers_settle(worker->workers);
	ck_assert_uint_eq(still_workers_topics(worker->workers), (size_t)count);
}

START_TEST(a_pattern_is_more_work_than_a_post)
{
	enum { PATTERNS = 20 };
	const struct pattern_set *set = &worker->broker->topics.patterns;
	char frame[96];

	worker->work_per_turn = 16; /* deliveries of a pattern */
	for (int i = 0; i < PATTERNS; i++) {
		snprintf(frame, sizeof(frame),
			"SUBSCRIBE{id:%d}{destination:/topic/*%d}", i, i);
		stomp_peer_mutter(peer, frame);
	}
	while (set->count < PATTERNS) {
		const size_t before = set->count;

		still_workers_turn(worker->workers);
		ck_assert_uint_le(set->count - before, 1);
	}
}
END_TEST

START_TEST(topics_without_any_pattern_go_some_in_each_turn)
{
	enum { IDLE = 200, WORK = 8, LEAST = 64 };

	stomp_peer_say(peer, "SUBSCRIBE{id:p}{destination:/topic/*}");
	make_idle(IDLE);
	for (unsigned i = 0; i < worker->workers->count; i++)
		worker->workers->all[i]->work_per_turn = WORK;
	stomp_peer_mutter(peer, "UNSUBSCRIBE{id:p}");
	for (size_t left = IDLE; left > 0;) {
		const size_t before = left;

		still_workers_turn(worker->workers);
		left = still_workers_topics(worker->workers);
		ck_assert_uint_le(
			before - left, worker->workers->count * (LEAST + WORK));
	}
}
END_TEST

START_TEST(topics_that_are_idle_in_excess_go_some_with_each_new_one)
{
	enum { IDLE = 100, AT_ONCE = 16 };
	char destination[32];

	stomp_peer_say(peer, "SUBSCRIBE{id:p}{destination:/topic/*}");
	make_idle(IDLE);
	for (int i = 0; i < 50; i++) {
		const size_t before = still_workers_topics(worker->workers);

		snprintf(destination, sizeof(destination), "/topic/new-%d", i);
		send_to(destination);
		ck_assert_uint_le(
			before, still_workers_topics(worker->workers) + AT_ONCE);
	}
	/* limits.idle_topics, and the newest, on each worker */
	ck_assert_uint_le(
		still_workers_topics(worker->workers), worker->workers->count * 4);
	stomp_peer_heard(peer);
	stomp_peer_say(peer, "UNSUBSCRIBE{id:p}");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("topic patterns");
	TCase *slashes = unit_case(suite, "slashes");
	TCase *dots = unit_case(suite, "dots");

	tcase_add_checked_fixture(slashes, setup, teardown);
	tcase_add_test(slashes, a_pattern_gets_what_matches_on_every_home);
	tcase_add_test(slashes, each_subscription_that_matches_gets_it);
	tcase_add_test(slashes, two_subscribers_share_a_pattern);
	tcase_add_test(slashes, private_destinations_are_never_matched);
	tcase_add_test(slashes, a_pattern_keeps_to_its_prefix);
	tcase_add_test(slashes, a_queue_has_no_pattern);
	tcase_add_test(slashes, nothing_is_sent_to_a_pattern);
	tcase_add_test(slashes, a_bad_pattern_is_refused);
	tcase_add_test(slashes, patterns_have_segments_within_a_bound);
	tcase_add_test(
		slashes, of_topics_that_only_patterns_match_a_bounded_number_is_kept);
	tcase_add_test(
		slashes, a_topic_outlasts_its_own_subscribers_while_a_pattern_matches);
	tcase_add_test(
		slashes, a_look_up_among_many_patterns_takes_turns_and_keeps_the_order);
	tcase_add_loop_test(slashes, a_client_may_leave_during_a_look_up, 0, 12);
	tcase_add_test(slashes, many_subscriptions_that_end_together_end_in_turns);
	tcase_add_test(slashes, a_pattern_is_more_work_than_a_post);
	tcase_add_test(slashes, topics_without_any_pattern_go_some_in_each_turn);
	tcase_add_test(
		slashes, topics_that_are_idle_in_excess_go_some_with_each_new_one);

	tcase_add_checked_fixture(dots, setup_dots, teardown);
	tcase_add_test(dots, segments_may_begin_at_dots);
	return unit_run(suite);
}
