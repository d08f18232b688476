/* Shares of bounds, and what is charged to whom. */
/* tags: workers */
#include "gateway/worker/share.h"

#include "gateway/broker/participant.h"
#include "gateway/config/config.h"
#include "tests/support/still_workers.h"
#include "tests/support/stomp_peer.h"
#include "tests/support/unit.h"

static struct worker *worker;
static struct stomp_peer *peer, *other;

static void begin(const char *members)
{
	struct workers *workers = still_workers_create(members);

	worker = workers->all[0];
	peer = stomp_peer_connect(worker, "1.2");
	other = stomp_peer_connect(workers->all[workers->count - 1], "1.2");
	stomp_peer_say(peer, "SUBSCRIBE{id:e}{destination:/user/queue/errors}");
}

static void setup(void)
{
	begin("'limits': {'destinations': 12}"); /* a share is 3 */
}

static void setup_exempt(void)
{
	begin("'limits': {'destinations': 12}, 'exempt_addresses': ['192.0.2.0/24']");
}

static void setup_whole(void)
{
	begin("'limits': {'destinations': 12, 'share': 100}");
}

static void teardown(void)
{
	struct workers *workers = worker->workers;

	stomp_peer_destroy(peer);
	stomp_peer_destroy(other);
	still_workers_destroy(workers); /* every sum must be zero again */
}

static int64_t used(void)
{
	return account_sum(worker->workers->accounts,
		session_account(other->memory.session), ACCOUNT_DESTINATIONS);
}

/*
 * Says the frame, with the number for each #. True when its receipt comes; else `peer`
 * is told at errors.
 */
static bool is_taken(struct stomp_peer *who, const char *frame, int number)
{
	struct buf said = {0};

	for (const char *at = frame; *at != '\0'; at++) {
		if (*at == '#')
			buf_append_number(&said, (uint64_t)number);
		else
			buf_append_char(&said, *at);
	}
	buf_append_char(&said, '\0');
	stomp_peer_say(who, said.data);
	buf_finish(&said);
	const char *heard = stomp_peer_heard(who);
	if (strstr(heard, "already uses its share") == NULL)
		return strstr(heard, "RECEIPT{receipt-id:r}") != NULL;
	ck_assert_ptr_nonnull(strstr(
		heard, "limits.destinations is 12, and limits.share 25 per cent."));
	return false;
}

#define SUBSCRIBE "SUBSCRIBE{id:#}{destination:/topic/#}{receipt:r}"
#define CONSUME   "SUBSCRIBE{id:#}{destination:/queue/#}{receipt:r}"
#define SEND      "SEND{destination:/queue/#}{receipt:r}[x]"

static const struct {
	uint64_t bound, share;
} shares[] = {{0, 0}, {1, 1}, {3, 1}, {4, 1}, {8, 2}, {100, 25}, {100001, 25000}};

START_TEST(a_share_is_a_part_of_the_bound_and_at_least_one)
{
	ck_assert_uint_eq(share_of(worker->config, shares[_i].bound), shares[_i].share);
}
END_TEST

static const char *const frames[] = {SUBSCRIBE, CONSUME, SEND};

START_TEST(what_an_account_makes_is_its_share)
{
	/* With the errors, which are a topic too. */
	ck_assert(is_taken(peer, frames[_i], 1));
	ck_assert(is_taken(peer, frames[_i], 2));
	ck_assert_int_eq(used(), 3);
	ck_assert(!is_taken(peer, frames[_i], 3));
	ck_assert(is_taken(other, frames[_i], 1));
	ck_assert_int_eq(used(), 3);
}
END_TEST

START_TEST(a_commit_asks_for_the_share_of_its_queues)
{
	stomp_peer_say(peer, "BEGIN{transaction:t}");
	stomp_peer_say(peer, "SEND{destination:/queue/1}{transaction:t}[x]");
	stomp_peer_say(peer, "SEND{destination:/queue/2}{transaction:t}[x]");
	stomp_peer_say(peer, "SEND{destination:/queue/3}{transaction:t}[x]");
	ck_assert(!is_taken(peer, "COMMIT{transaction:t}{receipt:r}", 0));
	ck_assert_int_eq(used(), 1);
}
END_TEST

START_TEST(a_topic_is_charged_to_its_maker_until_nobody_subscribes)
{
	ck_assert(is_taken(peer, SUBSCRIBE, 1));
	ck_assert(is_taken(other, SUBSCRIBE, 1));
	ck_assert(is_taken(peer, "UNSUBSCRIBE{id:1}{receipt:r}", 0));
	ck_assert_int_eq(used(), 2);
	ck_assert(is_taken(other, "UNSUBSCRIBE{id:1}{receipt:r}", 0));
	ck_assert_int_eq(used(), 1);
}
END_TEST

START_TEST(a_queue_stays_charged_when_all_sessions_of_its_maker_have_ended)
{
	still_workers_come_from(2);
	struct stomp_peer *maker = stomp_peer_connect(worker, "1.2");
	still_workers_come_from(1);
	const uint32_t account = session_account(maker->memory.session);
	struct accounts *accounts = worker->workers->accounts;

	ck_assert(is_taken(maker, SEND, 1));
	stomp_peer_destroy(maker);
	still_workers_settle(worker->workers);
	ck_assert_int_eq(account_sum(accounts, account, ACCOUNT_SESSIONS), 0);
	ck_assert_int_eq(account_sum(accounts, account, ACCOUNT_DESTINATIONS), 1);
	ck_assert(is_taken(other, CONSUME, 1));
	ck_assert_int_eq(account_sum(accounts, account, ACCOUNT_DESTINATIONS), 1);
	ck_assert(is_taken(other, "UNSUBSCRIBE{id:1}{receipt:r}", 0));
	ck_assert_int_eq(account_sum(accounts, account, ACCOUNT_DESTINATIONS), 0);
}
END_TEST

START_TEST(nobody_is_charged_for_an_idle_topic)
{
	ck_assert(
		is_taken(other, "SUBSCRIBE{id:p}{destination:/topic/*}{receipt:r}", 0));
	ck_assert(is_taken(peer, SUBSCRIBE, 1));
	ck_assert(is_taken(peer, SUBSCRIBE, 2));
	ck_assert(is_taken(peer, "UNSUBSCRIBE{id:1}{receipt:r}", 0));
	ck_assert_int_eq(used(), 2);
	ck_assert(is_taken(peer, "SEND{destination:/topic/9}{receipt:r}[x]", 0));
	ck_assert_int_eq(used(), 2);
	ck_assert(is_taken(peer, SUBSCRIBE, 9));
	ck_assert(!is_taken(peer, SUBSCRIBE, 1));
}
END_TEST

START_TEST(a_queue_with_messages_stays_charged_when_its_maker_has_left)
{
	ck_assert(is_taken(peer, SEND, 1));
	stomp_peer_destroy(peer);
	peer = stomp_peer_connect(worker, "1.2");
	ck_assert_int_eq(used(), 1);
	ck_assert(
		is_taken(other, "SUBSCRIBE{id:1}{destination:/queue/1}{receipt:r}", 0));
	ck_assert(is_taken(other, "UNSUBSCRIBE{id:1}{receipt:r}", 0));
	ck_assert_int_eq(used(), 0);
}
END_TEST

START_TEST(an_address_that_is_exempt_may_use_more)
{
	for (int i = 1; i < 12; i++)
		ck_assert(is_taken(peer, SUBSCRIBE, i));
	ck_assert_int_eq(used(), 12);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("share");
	TCase *tcase = unit_case(suite, "shares");
	TCase *exempt = unit_case(suite, "exempt");
	TCase *whole = unit_case(suite, "whole");

	tcase_add_checked_fixture(tcase, setup, teardown);
	unit_add_table(tcase, a_share_is_a_part_of_the_bound_and_at_least_one, shares);
	unit_add_table(tcase, what_an_account_makes_is_its_share, frames);
	tcase_add_test(tcase, a_commit_asks_for_the_share_of_its_queues);
	tcase_add_test(tcase, a_topic_is_charged_to_its_maker_until_nobody_subscribes);
	tcase_add_test(
		tcase, a_queue_stays_charged_when_all_sessions_of_its_maker_have_ended);
	tcase_add_test(tcase, nobody_is_charged_for_an_idle_topic);
	tcase_add_test(
		tcase, a_queue_with_messages_stays_charged_when_its_maker_has_left);
	tcase_add_checked_fixture(exempt, setup_exempt, teardown);
	tcase_add_test(exempt, an_address_that_is_exempt_may_use_more);
	tcase_add_checked_fixture(whole, setup_whole, teardown);
	tcase_add_test(whole, an_address_that_is_exempt_may_use_more);
	return unit_run(suite);
}
