/*
 * The search for what an ACK means: a model compares them all, and what a search looks
 * at is counted, with few unacknowledged deliveries and with many.
 */
#include "gateway/broker/delivery_index.h"

#include "gateway/broker/internal.h"
#include "gateway/broker/subscription.h"
#include "tests/support/chance.h"
#include "tests/support/still_workers.h"
#include "tests/support/unit.h"

#include <stdio.h>

static struct worker *worker;
static struct broker *broker;
static struct participant participant;

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

/* Subscribes, without a home. */
static struct subscription *listen(const char *id, enum ack_mode ack)
{
	const struct slice name = slice_of(id);
	struct subscription *subscription = subscription_create(broker, &participant,
		id[0] == '\0' ? NULL : &name, SLICE("/topic/a"), STOMP_1_0);

	subscription->kind = SUBSCRIPTION_LOCAL;
	subscription->ack = ack;
	return subscription;
}

static void deliver(struct subscription *subscription, uint64_t offset)
{
	unacked_push(&subscription->unacked, (struct place){1, offset}, 1, 0);
	delivery_index_note(subscription);
}

/* Of the oldest subscription that has it; the slow way. */
static size_t model_find(struct place place, struct delivery_found *first)
{
	size_t count = 0;

	for (size_t i = participant.subscription_count; i > 0; i--) {
		struct subscription *one = participant.subscriptions[i - 1];
		const size_t at = unacked_find_near(&one->unacked, place, SIZE_MAX);

		if (at == SIZE_MAX || one->ack == ACK_AUTO)
			continue;
		*first = (struct delivery_found){one, at};
		count++;
	}
	return count;
}

static void check_find(uint64_t offset)
{
	const struct place place = {1, offset};
	struct delivery_found found, expected;
	const size_t count = model_find(place, &expected);

	ck_assert_uint_eq(
		delivery_find_any(&participant, place, 1, false, &found), count);
	if (count > 0) {
		ck_assert_ptr_eq(found.subscription, expected.subscription);
		ck_assert_uint_eq(found.index, expected.index);
	}
	for (size_t i = 0; i < participant.subscription_count; i++) {
		const struct subscription *one = participant.subscriptions[i];

		if (one->ack != ACK_AUTO)
			ck_assert_uint_eq(delivery_find(one, place),
				unacked_find_near(&one->unacked, place, SIZE_MAX));
	}
}

START_TEST(deliveries_are_found_as_their_model_finds_them)
{
	enum { SUBSCRIPTIONS = 5, OFFSETS = 300 };
	struct chance chance = {0xacc + (uint64_t)_i};
	char id[2] = "0";

	for (int i = 0; i < SUBSCRIPTIONS; i++, id[0]++)
		listen(id, i == 2 ? ACK_AUTO : ACK_INDIVIDUAL);
	for (int round = 0; round < 3000; round++) {
		struct subscription *one =
			participant.subscriptions[chance_below(&chance, SUBSCRIPTIONS)];
		const uint64_t offset = chance_below(&chance, OFFSETS);

		if (chance_percent(&chance, 55)) {
			if (unacked_find_near(&one->unacked, (struct place){1, offset},
				    SIZE_MAX) == SIZE_MAX)
				deliver(one, offset);
		} else if (one->unacked.count > 0) {
			unacked_remove(&one->unacked,
				chance_below(&chance, (unsigned)one->unacked.count));
		}
		if (round % 7 == 0)
			check_find(chance_below(&chance, OFFSETS));
	}
}
END_TEST

/* Acknowledges the offset by a frame of that version. */
static void acknowledge(uint64_t offset, enum stomp_version version)
{
	char value[32];
	struct broker_refusal refusal;

	snprintf(value, sizeof(value), "1-%llu", (unsigned long long)offset);
	struct stomp_header headers[] = {
		{SLICE("message-id"), slice_of(value)},
		{SLICE("subscription"), SLICE("0")},
	};
	const struct stomp_frame frame = {.command = STOMP_ACK,
		.headers = headers,
		.header_count = version == STOMP_1_0 ? 1 : 2};
	struct broker_call call = {.participant = &participant,
		.frame = &frame,
		.version = version,
		.refusal = &refusal};

	ck_assert_int_eq(broker_settle(broker, &call), BROKER_TAKEN);
}

/* The looks of `acks` acknowledgements, from the middle of what is unacknowledged. */
static uint64_t looks_for(uint64_t count, uint64_t acks, enum stomp_version version)
{
	acknowledge(count / 2, version);
	const uint64_t before = participant.deliveries->looks;

	for (uint64_t i = 1; i <= acks; i++)
		acknowledge(count / 2 + i, version);
	return participant.deliveries->looks - before;
}

static const uint64_t many[] = {10, 1000, 100000};

START_TEST(an_ack_costs_the_same_with_few_deliveries_and_with_many)
{
	struct subscription *one = listen("0", ACK_INDIVIDUAL);

	for (uint64_t offset = 0; offset < many[_i]; offset++)
		deliver(one, offset);
	/* Few collide in the table. */
	ck_assert_uint_le(looks_for(many[_i], 4, STOMP_1_0), 16);
	ck_assert_uint_le(looks_for(many[_i] - 8, 3, STOMP_1_1), 16);
	ck_assert_uint_eq(one->unacked.count, many[_i] - 9);
}
END_TEST

START_TEST(an_ack_costs_the_same_with_many_subscriptions)
{
	enum { SUBSCRIPTIONS = 255, EACH = 400 };
	char id[16];

	for (unsigned i = 0; i < SUBSCRIPTIONS; i++) {
		snprintf(id, sizeof(id), "%u", i);
		struct subscription *one = listen(id, ACK_INDIVIDUAL);

		for (uint64_t j = 0; j < EACH; j++)
			deliver(one, i * EACH + j);
	}
	ck_assert_uint_le(looks_for((uint64_t)SUBSCRIPTIONS * EACH, 4, STOMP_1_0), 16);
}
END_TEST

START_TEST(who_acknowledges_in_order_has_no_index)
{
	struct subscription *one = listen("0", ACK_INDIVIDUAL);

	for (uint64_t offset = 0; offset < 1000; offset++)
		deliver(one, offset);
	for (uint64_t offset = 0; offset < 500; offset++)
		acknowledge(offset, STOMP_1_1);
	ck_assert_ptr_null(participant.deliveries);
	ck_assert_uint_eq(one->unacked.count, 500);
}
END_TEST

START_TEST(an_index_shrinks_when_it_is_made_anew)
{
	struct subscription *one = listen("0", ACK_INDIVIDUAL);

	for (uint64_t offset = 0; offset < 1000; offset++)
		deliver(one, offset);
	acknowledge(500, STOMP_1_0);
	ck_assert_uint_eq(participant.deliveries->capacity, 2000);
	while (one->unacked.count > 0)
		unacked_remove(&one->unacked, 0);
	for (uint64_t offset = 1000; offset < 2001; offset++) {
		deliver(one, offset);
		unacked_remove(&one->unacked, 0);
	}
	ck_assert_uint_eq(participant.deliveries->capacity, 64);
}
END_TEST

/* Once such a subscription took the ACKs of all that came after it. */
START_TEST(an_ack_goes_to_who_has_the_message_before_who_may_have_forgotten_it)
{
	struct subscription *forgetful = listen("0", ACK_INDIVIDUAL);
	struct subscription *other = listen("1", ACK_INDIVIDUAL);

	for (uint64_t offset = 0; offset < 3; offset++)
		unacked_push(&forgetful->unacked, (struct place){1, offset}, 1, 2);
	ck_assert(forgetful->unacked.has_forgotten);
	deliver(other, 7);
	acknowledge(7, STOMP_1_0);
	ck_assert_uint_eq(other->unacked.count, 0);
	acknowledge(0, STOMP_1_0);
	ck_assert_uint_eq(forgetful->unacked.count, 2);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("delivery index");
	TCase *all = unit_case(suite, "all");

	tcase_add_checked_fixture(all, setup, teardown);
	tcase_add_loop_test(all, deliveries_are_found_as_their_model_finds_them, 0, 5);
	unit_add_table(
		all, an_ack_costs_the_same_with_few_deliveries_and_with_many, many);
	tcase_add_test(all, an_ack_costs_the_same_with_many_subscriptions);
	tcase_add_test(all, who_acknowledges_in_order_has_no_index);
	tcase_add_test(all, an_index_shrinks_when_it_is_made_anew);
	tcase_add_test(all,
		an_ack_goes_to_who_has_the_message_before_who_may_have_forgotten_it);
	return unit_run(suite);
}
