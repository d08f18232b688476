/*
 * Destinations of users and of sessions, soft denials, and routes that answer a
 * SUBSCRIBE.
 */
/* tags: workers */
#include "gateway/broker/internal.h"
#include "gateway/broker/subscription.h"
#include "tests/support/still_workers.h"
#include "tests/support/stomp_peer.h"
#include "tests/support/unit.h"

#include <stdio.h>

static struct worker *worker;
static struct stomp_peer *peer, *other;

static void begin(const char *members)
{
	struct workers *workers = still_workers_create(members);

	worker = workers->all[0];
	peer = stomp_peer_connect(worker, "1.2");
	other = stomp_peer_connect(workers->all[workers->count - 1], "1.2");
}

static void setup(void)
{
	begin("");
}

static void setup_strict(void)
{
	begin("'broker': {'client_send': false}");
}

static void setup_soft(void)
{
	begin("'broker': {'client_send': false, 'deny': 'soft'}");
}

static void setup_routes(void)
{
	begin("'app': {'routes': ["
	      "{'match': '/app/rooms/{room}', 'send_to': '/user/{room}/queue/x',"
	      " 'reply': {'room': '{var.room}', 'who': '{user}', 'n': 1}},"
	      "{'match': '/app/none', 'send_to': '/topic/a'}]}");
}

static void teardown(void)
{
	stomp_peer_destroy(peer);
	stomp_peer_destroy(other);
	ck_assert_uint_eq(still_workers_audiences(worker->workers), 0);
	ck_assert_uint_eq(still_workers_topics(worker->workers), 0);
	still_workers_destroy(worker->workers);
}

/* Without a login, the user's name is the session's. */
static void send_to_user(const struct stomp_peer *whom, const char *rest)
{
	struct slice label = session_label(whom->memory.session);
	char frame[256];

	snprintf(frame, sizeof(frame), "SEND{destination:/user/%.*s%s}{receipt:r}[x]",
		SLICE_ARGS(label), rest);
	stomp_peer_say(other, frame);
}

#define NOTE "MESSAGE{subscription:1}{destination:/user/queue/x}[x]"

START_TEST(what_is_sent_to_a_user_he_alone_gets)
{
	stomp_peer_say(other, "SUBSCRIBE{id:1}{destination:/user/queue/x}");
	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/user/queue/x}{receipt:r}");
	stomp_peer_say(peer, "SUBSCRIBE{id:2}{destination:/user/queue/y}");
	assert_heard(peer, "RECEIPT{receipt-id:r}");
	send_to_user(peer, "/queue/x");
	assert_heard(peer, NOTE);
	assert_heard(other, "RECEIPT{receipt-id:r}");
}
END_TEST

START_TEST(a_user_has_all_his_sessions)
{
	struct stomp_peer *both[] = {peer, other};

	/* As CONNECT does it: the participants' user. */
	for (int i = 0; i < 2; i++) {
		struct broker *broker = both[i]->worker->broker;
		struct table_node *node = table_any(&broker->participants.entries);
		struct entry *entry = container_of(node, struct entry, node);

		/* with one worker there are two participants at one broker */
		for (uint64_t n = 1; n <= broker->participants.ever; n++) {
			entry = registry_find(&broker->participants, n);
			struct participant *participant =
				container_of(entry, struct participant, entry);
			if (participant->session == both[i]->memory.session) {
				participant->identity = identity_create(
					&(struct identity_facts){
						.user = SLICE("a/b:c")},
					'/', NULL);
			}
		}
		stomp_peer_say(both[i], "SUBSCRIBE{id:1}{destination:/user/queue/x}");
	}
	stomp_peer_say(other, "SEND{destination:/user/a%2Fb\\cc/queue/x}[x]");
	assert_heard(peer, NOTE);
	assert_heard(other, NOTE);
}
END_TEST

/* Pages made for Spring use their own name, as its user or as its session. */
START_TEST(who_says_his_own_name_means_himself)
{
	struct slice label = session_label(peer->memory.session);
	char frame[256], expected[256];

	snprintf(frame, sizeof(frame),
		"SUBSCRIBE{id:1}{destination:/user/%.*s/queue/x}{receipt:r}",
		SLICE_ARGS(label));
	snprintf(expected, sizeof(expected),
		"MESSAGE{subscription:1}{destination:/user/%.*s/queue/x}[x] "
		"MESSAGE{subscription:2}{destination:/user/queue/x}[x]",
		SLICE_ARGS(label));
	stomp_peer_say(peer, frame);
	assert_heard(peer, "RECEIPT{receipt-id:r}");
	stomp_peer_say(peer, "SUBSCRIBE{id:2}{destination:/user/queue/x}");
	send_to_user(peer, "/queue/x");
	assert_heard(peer, expected);
	stomp_peer_say(peer, "UNSUBSCRIBE{id:1}");
	send_to_user(peer, "/queue/x");
	assert_heard(peer, "MESSAGE{subscription:2}{destination:/user/queue/x}[x]");
}
END_TEST

START_TEST(inner_addresses_are_nobodys)
{
	static const char *const addresses[] = {
		"user:1:a/queue/x", "temp:0-1", "/user:1:a/queue/x"};
	char frame[128];

	snprintf(frame, sizeof(frame), "SEND{destination:%s}{receipt:r}[x]",
		addresses[_i]);
	stomp_peer_say(peer, frame);
	stomp_peer_check_refused(peer, "Nobody owns destinations of that prefix", "r");
	snprintf(frame, sizeof(frame), "SUBSCRIBE{id:1}{destination:%s}{receipt:r}",
		addresses[_i]);
	stomp_peer_say(other, frame);
	stomp_peer_check_refused(
		other, "No destination of that prefix can be subscribed to", "r");
}
END_TEST

/* Temporary queues */

/* Answers the request that `other` has received at its reply-to. */
static void reply(const char *body)
{
	char to[128], frame[256];
	const char *at = strstr(stomp_peer_heard(other), "{reply-to:");

	ck_assert_ptr_nonnull(at);
	ck_assert_int_eq(sscanf(at, "{reply-to:%127[^}]", to), 1);
	ck_assert_int_eq(strncmp(to, "/reply-queue/", 13), 0);
	snprintf(frame, sizeof(frame), "SEND{destination:%s}{receipt:r}[%s]", to, body);
	stomp_peer_say(other, frame);
	assert_heard(other, "RECEIPT{receipt-id:r}");
}

/* The notation of the output, up to its destination, and its body. */
static void assert_replied(const char *subscription, const char *body)
{
	char from[64], text[64];
	const char *heard = stomp_peer_heard(peer);

	ck_assert_msg(sscanf(heard,
			      "MESSAGE{subscription:%63[^}]}"
			      "{destination:/reply-queue/%*[^}]}[%63[^]]]",
			      from, text) == 2,
		"%s", heard);
	ck_assert_str_eq(from, subscription);
	ck_assert_str_eq(text, body);
}

START_TEST(a_reply_finds_who_asked)
{
	stomp_peer_say(other, "SUBSCRIBE{id:s}{destination:/topic/service}");
	stomp_peer_say(
		peer, "SEND{destination:/topic/service}{reply-to:/temp-queue/a}[?]");
	reply("one");
	assert_replied("/temp-queue/a", "one");
	/* the same queue serves again */
	stomp_peer_say(
		peer, "SEND{destination:/topic/service}{reply-to:/temp-queue/a}[?]");
	reply("two");
	assert_replied("/temp-queue/a", "two");
}
END_TEST

START_TEST(a_temporary_queue_may_be_subscribed_to_before)
{
	stomp_peer_say(other, "SUBSCRIBE{id:s}{destination:/queue/service}");
	stomp_peer_say(peer, "SUBSCRIBE{id:7}{destination:/temp-queue/a}{receipt:r}");
	assert_heard(peer, "RECEIPT{receipt-id:r}");
	stomp_peer_say(
		peer, "SEND{destination:/queue/service}{reply-to:/temp-queue/a}[?]");
	reply("one");
	assert_replied("7", "one");
	stomp_peer_say(peer, "UNSUBSCRIBE{id:7}");
}
END_TEST

START_TEST(a_reply_to_who_has_gone_is_dropped)
{
	stomp_peer_say(other, "SUBSCRIBE{id:s}{destination:/topic/service}");
	stomp_peer_say(
		peer, "SEND{destination:/topic/service}{reply-to:/temp-queue/a}[?]");
	stomp_peer_say(peer, "UNSUBSCRIBE{id:/temp-queue/a}");
	reply("one");
	assert_heard(peer, "");
}
END_TEST

START_TEST(a_reply_to_of_another_kind_passes_as_it_is)
{
	stomp_peer_say(other, "SUBSCRIBE{id:s}{destination:/topic/service}");
	stomp_peer_say(
		peer, "SEND{destination:/topic/service}{reply-to:/queue/answers}[?]");
	assert_heard(other, "MESSAGE{subscription:s}{destination:/topic/service}"
			    "{reply-to:/queue/answers}[?]");
}
END_TEST

/* Forbidden frames. */

START_TEST(clients_may_be_kept_from_sending_to_users_but_not_from_replying)
{
	char frame[256];
	const char *at;

	stomp_peer_say(peer, "SUBSCRIBE{id:7}{destination:/temp-queue/a}");
	const struct subscription *subscription = NULL;
	for (uint64_t n = 1; subscription == NULL; n++) {
		struct entry *entry = registry_find(&worker->broker->subscriptions, n);
		if (entry != NULL)
			subscription = container_of(entry, struct subscription, entry);
	}
	at = subscription_address(subscription).data + strlen("temp:");
	snprintf(frame, sizeof(frame), "SEND{destination:/reply-queue/%.*s}[one]",
		(int)subscription_address(subscription).len - 5, at);
	stomp_peer_say(other, frame);
	assert_replied("7", "one");
	send_to_user(peer, "/queue/x");
	stomp_peer_check_refused(
		other, "Clients may not send to that destination", "r");
}
END_TEST

static const struct {
	const char *frame, *message, *destination, *receipt;
} denied[] = {
	{"SEND{destination:/nobody/a}{receipt:r}[x]",
		"Nobody owns destinations of that prefix", "/nobody/a",
		"{receipt-id:r}"},
	{"SEND{destination:/topic/a}[x]", "Clients may not send to that destination",
		"/topic/a", ""},
	{"SEND{destination:/app/a}[x]", "No route has that destination", "/app/a", ""},
	{"SUBSCRIBE{id:2}{destination:/nobody/a}",
		"No destination of that prefix can be subscribed to", "/nobody/a", ""},
	{"SUBSCRIBE{id:2}{destination:/topic/a}{selector:x > 1}{receipt:r}",
		"Selectors are not supported", "/topic/a", "{receipt-id:r}"},
};

START_TEST(what_is_denied_softly_keeps_the_conversation)
{
	char expected[512];

	stomp_peer_say(peer, "SUBSCRIBE{id:e}{destination:/user/queue/errors}");
	stomp_peer_say(other, "SUBSCRIBE{id:e}{destination:/user/queue/errors}");
	stomp_peer_say(peer, denied[_i].frame);
	snprintf(expected, sizeof(expected),
		"MESSAGE{subscription:e}{destination:/user/queue/errors}{message:%s}"
		"{content-type:text/plain}{denied-destination:%s}%s[%s: ",
		denied[_i].message, denied[_i].destination, denied[_i].receipt,
		denied[_i].message);
	const char *heard = stomp_peer_heard(peer);
	ck_assert_msg(
		slice_starts_with(slice_of(heard), slice_of(expected)), "%s", heard);
	assert_heard(other, "");
	stomp_peer_say(peer, "UNSUBSCRIBE{id:e}{receipt:u}");
	assert_heard(peer, "RECEIPT{receipt-id:u}");
}
END_TEST

START_TEST(what_is_denied_softly_to_who_does_not_listen_is_an_error)
{
	stomp_peer_say(peer, denied[_i].frame);
	stomp_peer_check_refused(
		peer, denied[_i].message, denied[_i].receipt[0] == '\0' ? "" : "r");
}
END_TEST

START_TEST(what_is_denied_softly_is_not_done)
{
	stomp_peer_say(peer, "SUBSCRIBE{id:e}{destination:/user/queue/errors}");
	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/queue/a}{selector:x > 1}");
	stomp_peer_heard(peer);
	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/topic/a}{receipt:r}");
	assert_heard(peer, "RECEIPT{receipt-id:r}"); /* the id is free */
}
END_TEST

START_TEST(a_mistake_is_no_matter_of_permission)
{
	stomp_peer_say(peer, "SEND{receipt:r}[x]");
	stomp_peer_check_refused(peer, "A header is missing", "r");
}
END_TEST

/* Routes */

START_TEST(what_is_denied_is_told_whatever_the_client_calls_its_errors)
{
	struct slice label = session_label(peer->memory.session);
	char frame[256], expected[256];

	snprintf(frame, sizeof(frame),
		"SUBSCRIBE{id:e}{destination:/user/%.*s/queue/errors}",
		SLICE_ARGS(label));
	snprintf(expected, sizeof(expected), "{destination:/user/%.*s/queue/errors}",
		SLICE_ARGS(label));
	stomp_peer_say(peer, frame);
	stomp_peer_say(peer, "SEND{destination:/nowhere}[x]");
	const char *heard = stomp_peer_heard(peer);
	ck_assert_ptr_nonnull(strstr(heard, "MESSAGE{subscription:e}"));
	ck_assert_ptr_nonnull(strstr(heard, expected));
}
END_TEST

START_TEST(a_route_with_a_reply_answers_a_subscribe_once)
{
	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/app/rooms/7}{receipt:r}");
	assert_heard(peer,
		"MESSAGE{subscription:1}{destination:/app/rooms/7}"
		"{content-type:application/json}"
		"[{\"room\":\"7\",\"who\":\"\",\"n\":1}] RECEIPT{receipt-id:r}");
	stomp_peer_say(peer, "UNSUBSCRIBE{id:1}{receipt:u}");
	assert_heard(peer, "RECEIPT{receipt-id:u}");
}
END_TEST

START_TEST(a_route_without_a_reply_cannot_be_subscribed_to)
{
	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/app/none}");
	stomp_peer_check_refused(
		peer, "No destination of that prefix can be subscribed to", "");
}
END_TEST

START_TEST(a_route_may_lead_to_a_user)
{
	struct slice label = session_label(peer->memory.session);
	char frame[128];

	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/user/queue/x}");
	snprintf(frame, sizeof(frame), "SEND{destination:/app/rooms/%.*s}[x]",
		SLICE_ARGS(label));
	stomp_peer_say(other, frame);
	assert_heard(peer, NOTE);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("private");
	TCase *users = unit_case(suite, "users");
	TCase *temporary = unit_case(suite, "temporary");
	TCase *strict = unit_case(suite, "strict");
	TCase *soft = unit_case(suite, "soft");
	TCase *routes = unit_case(suite, "routes");

	tcase_add_checked_fixture(users, setup, teardown);
	tcase_add_test(users, what_is_sent_to_a_user_he_alone_gets);
	tcase_add_test(users, a_user_has_all_his_sessions);
	tcase_add_test(users, who_says_his_own_name_means_himself);
	tcase_add_loop_test(users, inner_addresses_are_nobodys, 0, 3);

	tcase_add_checked_fixture(temporary, setup, teardown);
	tcase_add_test(temporary, a_reply_finds_who_asked);
	tcase_add_test(temporary, a_temporary_queue_may_be_subscribed_to_before);
	tcase_add_test(temporary, a_reply_to_who_has_gone_is_dropped);
	tcase_add_test(temporary, a_reply_to_of_another_kind_passes_as_it_is);

	tcase_add_checked_fixture(strict, setup_strict, teardown);
	tcase_add_test(strict,
		clients_may_be_kept_from_sending_to_users_but_not_from_replying);

	tcase_add_checked_fixture(soft, setup_soft, teardown);
	unit_add_table(soft, what_is_denied_softly_keeps_the_conversation, denied);
	unit_add_table(
		soft, what_is_denied_softly_to_who_does_not_listen_is_an_error, denied);
	tcase_add_test(soft, what_is_denied_softly_is_not_done);
	tcase_add_test(
		soft, what_is_denied_is_told_whatever_the_client_calls_its_errors);
	tcase_add_test(soft, a_mistake_is_no_matter_of_permission);

	tcase_add_checked_fixture(routes, setup_routes, teardown);
	tcase_add_test(routes, a_route_with_a_reply_answers_a_subscribe_once);
	tcase_add_test(routes, a_route_without_a_reply_cannot_be_subscribed_to);
	tcase_add_test(routes, a_route_may_lead_to_a_user);
	return unit_run(suite);
}
