#include "gateway/handlers.h"

#include "tests/lone_worker.h"
#include "tests/memory_outlet.h"
#include "tests/unit.h"

static const struct {
	const char *name;
	const struct handler *handler;
} handlers[] = {
	{"stomp", &stomp_handler},
	{"echo", &echo_handler},
	{"reply", &reply_handler},
	{"close", &close_handler},
	{"", NULL},
	{"ech", NULL},
	{"Echo", NULL},
};

START_TEST(a_handler_is_found_by_its_name)
{
	ck_assert_ptr_eq(
		handler_find(slice_of(handlers[_i].name)), handlers[_i].handler);
}
END_TEST

static const struct {
	const char *path;
	struct slice said;
	bool binary;
	const char *answer;
} answers[] = {
	{"/echo", SLICE_INIT("hi"), false, "o a[\"hi\"]"},
	{"/echo", SLICE_INIT(""), false, "o a[\"\"]"},
	{"/echo", SLICE_INIT("\0\xed\xa0\x80"), false, "o a[\"\\u0000\\ud800\"]"},
	{"/echo", SLICE_INIT("bytes"), true, "o a[\"bytes\"]"},
	{"/reply", SLICE_INIT("hi"), false, "o a[\"Yes\"]"},
	{"/reply", SLICE_INIT("hi"), true, "o a[\"Yes\"]"},
	{"/close", SLICE_INIT("hi"), false, "o c[3000,\"Go away!\"]"},
};

START_TEST(a_handler_answers)
{
	struct worker *worker = lone_worker_create("");
	struct memory_outlet outlet = {.wire = WIRE_SOCKJS};
	struct session *session =
		lone_worker_open(worker, answers[_i].path, SESSION_SOCKJS, "id");

	session_receive(session, answers[_i].said, answers[_i].binary);
	memory_outlet_attach(&outlet, session);
	lone_worker_settle(worker);
	ck_assert_str_eq(memory_outlet_got(&outlet), answers[_i].answer);
	lone_worker_destroy(worker);
	memory_outlet_finish(&outlet);
}
END_TEST

START_TEST(an_echo_is_as_binary_as_what_it_heard)
{
	struct worker *worker = lone_worker_create("");
	struct memory_outlet outlet = {.wire = WIRE_PLAIN};
	struct session *session = lone_worker_open(worker, "/echo", SESSION_RAW, "");

	memory_outlet_attach(&outlet, session);
	session_receive(session, SLICE("one"), false);
	session_receive(session, SLICE("two"), true);
	lone_worker_settle(worker);
	ck_assert_str_eq(memory_outlet_got(&outlet), "one binary:two");
	lone_worker_destroy(worker);
	memory_outlet_finish(&outlet);
}
END_TEST

START_TEST(an_overflow_without_last_word_is_a_plain_close)
{
	struct worker *worker = lone_worker_create("'limits': {'queue_messages': 1}");
	struct memory_outlet outlet = {.wire = WIRE_SOCKJS};
	struct session *session =
		lone_worker_open(worker, "/echo", SESSION_SOCKJS, "id");

	session_receive(session, SLICE("one"), false);
	session_receive(session, SLICE("two"), false);
	memory_outlet_attach(&outlet, session);
	lone_worker_settle(worker);
	ck_assert_str_eq(memory_outlet_got(&outlet), "o c[1008,\"Slow consumer\"]");
	lone_worker_destroy(worker);
	memory_outlet_finish(&outlet);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("handlers");
	TCase *tcase = unit_case(suite, "handlers");

	unit_add_table(tcase, a_handler_is_found_by_its_name, handlers);
	unit_add_table(tcase, a_handler_answers, answers);
	tcase_add_test(tcase, an_echo_is_as_binary_as_what_it_heard);
	tcase_add_test(tcase, an_overflow_without_last_word_is_a_plain_close);
	return unit_run(suite);
}
