/*
 * Two engines beside each other: the beginning of a destination decides, receipts keep
 * their order, and their clients notice no difference.
 */
/* tags: workers */
#include "gateway/broker/internal.h"
#include "tests/support/far_site.h"
#include "tests/support/unit.h"

#include <stdio.h>

static struct workers *workers;
static struct stomp_peer *peer, *reader;

static void know_site(void)
{
	workers = far_site.workers;
	peer = far_site.peer;
	reader = far_site.reader;
}

static void setup(void)
{
	far_site_begin("");
	know_site();
}

static void setup_route(void)
{
	far_site_begin("'app': {'routes': [{'match': '/app/a',"
		       "'send_to': ['/topic/a', '/topic/far/a']}]}");
	know_site();
}

static void setup_users(void)
{
	static const struct engine_share users[] = {
		{SLICE_INIT("user:"), &fake_engine_life}, {SLICE_INIT(""), NULL}};

	far_site_begin_with(users, "");
	know_site();
}

static void setup_far_letters(void)
{
	far_site_begin("'broker': {'nacks': 1, 'dead_letter': '/queue/far/dead'}");
	know_site();
}

static void setup_near_letters(void)
{
	far_site_begin("'broker': {'nacks': 1, 'dead_letter': '/queue/dead'}");
	know_site();
}

/* Who owns what. */

static const struct {
	const char *destination;
	bool is_far;
} destinations[] = {
	{"/topic/far/a", true},
	{"/topic/far/a/b", true},
	{"/topic/far", false},
	{"/topic/farther/a", false},
	{"/topic/a/topic/far/a", false},
	{"/queue/far/a", true},
	{"/queue/far", false},
	{"/queue/a", false},
};

START_TEST(the_beginning_decides_which_engine_owns_a_destination)
{
	char frame[128], expected[128];

	snprintf(frame, sizeof(frame), "SUBSCRIBE{id:1}{destination:%s}{receipt:s}",
		destinations[_i].destination);
	stomp_peer_say(reader, frame);
	assert_heard(reader, "RECEIPT{receipt-id:s}");
	snprintf(frame, sizeof(frame), "SEND{destination:%s}{receipt:r}[x]",
		destinations[_i].destination);
	stomp_peer_say(peer, frame);
	assert_heard(peer, "RECEIPT{receipt-id:r}");
	snprintf(expected, sizeof(expected),
		"MESSAGE{subscription:1}{destination:%s}[x]",
		destinations[_i].destination);
	assert_heard(reader, expected);
	ck_assert_uint_eq(fake_engine.taken, destinations[_i].is_far);
}
END_TEST

START_TEST(a_pattern_belongs_to_the_engine_of_its_beginning)
{
	stomp_peer_say(reader, "SUBSCRIBE{id:near}{destination:/topic/**}");
	stomp_peer_say(reader, "SUBSCRIBE{id:far}{destination:/topic/far/*}");
	stomp_peer_say(peer, "SEND{destination:/topic/far/a}[1]");
	stomp_peer_say(peer, "SEND{destination:/topic/a}[2]");
	assert_heard(reader, "MESSAGE{subscription:far}{destination:/topic/far/a}[1] "
			     "MESSAGE{subscription:near}{destination:/topic/a}[2]");
	stomp_peer_say(reader, "UNSUBSCRIBE{id:far}{receipt:u}");
	stomp_peer_say(peer, "SEND{destination:/topic/far/a}[3]");
	assert_heard(reader, "RECEIPT{receipt-id:u}");
}
END_TEST

START_TEST(an_engine_may_own_the_destinations_of_users)
{
	const struct slice name = session_label(reader->memory.session);
	char frame[160];

	stomp_peer_say(reader, "SUBSCRIBE{id:1}{destination:/user/queue/a}");
	snprintf(frame, sizeof(frame), "SEND{destination:/user/%.*s/queue/a}[x]",
		SLICE_ARGS(name));
	stomp_peer_say(peer, frame);
	assert_heard(reader, "MESSAGE{subscription:1}{destination:/user/queue/a}[x]");
	ck_assert_uint_eq(fake_engine.taken, 1);
	stomp_peer_say(peer, "SEND{destination:/topic/a}[x]");
	ck_assert_uint_eq(fake_engine.taken, 1);
}
END_TEST

/* Whoever owns them: a refusal reaches them without the engine. */
START_TEST(errors_come_while_the_engine_of_users_is_away)
{
	stomp_peer_say(peer, "SUBSCRIBE{id:e}{destination:/user/queue/errors}");
	fake_engine_refuse(1, REFUSAL_DESTINATIONS);
	stomp_peer_say(peer, "SEND{destination:/user/x/queue/a}{receipt:r}[x]");
	fake_engine.is_away = true;
	ck_assert_ptr_nonnull(strstr(stomp_peer_heard(peer),
		"MESSAGE{subscription:e}{destination:/user/"
		"queue/errors}{message:There are too many"));
}
END_TEST

START_TEST(dead_letters_go_to_the_engine_that_owns_their_queue)
{
	stomp_peer_say(peer, "SUBSCRIBE{id:n}{destination:/queue/a}{ack:client}");
	stomp_peer_say(peer, "SUBSCRIBE{id:f}{destination:/queue/far/a}{ack:client}");
	stomp_peer_say(reader, _i == 0 ? "SUBSCRIBE{id:d}{destination:/queue/far/dead}"
				       : "SUBSCRIBE{id:d}{destination:/queue/dead}");
	stomp_peer_say(peer, "SEND{destination:/queue/a}[near]");
	far_site_settle(peer, "NACK", "");
	ck_assert_ptr_nonnull(strstr(stomp_peer_heard(reader), "[near]"));
	stomp_peer_say(peer, "SEND{destination:/queue/far/a}[far]");
	far_site_settle(peer, "NACK", "");
	ck_assert_ptr_nonnull(strstr(stomp_peer_heard(reader), "[far]"));
	ck_assert_uint_eq(fake_engine.taken, _i == 0 ? 3 : 1);
}
END_TEST

START_TEST(a_header_is_for_the_engine_that_understands_it)
{
	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/topic/far/a}{selector:a=1}"
			     "{receipt:s}");
	assert_heard(peer, "RECEIPT{receipt-id:s}");
	stomp_peer_say(
		peer, "SUBSCRIBE{id:2}{destination:/topic/a}{selector:a=1}{receipt:t}");
	stomp_peer_check_refused(peer, "Selectors are not supported", "t");
}
END_TEST

/* Receipts. */

START_TEST(receipts_of_two_engines_keep_their_order)
{
	fake_engine.is_away = true;
	stomp_peer_mutter(peer, "SEND{destination:/topic/a}{receipt:1}[x]");
	stomp_peer_mutter(peer, "SEND{destination:/topic/far/a}{receipt:2}[x]");
	stomp_peer_mutter(peer, "SEND{destination:/topic/a}{receipt:3}[x]");
	stomp_peer_mutter(peer, "SUBSCRIBE{id:1}{destination:/queue/far/a}{receipt:4}");
	stomp_peer_mutter(peer, "SUBSCRIBE{id:2}{destination:/queue/a}{receipt:5}");
	assert_heard(peer, "RECEIPT{receipt-id:1}");
	far_site_come_back();
	assert_heard(peer, "RECEIPT{receipt-id:2} RECEIPT{receipt-id:3} "
			   "RECEIPT{receipt-id:4} RECEIPT{receipt-id:5}");
}
END_TEST

START_TEST(a_refusal_of_one_engine_holds_up_no_receipt_of_another)
{
	fake_engine.is_away = true;
	fake_engine_refuse(1, REFUSAL_DESTINATIONS);
	stomp_peer_mutter(peer, "SEND{destination:/topic/far/a}{receipt:1}[x]");
	stomp_peer_mutter(peer, "SEND{destination:/topic/a}{receipt:2}[x]");
	assert_heard(peer, "");
	far_site_come_back();
	assert_heard(peer, "RECEIPT{receipt-id:2}");
}
END_TEST

START_TEST(one_engine_serves_while_another_is_away)
{
	fake_engine.is_away = true;
	stomp_peer_say(reader, "SUBSCRIBE{id:f}{destination:/topic/far/a}");
	stomp_peer_say(reader, "SUBSCRIBE{id:n}{destination:/topic/a}");
	stomp_peer_say(peer, "SEND{destination:/topic/far/a}[1]");
	stomp_peer_say(peer, "SEND{destination:/topic/a}[2]");
	assert_heard(reader, "MESSAGE{subscription:n}{destination:/topic/a}[2]");
	far_site_come_back();
	stomp_peer_say(peer, "SEND{destination:/topic/far/a}[3]");
	const char *heard = stomp_peer_heard(reader);
	ck_assert_ptr_nonnull(
		strstr(heard, "MESSAGE{subscription:f}{destination:/topic/far/a}[3]"));
}
END_TEST

START_TEST(the_receipt_of_a_disconnect_waits_for_all_engines)
{
	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/topic/far/a}");
	fake_engine.is_away = true;
	stomp_peer_say(peer, "SEND{destination:/topic/far/a}[x]");
	stomp_peer_say(peer, "DISCONNECT{receipt:d}");
	assert_heard(peer, "");
	far_site_come_back();
	assert_heard(peer, "MESSAGE{subscription:1}{destination:/topic/far/a}[x] "
			   "RECEIPT{receipt-id:d} close 1000 Goodbye");
}
END_TEST

START_TEST(who_ends_while_an_engine_is_away_leaves_nothing_behind)
{
	fake_engine.is_away = true;
	stomp_peer_say(reader, "SUBSCRIBE{id:1}{destination:/queue/far/a}{receipt:s}");
	if (_i == 1)
		stomp_peer_say(reader, "UNSUBSCRIBE{id:1}{receipt:u}");
	far_site_lose(reader);
	far_site_come_back();
	stomp_peer_say(peer, "SEND{destination:/queue/far/a}[x]");
	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/queue/far/a}");
	assert_heard(peer, "MESSAGE{subscription:1}{destination:/queue/far/a}[x]");
}
END_TEST

START_TEST(an_unsubscribe_may_follow_before_the_subscribe_is_answered)
{
	fake_engine.is_away = true;
	stomp_peer_mutter(peer, "SUBSCRIBE{id:1}{destination:/topic/far/a}{receipt:s}");
	stomp_peer_mutter(peer, "UNSUBSCRIBE{id:1}{receipt:u}");
	stomp_peer_mutter(peer, "SEND{destination:/topic/far/a}{receipt:r}[x]");
	assert_heard(peer, "");
	far_site_come_back();
	assert_heard(peer, "RECEIPT{receipt-id:s} RECEIPT{receipt-id:u} "
			   "RECEIPT{receipt-id:r}");
}
END_TEST

static const struct {
	const char *mode;
	int acked; /* the message that is acknowledged, from 1; 0: none is */
	const char *left;
} modes[] = {
	{"auto", 0, ""},
	{"client", 0, "123"},
	{"client", 2, "3"},
	{"client", 3, ""},
	{"client-individual", 2, "13"},
};

START_TEST(a_far_queue_is_acknowledged_in_every_mode)
{
	char frame[128], ids[3][64];
	struct buf expected = {0};

	snprintf(frame, sizeof(frame),
		"SUBSCRIBE{id:1}{destination:/queue/far/a}{ack:%s}", modes[_i].mode);
	stomp_peer_say(peer, frame);
	for (int i = 0; i < 3; i++) {
		snprintf(frame, sizeof(frame), "SEND{destination:/queue/far/a}[%d]",
			i + 1);
		stomp_peer_say(reader, frame);
		if (strcmp(modes[_i].mode, "auto") != 0)
			snprintf(ids[i], sizeof(ids[i]), "%s", far_site_next_ack(peer));
	}
	if (modes[_i].acked > 0) {
		snprintf(frame, sizeof(frame), "ACK{id:%s}{receipt:a}",
			ids[modes[_i].acked - 1]);
		stomp_peer_say(peer, frame);
		assert_heard(peer, "RECEIPT{receipt-id:a}");
	}
	stomp_peer_say(peer, "UNSUBSCRIBE{id:1}{receipt:u}");
	stomp_peer_say(reader, "SUBSCRIBE{id:1}{destination:/queue/far/a}");
	for (const char *at = modes[_i].left; *at != '\0'; at++)
		buf_printf(&expected,
			"%sMESSAGE{subscription:1}{destination:/queue/far/a}"
			"{redelivered:true}[%c]",
			expected.len > 0 ? " " : "", *at);
	buf_append_char(&expected, '\0');
	assert_heard(reader, expected.data);
	buf_finish(&expected);
}
END_TEST

START_TEST(a_route_sends_to_two_engines_and_its_receipt_waits_for_both)
{
	stomp_peer_say(reader, "SUBSCRIBE{id:n}{destination:/topic/a}");
	stomp_peer_say(reader, "SUBSCRIBE{id:f}{destination:/topic/far/a}");
	fake_engine.is_away = true;
	stomp_peer_say(peer, "SEND{destination:/app/a}{receipt:r}[x]");
	assert_heard(peer, "");
	assert_heard(reader, "MESSAGE{subscription:n}{destination:/topic/a}[x]");
	far_site_come_back();
	assert_heard(peer, "RECEIPT{receipt-id:r}");
	assert_heard(reader, "MESSAGE{subscription:f}{destination:/topic/far/a}[x]");
}
END_TEST

START_TEST(what_one_engine_refuses_of_a_route_withholds_its_receipt)
{
	stomp_peer_say(reader, "SUBSCRIBE{id:n}{destination:/topic/a}");
	fake_engine_refuse(1, REFUSAL_DESTINATIONS);
	stomp_peer_say(peer, "SEND{destination:/app/a}{receipt:r}[x]");
	stomp_peer_say(peer, "SEND{destination:/topic/b}{receipt:s}[x]");
	assert_heard(peer, "RECEIPT{receipt-id:s}");
	assert_heard(reader, "MESSAGE{subscription:n}{destination:/topic/a}[x]");
}
END_TEST

/* What the process tells. */

START_TEST(the_process_is_ready_when_all_engines_are)
{
	struct buf why = {0};

	for (unsigned i = 0; i < workers->count; i++)
		ck_assert(worker_is_ready(workers->all[i], &why));
	ck_assert_uint_eq(why.len, 0);
	fake_engine.unready = "the far broker is away";
	for (unsigned i = 0; i < workers->count; i++) {
		ck_assert(!worker_is_ready(workers->all[i], &why));
		ck_assert_slice_eq(buf_slice(&why), SLICE("the far broker is away"));
		buf_finish(&why);
	}
}
END_TEST

static void note(const struct engine_destination *destination, void *context)
{
	buf_printf(context, "%.*s %u ", SLICE_ARGS(destination->destination),
		(unsigned)destination->ready);
}

START_TEST(the_destinations_of_all_engines_are_told)
{
	struct buf told = {0};

	stomp_peer_say(peer, "SEND{destination:/queue/a}[x]");
	stomp_peer_say(peer, "SEND{destination:/queue/far/a}[x]");
	stomp_peer_say(peer, "SEND{destination:/queue/far/a}[x]");
	for (unsigned i = 0; i < workers->count; i++)
		broker_for_each_destination(workers->all[i]->broker, note, &told);
	buf_append_char(&told, '\0');
	ck_assert_ptr_nonnull(strstr(told.data, "/queue/a 1 "));
	ck_assert_ptr_nonnull(strstr(told.data, "/queue/far/a 2 "));
	ck_assert_uint_eq(told.len, strlen("/queue/a 1 /queue/far/a 2 ") + 1);
	buf_finish(&told);
}
END_TEST

static void add_ownership(Suite *suite)
{
	TCase *owners = unit_case(suite, "who owns what");
	TCase *routes = unit_case(suite, "routes");
	TCase *users = unit_case(suite, "users");
	TCase *far_letters = unit_case(suite, "far dead letters");
	TCase *near_letters = unit_case(suite, "near dead letters");

	tcase_add_checked_fixture(owners, setup, far_site_end);
	unit_add_table(owners, the_beginning_decides_which_engine_owns_a_destination,
		destinations);
	tcase_add_test(owners, a_pattern_belongs_to_the_engine_of_its_beginning);
	tcase_add_test(owners, a_header_is_for_the_engine_that_understands_it);
	tcase_add_test(owners, the_process_is_ready_when_all_engines_are);
	tcase_add_test(owners, the_destinations_of_all_engines_are_told);

	unit_add_table(owners, a_far_queue_is_acknowledged_in_every_mode, modes);

	tcase_add_checked_fixture(routes, setup_route, far_site_end);
	tcase_add_test(
		routes, a_route_sends_to_two_engines_and_its_receipt_waits_for_both);
	tcase_add_test(
		routes, what_one_engine_refuses_of_a_route_withholds_its_receipt);

	tcase_add_checked_fixture(users, setup_users, far_site_end);
	tcase_add_test(users, an_engine_may_own_the_destinations_of_users);
	tcase_add_test(users, errors_come_while_the_engine_of_users_is_away);

	tcase_add_checked_fixture(far_letters, setup_far_letters, far_site_end);
	tcase_add_loop_test(
		far_letters, dead_letters_go_to_the_engine_that_owns_their_queue, 0, 1);
	tcase_add_checked_fixture(near_letters, setup_near_letters, far_site_end);
	tcase_add_loop_test(near_letters,
		dead_letters_go_to_the_engine_that_owns_their_queue, 1, 2);
}

static void add_receipts(Suite *suite)
{
	TCase *tcase = unit_case(suite, "receipts");

	tcase_add_checked_fixture(tcase, setup, far_site_end);
	tcase_add_test(tcase, receipts_of_two_engines_keep_their_order);
	tcase_add_test(tcase, a_refusal_of_one_engine_holds_up_no_receipt_of_another);
	tcase_add_test(tcase, one_engine_serves_while_another_is_away);
	tcase_add_test(tcase, the_receipt_of_a_disconnect_waits_for_all_engines);
	tcase_add_loop_test(
		tcase, who_ends_while_an_engine_is_away_leaves_nothing_behind, 0, 2);
	tcase_add_test(
		tcase, an_unsubscribe_may_follow_before_the_subscribe_is_answered);
}

int main(void)
{
	Suite *suite = suite_create("engines");

	add_ownership(suite);
	add_receipts(suite);
	return unit_run(suite);
}
