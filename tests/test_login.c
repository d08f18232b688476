/*
 * Logins: threads of the pool check them, and the participant gets the result in the
 * loop's turn.
 */
#include "gateway/stomp/login.h"

#include "gateway/base/password.h"
#include "gateway/broker/broker.h"
#include "tests/support/still_workers.h"
#include "tests/support/unit.h"

static struct worker *worker;
static struct participant participant;
static int told, good;

static void on_logged_in(struct participant *whom, enum login_verdict verdict)
{
	ck_assert_ptr_eq(whom, &participant);
	told++;
	good += verdict == LOGIN_ADMITTED;
}

static void begin(const char *limits)
{
	struct buf hash = {0}, members = {0};

	ck_assert(password_hash(SLICE("sesame"), &hash));
	buf_printf(&members, "'users': [{'login': 'ana', 'password': '%.*s'}]%s",
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
	tcase_add_test(tcase, a_participant_that_has_gone_meanwhile_hears_nothing);
	tcase_add_test(tcase, a_login_is_needed_where_there_are_users);
	tcase_add_checked_fixture(bounds, setup_one_at_a_time, teardown);
	tcase_add_test(bounds, no_more_logins_are_checked_at_once_than_may_be);
	return unit_run(suite);
}
