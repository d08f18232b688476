/* Application routes: the destinations of a SEND, its body, and its refusals. */
/* tags: workers */
#include "tests/support/still_workers.h"
#include "tests/support/stomp_peer.h"
#include "tests/support/unit.h"

static struct worker *worker;
static struct stomp_peer *peer, *listener;

static const char *const listened[] = {"/topic/messages", "/topic/one", "/topic/two",
	"/topic/room.7", "/topic/lobby", "/topic/plain/x/y", "/topic/plain"};

static void setup(void)
{
	worker = still_workers_create(
		"'limits': {'destination': 40}, 'app': {'prefixes': ['/app', '/go'],"
		"'routes': ["
		"{'match': '/app/chat', 'send_to': ['/topic/messages'],"
		" 'body': {'from': '{body.from}', 'text': '{body.text}'}},"
		"{'match': '/app/room/{room}', 'send_to': '/topic/room.{room}'},"
		"{'match': '/app/room/lobby', 'send_to': '/topic/lobby'},"
		"{'match': '/app/r*/7', 'send_to': '/topic/never'},"
		"{'match': '/app/both', 'send_to': ['/topic/one', '/topic/two']},"
		"{'match': '/app/either/{x}', 'send_to': ['/topic/one', '/{x}/two']},"
		"{'match': '/app/plain/**'},"
		"{'match': '/go/plain'},"
		"{'match': '/app/meta', 'send_to': '/topic/one', 'body':"
		" {'user': '{user}', 'session': '{session}', 'x': '{header.x}'}}]}")
			 ->all[0];
	peer = stomp_peer_connect(worker, "1.2");
	listener = stomp_peer_connect(
		worker->workers->all[worker->workers->count - 1], "1.2");
	for (size_t i = 0; i < COUNT(listened); i++) {
		char frame[128];

		snprintf(frame, sizeof(frame), "SUBSCRIBE{id:%zu}{destination:%s}", i,
			listened[i]);
		stomp_peer_say(listener, frame);
	}
}

static void teardown(void)
{
	stomp_peer_destroy(peer);
	stomp_peer_destroy(listener);
	still_workers_destroy(worker->workers);
}

#define JSON "{content-type:application/json}"

static const struct {
	const char *sent, *heard;
} routed[] = {
	{"SEND{destination:/app/chat}[{\"from\": \"A\", \"text\": 1, \"more\": 2}]",
		"MESSAGE{subscription:0}{destination:/topic/messages}" JSON
		"[{\"from\":\"A\",\"text\":1}]"},
	{"SEND{destination:/app/chat}{x:1}{content-type:text/plain}"
	 "[{\"from\":null,\"text\":[]}]",
		"MESSAGE{subscription:0}{destination:/topic/messages}" JSON
		"{x:1}[{\"from\":null,\"text\":[]}]"},
	/* Headers that described the sender's body are wrong for the new one. */
	{"SEND{destination:/app/chat}{content-md5:x}{content-encoding:identity}{y:2}"
	 "[{\"from\":1,\"text\":2}]",
		"MESSAGE{subscription:0}{destination:/topic/messages}" JSON
		"{y:2}[{\"from\":1,\"text\":2}]"},
	{"SEND{destination:/app/room/7}{x:1}{content-type:a/b}[as it is]",
		"MESSAGE{subscription:3}{destination:/topic/room.7}{x:1}"
		"{content-type:a/b}[as it is]"},
	{"SEND{destination:/app/room/lobby}[the most specific wins]",
		"MESSAGE{subscription:4}{destination:/topic/lobby}"
		"[the most specific wins]"},
	{"SEND{destination:/app/room/7}{content-length:2}[{}]",
		"MESSAGE{subscription:3}{destination:/topic/room.7}[{}]"},
	{"SEND{destination:/app/room/7}{content-md5:x}[passed on]",
		"MESSAGE{subscription:3}{destination:/topic/room.7}{content-md5:x}"
		"[passed on]"},
	{"SEND{destination:/app/both}[x]",
		"MESSAGE{subscription:1}{destination:/topic/one}[x] "
		"MESSAGE{subscription:2}{destination:/topic/two}[x]"},
	{"SEND{destination:/app/either/topic}[x]",
		"MESSAGE{subscription:1}{destination:/topic/one}[x] "
		"MESSAGE{subscription:2}{destination:/topic/two}[x]"},
	{"SEND{destination:/app/plain/x/y}[x]",
		"MESSAGE{subscription:5}{destination:/topic/plain/x/y}[x]"},
	{"SEND{destination:/go/plain}[x]",
		"MESSAGE{subscription:6}{destination:/topic/plain}[x]"},
};

START_TEST(a_route_leads_to_its_topics)
{
	stomp_peer_say(peer, routed[_i].sent);
	assert_heard(listener, routed[_i].heard);
	assert_heard(peer, "");
}
END_TEST

static const struct {
	const char *sent, *message;
} refused[] = {
	{"SEND{destination:/app/nowhere}{receipt:r}[x]",
		"No route has that destination"},
	{"SEND{destination:/app/room}{receipt:r}[x]", "No route has that destination"},
	{"SEND{destination:/app/room/7/8}{receipt:r}[x]",
		"No route has that destination"},
	{"SEND{destination:/application/chat}{receipt:r}[x]",
		"Nobody owns destinations of that prefix"},
	{"SEND{destination:/app}{receipt:r}[x]",
		"Nobody owns destinations of that prefix"},
	/* all or nothing: /topic/one gets nothing of it */
	{"SEND{destination:/app/either/nobody}{receipt:r}[x]",
		"The route leads to no destination"},
	/* the result is longer than 40 bytes, the input is not */
	{"SEND{destination:/app/room/12345678901234567890123456789}{receipt:r}[x]",
		"The route leads to no destination"},
	{"SEND{destination:/app/chat}{receipt:r}[no JSON]",
		"The route cannot shape that message"},
	{"SEND{destination:/app/chat}{receipt:r}[{\"from\":\"A\"}]",
		"The route cannot shape that message"},
};

START_TEST(what_no_route_takes_is_an_error_to_the_sender)
{
	stomp_peer_say(peer, refused[_i].sent);
	stomp_peer_check_refused(peer, refused[_i].message, "r");
	assert_heard(listener, "");
}
END_TEST

START_TEST(a_template_knows_the_session_and_the_headers)
{
	struct slice label = session_label(peer->memory.session);
	char expected[256];

	stomp_peer_say(peer, "SEND{destination:/app/meta}{x:a\\cb}[ignored]");
	int len = snprintf(expected, sizeof(expected),
		"MESSAGE{subscription:1}{destination:/topic/one}" JSON "{x:a\\cb}"
		"[{\"user\":\"\",\"session\":\"%.*s\",\"x\":\"a:b\"}]",
		SLICE_ARGS(label));
	ck_assert_int_lt(len, (int)sizeof(expected));
	assert_heard(listener, expected);
}
END_TEST

START_TEST(a_receipt_waits_for_every_target)
{
	stomp_peer_mutter(peer, "SEND{destination:/app/both}{receipt:1}[x]");
	stomp_peer_mutter(peer, "SEND{destination:/app/plain/x/y}{receipt:2}[y]");
	assert_heard(peer, "RECEIPT{receipt-id:1} RECEIPT{receipt-id:2}");
}
END_TEST

START_TEST(routed_and_straight_messages_keep_their_order)
{
	stomp_peer_mutter(peer, "SEND{destination:/topic/one}[1]");
	stomp_peer_mutter(peer, "SEND{destination:/app/both}[2]");
	stomp_peer_mutter(peer, "SEND{destination:/topic/one}[3]");
	assert_heard(listener, "MESSAGE{subscription:1}{destination:/topic/one}[1] "
			       "MESSAGE{subscription:1}{destination:/topic/one}[2] "
			       "MESSAGE{subscription:2}{destination:/topic/two}[2] "
			       "MESSAGE{subscription:1}{destination:/topic/one}[3]");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("app");
	TCase *tcase = unit_case(suite, "routes");

	tcase_add_checked_fixture(tcase, setup, teardown);
	unit_add_table(tcase, a_route_leads_to_its_topics, routed);
	unit_add_table(tcase, what_no_route_takes_is_an_error_to_the_sender, refused);
	tcase_add_test(tcase, a_template_knows_the_session_and_the_headers);
	tcase_add_test(tcase, a_receipt_waits_for_every_target);
	tcase_add_test(tcase, routed_and_straight_messages_keep_their_order);
	return unit_run(suite);
}
