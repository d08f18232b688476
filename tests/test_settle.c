/* ACK and NACK: the messages that a frame means, in each version, and their fate. */
#include "gateway/broker/internal.h"
#include "gateway/broker/subscription.h"

#include "gateway/session/session.h"
#include "gateway/worker/metrics.h"
#include "tests/support/still_workers.h"
#include "tests/support/unit.h"

#include <stdio.h>

static struct worker *worker;
static struct broker *broker;
static struct participant participant;
static struct broker_refusal refusal;

static void setup(void)
{
	worker = still_workers_create_of(1, "")->all[0];
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

/*
 * Of a topic, so that no home is involved; with that many messages delivered: 1-1, 1-2
 * ...
 */
static struct subscription *delivered(const char *id, enum ack_mode ack, uint64_t count)
{
	const struct slice named = slice_of(id);
	struct subscription *subscription = subscription_create(
		broker, &participant, &named, SLICE("/topic/a"), STOMP_1_2);

	subscription->kind = SUBSCRIPTION_LOCAL;
	subscription->ack = ack;
	for (uint64_t offset = 1; offset <= count; offset++)
		unacked_push(&subscription->unacked, (struct place){1, offset}, 1, 0);
	return subscription;
}

/* With one header, and perhaps another. */
static enum broker_result say(enum stomp_command command, enum stomp_version version,
	const char *name, const char *value, const char *subscription)
{
	struct stomp_header headers[] = {
		{slice_of(name), slice_of(value)},
		{SLICE("subscription"), slice_of(subscription)},
	};
	const struct stomp_frame frame = {.command = command,
		.headers = headers,
		.header_count = subscription[0] == '\0' ? 1 : 2};
	struct broker_call call = {.participant = &participant,
		.frame = &frame,
		.version = version,
		.refusal = &refusal};

	refusal.kind = REFUSALS;
	return broker_settle(broker, &call);
}

static enum broker_result ack_of(
	const struct subscription *subscription, uint64_t offset)
{
	char id[64];

	snprintf(id, sizeof(id), "1-%llu-%u", (unsigned long long)offset,
		(unsigned)subscription->ordinal);
	return say(STOMP_ACK, STOMP_1_2, "id", id, "");
}

START_TEST(client_acknowledges_all_up_to_the_one_that_is_named)
{
	struct subscription *subscription = delivered("1", ACK_CLIENT, 5);

	ck_assert_int_eq(ack_of(subscription, 3), BROKER_TAKEN);
	ck_assert_uint_eq(subscription->unacked.count, 2);
	ck_assert_uint_eq(unacked_at(&subscription->unacked, 0)->place.offset, 4);
	ck_assert_int_eq(ack_of(subscription, 2), BROKER_REFUSED);
}
END_TEST

START_TEST(client_individual_acknowledges_one)
{
	struct subscription *subscription = delivered("1", ACK_INDIVIDUAL, 3);

	ck_assert_int_eq(ack_of(subscription, 2), BROKER_TAKEN);
	ck_assert_uint_eq(subscription->unacked.count, 2);
	ck_assert_int_eq(ack_of(subscription, 2), BROKER_REFUSED);
	ck_assert_int_eq(ack_of(subscription, 1), BROKER_TAKEN);
	ck_assert_int_eq(ack_of(subscription, 3), BROKER_TAKEN);
}
END_TEST

START_TEST(one_subscription_does_not_acknowledge_for_another)
{
	struct subscription *first = delivered("1", ACK_CLIENT, 2);
	struct subscription *second = delivered("2", ACK_CLIENT, 2);

	ck_assert_int_eq(ack_of(first, 2), BROKER_TAKEN);
	ck_assert_uint_eq(second->unacked.count, 2);
}
END_TEST

/* With a subscription "1" that has got 1-1 and 1-2, and one "auto". */
static const struct {
	enum stomp_command command;
	enum stomp_version version;
	const char *name, *value, *subscription;
	enum broker_result result;
	bool is_ignored;
} frames[] = {
	{STOMP_ACK, STOMP_1_1, "message-id", "1-1", "1", BROKER_TAKEN, false},
	{STOMP_NACK, STOMP_1_1, "message-id", "1-2", "1", BROKER_TAKEN, false},
	{STOMP_ACK, STOMP_1_0, "message-id", "1-1", "", BROKER_TAKEN, false},
	{STOMP_NACK, STOMP_1_2, "id", "1-2-1", "", BROKER_TAKEN, false},
	{STOMP_ACK, STOMP_1_1, "message-id", "1-1", "", BROKER_REFUSED, false},
	{STOMP_ACK, STOMP_1_1, "message-id", "1-1", "2", BROKER_REFUSED, false},
	{STOMP_ACK, STOMP_1_1, "message-id", "1-1", "auto", BROKER_TAKEN, true},
	{STOMP_ACK, STOMP_1_1, "id", "1-1-1", "1", BROKER_REFUSED, false},
	{STOMP_NACK, STOMP_1_0, "message-id", "1-1", "", BROKER_REFUSED, false},
	{STOMP_ACK, STOMP_1_2, "message-id", "1-1", "1", BROKER_REFUSED, false},
	{STOMP_ACK, STOMP_1_2, "id", "1-3-1", "", BROKER_REFUSED, false},
	{STOMP_ACK, STOMP_1_2, "id", "2-1-1", "", BROKER_REFUSED, false},
	{STOMP_ACK, STOMP_1_2, "id", "1-1-2", "", BROKER_TAKEN, true},
	{STOMP_ACK, STOMP_1_2, "id", "1-1", "", BROKER_TAKEN, false},
	{STOMP_ACK, STOMP_1_2, "id", "1-3", "", BROKER_REFUSED, false},
	{STOMP_ACK, STOMP_1_2, "id", "1-1.2", "", BROKER_REFUSED, false},
	{STOMP_ACK, STOMP_1_2, "id", "1-1-1.2", "", BROKER_REFUSED, false},
	{STOMP_ACK, STOMP_1_1, "message-id", "1-1.2", "1", BROKER_REFUSED, false},
	{STOMP_ACK, STOMP_1_1, "message-id", "1-1-1", "1", BROKER_REFUSED, false},
	{STOMP_ACK, STOMP_1_0, "message-id", "1-1.2", "", BROKER_REFUSED, false},
	{STOMP_ACK, STOMP_1_2, "id", "1-1-", "", BROKER_REFUSED, false},
	{STOMP_ACK, STOMP_1_2, "id", "-1-1", "", BROKER_REFUSED, false},
	{STOMP_ACK, STOMP_1_2, "id", "1-1-1-1", "", BROKER_REFUSED, false},
	{STOMP_ACK, STOMP_1_2, "id", "1-1-99999999999", "", BROKER_REFUSED, false},
	{STOMP_ACK, STOMP_1_2, "id", "99999999999999999-1-1", "", BROKER_REFUSED,
		false},
	{STOMP_ACK, STOMP_1_2, "id", "0000000000000001-01-0001", "", BROKER_TAKEN,
		false},
	{STOMP_ACK, STOMP_1_2, "id", "00000000000000001-1-1", "", BROKER_REFUSED,
		false}, /* 17 digits */
	{STOMP_ACK, STOMP_1_2, "id", "ffffffffffffffff-1-1", "", BROKER_REFUSED, false},
	{STOMP_ACK, STOMP_1_2, "id", "1-1-4294967297", "", BROKER_REFUSED, false},
	{STOMP_ACK, STOMP_1_2, "id", "1-a-1", "", BROKER_REFUSED, false},
	{STOMP_ACK, STOMP_1_2, "id", "1-1-+1", "", BROKER_REFUSED, false},
	{STOMP_ACK, STOMP_1_2, "id", " 1-1-1", "", BROKER_REFUSED, false},
	{STOMP_ACK, STOMP_1_2, "id", "x", "", BROKER_REFUSED, false},
	{STOMP_ACK, STOMP_1_2, "id", "", "", BROKER_REFUSED, false},
};

START_TEST(each_version_names_messages_in_its_own_way)
{
	struct subscription *subscription = delivered("1", ACK_INDIVIDUAL, 2);

	delivered("auto", ACK_AUTO, 0);
	ck_assert_int_eq(say(frames[_i].command, frames[_i].version, frames[_i].name,
				 frames[_i].value, frames[_i].subscription),
		frames[_i].result);
	ck_assert_uint_eq(subscription->unacked.count,
		frames[_i].result == BROKER_TAKEN && !frames[_i].is_ignored ? 1 : 2);
	ck_assert_uint_eq(counter_read(&broker->worker->metrics->ignored_acks),
		frames[_i].is_ignored);
	ck_assert_int_eq(refusal.kind != REFUSALS, frames[_i].result == BROKER_REFUSED);
}
END_TEST

/* Old clients' ACKs of a delivery that needs none, and the mistakes that remain. */
static const struct {
	enum stomp_version version;
	const char *name, *value, *subscription;
	bool is_ignored;
} stray[] = {
	{STOMP_1_2, "id", "undefined", "", true},
	{STOMP_1_2, "id", "", "", true},
	{STOMP_1_2, "id", "1-7", "", true}, /* a message-id */
	{STOMP_1_2, "id", "1-7-1", "", true},
	{STOMP_1_2, "id", "1-7-99", "", true},
	{STOMP_1_1, "message-id", "1-7", "1", true},
	{STOMP_1_1, "message-id", "1-7", "gone", true},
	{STOMP_1_1, "message-id", "undefined", "1", true},
	{STOMP_1_0, "message-id", "1-7", "", true},
	{STOMP_1_2, "message-id", "1-7", "1", false},
	{STOMP_1_1, "id", "1-7", "1", false},
	{STOMP_1_1, "message-id", "1-7", "", false},
};

START_TEST(who_has_had_an_auto_subscription_is_forgiven_what_nobody_knows)
{
	struct subscription *subscription = delivered("1", ACK_INDIVIDUAL, 2);

	participant.had_auto = true;
	ck_assert_int_eq(say(STOMP_ACK, stray[_i].version, stray[_i].name,
				 stray[_i].value, stray[_i].subscription),
		stray[_i].is_ignored ? BROKER_TAKEN : BROKER_REFUSED);
	ck_assert_uint_eq(subscription->unacked.count, 2);
	ck_assert_uint_eq(counter_read(&broker->worker->metrics->ignored_acks),
		stray[_i].is_ignored);
}
END_TEST

/* With the third delivery of 1-1 on a subscription "1". */
static const struct {
	enum stomp_version version;
	const char *name, *value;
	bool is_taken;
} attempts[] = {
	{STOMP_1_2, "id", "1-1-1.3", true},
	{STOMP_1_2, "id", "1-1.3", true},
	{STOMP_1_1, "message-id", "1-1.3", true},
	{STOMP_1_0, "message-id", "1-1.3", true},
	{STOMP_1_2, "id", "1-1-1", false},
	{STOMP_1_2, "id", "1-1-1.2", false},
	{STOMP_1_2, "id", "1-1-1.4", false},
	{STOMP_1_2, "id", "1-1", false},
	{STOMP_1_2, "id", "1-1.2", false},
	{STOMP_1_1, "message-id", "1-1", false},
	{STOMP_1_1, "message-id", "1-1.2", false},
	{STOMP_1_0, "message-id", "1-1", false},
	{STOMP_1_0, "message-id", "1-1.2", false},
};

START_TEST(an_id_means_one_delivery_of_its_message)
{
	struct subscription *subscription = delivered("1", ACK_INDIVIDUAL, 0);

	unacked_push(&subscription->unacked, (struct place){1, 1}, 3, 0);
	ck_assert_int_eq(say(STOMP_ACK, attempts[_i].version, attempts[_i].name,
				 attempts[_i].value,
				 attempts[_i].version == STOMP_1_1 ? "1" : ""),
		attempts[_i].is_taken ? BROKER_TAKEN : BROKER_REFUSED);
	ck_assert_uint_eq(subscription->unacked.count, attempts[_i].is_taken ? 0 : 1);
	if (!attempts[_i].is_taken)
		ck_assert_int_eq(refusal.kind, REFUSAL_UNKNOWN_MESSAGE);
}
END_TEST

START_TEST(a_late_id_is_forgiven_who_has_had_an_auto_subscription)
{
	struct subscription *subscription = delivered("1", ACK_INDIVIDUAL, 0);

	participant.had_auto = true;
	unacked_push(&subscription->unacked, (struct place){1, 1}, 3, 0);
	ck_assert_int_eq(say(STOMP_ACK, STOMP_1_2, "id", "1-1-1.2", ""), BROKER_TAKEN);
	ck_assert_uint_eq(subscription->unacked.count, 1);
	ck_assert_uint_eq(counter_read(&broker->worker->metrics->ignored_acks), 1);
}
END_TEST

START_TEST(a_message_id_in_1_2_must_name_one_delivery)
{
	struct subscription *first = delivered("1", ACK_INDIVIDUAL, 1);
	struct subscription *second = delivered("2", ACK_INDIVIDUAL, 2);

	delivered("auto", ACK_AUTO, 3);
	ck_assert_int_eq(say(STOMP_ACK, STOMP_1_2, "id", "1-1", ""), BROKER_REFUSED);
	ck_assert_int_eq(say(STOMP_ACK, STOMP_1_2, "id", "1-3", ""), BROKER_REFUSED);
	ck_assert_int_eq(say(STOMP_ACK, STOMP_1_2, "id", "1-2", ""), BROKER_TAKEN);
	ck_assert_uint_eq(first->unacked.count, 1);
	ck_assert_uint_eq(second->unacked.count, 1);
	ck_assert_int_eq(ack_of(first, 1), BROKER_TAKEN);
	ck_assert_int_eq(say(STOMP_ACK, STOMP_1_2, "id", "1-1", ""), BROKER_TAKEN);
	ck_assert_uint_eq(second->unacked.count, 0);
}
END_TEST

START_TEST(a_message_id_in_1_2_acknowledges_all_before_it_too)
{
	struct subscription *subscription = delivered("1", ACK_CLIENT, 5);

	ck_assert_int_eq(say(STOMP_ACK, STOMP_1_2, "id", "1-3", ""), BROKER_TAKEN);
	ck_assert_uint_eq(subscription->unacked.count, 2);
}
END_TEST

START_TEST(what_was_forgotten_may_be_acknowledged_on_a_topic)
{
	struct subscription *subscription = delivered("1", ACK_CLIENT, 0);

	for (uint64_t offset = 1; offset <= 3; offset++)
		unacked_push(&subscription->unacked, (struct place){1, offset}, 1, 2);
	ck_assert_int_eq(ack_of(subscription, 1), BROKER_TAKEN);
	ck_assert_uint_eq(subscription->unacked.count, 2);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("settle");
	TCase *tcase = unit_case(suite, "acknowledgements");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, client_acknowledges_all_up_to_the_one_that_is_named);
	tcase_add_test(tcase, client_individual_acknowledges_one);
	tcase_add_test(tcase, one_subscription_does_not_acknowledge_for_another);
	unit_add_table(tcase, each_version_names_messages_in_its_own_way, frames);
	unit_add_table(tcase,
		who_has_had_an_auto_subscription_is_forgiven_what_nobody_knows, stray);
	unit_add_table(tcase, an_id_means_one_delivery_of_its_message, attempts);
	tcase_add_test(tcase, a_late_id_is_forgiven_who_has_had_an_auto_subscription);
	tcase_add_test(tcase, a_message_id_in_1_2_must_name_one_delivery);
	tcase_add_test(tcase, a_message_id_in_1_2_acknowledges_all_before_it_too);
	tcase_add_test(tcase, what_was_forgotten_may_be_acknowledged_on_a_topic);
	return unit_run(suite);
}
