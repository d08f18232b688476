/*
 * The figures of some workers in Prometheus's format, and the events that they count.
 */
/* tags: workers */
#include "gateway/worker/exposition.h"

#include "gateway/worker/metrics.h"
#include "tests/support/still_workers.h"
#include "tests/support/stomp_peer.h"
#include "tests/support/unit.h"

#include <stdio.h>
#include <time.h>

static struct worker *worker;
static struct buf text;

static void setup(void)
{
	worker = still_workers_create(
		"'limits': {'queue_messages': 4, 'subscriptions': 2, "
		"'transactions': 1, 'headers': 8}")
			 ->all[0];
}

static void teardown(void)
{
	still_workers_destroy(worker->workers);
	buf_finish(&text);
}

static const char *expose(void)
{
	still_workers_settle(worker->workers);
	buf_clear(&text);
	exposition_write(&text, worker->workers);
	buf_append_char(&text, '\0');
	return text.data;
}

/* The value of the sample with that name and those labels, as written. */
static long long sample(const char *name)
{
	const char *at = expose();
	size_t len = strlen(name);

	for (; at != NULL; at = strchr(at, '\n')) {
		at += *at == '\n';
		if (strncmp(at, name, len) == 0 && at[len] == ' ')
			return atoll(at + len);
	}
	ck_abort_msg("there is no sample %s in\n%s", name, text.data);
	return 0;
}

#define assert_sample(name, value) ck_assert_int_eq(sample(name), value)

START_TEST(a_session_is_counted_while_it_is_there_and_when_it_has_ended)
{
	struct stomp_peer *peer = stomp_peer_connect(worker, "1.2");

	assert_sample(
		"postern_sessions{transport=\"websocket_raw\",endpoint=\"/stomp\"}", 1);
	assert_sample("postern_sessions_opened_total{transport=\"websocket_raw\","
		      "endpoint=\"/stomp\"}",
		1);
	stomp_peer_say(peer, "DISCONNECT{receipt:1}");
	stomp_peer_destroy(peer);
	assert_sample(
		"postern_sessions{transport=\"websocket_raw\",endpoint=\"/stomp\"}", 0);
	assert_sample("postern_sessions_opened_total{transport=\"websocket_raw\","
		      "endpoint=\"/stomp\"}",
		1);
	assert_sample("postern_sessions_closed_total{transport=\"websocket_raw\","
		      "reason=\"disconnect\"}",
		1);
}
END_TEST

START_TEST(frames_are_counted_by_what_they_say)
{
	struct stomp_peer *peer = stomp_peer_connect(worker, "1.2");

	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/topic/a}{receipt:1}");
	assert_sample("postern_subscriptions", 1);
	assert_sample("postern_destinations", 1);
	for (int i = 0; i < 3; i++)
		stomp_peer_say(peer, "SEND{destination:/topic/a}[x]");
	stomp_peer_say(peer, "SEND{destination:/topic/nobody}[x]");
	assert_sample("postern_stomp_frames_total{command=\"CONNECT\","
		      "direction=\"in\"}",
		1);
	assert_sample("postern_stomp_frames_total{command=\"CONNECTED\","
		      "direction=\"out\"}",
		1);
	assert_sample(
		"postern_stomp_frames_total{command=\"SEND\",direction=\"in\"}", 4);
	assert_sample(
		"postern_stomp_frames_total{command=\"MESSAGE\",direction=\"out\"}", 3);
	assert_sample(
		"postern_stomp_frames_total{command=\"RECEIPT\",direction=\"out\"}", 1);
	assert_sample("postern_messages_total", 4);
	stomp_peer_destroy(peer);
	assert_sample("postern_subscriptions", 0);
	assert_sample("postern_destinations", 0);
}
END_TEST

#define READY  "postern_queue_messages{state=\"ready\"}"
#define UNACKD "postern_queue_messages{state=\"unacknowledged\"}"

START_TEST(a_queue_counts_what_waits_what_is_out_and_what_is_dead)
{
	struct stomp_peer *peer = stomp_peer_connect(worker, "1.2");

	for (int i = 0; i < 3; i++)
		stomp_peer_say(peer, "SEND{destination:/queue/a}[x]");
	assert_sample(READY, 3);
	assert_sample(UNACKD, 0);
	assert_sample("postern_queue_messages{state=\"parked\"}", 0);
	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/queue/a}{ack:client-"
			     "individual}{prefetch-count:2}");
	assert_sample(READY, 1);
	assert_sample(UNACKD, 2);
	stomp_peer_say(peer, "UNSUBSCRIBE{id:1}");
	assert_sample(READY, 3);
	assert_sample(UNACKD, 0);
	stomp_peer_say(peer, "SUBSCRIBE{id:2}{destination:/queue/a}{ack:auto}");
	assert_sample(READY, 0);
	assert_sample(UNACKD, 0);
	assert_sample("postern_dead_letters_total{reason=\"rejected\"}", 0);
	assert_sample("postern_dead_letters_total{reason=\"lost\"}", 0);
	assert_sample("postern_dead_letters_total{reason=\"discarded\"}", 0);
	assert_sample("postern_dead_letters_total{reason=\"expired\"}", 0);
	assert_sample("postern_dead_letters_total{reason=\"idle\"}", 0);
	stomp_peer_destroy(peer);
}
END_TEST

START_TEST(a_reload_is_good_or_not_and_has_its_time)
{
	const long long before = time(NULL);

	assert_sample("postern_config_last_reload_successful", 1);
	ck_assert_int_le(
		sample("postern_config_last_reload_success_timestamp_seconds"), before);
	workers_refuse_reload(worker->workers);
	assert_sample("postern_config_last_reload_successful", 0);
	workers_configure(worker->workers, worker->workers->config);
	assert_sample("postern_config_last_reload_successful", 1);
	ck_assert_int_ge(
		sample("postern_config_last_reload_success_timestamp_seconds"), before);
}
END_TEST

START_TEST(a_delivery_takes_until_the_kernel_has_it)
{
	struct stomp_peer *peer = stomp_peer_connect(worker, "1.2");

	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/topic/a}");
	stomp_peer_say(peer, "SEND{destination:/topic/a}[at once]");
	peer->memory.blocked = true;
	stomp_peer_say(peer, "SEND{destination:/topic/a}[later]");
	still_workers_advance(worker->workers, 70);
	peer->memory.blocked = false;
	memory_outlet_pull(&peer->memory);
	assert_sample("postern_delivery_seconds_bucket{le=\"0.001\"}", 1);
	assert_sample("postern_delivery_seconds_bucket{le=\"0.05\"}", 1);
	assert_sample("postern_delivery_seconds_bucket{le=\"0.1\"}", 2);
	assert_sample("postern_delivery_seconds_bucket{le=\"0.01\"}", 1);
	assert_sample("postern_delivery_seconds_bucket{le=\"2.5\"}", 2);
	assert_sample("postern_delivery_seconds_bucket{le=\"10\"}", 2);
	assert_sample("postern_delivery_seconds_bucket{le=\"+Inf\"}", 2);
	assert_sample("postern_delivery_seconds_count", 2);
	ck_assert_ptr_nonnull(strstr(text.data, "\npostern_delivery_seconds_sum 0.07"));
	stomp_peer_destroy(peer);
}
END_TEST

START_TEST(what_waits_is_a_sum_that_comes_back_to_nothing)
{
	struct stomp_peer *peer = stomp_peer_connect(worker, "1.2");

	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/topic/a}");
	peer->memory.blocked = true;
	for (int i = 0; i < 4; i++)
		stomp_peer_say(peer, "SEND{destination:/topic/a}[x]");
	long long waits = sample("postern_send_queue_bytes");
	ck_assert_int_gt(waits, 0);
	stomp_peer_say(peer, "SEND{destination:/topic/a}[x]");
	ck_assert_int_lt(sample("postern_send_queue_bytes"), waits);
	peer->memory.blocked = false;
	memory_outlet_pull(&peer->memory);
	assert_sample("postern_send_queue_bytes", 0);
	assert_sample("postern_slow_consumers_total{policy=\"close\"}", 1);
	assert_sample("postern_refused_total{bound=\"queue_messages\"}", 1);
	assert_sample("postern_sessions_closed_total{transport=\"websocket_raw\","
		      "reason=\"slow_consumer\"}",
		1);
	stomp_peer_destroy(peer);
}
END_TEST

static const struct {
	const char *frames[4]; /* the last one is too much */
	const char *bound;
} refusals[] = {
	{{"SUBSCRIBE{id:1}{destination:/topic/a}",
		 "SUBSCRIBE{id:2}{destination:/topic/a}",
		 "SUBSCRIBE{id:3}{destination:/topic/a}"},
		"subscriptions"},
	{{"BEGIN{transaction:1}", "BEGIN{transaction:2}"}, "transactions"},
	{{"SEND{a:1}{b:1}{c:1}{d:1}{e:1}{f:1}{g:1}{h:1}{destination:/topic/a}"},
		"headers"},
};

START_TEST(each_bound_counts_what_it_refuses)
{
	struct stomp_peer *peer = stomp_peer_connect(worker, "1.2");
	char name[128];

	snprintf(name, sizeof(name), "postern_refused_total{bound=\"%s\"}",
		refusals[_i].bound);
	for (size_t i = 0; refusals[_i].frames[i] != NULL; i++) {
		assert_sample(name, 0);
		stomp_peer_say(peer, refusals[_i].frames[i]);
	}
	assert_sample(name, 1);
	assert_sample("postern_sessions_closed_total{transport=\"websocket_raw\","
		      "reason=\"error\"}",
		1);
	stomp_peer_destroy(peer);
}
END_TEST

START_TEST(a_kind_of_refusal_is_listed_from_the_start_and_only_where_it_can_happen)
{
	assert_sample(
		"postern_refusals_total{door=\"stomp\",kind=\"unknown_command\"}", 0);
	refusal_report(worker->metrics,
		&(struct refusal){.door = DOOR_STOMP, .kind = REFUSAL_UNKNOWN_COMMAND},
		NULL);
	assert_sample(
		"postern_refusals_total{door=\"stomp\",kind=\"unknown_command\"}", 1);
	ck_assert_ptr_null(strstr(text.data, "door=\"http\",kind=\"unknown_command\""));
}
END_TEST

START_TEST(every_sample_has_its_help_and_its_type_ahead)
{
	char family[128] = "";

	for (const char *at = expose(); *at != '\0'; at = strchr(at, '\n') + 1) {
		size_t len = strcspn(at, "{ ");

		if (strncmp(at, "# HELP ", 7) == 0) {
			len = strcspn(at + 7, " ");
			snprintf(family, sizeof(family), "%.*s", (int)len, at + 7);
			at = strchr(at, '\n') + 1;
			ck_assert_int_eq(strncmp(at, "# TYPE ", 7), 0);
			ck_assert_int_eq(strncmp(at + 7, family, len), 0);
		} else {
			ck_assert_msg(strncmp(at, family, strlen(family)) == 0,
				"%.*s is not of %s", (int)len, at, family);
		}
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("exposition");
	TCase *tcase = unit_case(suite, "figures");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(
		tcase, a_session_is_counted_while_it_is_there_and_when_it_has_ended);
	tcase_add_test(tcase, frames_are_counted_by_what_they_say);
	tcase_add_test(tcase, a_queue_counts_what_waits_what_is_out_and_what_is_dead);
	tcase_add_test(tcase, a_reload_is_good_or_not_and_has_its_time);
	tcase_add_test(tcase, a_delivery_takes_until_the_kernel_has_it);
	tcase_add_test(tcase, what_waits_is_a_sum_that_comes_back_to_nothing);
	unit_add_table(tcase, each_bound_counts_what_it_refuses, refusals);
	tcase_add_test(tcase,
		a_kind_of_refusal_is_listed_from_the_start_and_only_where_it_can_happen);
	tcase_add_test(tcase, every_sample_has_its_help_and_its_type_ahead);
	return unit_run(suite);
}
