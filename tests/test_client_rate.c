/* What a client sends too soon waits for its time, or is denied. */
/* tags: workers */
#include "gateway/session/session_internal.h"
#include "gateway/session/sessions.h"
#include "gateway/worker/account.h"
#include "tests/support/still_workers.h"
#include "tests/support/stomp_peer.h"
#include "tests/support/unit.h"

#include <stdio.h>

#define SEND(number) "SEND{destination:/topic/a}{receipt:" number "}"
#define GOT(number)  "RECEIPT{receipt-id:" number "}"

#define RULES(rule, deny)                                                              \
	"'broker': {'client_send': true, 'deny': '" deny "'}, 'rules': [{" rule "},"   \
	" {'match': '/**', 'allow': ['subscribe', 'send']}]"
#define RULE(more) "'match': '/topic/a', 'allow': ['subscribe', 'send'], " more

static struct workers *workers;
static struct worker *worker;
static struct stomp_peer *peer;

static void begin(const char *members)
{
	workers = still_workers_create(members);
	worker = workers->all[0];
	peer = stomp_peer_connect(worker, "1.2");
}

/* Two in a row, then one in 100 ms. */
static void setup_user(void)
{
	begin("'limits': {'user_messages': 10, 'user_burst': 2, 'frame': 600}");
}

static void setup_rule(void)
{
	begin(RULES(RULE("'rate': {'messages': 10, 'burst': 2}"), "strict"));
}

static void setup_denied(void)
{
	begin(RULES(
		RULE("'rate': {'messages': 10, 'burst': 2}, 'over': 'deny'"), "soft"));
	stomp_peer_say(peer, "SUBSCRIBE{id:e}{destination:/user/queue/errors}");
}

static void teardown(void)
{
	stomp_peer_destroy(peer);
	still_workers_destroy(workers);
}

static void pass(uint64_t milliseconds)
{
	still_workers_advance(workers, milliseconds);
}

static uint64_t counted(enum bound bound)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < workers->count; i++)
		sum += counter_read(&workers->all[i]->metrics->refused[bound]);
	return sum;
}

/* In one piece, as a carrier has read them. */
static void say_all(struct stomp_peer *from, const char *const *frames, size_t count)
{
	struct buf bytes = {0};

	for (size_t i = 0; i < count; i++)
		stomp_peer_write(&bytes, frames[i]);
	session_receive(from->memory.session, buf_slice(&bytes), PAYLOAD_BINARY);
	buf_finish(&bytes);
	still_workers_settle(workers);
}

#define SAY(from, ...)                                                                 \
	say_all(from, (const char *const[]){__VA_ARGS__},                              \
		COUNT(((const char *const[]){__VA_ARGS__})))

START_TEST(what_comes_too_soon_waits_in_its_order_and_is_not_lost)
{
	SAY(peer, SEND("1"), SEND("2"), SEND("3"), SEND("4"), SEND("5"));
	assert_heard(peer, GOT("1") " " GOT("2"));
	ck_assert(session_is_paused(peer->memory.session));
	pass(99);
	assert_heard(peer, "");
	pass(1);
	assert_heard(peer, GOT("3"));
	ck_assert(session_is_paused(peer->memory.session));
	pass(100);
	assert_heard(peer, GOT("4"));
	pass(100);
	assert_heard(peer, GOT("5"));
	ck_assert(!session_is_paused(peer->memory.session));
	pass(200);
	SAY(peer, SEND("6"), SEND("7"));
	assert_heard(peer, GOT("6") " " GOT("7"));
}
END_TEST

START_TEST(what_follows_waits_behind_it)
{
	SAY(peer, SEND("1"), SEND("2"), SEND("3"),
		"SUBSCRIBE{id:s}{destination:/topic/a}{receipt:s}",
		"DISCONNECT{receipt:bye}");
	assert_heard(peer, GOT("1") " " GOT("2"));
	pass(100);
	assert_heard(peer, GOT("3") " " GOT("s") " " GOT("bye") " close 1000 Goodbye");
}
END_TEST

START_TEST(a_frame_that_is_no_send_is_free)
{
	for (int i = 0; i < 50; i++) {
		SAY(peer, "SUBSCRIBE{id:s}{destination:/topic/a}", "UNSUBSCRIBE{id:s}");
		ck_assert(!session_is_paused(peer->memory.session));
	}
}
END_TEST

START_TEST(a_hang_up_loses_nothing)
{
	SAY(peer, SEND("1"), SEND("2"), SEND("3"), SEND("4"));
	session_hang_up(peer->memory.session);
	pass(100);
	assert_heard(peer, GOT("1") " " GOT("2") " " GOT("3"));
	ck_assert_ptr_nonnull(peer->memory.session);
	pass(100);
	assert_heard(peer, GOT("4") " close 1001 Connection closed");
}
END_TEST

/* There may be hours to wait. */
START_TEST(a_stop_ends_a_client_that_waits)
{
	SAY(peer, SEND("1"), SEND("2"), SEND("3"), SEND("4"));
	stomp_peer_heard(peer);
	sessions_close_some(worker->sessions, 1);
	still_workers_settle(workers);
	assert_heard(peer, "close 1001 Going away");
}
END_TEST

START_TEST(one_that_leaves_gives_its_time_back)
{
	struct stomp_peer *other = stomp_peer_connect(worker, "1.2");

	SAY(peer, SEND("1"), SEND("2"));
	SAY(other, SEND("3"));
	ck_assert(session_is_paused(other->memory.session));
	stomp_peer_destroy(other);
	still_workers_settle(workers);
	SAY(peer, SEND("4"));
	stomp_peer_heard(peer);
	pass(100);
	assert_heard(peer, GOT("4"));
}
END_TEST

START_TEST(all_sessions_of_a_user_share_its_rate)
{
	struct stomp_peer *other =
		stomp_peer_connect(workers->all[workers->count - 1], "1.2");

	SAY(peer, SEND("1"), SEND("2"), SEND("3"));
	SAY(other, SEND("4"));
	stomp_peer_heard(peer);
	assert_heard(other, "");
	pass(100);
	assert_heard(peer, GOT("3"));
	assert_heard(other, "");
	pass(100);
	assert_heard(other, GOT("4"));
	ck_assert_uint_eq(counted(BOUND_USER_MESSAGES), 2);
	stomp_peer_destroy(other);
}
END_TEST

START_TEST(another_user_is_not_touched)
{
	still_workers_come_from(77);
	struct stomp_peer *other = stomp_peer_connect(worker, "1.2");

	SAY(peer, SEND("1"), SEND("2"), SEND("3"), SEND("4"));
	SAY(other, SEND("5"), SEND("6"));
	assert_heard(other, GOT("5") " " GOT("6"));
	stomp_peer_destroy(other);
}
END_TEST

START_TEST(a_send_in_a_transaction_waits_when_it_comes)
{
	SAY(peer, "BEGIN{transaction:t}", "SEND{destination:/topic/a}{transaction:t}",
		"SEND{destination:/topic/a}{transaction:t}",
		"SEND{destination:/topic/a}{transaction:t}",
		"COMMIT{transaction:t}{receipt:c}");
	assert_heard(peer, "");
	pass(99);
	assert_heard(peer, "");
	pass(1);
	assert_heard(peer, GOT("c"));
}
END_TEST

START_TEST(the_bytes_that_wait_are_charged)
{
	const uint32_t account = session_account(peer->memory.session);
	const int64_t before = account_sum(workers->accounts, account, ACCOUNT_HELD);
	struct buf frame = {0};

	SAY(peer, SEND("1"), SEND("2"));
	buf_append(&frame, SLICE("SEND\ndestination:/topic/a\n\n"));
	memset(buf_reserve(&frame, 500), 'x', 500);
	frame.len += 500;
	buf_append_char(&frame, '\0');
	for (int i = 0; i < 40; i++)
		session_receive(
			peer->memory.session, buf_slice(&frame), PAYLOAD_BINARY);
	buf_finish(&frame);
	ck_assert_int_ge(account_sum(workers->accounts, account, ACCOUNT_HELD),
		before + 40 * 500);
	pass(4000);
	ck_assert_int_eq(account_sum(workers->accounts, account, ACCOUNT_HELD), before);
}
END_TEST

START_TEST(a_long_wait_is_no_silence_and_heart_beats_leave)
{
	stomp_peer_destroy(peer);
	still_workers_destroy(workers);
	workers = still_workers_create(
		"'limits': {'user_messages': 1, 'user_burst': 1},"
		"'times': {'stomp_send': 1000, 'stomp_want': 1000}");
	worker = workers->all[0];
	peer = stomp_peer_create(worker);
	stomp_peer_say(peer, "CONNECT{accept-version:1.2}{heart-beat:1000,1000}");
	for (int i = 0; i < 60; i++)
		stomp_peer_mutter(peer, SEND("1"));
	stomp_peer_heard(peer);
	for (int i = 0; i < 59; i++) {
		pass(1000);
		ck_assert_ptr_nonnull(strstr(stomp_peer_heard(peer), GOT("1")));
		ck_assert_ptr_nonnull(peer->memory.session);
	}
}
END_TEST

START_TEST(a_rule_lets_its_own_destinations_wait)
{
	SAY(peer, "SEND{destination:/topic/b}{receipt:b}", SEND("1"), SEND("2"),
		"SEND{destination:/topic/b}{receipt:c}", SEND("3"));
	assert_heard(peer, GOT("b") " " GOT("1") " " GOT("2") " " GOT("c"));
	pass(100);
	assert_heard(peer, GOT("3"));
	ck_assert_uint_eq(counted(BOUND_RATE), 1);
}
END_TEST

START_TEST(a_rule_may_deny_what_is_above_its_rate)
{
	SAY(peer, SEND("1"), SEND("2"), SEND("3"));
	const char *heard = stomp_peer_heard(peer);

	ck_assert_ptr_nonnull(strstr(heard, GOT("1") " " GOT("2")));
	ck_assert_ptr_nonnull(
		strstr(heard, "{message:You send to that destination too often}"));
	ck_assert_ptr_nonnull(strstr(heard, "{denied-destination:/topic/a}"));
	ck_assert_ptr_nonnull(strstr(heard, "{receipt-id:3}"));
	ck_assert_ptr_nonnull(strstr(heard, "The next message may come in 100 ms."));
	ck_assert(!session_is_paused(peer->memory.session));
	ck_assert_uint_eq(counted(BOUND_RATE), 1);
	pass(100);
	SAY(peer, SEND("4"));
	assert_heard(peer, GOT("4"));
}
END_TEST

START_TEST(a_denied_send_dooms_its_transaction)
{
	SAY(peer, "BEGIN{transaction:t}", SEND("1"), SEND("2"),
		"SEND{destination:/topic/a}{transaction:t}",
		"COMMIT{transaction:t}{receipt:c}");
	const char *heard = stomp_peer_heard(peer);

	ck_assert_ptr_null(strstr(heard, GOT("c")));
	ck_assert_ptr_nonnull(strstr(heard, "{receipt-id:c}"));
}
END_TEST

static void reload(const char *json)
{
	struct config *next = config_of(json);

	workers_configure(workers, next);
	config_unref(next);
	still_workers_settle(workers);
}

START_TEST(a_reload_changes_the_rate_also_of_who_waits)
{
	reload("{'limits': {'user_messages': 1, 'user_burst': 1},"
	       " 'broker': {'client_send': true}}");
	SAY(peer, SEND("1"), SEND("2"), SEND("3"));
	assert_heard(peer, GOT("1"));
	reload("{'limits': {'user_messages': 100, 'user_burst': 1},"
	       " 'broker': {'client_send': true}}");
	assert_heard(peer, GOT("2"));
	pass(10);
	assert_heard(peer, GOT("3"));
}
END_TEST

START_TEST(a_reload_without_rates_lets_all_through)
{
	SAY(peer, SEND("1"), SEND("2"), SEND("3"), SEND("4"));
	stomp_peer_heard(peer);
	reload("{'broker': {'client_send': true}}");
	assert_heard(peer, GOT("3") " " GOT("4"));
}
END_TEST

START_TEST(without_a_rate_nothing_waits)
{
	stomp_peer_destroy(peer);
	still_workers_destroy(workers);
	begin("");
	for (int i = 0; i < 50; i++)
		stomp_peer_mutter(peer, SEND("1"));
	ck_assert(!session_is_paused(peer->memory.session));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("client_rate");
	TCase *tcase = unit_case(suite, "limits.user_messages");

	tcase_add_checked_fixture(tcase, setup_user, teardown);
	tcase_add_test(tcase, what_comes_too_soon_waits_in_its_order_and_is_not_lost);
	tcase_add_test(tcase, what_follows_waits_behind_it);
	tcase_add_test(tcase, a_frame_that_is_no_send_is_free);
	tcase_add_test(tcase, a_hang_up_loses_nothing);
	tcase_add_test(tcase, a_stop_ends_a_client_that_waits);
	tcase_add_test(tcase, one_that_leaves_gives_its_time_back);
	tcase_add_test(tcase, all_sessions_of_a_user_share_its_rate);
	tcase_add_test(tcase, another_user_is_not_touched);
	tcase_add_test(tcase, a_send_in_a_transaction_waits_when_it_comes);
	tcase_add_test(tcase, the_bytes_that_wait_are_charged);
	tcase_add_test(tcase, a_long_wait_is_no_silence_and_heart_beats_leave);
	tcase_add_test(tcase, a_reload_changes_the_rate_also_of_who_waits);
	tcase_add_test(tcase, a_reload_without_rates_lets_all_through);
	tcase_add_test(tcase, without_a_rate_nothing_waits);

	tcase = unit_case(suite, "a rule's rate");
	tcase_add_checked_fixture(tcase, setup_rule, teardown);
	tcase_add_test(tcase, a_rule_lets_its_own_destinations_wait);

	tcase = unit_case(suite, "a rule that denies");
	tcase_add_checked_fixture(tcase, setup_denied, teardown);
	tcase_add_test(tcase, a_rule_may_deny_what_is_above_its_rate);
	tcase_add_test(tcase, a_denied_send_dooms_its_transaction);
	return unit_run(suite);
}
