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

#include <stdio.h>

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

/* The peer's delivery from the memory engine, which its COMMIT settles so. */
static void settle_near(const char *command)
{
	char headers[64];

	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/queue/b}{ack:client}");
	stomp_peer_say(reader, "SEND{destination:/queue/b}[b]");
	fake_engine.is_away = true;
	far_site_open();
	snprintf(headers, sizeof(headers), "{transaction:t}%s",
		strcmp(command, "DROP") == 0 ? "{requeue:false}" : "");
	far_site_settle(peer, strcmp(command, "ACK") == 0 ? "ACK" : "NACK", headers);
	far_site_add("/topic/far/a", "x");
}

static const struct {
	const char *command;
	bool is_refused;
	const char *left, *dead;
} settled[] = {
	{"ACK", false, "", ""},
	{"NACK", false, "{redelivered:true}[b]", ""},
	{"DROP", false, "", "[b]"},
	{"ACK", true, "{redelivered:true}[b]", ""},
	{"NACK", true, "{redelivered:true}[b]", ""},
	{"DROP", true, "{redelivered:true}[b]", ""},
};

/* Nothing, or one message that ends so. */
static void assert_reader_gets(const char *end)
{
	const char *heard = stomp_peer_heard(reader);

	ck_assert_msg(end[0] == '\0' ? heard[0] == '\0'
				     : slice_ends_with(slice_of(heard), slice_of(end)),
		"%s, not %s", heard, end);
}

START_TEST(what_who_has_vanished_has_settled_is_settled_with_the_rest)
{
	settle_near(settled[_i].command);
	stomp_peer_say(peer, "COMMIT{transaction:t}{receipt:c}");
	far_site_lose(peer);
	/* Nobody gets it before it is decided. */
	stomp_peer_say(reader, "SUBSCRIBE{id:b}{destination:/queue/b}");
	assert_heard(reader, "");
	if (settled[_i].is_refused)
		fake_engine_refuse(1, REFUSAL_DESTINATIONS);
	far_site_come_back();
	ck_assert_uint_eq(fake_engine.taken, !settled[_i].is_refused);
	assert_reader_gets(settled[_i].left);
	stomp_peer_say(reader, "SUBSCRIBE{id:d}{destination:/queue/dead-letter}");
	assert_reader_gets(settled[_i].dead);
}
END_TEST

START_TEST(what_is_settled_stays_with_its_consumer_when_it_is_refused)
{
	settle_near("ACK");
	fake_engine_refuse(1, REFUSAL_DESTINATIONS);
	stomp_peer_say(peer, "COMMIT{transaction:t}{receipt:c}");
	far_site_come_back();
	stomp_peer_say(reader, "SUBSCRIBE{id:b}{destination:/queue/b}");
	assert_heard(reader, "");
	far_site_lose(peer);
	assert_reader_gets("{redelivered:true}[b]");
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
	unit_add_table(tcase,
		what_who_has_vanished_has_settled_is_settled_with_the_rest, settled);
	tcase_add_test(
		tcase, what_is_settled_stays_with_its_consumer_when_it_is_refused);
	tcase_add_test(tcase, what_the_engine_refuses_who_has_vanished_is_given_back);
	tcase_add_loop_test(
		tcase, who_vanishes_at_any_turn_has_committed_all_or_nothing, 0, 12);

	tcase_add_checked_fixture(away, setup, teardown_away);
	tcase_add_test(away, the_process_may_end_while_an_engine_is_asked);
	return unit_run(suite);
}
