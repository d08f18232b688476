#include "gateway/broker/lanes.h"

#include "gateway/worker/account.h"
#include "protocol/xmalloc.h"
#include "tests/support/still_workers.h"
#include "tests/support/unit.h"

#include <stdlib.h>

static struct workers *workers;
static struct lanes lanes;
static char served[64]; /* the letters of the posts, as their turns came */

/* A post of an account that costs so many deliveries beside its own. */
struct letter {
	struct post post;
	char letter;
	uint32_t account;
	uint64_t deliveries;
};

static void letter_run(struct worker *worker, struct post *post)
{
	struct letter *letter = container_of(post, struct letter, post);
	const size_t len = strlen(served);

	(void)worker;
	served[len] = letter->letter;
	served[len + 1] = '\0';
	lanes_charge(&lanes, letter->account, letter->deliveries);
	free(letter);
}

static struct post *letter_create(char which, uint32_t account, uint64_t deliveries)
{
	struct letter *letter = xcalloc(1, sizeof(*letter));

	letter->letter = which;
	letter->account = account;
	letter->deliveries = deliveries;
	letter->post.size = sizeof(*letter);
	return &letter->post;
}

/* Each letter is a post of participant `number`. */
static void put(uint32_t account, uint64_t number, const char *letters, uint64_t costs)
{
	for (; *letters != '\0'; letters++)
		lanes_put(&lanes, (struct handle){0, number}, account,
			letter_create(*letters, account, costs - 1), letter_run);
}

static void serve(unsigned count)
{
	for (; count > 0; count--)
		lanes_serve(&lanes);
}

static void begin(void)
{
	workers = still_workers_create_of(1, "");
	lanes_init(&lanes, workers->all[0]);
	lanes.quantum = 4;
	served[0] = '\0';
}

static void end(void)
{
	while (lanes.posts > 0)
		lanes_serve(&lanes);
	lanes_finish(&lanes);
	still_workers_destroy(workers);
}

START_TEST(a_lane_is_first_in_first_out)
{
	put(1, 1, "abcdef", 1);
	serve(6);
	ck_assert_str_eq(served, "abcdef");
}
END_TEST

START_TEST(turns_go_round_by_account)
{
	put(1, 1, "abcdefgh", 1);
	put(2, 2, "ABCDEFGH", 2);
	serve(16);
	ck_assert_str_eq(served, "abcdABefghCDEFGH");
}
END_TEST

START_TEST(turns_go_round_by_session_inside_an_account)
{
	put(1, 1, "abcdefgh", 1);
	put(1, 2, "ABCD", 1);
	put(2, 3, "12345678", 1);
	serve(20);
	ck_assert_str_eq(served, "abcd1234ABCD5678efgh");
}
END_TEST

START_TEST(a_debt_passes_turns)
{
	put(1, 1, "a", 12);
	put(1, 1, "bc", 1);
	put(2, 2, "ABCDEFGHIJKLMN", 1);
	serve(17);
	/* A cost of 12 leaves a debt of 8, which is two turns of 4. */
	ck_assert_str_eq(served, "aABCDEFGHIJKLbcMN");
}
END_TEST

START_TEST(a_debt_outlives_empty_lanes)
{
	put(1, 1, "a", 12);
	put(2, 2, "ABCDEFGHIJKLMN", 1);
	serve(3);
	put(1, 1, "b", 1);
	serve(13);
	ck_assert_str_eq(served, "aABCDEFGHIJKLbMN");
}
END_TEST

START_TEST(no_debt_outlives_all_lanes)
{
	put(1, 1, "a", 1000);
	serve(1);
	ck_assert_uint_eq(lanes.accounts.count, 0);
	put(1, 1, "b", 1);
	put(2, 2, "A", 1);
	serve(2);
	ck_assert_str_eq(served, "abA");
}
END_TEST

START_TEST(only_a_publisher_that_waits_has_a_lane_to_stand_in)
{
	const struct handle one = {0, 1}, two = {0, 2}, nobody = {0, 0};
	struct post *behind = letter_create('b', 1, 0);

	put(1, 1, "a", 1);
	put(ACCOUNT_HOUSE, 0, "x", 1);
	ck_assert(!lanes_put_behind(&lanes, two, behind, letter_run));
	ck_assert(!lanes_put_behind(&lanes, nobody, behind, letter_run));
	ck_assert(lanes_put_behind(&lanes, one, behind, letter_run));
	serve(3);
	ck_assert_str_eq(served, "abx");
}
END_TEST

START_TEST(what_waits_counts_as_waiting_in_the_inbox)
{
	struct worker *worker = workers->all[0];
	const int64_t posts = worker->posts;

	put(1, 1, "ab", 1);
	ck_assert_int_eq(worker->posts, posts + 2);
	serve(2);
	ck_assert_int_eq(worker->posts, posts);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("lanes");
	TCase *tcase = unit_case(suite, "turns");

	tcase_add_checked_fixture(tcase, begin, end);
	tcase_add_test(tcase, a_lane_is_first_in_first_out);
	tcase_add_test(tcase, turns_go_round_by_account);
	tcase_add_test(tcase, turns_go_round_by_session_inside_an_account);
	tcase_add_test(tcase, a_debt_passes_turns);
	tcase_add_test(tcase, a_debt_outlives_empty_lanes);
	tcase_add_test(tcase, no_debt_outlives_all_lanes);
	tcase_add_test(tcase, only_a_publisher_that_waits_has_a_lane_to_stand_in);
	tcase_add_test(tcase, what_waits_counts_as_waiting_in_the_inbox);
	return unit_run(suite);
}
