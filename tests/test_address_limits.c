#include "gateway/worker/address_limits.h"

#include "gateway/base/log.h"
#include "tests/support/still_workers.h"
#include "tests/support/unit.h"

static struct config *config;
static struct address_limits *address_limits;
static uint64_t all; /* the connections that the process may have */

static void setup(void)
{
	log_set_level(LOG_ERROR);
	all = 100;
	config = config_of("{'exempt_addresses': ['192.0.2.0/24'], 'limits': {"
			   "'address_connections': 2, 'address_sessions': 3,"
			   "'address_unknown': 1}}");
	address_limits = address_limits_create(&(struct hash_key){1, 2});
}

static void teardown(void)
{
	address_limits_destroy(address_limits);
	config_unref(config);
}

static struct address address_of(const char *text)
{
	struct address address;

	ck_assert(address_parse(slice_of(text), &address));
	return address;
}

static bool admits(enum address_rate rate, const char *address, uint64_t now)
{
	struct address from = {{0}};

	address_parse(slice_of(address), &from); /* else it is unknown */
	return address_limits_admit(address_limits, config, rate, &from, now);
}

static bool has_room(const struct address *address)
{
	return address_limits_have_room(address_limits, config, address, all);
}

START_TEST(an_address_has_room_for_so_many_connections)
{
	const struct address address = address_of("203.0.113.1");
	const struct address other = address_of("203.0.113.2");
	unsigned first = address_limits_enter(address_limits, &address);

	ck_assert(has_room(&address));
	address_limits_enter(address_limits, &address);
	ck_assert(!has_room(&address));
	ck_assert(has_room(&other));
	address_limits_leave(address_limits, first);
	ck_assert(has_room(&address));
}
END_TEST

START_TEST(an_address_has_room_for_its_share_of_all_connections)
{
	const struct address address = address_of("203.0.113.1");

	all = 4;
	ck_assert(has_room(&address));
	address_limits_enter(address_limits, &address);
	ck_assert(!has_room(&address));
	all = 8;
	ck_assert(has_room(&address));
}
END_TEST

START_TEST(so_many_sessions_are_admitted_in_a_second)
{
	for (uint64_t now = 5000; now < 8000; now += 1000) {
		for (uint64_t i = 0; i < 3; i++)
			ck_assert(
				admits(ADDRESS_SESSIONS, "203.0.113.1", now + i * 300));
		ck_assert(!admits(ADDRESS_SESSIONS, "203.0.113.1", now + 999));
		ck_assert(admits(ADDRESS_SESSIONS, "203.0.113.2", now));
	}
}
END_TEST

START_TEST(a_worker_whose_clock_is_behind_counts_for_the_second_that_has_begun)
{
	for (int i = 0; i < 3; i++)
		ck_assert(admits(ADDRESS_SESSIONS, "203.0.113.1", 6000));
	ck_assert(!admits(ADDRESS_SESSIONS, "203.0.113.1", 5999));
}
END_TEST

START_TEST(each_kind_is_counted_for_itself)
{
	ck_assert(admits(ADDRESS_UNKNOWN, "203.0.113.1", 5000));
	ck_assert(!admits(ADDRESS_UNKNOWN, "203.0.113.1", 5000));
	ck_assert(admits(ADDRESS_SESSIONS, "203.0.113.1", 5000));
}
END_TEST

START_TEST(ten_wrong_tokens_in_a_second_are_admitted)
{
	for (int i = 0; i < 10; i++)
		ck_assert(admits(ADDRESS_TOKENS, "203.0.113.1", 5000));
	ck_assert(!admits(ADDRESS_TOKENS, "203.0.113.1", 5000));
	ck_assert(admits(ADDRESS_TOKENS, "203.0.113.1", 6000));
}
END_TEST

START_TEST(addresses_of_one_v6_network_count_as_one)
{
	ck_assert(admits(ADDRESS_UNKNOWN, "2001:db8::1", 5000));
	ck_assert(!admits(ADDRESS_UNKNOWN, "2001:db8::2", 5000));
	ck_assert(admits(ADDRESS_UNKNOWN, "2001:db8:0:1::1", 5000));
}
END_TEST

START_TEST(who_is_exempt_is_never_bounded)
{
	const struct address address = address_of("192.0.2.7");

	for (int i = 0; i < 9; i++) {
		ck_assert(has_room(&address));
		address_limits_enter(address_limits, &address);
		ck_assert(admits(ADDRESS_SESSIONS, "192.0.2.7", 5000));
		ck_assert(admits(ADDRESS_UNKNOWN, "192.0.2.7", 5000));
	}
}
END_TEST

START_TEST(what_is_no_address_is_bounded_too)
{
	ck_assert(admits(ADDRESS_UNKNOWN, "unknown", 5000));
	ck_assert(!admits(ADDRESS_UNKNOWN, "unknown", 5000));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("address_limits");
	TCase *tcase = unit_case(suite, "limits");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, an_address_has_room_for_so_many_connections);
	tcase_add_test(tcase, an_address_has_room_for_its_share_of_all_connections);
	tcase_add_test(tcase, so_many_sessions_are_admitted_in_a_second);
	tcase_add_test(tcase,
		a_worker_whose_clock_is_behind_counts_for_the_second_that_has_begun);
	tcase_add_test(tcase, each_kind_is_counted_for_itself);
	tcase_add_test(tcase, ten_wrong_tokens_in_a_second_are_admitted);
	tcase_add_test(tcase, addresses_of_one_v6_network_count_as_one);
	tcase_add_test(tcase, who_is_exempt_is_never_bounded);
	tcase_add_test(tcase, what_is_no_address_is_bounded_too);
	return unit_run(suite);
}
