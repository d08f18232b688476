/* Answers to one session: the reply-to of routes with "identify". */
/* tags: workers */
#include "tests/support/still_workers.h"
#include "tests/support/stomp_peer.h"
#include "tests/support/unit.h"

#include <stdio.h>

static struct worker *worker;
static struct stomp_peer *peer, *other, *program;

static void setup(void)
{
	struct workers *workers = still_workers_create(
		"'app': {'routes': ["
		"{'match': '/app/work', 'send_to': '/queue/w', 'identify': true}]},"
		"'broker': {'client_send': false}");

	worker = workers->all[0];
	peer = stomp_peer_connect(worker, "1.2");
	other = stomp_peer_connect(worker, "1.2");
	program = stomp_peer_connect(workers->all[workers->count - 1], "1.2");
	stomp_peer_say(program, "SUBSCRIBE{id:w}{destination:/queue/w}");
}

static void teardown(void)
{
	stomp_peer_destroy(peer);
	stomp_peer_destroy(other);
	stomp_peer_destroy(program);
	still_workers_destroy(worker->workers);
}

/* Asks for work, and writes the SEND of the program that answers. */
static void ask(char *answer, size_t size)
{
	stomp_peer_say(peer, "SEND{destination:/app/work}{x-postern-user:root}[x]");
	const char *heard = stomp_peer_heard(program);
	const char *to = strstr(heard, "{reply-to:");

	ck_assert_msg(to != NULL, "%s", heard);
	ck_assert_ptr_nonnull(strstr(heard, "{x-postern-destination:/app/work}"));
	ck_assert_ptr_null(strstr(heard, "root"));
	to += strlen("{reply-to:");
	snprintf(answer, size, "SEND{destination:%.*s}{receipt:r}[y]",
		(int)strcspn(to, "}"), to);
}

#define ANSWER "MESSAGE{subscription:1}{destination:/user/queue/replies}[y]"

START_TEST(an_answer_reaches_the_session_that_has_asked)
{
	char answer[256], again[256];

	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/user/queue/replies}");
	stomp_peer_say(other, "SUBSCRIBE{id:1}{destination:/user/queue/replies}");
	ask(answer, sizeof(answer));
	ask(again, sizeof(again));
	ck_assert_str_eq(answer, again);
	stomp_peer_say(program, answer);
	assert_heard(program, "RECEIPT{receipt-id:r}");
	assert_heard(peer, ANSWER);
	assert_heard(other, "");
}
END_TEST

START_TEST(an_answer_in_a_transaction_reaches_it_too)
{
	char answer[256], frame[300];

	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/user/queue/replies}");
	ask(answer, sizeof(answer));
	snprintf(frame, sizeof(frame), "%.*s{transaction:t}[y]",
		(int)(strstr(answer, "{receipt") - answer), answer);
	stomp_peer_say(program, "BEGIN{transaction:t}");
	stomp_peer_say(program, frame);
	assert_heard(peer, "");
	stomp_peer_say(program, "COMMIT{transaction:t}");
	assert_heard(peer, ANSWER);
}
END_TEST

START_TEST(who_does_not_subscribe_gets_none)
{
	char answer[256];

	ask(answer, sizeof(answer));
	stomp_peer_say(program, answer);
	assert_heard(program, "RECEIPT{receipt-id:r}");
	assert_heard(peer, "");
	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/user/queue/replies}");
	stomp_peer_say(peer, "UNSUBSCRIBE{id:1}");
	stomp_peer_say(program, answer);
	assert_heard(peer, "");
}
END_TEST

START_TEST(an_answer_to_a_session_that_has_ended_is_dropped)
{
	char answer[256];

	ask(answer, sizeof(answer));
	stomp_peer_destroy(peer);
	peer = stomp_peer_connect(worker, "1.2");
	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/user/queue/replies}");
	stomp_peer_say(program, answer);
	assert_heard(program, "RECEIPT{receipt-id:r}");
	assert_heard(peer, "");
}
END_TEST

START_TEST(a_wrong_tag_reaches_nobody)
{
	char answer[256];
	size_t changed = 0;

	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/user/queue/replies}");
	ask(answer, sizeof(answer));
	for (char *at = strstr(answer, "-queue/") + 7; *at != '}'; at++) {
		const char right = *at;

		if (right == '-' || at[1] == '-')
			continue; /* the number of the worker or the session alone */
		*at = right == '0' ? '1' : '0';
		stomp_peer_say(program, answer);
		*at = right;
		changed++;
	}
	ck_assert_uint_ge(changed, 32);
	assert_heard(peer, "");
}
END_TEST

START_TEST(a_client_cannot_name_the_inner_address)
{
	char answer[256], frame[300];
	const char *token;

	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/user/queue/replies}");
	ask(answer, sizeof(answer));
	token = strstr(answer, "-queue/") + 7;
	snprintf(frame, sizeof(frame), "SUBSCRIBE{id:9}{destination:reply:%.*s}",
		(int)strcspn(token, "}"), token);
	stomp_peer_say(program, frame);
	ck_assert_ptr_nonnull(strstr(stomp_peer_heard(program), "ERROR"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("replies");
	TCase *tcase = unit_case(suite, "sessions");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, an_answer_reaches_the_session_that_has_asked);
	tcase_add_test(tcase, an_answer_in_a_transaction_reaches_it_too);
	tcase_add_test(tcase, who_does_not_subscribe_gets_none);
	tcase_add_test(tcase, an_answer_to_a_session_that_has_ended_is_dropped);
	tcase_add_test(tcase, a_wrong_tag_reaches_nobody);
	tcase_add_test(tcase, a_client_cannot_name_the_inner_address);
	return unit_run(suite);
}
