#include "gateway/worker/budget.h"

#include "gateway/session/session.h"
#include "gateway/worker/account.h"
#include "protocol/xmalloc.h"
#include "tests/support/recorder.h"
#include "tests/support/still_workers.h"
#include "tests/support/unit.h"

enum { MIB = 1 << 20, LIMIT = 256 * MIB };
enum { ANA = 1, BEN = 2 }; /* accounts */

static struct workers *workers;

/* What is allocated already is left out, so that the room is exactly LIMIT. */
static void budget_begin(void)
{
	workers->budget.limit = LIMIT;
	atomic_store(&workers->budget.correction, -xmalloc_bytes());
}

static void setup(void)
{
	workers = still_workers_create_of(1, "");
	budget_begin();
}

static void teardown(void)
{
	still_workers_destroy(workers);
}

/* As one holder that takes what it gets, a MiB at a time, without using it. */
static int64_t take_all(uint32_t account, int64_t most)
{
	int64_t held = 0;

	while (held < most && budget_admits(workers, account, held, MIB)) {
		budget_charge(workers, account, MIB);
		atomic_fetch_add(&workers->budget.correction, MIB);
		held += MIB;
	}
	return held;
}

static void give(uint32_t account, int64_t bytes)
{
	budget_charge(workers, account, -bytes);
	atomic_fetch_sub(&workers->budget.correction, bytes);
}

START_TEST(without_a_limit_everybody_may_have_all)
{
	workers->budget.limit = 0;
	ck_assert(budget_admits(workers, ANA, 0, (int64_t)1 << 40));
	ck_assert(!budget_is_tight(workers));
}
END_TEST

START_TEST(the_room_is_the_limit_less_what_is_counted_and_the_correction)
{
	const int64_t before = budget_room(workers);
	char *more = xmalloc(10 * MIB);
	const int64_t less = before - budget_room(workers);
	free(more);
	const int64_t after = budget_room(workers);
	atomic_fetch_add(&workers->budget.correction, MIB);
	const int64_t corrected = budget_room(workers);

	ck_assert_int_ge(less, 10 * MIB);
	ck_assert_int_eq(after, before);
	ck_assert_int_eq(corrected, before - MIB);
}
END_TEST

START_TEST(memory_of_a_library_counts_and_is_charged)
{
	const int64_t before = budget_room(workers);

	budget_charge_library(workers, ANA, MIB);
	const int64_t charged = budget_room(workers);
	const int64_t held = account_sum(workers->accounts, ANA, ACCOUNT_HELD);
	budget_charge_library(workers, ANA, -MIB);
	const int64_t after = budget_room(workers);

	ck_assert_int_eq(charged, before - MIB);
	ck_assert_int_eq(held, MIB);
	ck_assert_int_eq(after, before);
}
END_TEST

static void leave_room(int64_t bytes)
{
	atomic_fetch_add(&workers->budget.correction, budget_room(workers) - bytes);
}

START_TEST(what_is_claimed_counts_until_the_claim_ends)
{
	const int64_t before = budget_room(workers);

	const bool is_claimed = budget_claim(workers, MIB);
	const int64_t claimed = budget_room(workers);
	budget_end_claim(workers, MIB);
	const int64_t after = budget_room(workers);

	ck_assert(is_claimed);
	ck_assert_int_eq(claimed, before - MIB);
	ck_assert_int_eq(after, before);
}
END_TEST

/* As two workers that each look before the other has allocated. */
START_TEST(two_claims_do_not_find_the_same_room)
{
	leave_room(LIMIT / 32 + 3 * MIB);
	const bool first = budget_claim(workers, 2 * MIB);
	const bool second = budget_claim(workers, 2 * MIB);
	const int64_t left = budget_room(workers); /* the refused one takes none */
	budget_end_claim(workers, 2 * MIB);
	const bool third = budget_claim(workers, 2 * MIB);
	budget_end_claim(workers, 2 * MIB);

	ck_assert(first && !second && third);
	ck_assert_int_eq(left, LIMIT / 32 + MIB);
}
END_TEST

START_TEST(a_buf_grows_where_there_is_room)
{
	struct buf buf = {0};

	leave_room(LIMIT / 32 + 3 * MIB);
	buf_append(&buf, SLICE("ab"));
	ck_assert(budget_reserve(workers, &buf, 2 * MIB));
	const size_t capacity = buf.capacity;
	const bool grows = budget_reserve(workers, &buf, 4 * MIB);
	const struct slice bytes = buf_slice(&buf);
	ck_assert_slice_eq(bytes, SLICE("ab"));
	ck_assert_uint_eq(buf.capacity, capacity);
	buf_finish(&buf);
	ck_assert_uint_eq(capacity, 2 * MIB + 2);
	ck_assert(!grows);
}
END_TEST

START_TEST(one_holder_stops_at_a_third_and_a_newcomer_finds_room)
{
	const int64_t ana = take_all(ANA, LIMIT);

	/* account + holder + what is used <= 7/8 */
	const int64_t ben = take_all(BEN, LIMIT);

	give(ANA, ana);
	give(BEN, ben);
	ck_assert_int_gt(ana, LIMIT / 4);
	ck_assert_int_le(ana, LIMIT / 3);
	ck_assert_int_gt(ben, LIMIT / 16);
}
END_TEST

START_TEST(many_holders_of_one_account_stop_at_half)
{
	int64_t held = 0;

	for (int i = 0; i < 1000; i++)
		held += take_all(ANA, MIB);
	ck_assert_int_gt(held, LIMIT / 3);
	ck_assert_int_le(held, LIMIT / 2);
	give(ANA, held);
	ck_assert(budget_admits(workers, ANA, 0, LIMIT / 4));
}
END_TEST

START_TEST(sixteen_accounts_leave_the_reserve)
{
	int64_t held[17];

	for (uint32_t account = 1; account <= 16; account++)
		held[account] = take_all(account, LIMIT);
	const int64_t room = budget_room(workers);
	const bool admits = budget_admits(workers, 17, 0, 4 * MIB);
	for (uint32_t account = 1; account <= 16; account++)
		give(account, held[account]);

	ck_assert_int_ge(room, LIMIT / 8);
	ck_assert(!admits);
}
END_TEST

START_TEST(small_holders_may_use_the_reserve_but_not_all_of_it)
{
	atomic_fetch_add(&workers->budget.correction, LIMIT - LIMIT / 16);
	ck_assert(budget_admits(workers, ANA, 0, BUDGET_SMALL));
	ck_assert(!budget_admits(workers, ANA, 1, BUDGET_SMALL));
	ck_assert(!budget_is_tight(workers));
	atomic_fetch_add(&workers->budget.correction, LIMIT / 32 + MIB);
	ck_assert(!budget_admits(workers, ANA, 0, BUDGET_SMALL));
	ck_assert(budget_is_tight(workers));
	ck_assert(budget_admits(workers, ACCOUNT_HOUSE, 0, BUDGET_SMALL));
}
END_TEST

/* Else thousands of sessions that hold little each would leave nothing to others. */
START_TEST(many_small_holders_of_one_account_stop_at_half)
{
	int64_t held = 0;

	while (held < LIMIT && budget_admits(workers, ANA, 0, BUDGET_SMALL)) {
		budget_charge(workers, ANA, BUDGET_SMALL);
		atomic_fetch_add(&workers->budget.correction, BUDGET_SMALL);
		held += BUDGET_SMALL;
	}
	const bool ben = budget_admits(workers, BEN, 0, LIMIT / 8);
	account_set_exempt(workers->accounts, ANA, true);
	const bool exempt = budget_admits(workers, ANA, 0, BUDGET_SMALL);
	account_set_exempt(workers->accounts, ANA, false);
	give(ANA, held);

	ck_assert_int_gt(held, LIMIT / 3);
	ck_assert_int_le(held, LIMIT / 2);
	ck_assert(ben);
	ck_assert(exempt);
}
END_TEST

/* As a trusted proxy, whose connections are those of many clients. */
START_TEST(whom_no_account_bounds_has_all_but_the_reserve)
{
	int64_t held = 0;

	for (; budget_has_room(workers, MIB); held += MIB)
		atomic_fetch_add(&workers->budget.correction, MIB);
	const bool finds_room = budget_admits(workers, BEN, 0, BUDGET_SMALL);
	atomic_fetch_sub(&workers->budget.correction, held);

	ck_assert_int_eq(held, LIMIT - LIMIT / 8);
	ck_assert(finds_room);
}
END_TEST

START_TEST(a_small_buffer_is_not_charged)
{
	ck_assert_int_eq(budget_change(0, BUDGET_LEAST - 1), 0);
	ck_assert_int_eq(budget_change(100, BUDGET_LEAST), BUDGET_LEAST);
	ck_assert_int_eq(budget_change(BUDGET_LEAST, 0), -BUDGET_LEAST);
	ck_assert_int_eq(budget_change(MIB, 2 * MIB), MIB);
}
END_TEST

static struct session *open_session(void)
{
	return still_workers_open(workers->all[0], "/echo", SESSION_RAW, "");
}

static int64_t held_by(uint32_t account)
{
	return account_sum(workers->accounts, account, ACCOUNT_HELD);
}

static bool keep(uint32_t account, int64_t bytes)
{
	if (!budget_may_keep(workers->all[0], account, bytes))
		return false;
	budget_keep(workers, account, bytes);
	return true;
}

/* How much of half the memory queues keep for the account. */
static int64_t keep_all(uint32_t account)
{
	int64_t kept = 0;

	while (kept < LIMIT && keep(account, MIB))
		kept += MIB;
	return kept;
}

START_TEST(queues_keep_half_of_the_memory_and_one_account_not_half_of_that)
{
	const int64_t ana = keep_all(ANA), ben = keep_all(BEN);
	const bool small = keep(3, BUDGET_SMALL), house = keep(ACCOUNT_HOUSE, LIMIT);

	budget_keep(workers, ANA, -ana);
	budget_keep(workers, BEN, -ben);
	budget_keep(workers, 3, small ? -BUDGET_SMALL : 0);
	budget_keep(workers, ACCOUNT_HOUSE, -LIMIT);
	ck_assert_int_gt(ana, LIMIT / 8);
	ck_assert_int_le(ana, LIMIT / 4);
	ck_assert_int_gt(ben, LIMIT / 32);
	ck_assert_int_lt(ana + ben, LIMIT / 2 - LIMIT / 16);
	ck_assert(small && house);
	ck_assert_int_eq(atomic_load(&workers->budget.kept), 0);
}
END_TEST

START_TEST(queues_do_not_take_the_reserve_of_the_process)
{
	atomic_fetch_add(&workers->budget.correction, LIMIT - LIMIT / 8);
	ck_assert(!keep(ANA, MIB));
	ck_assert(keep(ANA, BUDGET_SMALL));
	budget_keep(workers, ANA, -BUDGET_SMALL);
}
END_TEST

START_TEST(what_a_session_holds_moves_to_its_user_and_ends_with_it)
{
	struct session *session = open_session();
	const uint32_t address = session_account(session);

	ck_assert(session_resize(session, 0, MIB));
	ck_assert_int_eq(held_by(address), MIB);
	session_set_user(session, SLICE("ana"));
	ck_assert_int_eq(held_by(address), 0);
	ck_assert_int_eq(held_by(session_account(session)), MIB);
	ck_assert_int_ne(session_account(session), address);

	const uint32_t user = session_account(session);
	session_lost(session, ENDING_INTERRUPTED);
	still_workers_settle(workers);
	ck_assert_int_eq(held_by(user), 0);
}
END_TEST

START_TEST(a_session_that_may_not_grow_is_told_so)
{
	struct session *session = open_session();

	atomic_fetch_add(&workers->budget.correction, LIMIT / 2);
	ck_assert(session_resize(session, 0, LIMIT / 16));
	ck_assert(!session_resize(session, LIMIT / 16, LIMIT / 2));
	session_resize(session, LIMIT / 2, 0);
	ck_assert_int_eq(held_by(session_account(session)), 0);
}
END_TEST

static struct session *open_from(struct slice origin, struct slice cookie)
{
	return session_create(workers->all[0], still_workers_endpoint(workers, "/echo"),
		TRANSPORT_XHR_STREAMING, SLICE(""),
		&(struct peer){.origin = origin, .cookie = cookie});
}

START_TEST(the_names_of_a_peer_are_charged_and_long_ones_need_memory)
{
	static const char text[5000];
	const struct slice much = {text, sizeof(text)};
	struct session *session = open_from(much, much);

	ck_assert_int_eq(held_by(session_account(session)), 2 * 5000);
	ck_assert_ptr_nonnull(open_from(much, SLICE("a")));
	const uint32_t account = session_account(session);
	budget_charge(workers, account, LIMIT);
	ck_assert_ptr_null(open_from(much, SLICE("")));
	ck_assert_ptr_null(open_from(SLICE(""), much));
	ck_assert_ptr_nonnull(open_from(SLICE("https://a.example"), SLICE("a")));
	budget_charge(workers, account, -LIMIT);
}
END_TEST

START_TEST(when_memory_is_tight_no_session_is_opened)
{
	ck_assert_ptr_nonnull(open_session());
	atomic_fetch_add(&workers->budget.correction, LIMIT - LIMIT / 32);
	ck_assert_ptr_null(open_session());
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("budget");
	TCase *tcase = unit_case(suite, "budget");

	still_workers_run(&recorder_handler);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, without_a_limit_everybody_may_have_all);
	tcase_add_test(
		tcase, the_room_is_the_limit_less_what_is_counted_and_the_correction);
	tcase_add_test(tcase, memory_of_a_library_counts_and_is_charged);
	tcase_add_test(tcase, what_is_claimed_counts_until_the_claim_ends);
	tcase_add_test(tcase, two_claims_do_not_find_the_same_room);
	tcase_add_test(tcase, a_buf_grows_where_there_is_room);
	tcase_add_test(tcase, one_holder_stops_at_a_third_and_a_newcomer_finds_room);
	tcase_add_test(tcase, many_holders_of_one_account_stop_at_half);
	tcase_add_test(tcase, sixteen_accounts_leave_the_reserve);
	tcase_add_test(tcase, small_holders_may_use_the_reserve_but_not_all_of_it);
	tcase_add_test(tcase, many_small_holders_of_one_account_stop_at_half);
	tcase_add_test(tcase, whom_no_account_bounds_has_all_but_the_reserve);
	tcase_add_test(tcase, a_small_buffer_is_not_charged);
	tcase_add_test(
		tcase, queues_keep_half_of_the_memory_and_one_account_not_half_of_that);
	tcase_add_test(tcase, queues_do_not_take_the_reserve_of_the_process);
	tcase_add_test(tcase, what_a_session_holds_moves_to_its_user_and_ends_with_it);
	tcase_add_test(tcase, a_session_that_may_not_grow_is_told_so);
	tcase_add_test(
		tcase, the_names_of_a_peer_are_charged_and_long_ones_need_memory);
	tcase_add_test(tcase, when_memory_is_tight_no_session_is_opened);
	return unit_run(suite);
}
