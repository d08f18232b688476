#include "tests/backend_suite.h"

#include "tests/backend_customer.h"
#include "tests/still_crew.h"
#include "tests/unit.h"

enum { CUSTOMERS = 3 };

static const struct backend_site *site;
static struct crew *crew;
static struct customer customers[CUSTOMERS], *const ana = &customers[0],
						    *const ben = &customers[1],
						    *const eva = &customers[2];

static void settle_down(void)
{
	site->settle(crew);
}

/* As the functions of customers, but it lasts until all is done that comes of it. */

static void subscribe(struct customer *customer, const char *id, const char *address)
{
	customer_subscribe(customer, id, address, 10, 0);
	settle_down();
}

static void send(struct customer *customer, const char *address, const char *body)
{
	customer_send(customer, address, body, 0);
	settle_down();
}

/* Messages "1" to the one of that number, to the queue. */
static void send_numbers(struct customer *customer, int last)
{
	for (int i = 1; i <= last; i++)
		send(customer, "/queue/a", (char[]){(char)('0' + i), '\0'});
}

static void settle(
	struct customer *customer, const char *id, size_t count, bool is_accepted)
{
	customer_settle(customer, id, count, is_accepted);
	settle_down();
}

/* What came since the last time. */
#define assert_gets(customer, expected)                                                \
	ck_assert_str_eq(memory_outlet_got(&(customer)->outlet), expected)

#define COMMIT(customer, request, ...)                                                 \
	customer_commit(customer, request, (const char *const[]){__VA_ARGS__},         \
		COUNT(((const char *const[]){__VA_ARGS__})))

static void begin(const char *members)
{
	crew = site->start(members);
	for (unsigned i = 0; i < CUSTOMERS; i++) {
		struct worker *worker = crew->workers[i % crew->count];

		customer_enter(&customers[i], worker, site->backend);
	}
	settle_down();
}

static void setup(void)
{
	begin("'broker': {'nacks': 2, 'losses': 2}");
}

static void setup_small(void)
{
	begin("'limits': {'backlog_messages': 3, 'destinations': 4}");
}

static void teardown(void)
{
	for (int i = 0; i < CUSTOMERS; i++)
		customer_leave(&customers[i]);
	settle_down();
	for (unsigned i = 0; i < crew->count; i++) {
		const struct broker *broker = crew->workers[i]->broker;

		ck_assert_uint_eq(broker->subscriptions.entries.count, 0);
		ck_assert_uint_eq(broker->commits.entries.count, 0);
	}
	site->stop(crew);
	for (int i = 0; i < CUSTOMERS; i++)
		memory_outlet_finish(&customers[i].outlet);
}

/* Topics. */

static const char *const addresses[] = {
	"/topic/a", "/queue/a", "/topic/*/a", "user:3:ana/queue/a"};

START_TEST(a_subscription_gets_as_many_answers_as_it_was_told)
{
	size_t count = customer_subscribe(ana, "1", addresses[_i], 1, 7);

	ck_assert_uint_gt(count, 0);
	ck_assert_uint_eq(
		customer_answered(ana, 7), 0); /* all functions return at once */
	settle_down();
	ck_assert_uint_eq(customer_answered(ana, 7), count);
	ck_assert_uint_eq(customer_find(ana, "1")->joining, 0);
}
END_TEST

START_TEST(an_unsubscription_gets_as_many_answers_as_it_was_told)
{
	subscribe(ana, "1", addresses[_i]);
	size_t count = customer_unsubscribe(ana, "1", 7);
	settle_down();
	ck_assert_uint_eq(customer_answered(ana, 7), count);
}
END_TEST

START_TEST(who_goes_before_it_has_joined_leaves_nothing_behind)
{
	customer_subscribe(ana, "1", addresses[_i], 10, 7);
	customer_unsubscribe(ana, "1", 0);
	settle_down();
	send(ben, "/topic/a", "x");
	assert_gets(ana, "");
}
END_TEST

START_TEST(a_message_is_answered_once_whoever_hears_it)
{
	customer_send(ana, addresses[_i], "x", 7);
	settle_down();
	ck_assert_uint_eq(customer_answered(ana, 7), 1);
}
END_TEST

START_TEST(request_0_hears_nothing_of_success)
{
	subscribe(ana, "t", addresses[_i]);
	send(ana, "/topic/a", "x");
	send(ana, "/queue/a", "x");
	COMMIT(ana, 0, "/topic/a x", "/queue/a x");
	customer_unsubscribe(ana, "t", 0);
	settle_down();
	ck_assert_uint_eq(ana->answer_count, 0);
}
END_TEST

START_TEST(answers_for_one_destination_come_in_the_order_of_asking)
{
	customer_subscribe(ana, "1", "/topic/a", 10, 1);
	for (uint64_t request = 2; request < 10; request++)
		customer_send(ana, "/topic/a", "x", request);
	settle_down();
	ck_assert_uint_eq(ana->answer_count, 9);
	for (size_t i = 0; i < 9; i++)
		ck_assert_uint_eq(ana->answers[i].request, i + 1);
}
END_TEST

START_TEST(every_subscriber_of_a_topic_gets_a_copy)
{
	subscribe(ana, "1", "/topic/a");
	subscribe(ben, "1", "/topic/a");
	subscribe(ben, "2", "/topic/a");
	send(eva, "/topic/a", "x");
	assert_gets(ana, "1:x");
	assert_gets(ben, "1:x 2:x");
	assert_gets(eva, "");
}
END_TEST

START_TEST(what_was_sent_before_a_subscription_does_not_come)
{
	send(eva, "/topic/a", "before");
	subscribe(ana, "1", "/topic/a");
	send(eva, "/topic/a", "after");
	assert_gets(ana, "1:after");
}
END_TEST

START_TEST(a_topic_keeps_the_order_of_its_sender)
{
	subscribe(ben, "1", "/topic/a");
	for (int i = 1; i <= 5; i++)
		customer_send(ana, "/topic/a", (char[]){(char)('0' + i), '\0'}, 0);
	settle_down();
	assert_gets(ben, "1:1 1:2 1:3 1:4 1:5");
}
END_TEST

START_TEST(the_messages_of_a_topic_are_numbered_for_all_alike)
{
	subscribe(ana, "1", "/topic/a");
	subscribe(ben, "1", "/topic/a");
	for (int i = 0; i < 3; i++)
		send(eva, "/topic/a", "x");
	const struct unacked *mine = &customer_find(ana, "1")->unacked,
			     *yours = &customer_find(ben, "1")->unacked;
	ck_assert_uint_eq(mine->count, 3);
	for (size_t i = 0; i < 3; i++) {
		const struct place place = unacked_at(mine, i)->place;

		ck_assert_uint_eq(place.epoch, unacked_at(mine, 0)->place.epoch);
		ck_assert_uint_eq(place.offset, i + 1);
		ck_assert_uint_eq(place.epoch, unacked_at(yours, i)->place.epoch);
		ck_assert_uint_eq(place.offset, unacked_at(yours, i)->place.offset);
	}
}
END_TEST

START_TEST(a_pattern_gets_what_it_matches_and_no_queue)
{
	subscribe(ana, "1", "/topic/*/x");
	send(eva, "/topic/a/x", "a");
	send(eva, "/topic/a/y", "b");
	send(eva, "/queue/a/x", "c");
	send(eva, "/topic/b/x", "d");
	assert_gets(ana, "1:a 1:d");
}
END_TEST

START_TEST(nothing_comes_after_an_unsubscription_was_answered)
{
	subscribe(ana, "1", addresses[_i]);
	customer_unsubscribe(ana, "1", 7);
	settle_down();
	send(ben, "/topic/a", "x");
	send(ben, "/queue/a", "x");
	send(ben, "user:3:ana/queue/a", "x");
	assert_gets(ana, "");
}
END_TEST

/* Queues. */

START_TEST(a_queue_keeps_messages_until_a_consumer_comes)
{
	send(ana, "/queue/a", "1");
	send(ana, "/queue/a", "2");
	subscribe(ben, "q", "/queue/a");
	assert_gets(ben, "q:1 q:2");
}
END_TEST

START_TEST(a_message_of_a_queue_goes_to_one_consumer_by_turns)
{
	subscribe(ana, "q", "/queue/a");
	subscribe(ben, "q", "/queue/a");
	send_numbers(eva, 4);
	assert_gets(ana, "q:1 q:3");
	assert_gets(ben, "q:2 q:4");
}
END_TEST

START_TEST(a_consumer_has_no_more_than_its_prefetch)
{
	customer_subscribe(ana, "q", "/queue/a", 2, 0);
	send_numbers(eva, 4);
	assert_gets(ana, "q:1 q:2");
	settle(ana, "q", 1, true);
	assert_gets(ana, "q:3");
}
END_TEST

START_TEST(what_is_accepted_never_comes_again)
{
	subscribe(ana, "q", "/queue/a");
	send_numbers(eva, 3);
	settle(ana, "q", 2, true);
	assert_gets(ana, "q:1 q:2 q:3");
	customer_unsubscribe(ana, "q", 0);
	subscribe(ben, "q", "/queue/a");
	assert_gets(ben, "q:3+");
}
END_TEST

START_TEST(what_is_rejected_goes_to_another_consumer)
{
	subscribe(ana, "q", "/queue/a");
	send(eva, "/queue/a", "1");
	subscribe(ben, "q", "/queue/a");
	settle(ana, "q", 1, false);
	assert_gets(ana, "q:1");
	assert_gets(ben, "q:1+");
}
END_TEST

START_TEST(what_is_rejected_too_often_is_a_dead_letter)
{
	subscribe(ben, "d", "/queue/dead-letter");
	subscribe(ana, "q", "/queue/a");
	send(eva, "/queue/a", "1");
	settle(ana, "q", 1, false);
	settle(ana, "q", 1, false);
	assert_gets(ana, "q:1 q:1+");
	assert_gets(ben, "d:1");
}
END_TEST

/* Sent to it, and lost with it. */
static void lose(struct customer *customer)
{
	subscribe(customer, "q", "/queue/a");
	broker_sent(customer->broker, &customer->party,
		customer_find(customer, "q")->ordinal);
	customer_leave(customer);
	settle_down();
}

START_TEST(what_is_lost_too_often_is_a_dead_letter)
{
	subscribe(eva, "d", "/queue/dead-letter");
	send_numbers(eva, 2);
	lose(ana);
	lose(ben);
	assert_gets(eva, "d:1");
	subscribe(eva, "q", "/queue/a");
	assert_gets(eva, "q:2+");
}
END_TEST

START_TEST(what_is_not_settled_comes_back_to_the_front_in_order)
{
	customer_subscribe(ana, "q", "/queue/a", 2, 0);
	send_numbers(eva, 3);
	customer_leave(ana);
	settle_down();
	subscribe(ben, "q", "/queue/a");
	assert_gets(ben, "q:1+ q:2+ q:3");
}
END_TEST

START_TEST(what_is_not_settled_is_back_when_an_unsubscription_is_answered)
{
	subscribe(ana, "q", "/queue/a");
	subscribe(ben, "q", "/queue/a");
	send(eva, "/queue/a", "1");
	customer_unsubscribe(ana, "q", 7);
	settle_down();
	ck_assert_uint_ge(customer_answered(ana, 7), 1);
	assert_gets(ben, "q:1+");
}
END_TEST

/* Bounds. */

START_TEST(a_queue_that_is_full_refuses_the_sender)
{
	for (uint64_t request = 1; request <= 4; request++)
		customer_send(ana, "/queue/a", "x", request);
	settle_down();
	for (uint64_t request = 1; request <= 3; request++)
		ck_assert_uint_eq(customer_answered(ana, request), 1);
	ck_assert_ptr_nonnull(customer_refused(ana, 4));
	ck_assert_uint_eq(customer_answered(ana, 4), 0);
}
END_TEST

START_TEST(who_does_not_ask_hears_of_a_refusal_all_the_same)
{
	for (int i = 0; i < 4; i++)
		send(ana, "/queue/a", "x");
	ck_assert_ptr_nonnull(customer_refused(ana, 0));
}
END_TEST

START_TEST(what_consumers_have_counts_as_in_the_queue)
{
	subscribe(ben, "q", "/queue/a");
	for (uint64_t request = 1; request <= 4; request++)
		customer_send(ana, "/queue/a", "x", request);
	settle_down();
	ck_assert_ptr_nonnull(customer_refused(ana, 4));
	settle(ben, "q", 1, true);
	customer_send(ana, "/queue/a", "x", 5);
	settle_down();
	ck_assert_uint_eq(customer_answered(ana, 5), 1);
}
END_TEST

START_TEST(a_destination_too_many_is_refused)
{
	for (int i = 0; i < 4; i++) {
		char address[] = {
			'/', 'q', 'u', 'e', 'u', 'e', '/', (char)('a' + i), '\0'};
		send(ana, address, "x");
	}
	ck_assert_ptr_null(customer_refused(ana, 0));
	customer_send(ana, "/queue/z", "x", 7);
	customer_subscribe(ben, "1", _i == 0 ? "/topic/z" : "/queue/z", 10, 8);
	settle_down();
	ck_assert_ptr_nonnull(customer_refused(ana, 7));
	ck_assert_ptr_nonnull(customer_refused(ben, 8));
}
END_TEST

/* Commits. */

START_TEST(a_commit_takes_all_in_order_and_answers_each_message)
{
	subscribe(ben, "t", "/topic/a");
	subscribe(eva, "q", "/queue/a");
	COMMIT(ana, 7, "/topic/a 1", "/queue/a 1", "/topic/a 2", "/queue/a 2");
	settle_down();
	assert_gets(ben, "t:1 t:2");
	assert_gets(eva, "q:1 q:2");
	ck_assert_uint_eq(customer_answered(ana, 7), 4);
	ck_assert_uint_eq(ana->committed, 1);
}
END_TEST

START_TEST(a_commit_of_nothing_is_answered_once)
{
	customer_commit(ana, 7, NULL, 0);
	settle_down();
	ck_assert_uint_eq(customer_answered(ana, 7), 1);
	ck_assert_uint_eq(ana->committed, 1);
}
END_TEST

START_TEST(a_commit_settles_too)
{
	customer_subscribe(ana, "q", "/queue/a", 1, 0);
	send(eva, "/queue/a", "1");
	send(eva, "/queue/a", "2");
	COMMIT(ana, 7, "ack q", "/topic/a 1");
	settle_down();
	assert_gets(ana, "q:1 q:2");
	ck_assert_uint_eq(customer_answered(ana, 7), 1);
}
END_TEST

START_TEST(what_follows_a_commit_comes_behind_it)
{
	subscribe(ben, "q", "/queue/a");
	COMMIT(ana, 7, "/queue/a 1", "/queue/b 1");
	for (int turns = 0; ana->committed == 0 && turns < 100; turns++)
		settle_down();
	send(ana, "/queue/a", "2");
	assert_gets(ben, "q:1 q:2");
}
END_TEST

START_TEST(a_commit_that_does_not_fit_does_nothing_and_says_so)
{
	subscribe(ben, "t", "/topic/a");
	send(eva, "/queue/a", "1");
	send(eva, "/queue/a", "2");
	COMMIT(ana, 7, "/topic/a x", "/queue/b x", "/queue/a x", "/queue/a y");
	settle_down();
	ck_assert_ptr_nonnull(customer_refused(ana, 7));
	ck_assert_uint_eq(customer_answered(ana, 7), 0);
	assert_gets(ben, "");
	subscribe(eva, "a", "/queue/a");
	subscribe(eva, "b", "/queue/b");
	assert_gets(eva, "a:1 a:2");
}
END_TEST

START_TEST(a_commit_that_fails_gives_its_room_back)
{
	send(eva, "/queue/a", "1");
	COMMIT(ana, 7, "/queue/a x", "/queue/a y", "/queue/a z", "/queue/b x");
	settle_down();
	ck_assert_ptr_nonnull(customer_refused(ana, 7));
	COMMIT(ben, 8, "/queue/a x", "/queue/a y", "/queue/b x", "/queue/b y",
		"/queue/b z");
	settle_down();
	ck_assert_uint_eq(customer_answered(ben, 8), 5);
}
END_TEST

START_TEST(a_commit_whose_party_has_gone_is_all_or_nothing)
{
	COMMIT(ana, 7, "/queue/a 1", "/queue/b 1");
	customer_leave(ana);
	settle_down();
	subscribe(ben, "a", "/queue/a");
	subscribe(ben, "b", "/queue/b");
	const char *got = memory_outlet_got(&ben->outlet);
	ck_assert_msg(strcmp(got, "") == 0 || strcmp(got, "a:1 b:1") == 0, "%s", got);
}
END_TEST

static void add_topics(Suite *suite)
{
	TCase *tcase = unit_case(suite, "topics");

	tcase_add_checked_fixture(tcase, setup, teardown);
	unit_add_table(
		tcase, a_subscription_gets_as_many_answers_as_it_was_told, addresses);
	unit_add_table(tcase, an_unsubscription_gets_as_many_answers_as_it_was_told,
		addresses);
	unit_add_table(
		tcase, who_goes_before_it_has_joined_leaves_nothing_behind, addresses);
	unit_add_table(
		tcase, nothing_comes_after_an_unsubscription_was_answered, addresses);
	tcase_add_loop_test(tcase, a_message_is_answered_once_whoever_hears_it, 0, 2);
	unit_add_table(tcase, request_0_hears_nothing_of_success, addresses);
	tcase_add_test(tcase, answers_for_one_destination_come_in_the_order_of_asking);
	tcase_add_test(tcase, every_subscriber_of_a_topic_gets_a_copy);
	tcase_add_test(tcase, what_was_sent_before_a_subscription_does_not_come);
	tcase_add_test(tcase, a_topic_keeps_the_order_of_its_sender);
	tcase_add_test(tcase, the_messages_of_a_topic_are_numbered_for_all_alike);
	tcase_add_test(tcase, a_pattern_gets_what_it_matches_and_no_queue);
}

static void add_queues(Suite *suite)
{
	TCase *tcase = unit_case(suite, "queues");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_queue_keeps_messages_until_a_consumer_comes);
	tcase_add_test(tcase, a_message_of_a_queue_goes_to_one_consumer_by_turns);
	tcase_add_test(tcase, a_consumer_has_no_more_than_its_prefetch);
	tcase_add_test(tcase, what_is_accepted_never_comes_again);
	tcase_add_test(tcase, what_is_rejected_goes_to_another_consumer);
	tcase_add_test(tcase, what_is_rejected_too_often_is_a_dead_letter);
	tcase_add_test(tcase, what_is_lost_too_often_is_a_dead_letter);
	tcase_add_test(tcase, what_is_not_settled_comes_back_to_the_front_in_order);
	tcase_add_test(
		tcase, what_is_not_settled_is_back_when_an_unsubscription_is_answered);
}

static void add_commits(Suite *suite)
{
	TCase *tcase = unit_case(suite, "commits");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_commit_takes_all_in_order_and_answers_each_message);
	tcase_add_test(tcase, a_commit_of_nothing_is_answered_once);
	tcase_add_test(tcase, a_commit_settles_too);
	tcase_add_test(tcase, what_follows_a_commit_comes_behind_it);
	tcase_add_test(tcase, a_commit_whose_party_has_gone_is_all_or_nothing);
}

static void add_bounds(Suite *suite)
{
	TCase *tcase = unit_case(suite, "bounds");

	tcase_add_checked_fixture(tcase, setup_small, teardown);
	tcase_add_test(tcase, a_queue_that_is_full_refuses_the_sender);
	tcase_add_test(tcase, who_does_not_ask_hears_of_a_refusal_all_the_same);
	tcase_add_test(tcase, what_consumers_have_counts_as_in_the_queue);
	tcase_add_loop_test(tcase, a_destination_too_many_is_refused, 0, 2);
	tcase_add_test(tcase, a_commit_that_does_not_fit_does_nothing_and_says_so);
	tcase_add_test(tcase, a_commit_that_fails_gives_its_room_back);
}

Suite *backend_suite(const struct backend_site *which)
{
	Suite *suite = suite_create(which->name);

	site = which;
	add_topics(suite);
	add_queues(suite);
	add_commits(suite);
	add_bounds(suite);
	return suite;
}
