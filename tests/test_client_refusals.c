/* Frames of a connected client that are refused, and with which words. */
#include "tests/still_crew.h"
#include "tests/stomp_peer.h"
#include "tests/unit.h"

static struct worker *worker;
static struct stomp_peer *peer;

static void setup(void)
{
	worker = still_crew_create("")->workers[0];
	peer = stomp_peer_connect(worker, "1.2");
}

static void teardown(void)
{
	stomp_peer_destroy(peer);
	ck_assert_uint_eq(still_crew_topics(worker->crew), 0);
	ck_assert_uint_eq(still_crew_audiences(worker->crew), 0);
	still_crew_destroy(worker->crew);
}

#define NO_MESSAGE     "There is no such message to acknowledge"
#define NO_TRANSACTION "There is no such transaction"
#define NO_SENDER      "A client does not send that command"

static const struct {
	const char *version, *frame, *message, *receipt;
} refusals[] = {
	{"1.2", "SEND{receipt:r}[x]", "SEND needs a destination", "r"},
	{"1.2", "SEND{destination:}[x]", "SEND needs a destination", ""},
	{"1.2", "SEND{destination:/nobody/a}[x]",
		"Nobody owns destinations of that prefix", ""},
	{"1.2", "SEND{destination:/topic/a}{transaction:t}{receipt:r}[x]",
		NO_TRANSACTION, "r"},
	{"1.2", "SUBSCRIBE{id:1}{receipt:r}", "SUBSCRIBE needs a destination", "r"},
	{"1.0", "SUBSCRIBE", "SUBSCRIBE needs a destination", ""},
	{"1.1", "SUBSCRIBE{destination:/topic/a}", "SUBSCRIBE needs an id", ""},
	{"1.2", "SUBSCRIBE{destination:/topic/a}", "SUBSCRIBE needs an id", ""},
	{"1.2", "SUBSCRIBE{id:1}{destination:/nobody/a}",
		"No destination of that prefix can be subscribed to", ""},
	{"1.2", "SUBSCRIBE{id:1}{destination:/queue/a}{prefetch-count:0}",
		"The prefetch-count is no number from 1", ""},
	{"1.2", "SUBSCRIBE{id:1}{destination:/queue/a}{prefetch-count:-1}",
		"The prefetch-count is no number from 1", ""},
	{"1.2", "SUBSCRIBE{id:1}{destination:/reply-queue/0-1}",
		"No destination of that prefix can be subscribed to", ""},
	{"1.2", "SEND{destination:/temp-queue/a}[x]",
		"Nobody owns destinations of that prefix", ""},
	{"1.2", "SEND{destination:/user/bob}[x]",
		"/user needs a name and a destination", ""},
	{"1.2", "SEND{destination:/reply-queue/1}[x]", "There is no such reply queue",
		""},
	{"1.2", "SEND{destination:/reply-queue/99-1}[x]",
		"There is no such reply queue", ""},
	{"1.2", "SUBSCRIBE{id:1}{destination:/topic/a}{ack:sometimes}{receipt:r}",
		"The ack mode is unknown", "r"},
	{"1.2", "SUBSCRIBE{id:1}{destination:/topic/a}{ack:}",
		"The ack mode is unknown", ""},
	{"1.2", "SUBSCRIBE{id:1}{destination:/topic/a}{selector:x = 1}{receipt:r}",
		"Selectors are not supported", "r"},
	{"1.2", "SUBSCRIBE{id:1}{destination:/temp-queue/a}{selector: }",
		"Selectors are not supported", ""},
	{"1.2", "UNSUBSCRIBE{id:9}{receipt:r}", "There is no such subscription", "r"},
	{"1.2", "UNSUBSCRIBE{destination:/topic/a}", "UNSUBSCRIBE needs an id", ""},
	{"1.1", "UNSUBSCRIBE", "UNSUBSCRIBE needs an id", ""},
	{"1.0", "UNSUBSCRIBE", "UNSUBSCRIBE needs an id", ""},
	{"1.0", "UNSUBSCRIBE{destination:/topic/a}", "There is no such subscription",
		""},
	{"1.2", "ACK", "ACK needs an id", ""},
	{"1.1", "ACK{subscription:1}", "ACK needs a message-id", ""},
	{"1.1", "ACK{message-id:1-1}", "ACK needs a subscription", ""},
	{"1.0", "ACK", "ACK needs a message-id", ""},
	{"1.0", "NACK{message-id:1-1}", "STOMP 1.0 has no NACK", ""},
	{"1.2", "ACK{id:1}", NO_MESSAGE, ""},
	{"1.2", "ACK{id:1-1-1}", NO_MESSAGE, ""},
	{"1.2", "ACK{id:1-1-99999999999}", NO_MESSAGE, ""},
	{"1.1", "ACK{message-id:1-1}{subscription:1}", NO_MESSAGE, ""},
	{"1.0", "ACK{message-id:1-1}", NO_MESSAGE, ""},
	{"1.2", "NACK{id:1}{receipt:r}", NO_MESSAGE, "r"},
	{"1.2", "ACK{id:1-1-1}{transaction:t}", NO_TRANSACTION, ""},
	{"1.2", "BEGIN", "BEGIN needs a transaction", ""},
	{"1.2", "BEGIN{transaction:}", "BEGIN needs a transaction", ""},
	{"1.2", "COMMIT", "COMMIT needs a transaction", ""},
	{"1.2", "ABORT", "ABORT needs a transaction", ""},
	{"1.2", "COMMIT{transaction:t}", NO_TRANSACTION, ""},
	{"1.2", "ABORT{transaction:t}{receipt:r}", NO_TRANSACTION, "r"},
	{"1.2", "CONNECT{accept-version:1.2}", "The client is connected already", ""},
	{"1.2", "STOMP{accept-version:1.2}", "The client is connected already", ""},
	{"1.2", "CONNECTED{version:1.2}", NO_SENDER, ""},
	{"1.2", "MESSAGE{receipt:r}[x]", NO_SENDER, "r"},
	{"1.2", "RECEIPT{receipt-id:1}", NO_SENDER, ""},
	{"1.2", "ERROR[x]", NO_SENDER, ""},
	{"1.2", "send{destination:/topic/a}[x]", "unknown command", ""},
};

START_TEST(what_cannot_be_obeyed_is_an_error_and_the_end)
{
	struct stomp_peer *other = stomp_peer_connect(worker, refusals[_i].version);
	stomp_peer_say(other, refusals[_i].frame);
	stomp_peer_check_refused(other, refusals[_i].message, refusals[_i].receipt);
	stomp_peer_say(peer, "SEND{destination:/topic/a}{receipt:r}[x]");
	assert_heard(peer, "RECEIPT{receipt-id:r}"); /* nobody else is harmed */
	stomp_peer_destroy(other);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("client refusals");
	TCase *tcase = unit_case(suite, "refusals");

	tcase_add_checked_fixture(tcase, setup, teardown);
	unit_add_table(tcase, what_cannot_be_obeyed_is_an_error_and_the_end, refusals);
	return unit_run(suite);
}
