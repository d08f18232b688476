/* A participant's subscriptions: their numbers, the look-up, and their memory. */
#include "gateway/broker/internal.h"
#include "gateway/broker/subscription.h"

#include "gateway/session/session.h"
#include "tests/support/still_workers.h"
#include "tests/support/unit.h"

static struct worker *worker;
static struct broker *broker;
static struct participant participant;

static void setup(void)
{
	worker = still_workers_create_of(1, "'limits': {'unacked': 3}")->all[0];
	broker = worker->broker;
	participant = (struct participant){
		.session = still_workers_open(worker, "/echo", SESSION_RAW, "")};
	broker_enter(broker, &participant);
}

static void teardown(void)
{
	broker_leave(broker, &participant);
	still_workers_settle(worker->workers);
	still_workers_destroy(worker->workers);
}

/* One without a home. An empty id: it has none. */
static struct subscription *make(const char *id, const char *destination)
{
	const struct slice named = slice_of(id);
	struct subscription *subscription = subscription_create(broker, &participant,
		named.len > 0 ? &named : NULL, slice_of(destination), STOMP_1_2);

	subscription->kind = SUBSCRIPTION_LOCAL;
	return subscription;
}

static void end(struct subscription *subscription)
{
	ck_assert_uint_eq(subscription_end(broker, subscription, 0), 0);
}

START_TEST(an_ordinal_is_never_given_twice)
{
	struct subscription *first = make("1", "/topic/a");
	uint32_t ordinal = first->ordinal;

	end(first);
	ck_assert_uint_gt(make("1", "/topic/a")->ordinal, ordinal);
	ck_assert_ptr_null(subscription_at(&participant, ordinal));
}
END_TEST

START_TEST(each_is_found_by_its_ordinal_whoever_has_ended)
{
	struct subscription *all[20];

	for (int i = 0; i < 20; i++)
		all[i] = make((char[]){(char)('a' + i), '\0'}, "/topic/a");
	for (int i = 0; i < 20; i += 3) {
		end(all[i]);
		all[i] = NULL;
	}
	for (int i = 0; i < 20; i++) {
		if (all[i] != NULL)
			ck_assert_ptr_eq(
				subscription_at(&participant, all[i]->ordinal), all[i]);
	}
	ck_assert_ptr_null(subscription_at(&participant, 0));
	ck_assert_ptr_null(subscription_at(&participant, 1000));
}
END_TEST

START_TEST(one_is_found_by_its_id_or_without_one_by_its_destination)
{
	struct subscription *named = make("1", "/topic/a");
	struct subscription *nameless = make("", "/topic/b");
	const struct slice id = SLICE("1"), none = SLICE("2");
	const struct slice a = SLICE("/topic/a"), b = SLICE("/topic/b"),
			   c = SLICE("/topic/c");

	ck_assert_ptr_eq(subscription_find(&participant, &id, &b), named);
	ck_assert_ptr_null(subscription_find(&participant, &none, &a));
	ck_assert_ptr_eq(subscription_find(&participant, NULL, &b), nameless);
	ck_assert_ptr_eq(subscription_find(&participant, NULL, &a), named);
	ck_assert_ptr_null(subscription_find(&participant, NULL, &c));
	ck_assert_ptr_null(subscription_find(&participant, NULL, NULL));
}
END_TEST

static void deliver(
	struct subscription *subscription, uint64_t offset, uint16_t attempt)
{
	const struct stomp_frame frame = {.command = STOMP_SEND, .body = SLICE("x")};
	struct message *message =
		message_create(&frame, SLICE("/topic/a"), SLICE("/topic/a"));

	message_set_place(message, (struct place){1, offset}, true);
	subscription_deliver(subscription, message, attempt, false);
	message_unref(message);
}

static const struct {
	enum ack_mode ack;
	uint16_t attempt;
	size_t unacked;
} modes[] = {
	{ACK_AUTO, 0, 0},   /* a topic remembers nothing */
	{ACK_AUTO, 1, 1},   /* a queue learns when the kernel has it */
	{ACK_CLIENT, 0, 1}, /* one ACK each is valid */
	{ACK_INDIVIDUAL, 2, 1},
};

START_TEST(what_must_be_acknowledged_is_remembered)
{
	struct subscription *subscription = make("1", "/queue/a");

	subscription->ack = modes[_i].ack;
	deliver(subscription, 1, modes[_i].attempt);
	ck_assert_uint_eq(subscription->unacked.count, modes[_i].unacked);
	ck_assert_int_eq(session_next(participant.session), SESSION_NEXT_MESSAGES);
}
END_TEST

START_TEST(of_a_topic_no_more_is_remembered_than_may_be)
{
	struct subscription *subscription = make("1", "/topic/a");

	subscription->ack = ACK_CLIENT;
	for (uint64_t offset = 1; offset <= 5; offset++)
		deliver(subscription, offset, 0);
	ck_assert_uint_eq(subscription->unacked.count, 3);
	ck_assert(subscription->unacked.has_forgotten);
}
END_TEST

START_TEST(what_a_queue_has_lent_is_never_forgotten)
{
	struct subscription *subscription = make("1", "/queue/a");

	subscription->ack = ACK_CLIENT;
	for (uint64_t offset = 1; offset <= 5; offset++)
		deliver(subscription, offset, 1);
	ck_assert_uint_eq(subscription->unacked.count, 5);
}
END_TEST

START_TEST(who_leaves_has_no_subscription_left)
{
	make("1", "/topic/a");
	make("2", "/topic/a");
	broker_leave(broker, &participant);
	ck_assert_uint_eq(participant.subscription_count, 0);
	ck_assert_uint_eq(still_workers_subscriptions(worker->workers), 0);
	broker_enter(broker, &participant);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("subscription");
	TCase *tcase = unit_case(suite, "subscriptions");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, an_ordinal_is_never_given_twice);
	tcase_add_test(tcase, each_is_found_by_its_ordinal_whoever_has_ended);
	tcase_add_test(tcase, one_is_found_by_its_id_or_without_one_by_its_destination);
	unit_add_table(tcase, what_must_be_acknowledged_is_remembered, modes);
	tcase_add_test(tcase, of_a_topic_no_more_is_remembered_than_may_be);
	tcase_add_test(tcase, what_a_queue_has_lent_is_never_forgotten);
	tcase_add_test(tcase, who_leaves_has_no_subscription_left);
	return unit_run(suite);
}
