#include "gateway/stomp/receipts.h"

#include "tests/support/unit.h"

static const struct hash_key key = {1, 2};
static struct receipts receipts;

static void teardown(void)
{
	receipts_finish(&receipts);
}

/* Takes the due receipts; their ids with a blank after each. */
static const char *take_due(void)
{
	static char taken[64];
	struct slice id;
	size_t len = 0;

	while (receipts_due(&receipts, &id)) {
		memcpy(taken + len, id.data, id.len);
		len += id.len;
		taken[len++] = ' ';
		receipts_drop(&receipts);
	}
	taken[len] = '\0';
	return taken;
}

/* It would take minutes if each were searched from the oldest on. */
START_TEST(a_home_may_answer_many_before_another_answers_the_oldest)
{
	enum { MANY = 300000 };
	struct slice id;

	for (uint64_t i = 1; i <= MANY; i++)
		receipts_expect(&receipts, &key, i, SLICE("a"), 1);
	for (uint64_t i = 2; i <= MANY; i++)
		receipts_answer(&receipts, i);
	ck_assert(!receipts_due(&receipts, &id));
	receipts_answer(&receipts, 1);
	for (int i = 0; i < MANY; i++) {
		ck_assert(receipts_due(&receipts, &id));
		receipts_drop(&receipts);
	}
	ck_assert(receipts_is_empty(&receipts));
}
END_TEST

START_TEST(a_receipt_may_wait_for_more_than_it_was_promised)
{
	receipts_expect(&receipts, &key, 1, SLICE("a"), 1);
	receipts_more(&receipts, 1, 2);
	receipts_more(&receipts, 9, 2); /* it asked for no receipt */
	for (int i = 0; i < 2; i++) {
		receipts_answer(&receipts, 1);
		ck_assert_str_eq(take_due(), "");
	}
	receipts_answer(&receipts, 1);
	ck_assert_str_eq(take_due(), "a ");
}
END_TEST

START_TEST(what_is_cancelled_holds_up_no_other)
{
	receipts_expect(&receipts, &key, 1, SLICE("a"), 1);
	receipts_expect(&receipts, &key, 2, SLICE("b"), 2);
	receipts_expect(&receipts, &key, 3, SLICE("c"), 1);
	receipts_answer(&receipts, 3);
	receipts_cancel(&receipts, 2);
	receipts_cancel(&receipts, 2); /* its other home refuses, too */
	receipts_answer(&receipts, 2);
	ck_assert_str_eq(take_due(), "");
	receipts_answer(&receipts, 1);
	ck_assert_str_eq(take_due(), "a c ");
	ck_assert(receipts_is_empty(&receipts));
}
END_TEST

START_TEST(what_was_not_asked_for_has_no_id)
{
	receipts_expect(&receipts, &key, 0, SLICE("bye"), 0);
	ck_assert_uint_eq(receipts_find(&receipts, 0).len, 0);
}
END_TEST

START_TEST(there_are_none_at_first)
{
	ck_assert(receipts_is_empty(&receipts));
	ck_assert_str_eq(take_due(), "");
	receipts_answer(&receipts, 1);
	ck_assert_uint_eq(receipts_find(&receipts, 1).len, 0);
}
END_TEST

START_TEST(a_receipt_is_due_after_its_last_answer)
{
	receipts_expect(&receipts, &key, 1, SLICE("a"), 2);
	ck_assert_str_eq(take_due(), "");
	receipts_answer(&receipts, 1);
	ck_assert_str_eq(take_due(), "");
	receipts_answer(&receipts, 2); /* of another request */
	ck_assert_str_eq(take_due(), "");
	receipts_answer(&receipts, 1);
	ck_assert_str_eq(take_due(), "a ");
	ck_assert(receipts_is_empty(&receipts));
}
END_TEST

START_TEST(one_without_answers_is_due_at_once)
{
	receipts_expect(&receipts, &key, 0, SLICE("a"), 0);
	ck_assert_str_eq(take_due(), "a ");
}
END_TEST

START_TEST(receipts_leave_in_the_order_of_asking)
{
	receipts_expect(&receipts, &key, 1, SLICE("a"), 1);
	receipts_expect(&receipts, &key, 0, SLICE("b"), 0);
	receipts_expect(&receipts, &key, 2, SLICE("c"), 1);
	receipts_expect(&receipts, &key, 3, SLICE("d"), 1);
	receipts_answer(&receipts, 3);
	ck_assert_str_eq(take_due(), "");
	receipts_answer(&receipts, 1);
	ck_assert_str_eq(take_due(), "a b ");
	receipts_answer(&receipts, 2);
	ck_assert_str_eq(take_due(), "c d ");
}
END_TEST

START_TEST(a_request_is_found_by_its_number_while_it_waits)
{
	receipts_expect(&receipts, &key, 7, SLICE("seven"), 1);
	receipts_expect(&receipts, &key, 8, SLICE(""), 1);
	ck_assert_slice_eq(receipts_find(&receipts, 7), SLICE("seven"));
	ck_assert_slice_eq(receipts_find(&receipts, 8), SLICE(""));
	ck_assert_slice_eq(receipts_find(&receipts, 9), SLICE(""));
	receipts_answer(&receipts, 7);
	take_due();
	ck_assert_slice_eq(receipts_find(&receipts, 7), SLICE(""));
}
END_TEST

START_TEST(those_that_still_wait_end_with_the_client)
{
	receipts_expect(&receipts, &key, 1, SLICE("a"), 1);
	receipts_expect(&receipts, &key, 2, SLICE("b"), 0);
	receipts_finish(&receipts);
	ck_assert(receipts_is_empty(&receipts));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("receipts");
	TCase *tcase = unit_case(suite, "receipts");

	tcase_add_checked_fixture(tcase, NULL, teardown);
	tcase_add_test(tcase, there_are_none_at_first);
	tcase_add_test(tcase, what_was_not_asked_for_has_no_id);
	tcase_add_test(tcase, a_receipt_may_wait_for_more_than_it_was_promised);
	tcase_add_test(tcase, what_is_cancelled_holds_up_no_other);
	tcase_add_test(tcase, a_home_may_answer_many_before_another_answers_the_oldest);
	tcase_add_test(tcase, a_receipt_is_due_after_its_last_answer);
	tcase_add_test(tcase, one_without_answers_is_due_at_once);
	tcase_add_test(tcase, receipts_leave_in_the_order_of_asking);
	tcase_add_test(tcase, a_request_is_found_by_its_number_while_it_waits);
	tcase_add_test(tcase, those_that_still_wait_end_with_the_client);
	return unit_run(suite);
}
