/* Transactions as clients see them: all or nothing, in order, and their edge cases. */
/* tags: workers */
#include "gateway/broker/internal.h"
#include "tests/support/still_workers.h"
#include "tests/support/stomp_peer.h"
#include "tests/support/unit.h"

#include <stdio.h>

static struct worker *worker;
static struct stomp_peer *peer, *reader;

static void begin(const char *members)
{
	struct workers *workers = still_workers_create(members);

	worker = workers->all[0];
	peer = stomp_peer_connect(worker, "1.2");
	reader = stomp_peer_connect(workers->all[workers->count - 1], "1.2");
}

static void setup(void)
{
	begin("'limits': {'frame': 2400, 'transactions': 2, 'transaction_actions': 4,"
	      " 'transaction_bytes': 2000, 'backlog_messages': 3}");
}

static void setup_soft(void)
{
	begin("'limits': {'backlog_messages': 1, 'transaction_actions': 2},"
	      "'broker': {'deny': 'soft'}");
}

static void setup_two_destinations(void)
{
	begin("'limits': {'destinations': 2, 'share': 100}");
}

static void teardown(void)
{
	stomp_peer_destroy(peer);
	stomp_peer_destroy(reader);
	for (unsigned i = 0; i < worker->workers->count; i++) {
		ck_assert_uint_eq(
			worker->workers->all[i]->broker->commits.entries.count, 0);
	}
	still_workers_destroy(worker->workers);
}

/* One frame after the other. */
static void say(const char *const *frames)
{
	for (; *frames != NULL; frames++)
		stomp_peer_say(peer, *frames);
}

#define SAY(...) say((const char *const[]){__VA_ARGS__, NULL})

static void listen_to(const char *destination, const char *id)
{
	char frame[128];

	snprintf(frame, sizeof(frame), "SUBSCRIBE{id:%s}{destination:%s}", id,
		destination);
	stomp_peer_say(reader, frame);
}

/* A topic that only a pattern matches is made for its numbers, as a destination. */
START_TEST(a_commit_does_not_stop_half_way_at_the_bound_of_destinations)
{
	listen_to("/topic/*", "1");
	SAY("BEGIN{transaction:t}", "SEND{destination:/topic/a}{transaction:t}[1]",
		"SEND{destination:/topic/b}{transaction:t}[2]",
		"SEND{destination:/topic/c}{transaction:t}[3]",
		"COMMIT{transaction:t}{receipt:c}");
	assert_heard(peer, "RECEIPT{receipt-id:c}");
	const char *heard = stomp_peer_heard(reader);
	ck_assert_ptr_nonnull(strstr(heard, "{destination:/topic/a}[1]"));
	ck_assert_ptr_nonnull(strstr(heard, "{destination:/topic/b}[2]"));
	ck_assert_ptr_nonnull(strstr(heard, "{destination:/topic/c}[3]"));
	SAY("SEND{destination:/topic/d}{receipt:s}[4]");
	assert_heard(peer, ""); /* it has failed: no receipt, and no end */
	ck_assert_ptr_nonnull(peer->memory.session);
}
END_TEST

START_TEST(nothing_is_sent_before_the_commit_and_then_all_in_order)
{
	listen_to("/topic/a", "1");
	listen_to("/queue/a", "2");
	SAY("BEGIN{transaction:t}{receipt:b}",
		"SEND{destination:/topic/a}{transaction:t}{receipt:s}[1]",
		"SEND{destination:/queue/a}{transaction:t}[2]",
		"SEND{destination:/topic/a}{transaction:t}[3]");
	assert_heard(peer, "RECEIPT{receipt-id:b} RECEIPT{receipt-id:s}");
	assert_heard(reader, "");
	stomp_peer_say(peer, "SEND{destination:/topic/a}[outside]");
	assert_heard(reader, "MESSAGE{subscription:1}{destination:/topic/a}[outside]");
	stomp_peer_say(peer, "COMMIT{transaction:t}{receipt:c}");
	assert_heard(peer, "RECEIPT{receipt-id:c}");
	const char *heard = stomp_peer_heard(reader);
	const char *one = strstr(heard, "[1]"), *three = strstr(heard, "[3]");
	ck_assert(one != NULL && three != NULL && one < three);
	ck_assert_ptr_nonnull(
		strstr(heard, "MESSAGE{subscription:2}{destination:/queue/a}[2]"));
}
END_TEST

START_TEST(an_abort_drops_all_of_it)
{
	listen_to("/topic/a", "1");
	SAY("BEGIN{transaction:t}", "SEND{destination:/topic/a}{transaction:t}[1]",
		"ABORT{transaction:t}{receipt:a}", "BEGIN{transaction:t}",
		"SEND{destination:/topic/a}{transaction:t}[2]",
		"COMMIT{transaction:t}");
	assert_heard(peer, "RECEIPT{receipt-id:a}");
	assert_heard(reader, "MESSAGE{subscription:1}{destination:/topic/a}[2]");
}
END_TEST

START_TEST(an_empty_transaction_commits)
{
	SAY("BEGIN{transaction:t}", "COMMIT{transaction:t}{receipt:c}");
	assert_heard(peer, "RECEIPT{receipt-id:c}");
	SAY("COMMIT{transaction:t}");
	stomp_peer_check_refused(peer, "There is no such transaction", "");
}
END_TEST

START_TEST(when_one_queue_has_no_room_nothing_happens)
{
	listen_to("/topic/a", "1");
	SAY("SEND{destination:/queue/full}[1]", "SEND{destination:/queue/full}[2]",
		"BEGIN{transaction:t}", "SEND{destination:/topic/a}{transaction:t}[x]",
		"SEND{destination:/queue/b}{transaction:t}[x]",
		"SEND{destination:/queue/full}{transaction:t}[3]",
		"SEND{destination:/queue/full}{transaction:t}[4]",
		"COMMIT{transaction:t}{receipt:c}");
	stomp_peer_check_refused(peer, "The queue is full", "c");
	assert_heard(reader, "");
	listen_to("/queue/b", "2");
	assert_heard(reader, "");
	listen_to("/queue/full", "3");
	assert_heard(reader, "MESSAGE{subscription:3}{destination:/queue/full}[1] "
			     "MESSAGE{subscription:3}{destination:/queue/full}[2]");
}
END_TEST

START_TEST(frames_behind_a_commit_wait_for_it)
{
	listen_to("/queue/a", "1");
	SAY("BEGIN{transaction:t}", "SEND{destination:/queue/a}{transaction:t}[1]");
	stomp_peer_mutter(peer, "COMMIT{transaction:t}{receipt:c}");
	stomp_peer_mutter(peer, "SEND{destination:/queue/a}{receipt:2}[2]");
	stomp_peer_mutter(peer, "DISCONNECT{receipt:d}");
	still_workers_settle(worker->workers);
	assert_heard(reader, "MESSAGE{subscription:1}{destination:/queue/a}[1] "
			     "MESSAGE{subscription:1}{destination:/queue/a}[2]");
	assert_heard(peer,
		"RECEIPT{receipt-id:c} RECEIPT{receipt-id:2} RECEIPT{receipt-id:d} "
		"close 1000 Goodbye");
}
END_TEST

START_TEST(what_comes_behind_a_commit_is_bounded)
{
	char frame[2000] = "SEND{destination:/topic/a}[";

	memset(frame + strlen(frame), 'x', 1500);
	strcat(frame, "]");
	SAY("BEGIN{transaction:t}", "SEND{destination:/queue/a}{transaction:t}[1]");
	stomp_peer_mutter(peer, "COMMIT{transaction:t}");
	for (int i = 0; i < 4; i++)
		stomp_peer_mutter(peer, frame);
	still_workers_settle(worker->workers);
	stomp_peer_check_refused(
		peer, "Too much came behind a frame that is not done yet", "");
}
END_TEST

START_TEST(a_client_that_is_lost_in_its_commit_has_committed_all_or_nothing)
{
	SAY("BEGIN{transaction:t}", "SEND{destination:/queue/a}{transaction:t}[1]",
		"SEND{destination:/queue/b}{transaction:t}[2]");
	stomp_peer_mutter(peer, "COMMIT{transaction:t}");
	session_lost(peer->memory.session, ENDING_INTERRUPTED);
	peer->memory.session = NULL;
	still_workers_settle(worker->workers);
	listen_to("/queue/a", "1");
	listen_to("/queue/b", "2");
	const char *heard = stomp_peer_heard(reader);
	ck_assert((strstr(heard, "[1]") == NULL) == (strstr(heard, "[2]") == NULL));
}
END_TEST

/* Acknowledgements */

/* The ack of the message that `peer` receives. */
static void take_ack(char ack[48])
{
	const char *at = strstr(stomp_peer_heard(peer), "{ack:");

	ck_assert_ptr_nonnull(at);
	ck_assert_int_eq(sscanf(at, "{ack:%47[^}]", ack), 1);
}

static void say_ack(const char *command, const char *ack, const char *more)
{
	char frame[128];

	snprintf(frame, sizeof(frame), "%s{id:%s}%s", command, ack, more);
	stomp_peer_say(peer, frame);
}

START_TEST(an_ack_counts_when_it_is_committed)
{
	char ack[48];

	SAY("SUBSCRIBE{id:1}{destination:/queue/a}{ack:client}{prefetch-count:1}",
		"SEND{destination:/queue/a}[1]", "SEND{destination:/queue/a}[2]");
	take_ack(ack);
	SAY("BEGIN{transaction:t}");
	say_ack("ACK", ack, "{transaction:t}");
	assert_heard(peer, "");
	SAY("COMMIT{transaction:t}{receipt:c}");
	const char *heard = stomp_peer_heard(peer);
	ck_assert_ptr_nonnull(strstr(heard, "[2]"));
	ck_assert_ptr_nonnull(strstr(heard, "RECEIPT{receipt-id:c}"));
}
END_TEST

START_TEST(an_ack_that_is_aborted_can_be_given_again)
{
	char ack[48];

	SAY("SUBSCRIBE{id:1}{destination:/queue/a}{ack:client}{prefetch-count:1}",
		"SEND{destination:/queue/a}[1]", "SEND{destination:/queue/a}[2]");
	take_ack(ack);
	SAY("BEGIN{transaction:t}");
	say_ack("ACK", ack, "{transaction:t}");
	SAY("ABORT{transaction:t}");
	assert_heard(peer, "");
	say_ack("ACK", ack, "");
	ck_assert_ptr_nonnull(strstr(stomp_peer_heard(peer), "[2]"));
}
END_TEST

START_TEST(a_message_is_acknowledged_in_one_transaction_only)
{
	char ack[48];

	SAY("SUBSCRIBE{id:1}{destination:/queue/a}{ack:client}",
		"SEND{destination:/queue/a}[1]");
	take_ack(ack);
	SAY("BEGIN{transaction:t}", "BEGIN{transaction:u}");
	say_ack("ACK", ack, "{transaction:t}");
	say_ack("ACK", ack, "{transaction:u}{receipt:r}");
	stomp_peer_check_refused(peer, "The message is acknowledged already", "r");
	/* and comes back, since nothing was committed */
	listen_to("/queue/a", "1");
	assert_heard(reader, "MESSAGE{subscription:1}{destination:/queue/a}"
			     "{redelivered:true}[1]");
}
END_TEST

START_TEST(an_ack_whose_subscription_ended_cannot_be_committed)
{
	char ack[48];

	SAY("SUBSCRIBE{id:1}{destination:/queue/a}{ack:client}",
		"SEND{destination:/queue/a}[1]");
	take_ack(ack);
	SAY("BEGIN{transaction:t}");
	say_ack("ACK", ack, "{transaction:t}");
	SAY("UNSUBSCRIBE{id:1}", "COMMIT{transaction:t}{receipt:c}");
	stomp_peer_check_refused(peer,
		"The transaction acknowledges what its subscription took along", "c");
}
END_TEST

/* Softly denied */

#define DENIED(destination, receipt)                                                   \
	"MESSAGE{subscription:e}{destination:/user/queue/errors}"                      \
	"{message:The queue is full}{content-type:text/plain}"                         \
	"{denied-destination:" destination "}{receipt-id:" receipt "}"                 \
	"[The queue is full: destination \"" destination "\"."

START_TEST(a_commit_that_is_denied_has_no_effect_and_the_client_goes_on)
{
	char ack[48];

	SAY("SUBSCRIBE{id:e}{destination:/user/queue/errors}",
		"SUBSCRIBE{id:1}{destination:/queue/a}{ack:client}",
		"SEND{destination:/queue/a}[1]");
	take_ack(ack);
	SAY("SEND{destination:/queue/full}[1]", "BEGIN{transaction:t}",
		"SEND{destination:/queue/full}{transaction:t}[2]");
	say_ack("ACK", ack, "{transaction:t}");
	stomp_peer_mutter(peer, "COMMIT{transaction:t}{receipt:c}");
	stomp_peer_mutter(peer, "SEND{destination:/topic/a}{receipt:s}[behind it]");
	const char *heard = stomp_peer_heard(peer);
	ck_assert_msg(slice_starts_with(
			      slice_of(heard), slice_of(DENIED("/queue/full", "c"))),
		"%s", heard);
	ck_assert_msg(
		slice_ends_with(slice_of(heard), SLICE("] RECEIPT{receipt-id:s}")),
		"%s", heard);

	/* The transaction is over, but its acknowledged messages are not. */
	say_ack("ACK", ack, "{receipt:a}");
	assert_heard(peer, "RECEIPT{receipt-id:a}");
	SAY("COMMIT{transaction:t}");
	stomp_peer_check_refused(peer, "There is no such transaction", "");
}
END_TEST

START_TEST(an_ack_that_its_transaction_has_no_room_for_can_be_given_again)
{
	char first[48], second[48];

	SAY("SUBSCRIBE{id:e}{destination:/user/queue/errors}",
		"SUBSCRIBE{id:1}{destination:/queue/a}{ack:client-individual}",
		"SUBSCRIBE{id:2}{destination:/queue/b}{ack:client-individual}",
		"SEND{destination:/queue/a}[1]");
	take_ack(first);
	SAY("SEND{destination:/queue/b}[2]");
	take_ack(second);
	SAY("BEGIN{transaction:t}", "SEND{destination:/topic/a}{transaction:t}[1]");
	say_ack("ACK", first, "{transaction:t}");
	say_ack("ACK", second, "{transaction:t}{receipt:a}");
	ck_assert_ptr_nonnull(strstr(stomp_peer_heard(peer),
		"{message:The transaction is too large}{content-type:text/plain}"
		"{receipt-id:a}"));
	SAY("COMMIT{transaction:t}{receipt:c}");
	ck_assert_ptr_nonnull(strstr(stomp_peer_heard(peer),
		"{message:The transaction is too large}{content-type:text/plain}"
		"{receipt-id:c}"));
	say_ack("ACK", first, "{receipt:1}");
	say_ack("ACK", second, "{receipt:2}");
	assert_heard(peer, "RECEIPT{receipt-id:1} RECEIPT{receipt-id:2}");
}
END_TEST

/* Bounds */

START_TEST(an_id_names_one_open_transaction)
{
	SAY("BEGIN{transaction:t}", "BEGIN{transaction:t}{receipt:r}");
	stomp_peer_check_refused(peer, "The transaction is open already", "r");
}
END_TEST

START_TEST(a_client_has_a_bounded_number_of_transactions)
{
	SAY("BEGIN{transaction:1}", "BEGIN{transaction:2}", "ABORT{transaction:1}",
		"BEGIN{transaction:3}", "BEGIN{transaction:4}");
	stomp_peer_check_refused(peer, "There are too many open transactions", "");
}
END_TEST

START_TEST(a_transaction_has_a_bounded_number_of_actions)
{
	SAY("BEGIN{transaction:t}", "SEND{destination:/topic/a}{transaction:t}[1]",
		"SEND{destination:/topic/a}{transaction:t}[2]",
		"SEND{destination:/topic/a}{transaction:t}[3]",
		"SEND{destination:/topic/a}{transaction:t}[4]",
		"SEND{destination:/topic/a}{transaction:t}{receipt:r}[5]");
	stomp_peer_check_refused(peer, "The transaction is too large", "r");
}
END_TEST

START_TEST(a_transaction_has_bounded_bytes)
{
	char frame[2100] = "SEND{destination:/topic/a}{transaction:t}[";
	size_t len = strlen(frame);

	memset(frame + len, 'x', 1900);
	memcpy(frame + len + 1900, "]", 2);
	SAY("BEGIN{transaction:t}", frame);
	stomp_peer_check_refused(peer, "The transaction is too large", "");
}
END_TEST

START_TEST(a_bound_that_a_reload_lowers_holds_for_what_is_open)
{
	char frame[1100] = "SEND{destination:/topic/a}{transaction:t}[";
	size_t len = strlen(frame);
	struct config *lower = config_of("{'limits': {'transaction_bytes': 500},"
					 "'endpoints': [{'path': '/stomp'}]}");

	memset(frame + len, 'x', 1000);
	memcpy(frame + len + 1000, "]", 2);
	SAY("BEGIN{transaction:t}", frame);
	workers_configure(worker->workers, lower);
	config_unref(lower);
	still_workers_settle(worker->workers);
	SAY("SEND{destination:/topic/a}{transaction:t}[more]");
	stomp_peer_check_refused(peer, "The transaction is too large", "");
}
END_TEST

START_TEST(a_commit_counts_as_the_work_of_its_actions)
{
	enum { PEERS = 8, ACTIONS = 4 };
	struct stomp_peer *peers[PEERS];
	const struct table *commits = &worker->broker->commits.entries;
	char frame[64];

	for (int i = 0; i < PEERS; i++) {
		peers[i] = stomp_peer_connect(worker, "1.2");
		stomp_peer_say(peers[i], "BEGIN{transaction:t}");
		for (int j = 0; j < ACTIONS; j++) {
			snprintf(frame, sizeof(frame),
				"SEND{transaction:t}{destination:/queue/%d-%d}", i, j);
			stomp_peer_say(peers[i], frame);
		}
	}
	worker->work_per_turn = ACTIONS;
	for (int i = 0; i < PEERS; i++)
		stomp_peer_mutter(peers[i], "COMMIT{transaction:t}");
	ck_assert_uint_eq(commits->count, PEERS);
	while (commits->count > 0) {
		const size_t before = commits->count;

		still_workers_turn(worker->workers);
		ck_assert_uint_le(before - commits->count, 1);
	}
	for (int i = 0; i < PEERS; i++)
		stomp_peer_destroy(peers[i]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("transaction");
	TCase *sending = unit_case(suite, "sending");
	TCase *settling = unit_case(suite, "settling");
	TCase *soft = unit_case(suite, "soft");
	TCase *bounds = unit_case(suite, "bounds");

	tcase_add_checked_fixture(sending, setup, teardown);
	tcase_add_test(
		sending, nothing_is_sent_before_the_commit_and_then_all_in_order);
	tcase_add_test(sending, an_abort_drops_all_of_it);
	tcase_add_test(sending, an_empty_transaction_commits);
	tcase_add_test(sending, when_one_queue_has_no_room_nothing_happens);
	tcase_add_test(sending, frames_behind_a_commit_wait_for_it);
	tcase_add_test(sending, what_comes_behind_a_commit_is_bounded);
	tcase_add_test(sending,
		a_client_that_is_lost_in_its_commit_has_committed_all_or_nothing);

	tcase_add_checked_fixture(settling, setup, teardown);
	tcase_add_test(settling, an_ack_counts_when_it_is_committed);
	tcase_add_test(settling, an_ack_that_is_aborted_can_be_given_again);
	tcase_add_test(settling, a_message_is_acknowledged_in_one_transaction_only);
	tcase_add_test(settling, an_ack_whose_subscription_ended_cannot_be_committed);

	tcase_add_checked_fixture(bounds, setup, teardown);
	tcase_add_test(bounds, an_id_names_one_open_transaction);
	tcase_add_test(bounds, a_client_has_a_bounded_number_of_transactions);
	tcase_add_test(bounds, a_transaction_has_a_bounded_number_of_actions);
	tcase_add_test(bounds, a_transaction_has_bounded_bytes);
	tcase_add_test(bounds, a_bound_that_a_reload_lowers_holds_for_what_is_open);
	tcase_add_test(bounds, a_commit_counts_as_the_work_of_its_actions);
	TCase *full = unit_case(suite, "full");
	tcase_add_checked_fixture(full, setup_two_destinations, teardown);
	tcase_add_test(
		full, a_commit_does_not_stop_half_way_at_the_bound_of_destinations);
	tcase_add_checked_fixture(soft, setup_soft, teardown);
	tcase_add_test(
		soft, a_commit_that_is_denied_has_no_effect_and_the_client_goes_on);
	tcase_add_test(
		soft, an_ack_that_its_transaction_has_no_room_for_can_be_given_again);
	return unit_run(suite);
}
