/*
 * The client of a COMMIT over two engines vanishes. What the fake engine has done
 * stays, and the memory engine follows. If the fake engine was not asked, nothing
 * happens.
 */
/* tags: workers */
#include "gateway/broker/internal.h"
#include "tests/support/engine_customer.h"
#include "tests/support/far_site.h"
#include "tests/support/unit.h"

static struct workers *workers;
static struct stomp_peer *peer, *reader;

static void setup(void)
{
	far_site_begin("'limits': {'backlog_messages': 3}");
	workers = far_site.workers;
	peer = far_site.peer;
	reader = far_site.reader;
}

/* Without a session that would end later: memory has not answered yet. */
START_TEST(nothing_happens_for_who_vanishes_before_the_engine_is_asked)
{
	struct customer customer;
	const char *const actions[] = {"/queue/a 1", "/topic/far/a 2", "/topic/a 3"};

	far_site_listen();
	customer_enter(&customer, workers->all[0]);
	customer_commit(&customer, 1, actions, COUNT(actions));
	customer_leave(&customer);
	still_workers_settle(workers);
	far_site_check_nothing();
	ck_assert_uint_eq(fake_engine.asked, 0);
	session_lost(customer.outlet.session, ENDING_INTERRUPTED);
	still_workers_settle(workers);
	memory_outlet_finish(&customer.outlet);
}
END_TEST

START_TEST(what_the_engine_does_for_who_has_vanished_is_followed)
{
	far_site_listen();
	fake_engine.is_away = true;
	far_site_open_mixed();
	stomp_peer_say(peer, "COMMIT{transaction:t}{receipt:c}");
	far_site_lose(peer);
	far_site_check_got(false, false);
	far_site_come_back();
	far_site_check_got(true, true);
}
END_TEST

START_TEST(what_the_engine_refuses_who_has_vanished_is_given_back)
{
	far_site_listen();
	fake_engine.is_away = true;
	far_site_open_queues(true);
	fake_engine_refuse(1, REFUSAL_NO_OWNER);
	stomp_peer_say(peer, "COMMIT{transaction:t}{receipt:c}");
	far_site_lose(peer);
	far_site_come_back();
	far_site_check_nothing();
}
END_TEST

START_TEST(who_vanishes_at_any_turn_has_committed_all_or_nothing)
{
	far_site_listen();
	far_site_open_mixed();
	stomp_peer_mutter(peer, "COMMIT{transaction:t}{receipt:c}");
	for (int i = 0; i < _i; i++)
		still_workers_turn(workers);
	far_site_lose(peer);
	still_workers_settle(workers);
	far_site_check_got(fake_engine.asked > 0, fake_engine.asked > 0);
	ck_assert_uint_eq(fake_engine.taken, 2 * fake_engine.asked);
}
END_TEST

START_TEST(the_process_may_end_while_an_engine_is_asked)
{
	fake_engine.is_away = true;
	far_site_open_mixed();
	stomp_peer_say(peer, "COMMIT{transaction:t}{receipt:c}");
	ck_assert_uint_eq(fake_engine.asked, 1);
	/* The teardown ends all, without the engine's decision. */
}
END_TEST

static void teardown_away(void)
{
	stomp_peer_destroy(peer);
	stomp_peer_destroy(reader);
	still_workers_destroy(workers);
}

int main(void)
{
	Suite *suite = suite_create("ends of commits of two engines");
	TCase *tcase = unit_case(suite, "the client vanishes");
	TCase *away = unit_case(suite, "the process ends");

	tcase_add_checked_fixture(tcase, setup, far_site_end);
	tcase_add_test(
		tcase, nothing_happens_for_who_vanishes_before_the_engine_is_asked);
	tcase_add_test(tcase, what_the_engine_does_for_who_has_vanished_is_followed);
	tcase_add_test(tcase, what_the_engine_refuses_who_has_vanished_is_given_back);
	tcase_add_loop_test(
		tcase, who_vanishes_at_any_turn_has_committed_all_or_nothing, 0, 12);

	tcase_add_checked_fixture(away, setup, teardown_away);
	tcase_add_test(away, the_process_may_end_while_an_engine_is_asked);
	return unit_run(suite);
}
