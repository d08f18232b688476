/*
 * The dead-letter queue: only the broker sends to it, and only the console and
 * the listener with tcp.dead_letters read it.
 */
/* tags: workers */
#include "gateway/broker/internal.h"
#include "gateway/broker/memory.h"
#include "tests/support/still_workers.h"
#include "tests/support/stomp_peer.h"
#include "tests/support/unit.h"

#include <stdio.h>

#define LETTERS "/queue/dead-letter"

static struct workers *workers;
static struct stomp_peer *client, *reader;

static void begin(const char *members)
{
	workers = still_workers_create(members);
	client = stomp_peer_connect(workers->all[0], "1.2");
	reader = stomp_peer_connect_at(workers->all[workers->count - 1], "tcp", "1.2");
}

static void setup(void)
{
	begin("'app': {'routes': ["
	      "{'match': '/app/a/{x}', 'send_to': ['/topic/a', '/queue/{x}']}]}");
}

static void setup_soft(void)
{
	begin("'broker': {'deny': 'soft'}");
}

static void setup_named(void)
{
	begin("'broker': {'dead_letter': '/queue/x/y'}");
}

static void teardown(void)
{
	stomp_peer_destroy(client);
	stomp_peer_destroy(reader);
	still_workers_destroy(workers);
}

/* True when some worker has a queue of that address. */
static bool exists(const char *address)
{
	still_workers_settle(workers);
	for (unsigned i = 0; i < workers->count; i++) {
		if (memory_queue(workers->all[i]->broker, slice_of(address)) != NULL)
			return true;
	}
	return false;
}

static const struct {
	const char *destination, *more, *message;
} sends[] = {
	{LETTERS, "", "Only Postern sends to the dead-letter queue"},
	{LETTERS, "{expiration:0}", "Only Postern sends to the dead-letter queue"},
	{"/app/a/dead-letter", "", "Only Postern sends to the dead-letter queue"},
	{"/queue/other", "{reply-to:" LETTERS "}",
		"Nobody could answer to that reply-to"},
};

START_TEST(a_client_cannot_send_to_the_dead_letters)
{
	char frame[192];

	stomp_peer_say(reader, "SUBSCRIBE{id:1}{destination:/topic/a}");
	snprintf(frame, sizeof(frame), "SEND{destination:%s}%s{receipt:r}[x]",
		sends[_i].destination, sends[_i].more);
	stomp_peer_say(client, frame);
	stomp_peer_check_refused(client, sends[_i].message, "r");
	ck_assert(!exists(LETTERS));
	ck_assert(!exists("/queue/other"));
	assert_heard(reader, ""); /* a route sends to all its targets or to none */
}
END_TEST

START_TEST(who_reads_them_cannot_send_there_either)
{
	stomp_peer_say(reader, "SEND{destination:" LETTERS "}{receipt:r}[x]");
	stomp_peer_check_refused(
		reader, "Only Postern sends to the dead-letter queue", "r");
	ck_assert(!exists(LETTERS));
}
END_TEST

START_TEST(the_text_says_what_to_do_instead)
{
	stomp_peer_say(client, "SEND{destination:" LETTERS "}[x]");
	ck_assert_ptr_nonnull(
		strstr(stomp_peer_heard(client), "SEND to a queue of your own."));
}
END_TEST

START_TEST(it_dooms_its_transaction)
{
	stomp_peer_say(client, "SUBSCRIBE{id:e}{destination:/user/queue/errors}");
	stomp_peer_say(client, "BEGIN{transaction:t}");
	stomp_peer_say(client, "SEND{destination:/queue/a}{transaction:t}[x]");
	stomp_peer_say(client, "SEND{destination:" LETTERS "}{transaction:t}[x]");
	ck_assert_ptr_nonnull(strstr(stomp_peer_heard(client),
		"{message:Only Postern sends to the dead-letter queue}"));
	stomp_peer_say(client, "COMMIT{transaction:t}{receipt:c}");
	ck_assert_ptr_null(strstr(stomp_peer_heard(client), "RECEIPT"));
	ck_assert(!exists("/queue/a"));
	ck_assert(!exists(LETTERS));
}
END_TEST

START_TEST(a_client_cannot_read_them)
{
	stomp_peer_say(client, "SUBSCRIBE{id:1}{destination:" LETTERS "}{receipt:r}");
	stomp_peer_check_refused(
		client, "Clients of this listener may not read dead letters", "r");
	ck_assert(!exists(LETTERS));
}
END_TEST

START_TEST(the_text_names_the_key)
{
	stomp_peer_say(client, "SUBSCRIBE{id:1}{destination:" LETTERS "}");
	ck_assert_ptr_nonnull(strstr(stomp_peer_heard(client), "tcp.dead_letters"));
}
END_TEST

START_TEST(a_listener_with_the_key_reads_them)
{
	stomp_peer_say(reader, "SUBSCRIBE{id:1}{destination:" LETTERS "}{receipt:r}");
	assert_heard(reader, "RECEIPT{receipt-id:r}");
	stomp_peer_say(client, "SEND{destination:/queue/a}{expires:1}[x]");
	still_workers_advance(workers, 1000);
	assert_heard(reader, "MESSAGE{subscription:1}{destination:" LETTERS "}"
			     "{x-postern-from:/queue/a}{x-postern-reason:expired}"
			     "{expires:1}[x]");
}
END_TEST

/* Names of others, which look alike. */
static const char *const others[] = {"/user/queue/dead-letter",
	"/temp-queue/dead-letter", "/topic/queue/dead-letter", "/queue/dead-letters",
	"/queue/dead-letter/", "/queue/dead%2Dletter", "/topic/**",
	"/topic/*/dead-letter"};

START_TEST(names_that_only_look_alike_are_not_the_dead_letters)
{
	char frame[128];

	snprintf(frame, sizeof(frame), "SUBSCRIBE{id:1}{destination:%s}{receipt:r}",
		others[_i]);
	stomp_peer_say(client, frame);
	assert_heard(client, "RECEIPT{receipt-id:r}");
	stomp_peer_say(reader, "SEND{destination:/queue/a}{expires:1}[x]");
	still_workers_advance(workers, 1000);
	assert_heard(client, "");
}
END_TEST

START_TEST(another_name_of_the_queue_counts)
{
	stomp_peer_say(client, "SUBSCRIBE{id:1}{destination:" LETTERS "}");
	stomp_peer_say(client, "SEND{destination:" LETTERS "}[x]");
	assert_heard(client, "MESSAGE{subscription:1}{destination:" LETTERS "}[x]");
	stomp_peer_say(client, "SEND{destination:/queue/x/y}{receipt:s}[x]");
	stomp_peer_check_refused(
		client, "Only Postern sends to the dead-letter queue", "s");
}
END_TEST

/* A client of which listener may read. */
static const struct {
	const char *json;
	bool may_read;
} listeners[] = {
	{"{'endpoints': [{'path': '/stomp'}]}", false},
	{"{'endpoints': [{'path': '/stomp'}], 'tcp': {'dead_letters': false}}", false},
	{"{'endpoints': [{'path': '/stomp'}], 'tcp': {'dead_letters': true}}", true},
};

START_TEST(only_the_key_lets_clients_read)
{
	struct config *config = config_of(listeners[_i].json);

	ck_assert(config->tcp.reads_dead_letters == listeners[_i].may_read);
	ck_assert(config->console.reads_dead_letters);
	ck_assert(!config->endpoints[0].reads_dead_letters);
	config_unref(config);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("dead letters");
	TCase *usual = unit_case(suite, "usual"), *soft = unit_case(suite, "soft"),
	      *named = unit_case(suite, "another name"),
	      *keys = unit_case(suite, "keys");

	tcase_add_checked_fixture(usual, setup, teardown);
	unit_add_table(usual, a_client_cannot_send_to_the_dead_letters, sends);
	tcase_add_test(usual, who_reads_them_cannot_send_there_either);
	tcase_add_test(usual, the_text_says_what_to_do_instead);
	tcase_add_test(usual, a_client_cannot_read_them);
	tcase_add_test(usual, the_text_names_the_key);
	tcase_add_test(usual, a_listener_with_the_key_reads_them);
	unit_add_table(
		usual, names_that_only_look_alike_are_not_the_dead_letters, others);

	tcase_add_checked_fixture(soft, setup_soft, teardown);
	tcase_add_test(soft, it_dooms_its_transaction);

	tcase_add_checked_fixture(named, setup_named, teardown);
	tcase_add_test(named, another_name_of_the_queue_counts);

	unit_add_table(keys, only_the_key_lets_clients_read, listeners);
	return unit_run(suite);
}
