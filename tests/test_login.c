/*
 * Logins: threads of the pool check them, and the participant gets the result in the
 * loop's turn.
 */
#include "gateway/stomp/login.h"

#include "gateway/identity/identity.h"

#include "gateway/base/password.h"
#include "gateway/broker/broker.h"
#include "gateway/config/config.h"
#include "gateway/session/sessions.h"
#include "gateway/worker/address_limits.h"
#include "tests/support/still_workers.h"
#include "tests/support/stomp_peer.h"
#include "tests/support/unit.h"

#include <crypt.h>
#include <pthread.h>

static struct worker *worker;
static struct participant participant, other;
static int told, good, told_other; /* the last: when the other one was told */

/* What libcrypt is asked to hash with, by any thread: the linker sends it here. */
static struct buf hashed;
static pthread_mutex_t hashed_lock = PTHREAD_MUTEX_INITIALIZER;

char *__real_crypt_r(const char *phrase, const char *setting, struct crypt_data *data);
char *__wrap_crypt_r(const char *phrase, const char *setting, struct crypt_data *data);

char *__wrap_crypt_r(const char *phrase, const char *setting, struct crypt_data *data)
{
	pthread_mutex_lock(&hashed_lock);
	buf_append(&hashed, password_cost(slice_of(setting)));
	buf_append_char(&hashed, ' ');
	pthread_mutex_unlock(&hashed_lock);
	return __real_crypt_r(phrase, setting, data);
}

static void on_logged_in(struct participant *whom, const struct login_verdict *verdict)
{
	told++;
	if (whom == &other)
		told_other = told;
	else
		ck_assert_ptr_eq(whom, &participant);
	good += verdict->identity != NULL;
	identity_unref(verdict->identity);
}

/* Others have cheaper hashes: of "Hello world!", twice, and of "U*U". */
#define OTHERS                                                                         \
	"{'login': 'ben', 'password': '$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKw"    \
	"SMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1'},"                 \
	"{'login': 'carl', 'password': '$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKw"   \
	"SMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1'},"                 \
	"{'login': 'dora', 'password': '$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0"  \
	"XouQYb4YMJKvyOeW'}"

static void begin(const char *limits)
{
	struct buf hash = {0}, members = {0};

	ck_assert(password_hash(SLICE("sesame"), &hash));
	buf_printf(&members,
		"'users': [{'login': 'ana', 'password': '%.*s'}, " OTHERS "]%s",
		SLICE_ARGS(buf_slice(&hash)), limits);
	buf_append_char(&members, '\0');
	worker = still_workers_create_of(1, members.data)->all[0];
	buf_finish(&hash);
	buf_finish(&members);
	told = good = told_other = 0;
	static const struct participant_ops ops = {.logged_in = on_logged_in};

	participant = other = (struct participant){.ops = &ops};
	broker_enter(worker->broker, &participant);
	broker_enter(worker->broker, &other);
}

static void setup(void)
{
	begin("");
}

static void setup_one_at_a_time(void)
{
	begin(", 'limits': {'logins': 1}");
}

static void setup_shares(void)
{
	begin(", 'limits': {'logins': 8}"); /* a share is 2 */
}

static void teardown(void)
{
	if (participant.entry.number != 0)
		broker_leave(worker->broker, &participant);
	broker_leave(worker->broker, &other);
	still_workers_destroy(worker->workers);
	buf_finish(&hashed);
}

enum { ACCOUNT = 1, OTHER_ACCOUNT = 2 };

static enum refusal_kind why; /* the latest was not taken */

static bool check_for(const struct participant *whom, uint32_t account,
	const char *login, const char *passcode)
{
	struct login_request request = {
		.participant = whom->entry.number,
		.account = account,
		.login = slice_of(login),
		.passcode = slice_of(passcode),
	};

	ck_assert(address_parse(SLICE("203.0.113.1"), &request.address));
	return login_check(worker->logins, &request, &why);
}

static bool check(const char *login, const char *passcode)
{
	return check_for(&participant, ACCOUNT, login, passcode);
}

/*
 * The checks run on threads. loop_finish_work() ends the turns of the worker, which no
 * test needs.
 */
static void wait_for_logins(void)
{
	loop_finish_work(worker->loop);
	still_workers_settle(worker->workers);
	ck_assert_uint_eq(logins_count(worker->logins), 0);
}

static const struct {
	const char *login, *passcode;
	bool good;
} logins[] = {
	{"ana", "sesame", true},
	{"ana", "Sesame", false},
	{"ana", "sesame ", false},
	{"ana", "", false},
	{"Ana", "sesame", false},
	{"", "sesame", false},
	{"nobody", "sesame", false},
	{"ben", "Hello world!", true},
	{"carl", "Hello world!", true},
	{"dora", "U*U", true},
	/* Another user's, whose hash is checked instead. */
	{"ben", "sesame", false},
	{"dora", "Hello world!", false},
	{"nobody", "Hello world!", false},
	{"nobody", "U*U", false},
};

START_TEST(a_login_is_good_with_its_passcode_only)
{
	ck_assert(check(logins[_i].login, logins[_i].passcode));
	ck_assert_int_eq(told, 0); /* never immediately */
	wait_for_logins();
	ck_assert_int_eq(told, 1);
	ck_assert_int_eq(good, logins[_i].good);
}
END_TEST

static const char *const names[] = {"ana", "ben", "carl", "dora", "nobody", ""};

/* By time a client could otherwise tell which names exist, and how they are hashed. */
START_TEST(whoever_logs_in_the_same_hashes_are_made)
{
	buf_clear(&hashed);
	ck_assert(check(names[_i], "wrong"));
	wait_for_logins();
	ck_assert_slice_eq(buf_slice(&hashed), SLICE("$y$j9T $6 $2b$05$ "));
	ck_assert_int_eq(good, 0);
}
END_TEST

START_TEST(a_participant_that_has_gone_meanwhile_hears_nothing)
{
	ck_assert(check("ana", "sesame"));
	broker_leave(worker->broker, &participant);
	participant.entry.number = 0;
	wait_for_logins();
	ck_assert_int_eq(told, 0);
}
END_TEST

START_TEST(no_more_logins_are_checked_at_once_than_may_be)
{
	ck_assert(check("ana", "sesame"));
	ck_assert(!check("ana", "sesame"));
	ck_assert_int_eq(why, REFUSAL_LOGINS);
	wait_for_logins();
	ck_assert(check("ana", "sesame"));
	wait_for_logins();
	ck_assert_int_eq(told, 2);
}
END_TEST

START_TEST(an_account_has_a_share_of_the_logins_under_way)
{
	ck_assert(check("ana", "sesame"));
	ck_assert(check("ana", "sesame"));
	ck_assert(!check("ana", "sesame"));
	ck_assert_int_eq(why, REFUSAL_SHARE);
	ck_assert(check_for(&other, OTHER_ACCOUNT, "ana", "sesame"));
	wait_for_logins();
	ck_assert(check("ana", "sesame"));
	wait_for_logins();
	ck_assert_int_eq(told, 4);
}
END_TEST

START_TEST(an_account_has_no_more_logins_under_way_than_it_leaves_free)
{
	for (uint32_t account = 1; account <= 3; account++) {
		ck_assert(check_for(&participant, account, "dora", "U*U"));
		ck_assert(check_for(&participant, account, "dora", "U*U"));
	}
	ck_assert(check_for(&participant, 4, "dora", "U*U"));
	ck_assert(!check_for(&participant, 4, "dora", "U*U")); /* its share is 2 */
	ck_assert_int_eq(why, REFUSAL_SHARE);
	ck_assert(check_for(&other, 5, "dora", "U*U"));
	ck_assert(!check_for(&other, 6, "dora", "U*U"));
	ck_assert_int_eq(why, REFUSAL_LOGINS);
	wait_for_logins();
	ck_assert_int_eq(told, 8);
}
END_TEST

START_TEST(accounts_take_turns)
{
	for (int i = 0; i < 24; i++)
		ck_assert(check("dora", "U*U"));
	ck_assert(check_for(&other, OTHER_ACCOUNT, "dora", "U*U"));
	wait_for_logins();
	ck_assert_int_eq(told, 25);
	ck_assert_int_lt(told_other, 12);
}
END_TEST

START_TEST(nobody_checks_the_login_of_a_client_that_has_left)
{
	for (int i = 0; i < 24; i++)
		ck_assert(check("dora", "U*U"));
	broker_leave(worker->broker, &participant);
	participant.entry.number = 0;
	wait_for_logins();
	/* Three hashes for each that a thread had begun. */
	ck_assert_uint_lt(hashed.len, 8 * strlen("$y$j9T $6 $2b$05$ "));
}
END_TEST

/* The address is wrong too often, in this second and in all that come. */
static void be_wrong_often(void)
{
	struct address address;

	ck_assert(address_parse(SLICE("203.0.113.1"), &address));
	for (int i = 0; i < 10; i++) {
		ck_assert(address_limits_admit(worker->workers->address_limits,
			worker->config, ADDRESS_LOGINS, &address,
			loop_now(worker->loop) + 3600000));
	}
}

START_TEST(who_is_wrong_often_learns_of_it_late)
{
	be_wrong_often();
	ck_assert(check("dora", "wrong"));
	loop_finish_work(worker->loop);
	still_workers_settle(worker->workers);
	ck_assert_int_eq(told, 0);
	still_workers_advance(worker->workers, 1000);
	ck_assert_int_eq(told, 1);
	ck_assert_int_eq(good, 0);
	ck_assert_uint_eq(logins_count(worker->logins), 0);
}
END_TEST

START_TEST(who_is_right_never_waits_for_that)
{
	be_wrong_often();
	ck_assert(check("dora", "U*U"));
	wait_for_logins();
	ck_assert_int_eq(good, 1);
}
END_TEST

START_TEST(a_late_verdict_ends_with_the_worker)
{
	be_wrong_often();
	ck_assert(check("dora", "wrong"));
	loop_finish_work(worker->loop);
	ck_assert_uint_eq(logins_count(worker->logins), 1);
}
END_TEST

/* There may be no time for all checks that are under way. */
START_TEST(a_stop_ends_clients_whose_logins_wait)
{
	struct stomp_peer *peer = stomp_peer_create(worker);

	stomp_peer_say(peer, "CONNECT{accept-version:1.2}{host:x}"
			     "{login:dora}{passcode:U*U}");
	assert_heard(peer, "");
	sessions_close_some(worker->sessions, 1);
	loop_advance(worker->loop, 0);
	assert_heard(peer, "close 1001 Going away");
	wait_for_logins();
	stomp_peer_destroy(peer);
}
END_TEST

START_TEST(a_login_is_needed_where_there_are_users)
{
	struct config *open = config_of("{'endpoints': [{'path': '/stomp'}]}");

	ck_assert(login_is_needed(worker->config));
	ck_assert(!login_is_needed(open));
	config_unref(open);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("login");
	TCase *tcase = unit_case(suite, "logins");
	TCase *bounds = unit_case(suite, "bounds");
	TCase *shares = unit_case(suite, "shares");

	tcase_add_checked_fixture(tcase, setup, teardown);
	unit_add_table(tcase, a_login_is_good_with_its_passcode_only, logins);
	unit_add_table(tcase, whoever_logs_in_the_same_hashes_are_made, names);
	tcase_add_test(tcase, a_participant_that_has_gone_meanwhile_hears_nothing);
	tcase_add_test(tcase, a_login_is_needed_where_there_are_users);
	tcase_add_test(tcase, accounts_take_turns);
	tcase_add_test(tcase, nobody_checks_the_login_of_a_client_that_has_left);
	tcase_add_test(tcase, who_is_wrong_often_learns_of_it_late);
	tcase_add_test(tcase, who_is_right_never_waits_for_that);
	tcase_add_test(tcase, a_late_verdict_ends_with_the_worker);
	tcase_add_test(tcase, a_stop_ends_clients_whose_logins_wait);
	tcase_add_checked_fixture(shares, setup_shares, teardown);
	tcase_add_test(shares, an_account_has_a_share_of_the_logins_under_way);
	tcase_add_test(
		shares, an_account_has_no_more_logins_under_way_than_it_leaves_free);
	tcase_add_checked_fixture(bounds, setup_one_at_a_time, teardown);
	tcase_add_test(bounds, no_more_logins_are_checked_at_once_than_may_be);
	return unit_run(suite);
}
