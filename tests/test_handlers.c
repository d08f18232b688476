/* tags: workers */
#include "gateway/handlers/handlers.h"

#include "gateway/server/server_handlers.h"
#include "gateway/session/session_internal.h"

#include "tests/support/memory_outlet.h"
#include "tests/support/still_workers.h"
#include "tests/support/unit.h"

static const struct {
	const char *name;
	const struct handler *handler; /* NULL: none has that name */
} handlers[] = {
	{"stomp", &stomp_handler},
	{"echo", &echo_handler},
	{"reply", &reply_handler},
	{"close", &close_handler},
	{"amplify", &amplify_handler},
	{"broadcast", &broadcast_handler},
	{"ticker", &ticker_handler},
	{"", NULL},
	{"ech", NULL},
	{"Echo", NULL},
};

START_TEST(a_handler_is_found_by_its_name)
{
	struct buf json = {0}, error = {0};

	buf_printf(&json, "{\"endpoints\": [{\"path\": \"/x\", \"handler\": \"%s\"}]}",
		handlers[_i].name);
	struct config *config =
		config_parse(buf_slice(&json), "test.json", NULL, &error);
	ck_assert_ptr_eq(
		config == NULL ? NULL : server_handlers[config->endpoints[0].runs],
		handlers[_i].handler);
	config_unref(config);
	buf_finish(&json);
	buf_finish(&error);
}
END_TEST

static const struct {
	const char *path;
	struct slice said;
	enum payload payload;
	const char *answer;
} answers[] = {
	{"/echo", SLICE_INIT("hi"), PAYLOAD_TEXT, "o a[\"hi\"]"},
	{"/echo", SLICE_INIT(""), PAYLOAD_TEXT, "o a[\"\"]"},
	{"/echo", SLICE_INIT("\0\xed\xa0\x80"), PAYLOAD_TEXT,
		"o a[\"\\u0000\\ud800\"]"},
	{"/echo", SLICE_INIT("bytes"), PAYLOAD_BINARY, "o a[\"bytes\"]"},
	{"/reply", SLICE_INIT("hi"), PAYLOAD_TEXT, "o a[\"Yes\"]"},
	{"/reply", SLICE_INIT("hi"), PAYLOAD_BINARY, "o a[\"Yes\"]"},
	{"/close", SLICE_INIT("hi"), PAYLOAD_TEXT, "o c[3000,\"Go away!\"]"},
};

START_TEST(a_handler_answers)
{
	struct worker *worker = still_workers_create("")->all[0];
	struct memory_outlet outlet = {.wire = WIRE_SOCKJS};
	struct session *session =
		still_workers_open(worker, answers[_i].path, SESSION_SOCKJS, "id");

	session_receive(session, answers[_i].said, answers[_i].payload);
	memory_outlet_attach(&outlet, session);
	still_workers_settle(worker->workers);
	ck_assert_str_eq(memory_outlet_got(&outlet), answers[_i].answer);
	still_workers_destroy(worker->workers);
	memory_outlet_finish(&outlet);
}
END_TEST

START_TEST(an_echo_is_as_binary_as_what_it_heard)
{
	struct worker *worker = still_workers_create("")->all[0];
	struct memory_outlet outlet = {.wire = WIRE_PLAIN};
	struct session *session = still_workers_open(worker, "/echo", SESSION_RAW, "");

	memory_outlet_attach(&outlet, session);
	session_receive(session, SLICE("one"), PAYLOAD_TEXT);
	session_receive(session, SLICE("two"), PAYLOAD_BINARY);
	still_workers_settle(worker->workers);
	ck_assert_str_eq(memory_outlet_got(&outlet), "one binary:two");
	still_workers_destroy(worker->workers);
	memory_outlet_finish(&outlet);
}
END_TEST

START_TEST(an_overflow_without_last_word_is_a_plain_close)
{
	struct worker *worker =
		still_workers_create("'limits': {'queue_messages': 1}")->all[0];
	struct memory_outlet outlet = {.wire = WIRE_SOCKJS};
	struct session *session =
		still_workers_open(worker, "/echo", SESSION_SOCKJS, "id");

	session_receive(session, SLICE("one"), PAYLOAD_TEXT);
	session_receive(session, SLICE("two"), PAYLOAD_TEXT);
	memory_outlet_attach(&outlet, session);
	still_workers_settle(worker->workers);
	ck_assert_str_eq(memory_outlet_got(&outlet), "o c[1008,\"Slow consumer\"]");
	still_workers_destroy(worker->workers);
	memory_outlet_finish(&outlet);
}
END_TEST

/* The handlers that clients' tests expect */

static struct config *config;
static const struct endpoint *amplify, *broadcast, *elsewhere, *ticker;

static struct worker *worker;
static struct worker *homes[3]; /* of the sessions: all over the workers */
static struct session *sessions[3];
static struct memory_outlet outlets[3];

static void setup(void)
{
	config = config_of("{'endpoints': ["
			   "{'path': '/amplify', 'handler': 'amplify'},"
			   "{'path': '/broadcast', 'handler': 'broadcast'},"
			   "{'path': '/elsewhere', 'handler': 'broadcast'},"
			   "{'path': '/ticker', 'handler': 'ticker'}]}");
	amplify = &config->endpoints[0];
	broadcast = &config->endpoints[1];
	elsewhere = &config->endpoints[2];
	ticker = &config->endpoints[3];
	worker = still_workers_create("")->all[0];
	for (size_t i = 0; i < COUNT(outlets); i++) {
		outlets[i] = (struct memory_outlet){0};
		homes[i] = worker->workers->all[i % worker->workers->count];
	}
}

static void teardown(void)
{
	still_workers_destroy(worker->workers);
	config_unref(config);
	for (size_t i = 0; i < COUNT(outlets); i++)
		memory_outlet_finish(&outlets[i]);
}

static void open_session(
	size_t i, const struct endpoint *endpoint, enum session_framing framing)
{
	const struct peer peer = {.origin = SLICE("")};

	outlets[i].wire = framing == SESSION_RAW ? WIRE_PLAIN : WIRE_SOCKJS;
	sessions[i] = session_create(homes[i], endpoint,
		framing == SESSION_RAW ? TRANSPORT_WEBSOCKET_RAW : TRANSPORT_WEBSOCKET,
		SLICE(""), &peer);
}

#define assert_got(i, expected)                                                        \
	do {                                                                           \
		still_workers_settle(worker->workers);                                 \
		ck_assert_str_eq(memory_outlet_got(&outlets[i]), expected);            \
	} while (0)

/* Session `i`, whose open frame its outlet has taken. */
static void join(size_t i, const struct endpoint *endpoint)
{
	open_session(i, endpoint, SESSION_SOCKJS);
	memory_outlet_attach(&outlets[i], sessions[i]);
	assert_got(i, "o");
}

/* Amplify */

static const struct {
	const char *number;
	size_t letters;
} sizes[] = {
	{"1", 2},
	{"2", 4},
	{"12", 4096},
	{"18", 262144},
	{"007", 128},
	{"0", 2},
	{"19", 2},
	{"18446744073709551617", 2}, /* 2^64 + 1 */
	{"", 2},
	{"-3", 2},
	{" 3", 2},
	{"3x", 2},
	{"3.5", 2},
	{"x", 2},
};

START_TEST(amplify_answers_a_number_with_a_power_of_two_letters)
{
	open_session(0, amplify, SESSION_RAW);
	memory_outlet_attach(&outlets[0], sessions[0]);
	session_receive(sessions[0], slice_of(sizes[_i].number), PAYLOAD_TEXT);
	still_workers_settle(worker->workers);
	const char *got = memory_outlet_got(&outlets[0]);
	ck_assert_uint_eq(strlen(got), sizes[_i].letters);
	ck_assert_uint_eq(strspn(got, "x"), sizes[_i].letters);
}
END_TEST

/* Broadcast */

static void join_all(void)
{
	for (size_t i = 0; i < COUNT(sessions); i++)
		join(i, broadcast);
}

START_TEST(a_broadcast_reaches_all_and_its_sender)
{
	join_all();
	session_receive(sessions[1], SLICE("hi"), PAYLOAD_TEXT);
	session_receive(sessions[1], SLICE("ho"), PAYLOAD_TEXT);
	for (size_t i = 0; i < COUNT(sessions); i++)
		assert_got(i, "a[\"hi\",\"ho\"]");
}
END_TEST

START_TEST(a_broadcast_stays_at_its_endpoint)
{
	join(0, broadcast);
	join(1, elsewhere);
	join(2, still_workers_endpoint(worker->workers, "/echo"));
	session_receive(sessions[0], SLICE("here"), PAYLOAD_TEXT);
	session_receive(sessions[1], SLICE("there"), PAYLOAD_TEXT);
	assert_got(0, "a[\"here\"]");
	assert_got(1, "a[\"there\"]");
	assert_got(2, "");
}
END_TEST

START_TEST(a_broadcast_is_rendered_once_for_all_of_a_worker)
{
	const struct view view = {.wire = WIRE_SOCKJS};
	struct slice bytes[2];

	homes[1] = homes[0];
	join_all();
	outlets[0].blocked = outlets[1].blocked = true;
	session_receive(sessions[2], SLICE("hi"), PAYLOAD_TEXT);
	still_workers_settle(worker->workers);
	for (int i = 0; i < 2; i++) {
		const struct delivery *item = outbound_item(&sessions[i]->queue, 0);

		bytes[i] = message_render(item->message, &view).bytes;
	}
	ck_assert_ptr_eq(bytes[0].data, bytes[1].data);
}
END_TEST

START_TEST(a_broadcast_passes_over_who_closes_or_is_gone)
{
	join_all();
	session_close(sessions[0], ENDING_HANDLER);
	session_lost(sessions[1], ENDING_INTERRUPTED);
	session_receive(sessions[2], SLICE("hi"), PAYLOAD_TEXT);
	assert_got(0, "c[3000,\"Go away!\"]");
	assert_got(1, "");
	assert_got(2, "a[\"hi\"]");
	session_receive(sessions[2], SLICE("alone"), PAYLOAD_TEXT); /* both are freed */
	assert_got(2, "a[\"alone\"]");
}
END_TEST

static unsigned reached(struct session *const *many, size_t count)
{
	unsigned sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += (unsigned)many[i]->queue.count;
	return sum;
}

START_TEST(a_broadcast_to_many_takes_turns_and_reaches_each_once_in_order)
{
	enum { MANY = 40, IN_A_TURN = 17 }; /* of work_per_turn, and 16 */
	const struct peer peer = {.origin = SLICE("")};
	struct session *many[MANY];

	for (size_t i = 0; i < MANY; i++)
		many[i] = session_create(
			worker, broadcast, TRANSPORT_WEBSOCKET_RAW, SLICE(""), &peer);
	session_receive(many[0], SLICE("first"), PAYLOAD_TEXT);
	session_receive(many[1], SLICE("second"), PAYLOAD_TEXT);
	worker->work_per_turn = 1;
	still_workers_turn(worker->workers);
	ck_assert_uint_eq(reached(many, MANY), IN_A_TURN);
	session_lost(many[0], ENDING_INTERRUPTED);  /* was reached */
	session_lost(many[39], ENDING_INTERRUPTED); /* was not */
	still_workers_turn(worker->workers);
	ck_assert_uint_eq(reached(many + 1, MANY - 2), 2 * IN_A_TURN - 1);
	still_workers_settle(worker->workers);
	for (size_t i = 1; i < MANY - 1; i++) {
		ck_assert_uint_eq(many[i]->queue.count, 2);
		ck_assert_uint_eq(
			message_size(outbound_item(&many[i]->queue, 0)->message) + 1,
			message_size(outbound_item(&many[i]->queue, 1)->message));
	}
}
END_TEST

START_TEST(a_broadcast_is_as_binary_as_what_was_heard)
{
	open_session(0, broadcast, SESSION_RAW);
	memory_outlet_attach(&outlets[0], sessions[0]);
	session_receive(sessions[0], SLICE("bytes"), PAYLOAD_BINARY);
	assert_got(0, "binary:bytes");
}
END_TEST

/* Ticker */

START_TEST(a_ticker_ticks_every_second)
{
	join(0, ticker);
	for (int i = 0; i < 3; i++) {
		still_workers_advance(worker->workers, 999);
		assert_got(0, "");
		still_workers_advance(worker->workers, 1);
		assert_got(0, "a[\"tick!\"]");
	}
}
END_TEST

START_TEST(a_ticker_does_not_listen)
{
	join(0, ticker);
	session_receive(sessions[0], SLICE("hi"), PAYLOAD_TEXT);
	assert_got(0, "");
}
END_TEST

START_TEST(a_ticker_ticks_for_an_outlet_that_comes_later)
{
	open_session(0, ticker, SESSION_SOCKJS);
	still_workers_advance(worker->workers, 2500);
	memory_outlet_attach(&outlets[0], sessions[0]);
	assert_got(0, "o a[\"tick!\",\"tick!\"]");
	still_workers_advance(worker->workers, 500);
	assert_got(0, "a[\"tick!\"]");
}
END_TEST

START_TEST(each_ticker_has_its_own_second)
{
	join(0, ticker);
	still_workers_advance(worker->workers, 400);
	join(1, ticker);
	still_workers_advance(worker->workers, 600);
	assert_got(0, "a[\"tick!\"]");
	assert_got(1, "");
	still_workers_advance(worker->workers, 400);
	assert_got(0, "");
	assert_got(1, "a[\"tick!\"]");
}
END_TEST

START_TEST(a_ticker_is_silent_while_it_closes)
{
	join(0, ticker);
	outlets[0].blocked = true;
	still_workers_advance(worker->workers, 1000);
	session_close(sessions[0], ENDING_HANDLER);
	still_workers_advance(worker->workers, 3000);
	outlets[0].blocked = false;
	memory_outlet_pull(&outlets[0]);
	assert_got(0, "a[\"tick!\"] c[3000,\"Go away!\"]");
}
END_TEST

START_TEST(a_ticker_ends_with_its_session)
{
	join(0, ticker);
	session_lost(sessions[0], ENDING_INTERRUPTED);
	still_workers_advance(
		worker->workers, 5000); /* its timer would be freed memory */
	assert_got(0, "");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("handlers");
	TCase *tcase = unit_case(suite, "handlers");
	TCase *expected = unit_case(suite, "expected by clients' tests");

	unit_add_table(tcase, a_handler_is_found_by_its_name, handlers);
	unit_add_table(tcase, a_handler_answers, answers);
	tcase_add_test(tcase, an_echo_is_as_binary_as_what_it_heard);
	tcase_add_test(tcase, an_overflow_without_last_word_is_a_plain_close);

	tcase_add_checked_fixture(expected, setup, teardown);
	unit_add_table(
		expected, amplify_answers_a_number_with_a_power_of_two_letters, sizes);
	tcase_add_test(expected, a_broadcast_reaches_all_and_its_sender);
	tcase_add_test(expected, a_broadcast_stays_at_its_endpoint);
	tcase_add_test(expected, a_broadcast_is_rendered_once_for_all_of_a_worker);
	tcase_add_test(expected, a_broadcast_passes_over_who_closes_or_is_gone);
	tcase_add_test(expected,
		a_broadcast_to_many_takes_turns_and_reaches_each_once_in_order);
	tcase_add_test(expected, a_broadcast_is_as_binary_as_what_was_heard);
	tcase_add_test(expected, a_ticker_ticks_every_second);
	tcase_add_test(expected, a_ticker_does_not_listen);
	tcase_add_test(expected, a_ticker_ticks_for_an_outlet_that_comes_later);
	tcase_add_test(expected, each_ticker_has_its_own_second);
	tcase_add_test(expected, a_ticker_is_silent_while_it_closes);
	tcase_add_test(expected, a_ticker_ends_with_its_session);
	return unit_run(suite);
}
