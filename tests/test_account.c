#include "gateway/worker/account.h"

#include "protocol/xmalloc.h"
#include "tests/support/unit.h"

#include <stdio.h>

static struct accounts *accounts;

static void setup(void)
{
	accounts = accounts_create(&(struct hash_key){1, 2});
}

static void teardown(void)
{
	accounts_destroy(accounts);
}

static uint32_t account_of(const char *text)
{
	struct address address = {{0}};

	address_parse(slice_of(text), &address); /* else it is unknown */
	return account_of_address(accounts, &address);
}

START_TEST(each_ipv4_address_has_an_account)
{
	ck_assert_uint_eq(account_of("192.0.2.1"), account_of("::ffff:192.0.2.1"));
	ck_assert_uint_ne(account_of("192.0.2.1"), account_of("192.0.2.2"));
}
END_TEST

START_TEST(the_holder_of_64_bits_of_ipv6_has_one_account)
{
	ck_assert_uint_eq(account_of("2001:db8::1"), account_of("2001:db8::ffff:2"));
	ck_assert_uint_ne(account_of("2001:db8::1"), account_of("2001:db8:0:1::1"));
}
END_TEST

START_TEST(a_user_shares_no_account_with_an_address_of_the_same_bytes)
{
	struct address address;

	ck_assert(address_parse(SLICE("192.0.2.1"), &address));
	ck_assert_uint_eq(account_of_user(accounts, SLICE("ana")),
		account_of_user(accounts, SLICE("ana")));
	ck_assert_uint_ne(account_of_user(accounts, address_owner(&address)),
		account_of_address(accounts, &address));
}
END_TEST

START_TEST(no_client_has_the_account_of_the_house)
{
	char name[16];

	ck_assert_uint_ne(account_of("unknown"), ACCOUNT_HOUSE);
	for (int i = 0; i < 200000; i++) {
		snprintf(name, sizeof(name), "user-%d", i);
		uint32_t account = account_of_user(accounts, slice_of(name));

		ck_assert_uint_ne(account, ACCOUNT_HOUSE);
		ck_assert_uint_lt(account, ACCOUNTS);
	}
}
END_TEST

START_TEST(what_is_added_is_summed_for_that_account)
{
	const uint32_t ana = account_of_user(accounts, SLICE("ana"));
	const uint32_t ben = account_of_user(accounts, SLICE("ben"));

	ck_assert_int_eq(account_add(accounts, ana, ACCOUNT_SESSIONS, 3), 3);
	ck_assert_int_eq(account_add(accounts, ana, ACCOUNT_SESSIONS, -1), 2);
	ck_assert_int_eq(account_sum(accounts, ana, ACCOUNT_SESSIONS), 2);
	ck_assert_int_eq(account_sum(accounts, ben, ACCOUNT_SESSIONS), 0);
	account_add(accounts, ana, ACCOUNT_SESSIONS, -2);
}
END_TEST

/* limits.memory counts what is allocated, whether it is used or not. */
START_TEST(only_a_rate_that_is_begun_takes_memory)
{
	const int64_t before = xmalloc_bytes();
	struct accounts *others = accounts_create(&(struct hash_key){3, 4});
	const int64_t created = xmalloc_bytes();

	ck_assert_int_lt(created - before, 6 << 20);
	accounts_begin_rate(others, 7);
	/* Check itself allocates and frees some bytes meanwhile. */
	ck_assert_int_gt(xmalloc_bytes() - created, 7 * ACCOUNTS);
	ck_assert_int_lt(xmalloc_bytes() - created, 9 * ACCOUNTS);
	accounts_destroy(others);
}
END_TEST

START_TEST(a_rate_that_begins_anew_has_full_buckets)
{
	const struct rate rate = {.messages = 1, .per = 1000};
	const uint32_t ana = account_of_user(accounts, SLICE("ana"));
	const uint32_t ben = account_of_user(accounts, SLICE("ben"));

	accounts_begin_rate(accounts, 1);
	accounts_begin_rate(accounts, 2);
	ck_assert_uint_eq(rate_try(account_rate(accounts, ana, 1), &rate, 5000), 0);
	ck_assert_uint_eq(rate_try(account_rate(accounts, ana, 1), &rate, 5000), 1000);
	ck_assert_uint_eq(rate_try(account_rate(accounts, ben, 1), &rate, 5000), 0);
	ck_assert_uint_eq(rate_try(account_rate(accounts, ana, 2), &rate, 5000), 0);
	accounts_begin_rate(accounts, 1);
	ck_assert_uint_eq(rate_try(account_rate(accounts, ana, 1), &rate, 5000), 0);
	ck_assert_uint_eq(rate_try(account_rate(accounts, ana, 2), &rate, 5000), 1000);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("account");
	TCase *tcase = unit_case(suite, "account");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, each_ipv4_address_has_an_account);
	tcase_add_test(tcase, the_holder_of_64_bits_of_ipv6_has_one_account);
	tcase_add_test(
		tcase, a_user_shares_no_account_with_an_address_of_the_same_bytes);
	tcase_add_test(tcase, no_client_has_the_account_of_the_house);
	tcase_add_test(tcase, what_is_added_is_summed_for_that_account);
	tcase_add_test(tcase, only_a_rate_that_is_begun_takes_memory);
	tcase_add_test(tcase, a_rate_that_begins_anew_has_full_buckets);
	return unit_run(suite);
}
