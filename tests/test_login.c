/*
 * Logins: threads of the pool check them, and the participant gets the result in the
 * loop's turn.
 */
#include "gateway/stomp/login.h"

#include "gateway/base/password.h"
#include "gateway/broker/broker.h"
#include "tests/support/still_workers.h"
#include "tests/support/unit.h"

#include <crypt.h>

static struct worker *worker;
static struct participant participant;
static int told, good;

/* What libcrypt is asked to hash with, in order: the linker sends it here. */
static struct buf hashed;

char *__real_crypt_r(const char *phrase, const char *setting, struct crypt_data *data);
char *__wrap_crypt_r(const char *phrase, const char *setting, struct crypt_data *data);

char *__wrap_crypt_r(const char *phrase, const char *setting, struct crypt_data *data)
{
	buf_append(&hashed, password_cost(slice_of(setting)));
	buf_append_char(&hashed, ' ');
	return __real_crypt_r(phrase, setting, data);
}

static void on_logged_in(struct participant *whom, enum login_verdict verdict)
{
	ck_assert_ptr_eq(whom, &participant);
	told++;
	good += verdict == LOGIN_ADMITTED;
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
	told = good = 0;
	static const struct participant_ops ops = {.logged_in = on_logged_in};

	participant = (struct participant){.ops = &ops};
	broker_enter(worker->broker, &participant);
}

static void setup(void)
{
	begin("");
}

static void setup_one_at_a_time(void)
{
	begin(", 'limits': {'logins': 1}");
}

static void teardown(void)
{
	if (participant.entry.number != 0)
		broker_leave(worker->broker, &participant);
	still_workers_destroy(worker->workers);
	buf_finish(&hashed);
}

static bool check(const char *login, const char *passcode)
{
	return login_check(
		worker, participant.entry.number, slice_of(login), slice_of(passcode));
}

/*
 * The checks run on threads. loop_finish_work() ends the turns of the worker, which no
 * test needs.
 */
static void wait_for_logins(void)
{
	loop_finish_work(worker->loop);
	still_workers_settle(worker->workers);
	ck_assert_uint_eq(worker->logins, 0);
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
	wait_for_logins();
	ck_assert(check("ana", "sesame"));
	wait_for_logins();
	ck_assert_int_eq(told, 2);
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

	tcase_add_checked_fixture(tcase, setup, teardown);
	unit_add_table(tcase, a_login_is_good_with_its_passcode_only, logins);
	unit_add_table(tcase, whoever_logs_in_the_same_hashes_are_made, names);
	tcase_add_test(tcase, a_participant_that_has_gone_meanwhile_hears_nothing);
	tcase_add_test(tcase, a_login_is_needed_where_there_are_users);
	tcase_add_checked_fixture(bounds, setup_one_at_a_time, teardown);
	tcase_add_test(bounds, no_more_logins_are_checked_at_once_than_may_be);
	return unit_run(suite);
}
