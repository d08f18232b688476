/* The subscribers on a worker: an audience of four, each with a session of its own. */
/* tags: workers */
#include "gateway/broker/audience.h"
#include "gateway/broker/internal.h"
#include "gateway/broker/subscription.h"
#include "tests/support/memory_outlet.h"
#include "tests/support/still_workers.h"
#include "tests/support/unit.h"

enum { MEMBERS = 4 };

static struct worker *worker;
static struct memory_outlet outlets[MEMBERS];
static struct participant participants[MEMBERS];
static struct subscription members[MEMBERS];

static void setup(void)
{
	worker = still_workers_create("")->all[0];
	for (int i = 0; i < MEMBERS; i++) {
		outlets[i] = (struct memory_outlet){.wire = WIRE_PLAIN};
		participants[i].session =
			still_workers_open(worker, "/echo", SESSION_RAW, "");
		members[i] = (struct subscription){.participant = &participants[i]};
		memory_outlet_attach(&outlets[i], participants[i].session);
		audience_add(worker->broker, SLICE("/topic/a"), &members[i]);
	}
}

static void teardown(void)
{
	for (int i = 0; i < MEMBERS; i++) {
		if (members[i].audience != NULL)
			audience_remove(worker->broker, &members[i]);
	}
	ck_assert_uint_eq(still_workers_audiences(worker->workers), 0);
	still_workers_destroy(worker->workers);
	for (int i = 0; i < MEMBERS; i++)
		memory_outlet_finish(&outlets[i]);
}

static void deliver(struct slice destination)
{
	const struct stomp_frame send = {.command = STOMP_SEND, .body = SLICE("x")};
	struct message *message = message_create(&send, destination, destination);

	audience_start_fan_out(worker->broker, message);
	ck_assert(audience_fan_out_step(
		worker->broker, &(struct fan_out){{message}, 1}, SIZE_MAX));
	message_unref(message);
	still_workers_settle(worker->workers);
}

static bool heard(int member)
{
	return memory_outlet_got(&outlets[member])[0] != '\0';
}

START_TEST(everybody_in_the_audience_hears)
{
	deliver(SLICE("/topic/a"));
	for (int i = 0; i < MEMBERS; i++)
		ck_assert(heard(i));
}
END_TEST

START_TEST(no_other_audience_hears)
{
	deliver(SLICE("/topic/b"));
	for (int i = 0; i < MEMBERS; i++)
		ck_assert(!heard(i));
}
END_TEST

START_TEST(who_has_not_joined_yet_does_not_hear)
{
	members[1].joining = 1;
	deliver(SLICE("/topic/a"));
	for (int i = 0; i < MEMBERS; i++)
		ck_assert(heard(i) == (i != 1));
}
END_TEST

static const int leaving[][MEMBERS] = {
	{0, 1, 2, 3},
	{3, 2, 1, 0},
	{1, 3, 0, 2},
	{2, 0, 3, 1},
};

START_TEST(members_leave_in_any_order)
{
	bool left[MEMBERS] = {false};

	for (int i = 0; i < MEMBERS; i++) {
		audience_remove(worker->broker, &members[leaving[_i][i]]);
		left[leaving[_i][i]] = true;
		deliver(SLICE("/topic/a"));
		for (int j = 0; j < MEMBERS; j++)
			ck_assert(heard(j) == !left[j]);
	}
	ck_assert_uint_eq(still_workers_audiences(worker->workers), 0);
}
END_TEST

START_TEST(an_audience_knows_its_destination)
{
	ck_assert_slice_eq(audience_address(members[0].audience), SLICE("/topic/a"));
	ck_assert_uint_eq(still_workers_audiences(worker->workers), 1);
}
END_TEST

START_TEST(a_closing_session_does_not_hear)
{
	session_close(participants[2].session, ENDING_DISCONNECT);
	deliver(SLICE("/topic/a"));
	ck_assert_str_eq(memory_outlet_got(&outlets[2]), "close 1000 Goodbye");
}
END_TEST

START_TEST(a_delivery_is_work_for_each_member)
{
	size_t before = worker->spent;
	const struct stomp_frame send = {.command = STOMP_SEND};
	struct message *message =
		message_create(&send, SLICE("/topic/a"), SLICE("/topic/a"));
	const struct fan_out fan_out = {{message, message}, 2};

	audience_start_fan_out(worker->broker, message);
	ck_assert(!audience_fan_out_step(worker->broker, &fan_out, MEMBERS - 1));
	ck_assert_uint_eq(worker->spent, before + 2 * (MEMBERS - 1));
	ck_assert(audience_fan_out_step(worker->broker, &fan_out, MEMBERS));
	ck_assert_uint_eq(worker->spent, before + 2 * MEMBERS);
	message_unref(message);
}
END_TEST

/* Rounds that last several turns. */

static struct message *begin_fan_out(struct slice destination)
{
	const struct stomp_frame send = {.command = STOMP_SEND, .body = SLICE("x")};
	struct message *message = message_create(&send, destination, destination);

	audience_start_fan_out(worker->broker, message);
	return message;
}

/* Another member at each call. */
static void end_fan_out(struct message *message)
{
	const struct fan_out fan_out = {{message}, 1};
	int calls = 0;

	while (!audience_fan_out_step(worker->broker, &fan_out, 1))
		ck_assert_int_lt(++calls, 2 * MEMBERS);
	message_unref(message);
	still_workers_settle(worker->workers);
}

static int times_heard(int member)
{
	int times = 0;

	for (const char *got = memory_outlet_got(&outlets[member]);
		(got = strstr(got, "MESSAGE")) != NULL; got++)
		times++;
	return times;
}

START_TEST(who_leaves_in_a_round_changes_nothing_for_the_others)
{
	for (int leaver = 0; leaver < MEMBERS; leaver++) {
		struct message *message = begin_fan_out(SLICE("/topic/a"));
		const struct fan_out fan_out = {{message}, 1};

		audience_fan_out_step(worker->broker, &fan_out, (size_t)_i);
		audience_remove(worker->broker, &members[leaver]);
		end_fan_out(message);
		for (int i = 0; i < MEMBERS; i++) {
			const int times = times_heard(i);

			ck_assert_int_le(times, 1);
			ck_assert(times == 1 || i == leaver);
		}
		audience_add(worker->broker, SLICE("/topic/a"), &members[leaver]);
	}
}
END_TEST

START_TEST(who_comes_in_a_round_hears_nothing_of_it)
{
	audience_remove(worker->broker, &members[0]);
	struct message *message = begin_fan_out(SLICE("/topic/a"));
	const struct fan_out fan_out = {{message}, 1};

	audience_fan_out_step(worker->broker, &fan_out, (size_t)_i);
	audience_add(worker->broker, SLICE("/topic/a"), &members[0]);
	end_fan_out(message);
	for (int i = 0; i < MEMBERS; i++)
		ck_assert_int_eq(times_heard(i), i != 0);
}
END_TEST

START_TEST(an_audience_may_end_in_a_round)
{
	struct message *message = begin_fan_out(SLICE("/topic/a"));
	const struct fan_out fan_out = {{message}, 1};

	audience_fan_out_step(worker->broker, &fan_out, (size_t)_i);
	for (int i = 0; i < MEMBERS; i++)
		audience_remove(worker->broker, &members[i]);
	ck_assert_uint_eq(still_workers_audiences(worker->workers), 0);
	ck_assert(audience_fan_out_step(worker->broker, &fan_out, 1));
	end_fan_out(message);
}
END_TEST

START_TEST(a_round_goes_on_from_one_audience_to_the_next)
{
	audience_remove(worker->broker, &members[0]);
	audience_add(worker->broker, SLICE("/topic/*"), &members[0]);
	audience_remove(worker->broker, &members[1]);
	audience_add(worker->broker, SLICE("/topic/**"), &members[1]);
	end_fan_out(begin_fan_out(SLICE("/topic/a")));
	for (int i = 0; i < MEMBERS; i++)
		ck_assert_int_eq(times_heard(i), 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("audience");
	TCase *tcase = unit_case(suite, "audience");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, everybody_in_the_audience_hears);
	tcase_add_test(tcase, no_other_audience_hears);
	tcase_add_test(tcase, who_has_not_joined_yet_does_not_hear);
	unit_add_table(tcase, members_leave_in_any_order, leaving);
	tcase_add_test(tcase, an_audience_knows_its_destination);
	tcase_add_test(tcase, a_closing_session_does_not_hear);
	tcase_add_test(tcase, a_delivery_is_work_for_each_member);
	tcase_add_loop_test(tcase, who_leaves_in_a_round_changes_nothing_for_the_others,
		0, MEMBERS + 1);
	tcase_add_loop_test(
		tcase, who_comes_in_a_round_hears_nothing_of_it, 0, MEMBERS);
	tcase_add_loop_test(tcase, an_audience_may_end_in_a_round, 0, MEMBERS + 1);
	tcase_add_test(tcase, a_round_goes_on_from_one_audience_to_the_next);
	return unit_run(suite);
}
