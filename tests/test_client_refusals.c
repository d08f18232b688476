/* Refused frames of a connected client, and the sentences of their refusals. */
/* tags: workers */
#include "tests/support/still_workers.h"
#include "tests/support/stomp_peer.h"
#include "tests/support/unit.h"

static struct worker *worker;
static struct stomp_peer *peer;

static void setup(void)
{
	worker = still_workers_create("")->all[0];
	peer = stomp_peer_connect(worker, "1.2");
}

static void teardown(void)
{
	stomp_peer_destroy(peer);
	ck_assert_uint_eq(still_workers_topics(worker->workers), 0);
	ck_assert_uint_eq(still_workers_audiences(worker->workers), 0);
	still_workers_destroy(worker->workers);
}

#define NO_MESSAGE     "There is no such message to acknowledge"
#define NO_TRANSACTION "There is no such transaction"
#define NO_SENDER      "A client does not send that command"

static const struct {
	const char *version, *frame, *message, *receipt;
} refusals[] = {
	{"1.2", "SEND{receipt:r}[x]", "A header is missing", "r"},
	{"1.2", "SEND{destination:}[x]", "A header is missing", ""},
	{"1.2", "SEND{destination:/nobody/a}[x]",
		"Nobody owns destinations of that prefix", ""},
	{"1.2", "SEND{destination:/topic/a}{transaction:t}{receipt:r}[x]",
		NO_TRANSACTION, "r"},
	{"1.2", "SUBSCRIBE{id:1}{receipt:r}", "A header is missing", "r"},
	{"1.0", "SUBSCRIBE", "A header is missing", ""},
	{"1.2", "SUBSCRIBE{id:1}{destination:/nobody/a}",
		"No destination of that prefix can be subscribed to", ""},
	{"1.2", "SEND{destination:/queue/a}{expiration:soon}{receipt:r}[x]",
		"The time at which the message expires is no number", "r"},
	{"1.1", "SEND{destination:/queue/a}{expires:-1}[x]",
		"The time at which the message expires is no number", ""},
	{"1.0", "SEND{destination:/queue/a}{expiration:5}{expires:}[x]",
		"The time at which the message expires is no number", ""},
	{"1.2", "NACK{id:1-1-1}{requeue:no}",
		"The requeue header is neither true nor false", ""},
	{"1.1", "NACK{message-id:1-1}{subscription:1}{requeue:}",
		"The requeue header is neither true nor false", ""},
	{"1.2", "NACK{id:1-1-1}{requeue:False}{receipt:r}",
		"The requeue header is neither true nor false", "r"},
	{"1.2", "NACK{id:1-1-1}{requeue:false}",
		"There is no such message to acknowledge", ""},
	{"1.0", "NACK{message-id:1-1}{requeue:no}", "STOMP 1.0 has no NACK", ""},
	{"1.2", "SUBSCRIBE{id:1}{destination:/queue/a}{prefetch-count:0}",
		"The prefetch-count is no number from 1", ""},
	{"1.2", "SUBSCRIBE{id:1}{destination:/queue/a}{prefetch-count:-1}",
		"The prefetch-count is no number from 1", ""},
	{"1.2", "SUBSCRIBE{id:1}{destination:/queue/a}{prefetch-count:+1}",
		"The prefetch-count is no number from 1", ""},
	{"1.2", "SUBSCRIBE{id:1}{destination:/queue/a}{prefetch-count:1 }",
		"The prefetch-count is no number from 1", ""},
	{"1.2", "SUBSCRIBE{id:1}{destination:/queue/a}{prefetch-count:}",
		"The prefetch-count is no number from 1", ""},
	{"1.2", "SUBSCRIBE{id:1}{destination:/queue/a}{prefetch-count:0000000001}",
		"The prefetch-count is no number from 1", ""}, /* ten digits */
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
	{"1.2", "SEND{destination:/reply-queue/0000-1}[x]",
		"There is no such reply queue", ""}, /* four digits */
	{"1.2", "SEND{destination:/reply-queue/+0-1}[x]",
		"There is no such reply queue", ""},
	{"1.2", "SEND{destination:/reply-queue/-1}[x]", "There is no such reply queue",
		""},
	{"1.2", "SUBSCRIBE{id:1}{destination:/topic/a}{ack:sometimes}{receipt:r}",
		"The ack mode is unknown", "r"},
	{"1.2", "SUBSCRIBE{id:1}{destination:/topic/a}{ack:}",
		"The ack mode is unknown", ""},
	{"1.2", "SUBSCRIBE{id:1}{destination:/topic/a}{selector:x = 1}{receipt:r}",
		"Selectors are not supported", "r"},
	{"1.2", "SUBSCRIBE{id:1}{destination:/temp-queue/a}{selector: }",
		"Selectors are not supported", ""},
	{"1.2", "UNSUBSCRIBE{id:9}{receipt:r}", "There is no such subscription", "r"},
	{"1.2", "UNSUBSCRIBE{destination:/topic/a}", "There is no such subscription",
		""},
	{"1.1", "UNSUBSCRIBE", "A header is missing", ""},
	{"1.0", "UNSUBSCRIBE", "A header is missing", ""},
	{"1.0", "UNSUBSCRIBE{destination:/topic/a}", "There is no such subscription",
		""},
	{"1.2", "ACK", "A header is missing", ""},
	{"1.1", "ACK{subscription:1}", "A header is missing", ""},
	{"1.1", "ACK{message-id:1-1}", "A header is missing", ""},
	{"1.0", "ACK", "A header is missing", ""},
	{"1.0", "NACK{message-id:1-1}", "STOMP 1.0 has no NACK", ""},
	{"1.2", "ACK{id:1}", NO_MESSAGE, ""},
	{"1.2", "ACK{id:1-1-1}", NO_MESSAGE, ""},
	{"1.2", "ACK{id:1-1-99999999999}", NO_MESSAGE, ""},
	{"1.1", "ACK{message-id:1-1}{subscription:1}", NO_MESSAGE, ""},
	{"1.0", "ACK{message-id:1-1}", NO_MESSAGE, ""},
	{"1.2", "NACK{id:1}{receipt:r}", NO_MESSAGE, "r"},
	{"1.2", "ACK{id:1-1-1}{transaction:t}", NO_TRANSACTION, ""},
	{"1.2", "BEGIN", "A header is missing", ""},
	{"1.2", "BEGIN{transaction:}", "A header is missing", ""},
	{"1.2", "COMMIT", "A header is missing", ""},
	{"1.2", "ABORT", "A header is missing", ""},
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
	assert_heard(peer, "RECEIPT{receipt-id:r}"); /* no other client is affected */
	stomp_peer_destroy(other);
}
END_TEST

/* The text of the ERROR, after the sentence. */
static const struct {
	const char *version, *frame, *text;
} texts[] = {
	/* A blank after the colon counts since 1.1, and is easily overlooked. */
	{"1.1", "SEND{destination: /topic/a}[x]",
		": destination \" /topic/a\". The prefixes are /topic, /queue, /app. "
		"There is a blank at an end of the value"},
	{"1.2", "SUBSCRIBE{id:1}{destination:/nobody/a }",
		": destination \"/nobody/a \". There is a blank at an end of the "
		"value"},
	{"1.2", "SEND{Destination:/topic/a}[x]",
		": header \"destination\". SEND needs it. There is a header "
		"\"Destination\": names have no capitals and no blanks."},
	{"1.2", "SUBSCRIBE{id:1}{destination :/topic/a}",
		": header \"destination\". SUBSCRIBE needs it. There is a header "
		"\"destination \": names have no capitals and no blanks."},
	{"1.2", "SEND{destination:}[x]",
		": header \"destination\". SEND needs it, with a value."},
	{"1.2", "send{destination:/topic/a}[x]",
		": command \"send\". Commands are in capitals."},
	{"1.2", "SENDD", ": command \"SENDD\"."},
	{"1.2", "\"SEND", ": command \"\\\"SEND\". This looks like SockJS"},
	{"1.2", "UNSUBSCRIBE{id:nine}", ": header id \"nine\"."},
	{"1.1", "ACK{message-id:1-1}{subscription:1}", ": header message-id \"1-1\"."},
	{"1.2", "COMMIT{transaction:t}", ": header transaction \"t\"."},
	{"1.2", "SUBSCRIBE{id:1}{destination:/topic/a}{ack:Client}",
		": header ack \"Client\". It is auto, client or client-individual."},
	{"1.2", "SUBSCRIBE{id:1}{destination:/topic/a**}",
		": destination \"/topic/a**\". In a pattern \"**\" must be a whole "
		"segment."},
	{"1.2", "MESSAGE[x]", ": command \"MESSAGE\"."},
	/* Secrets are not quoted, nor any value of a CONNECT. */
	{"1.2", "SEND{destination:/topic/a}{passcode:\\t}[x]", ": header line."},
	{"1.2", "CONNECT{passcode:secret}{login:ana}", "already."},
};

START_TEST(the_text_of_an_error_quotes_what_was_refused)
{
	struct stomp_peer *other = stomp_peer_connect(worker, texts[_i].version);

	stomp_peer_say(other, texts[_i].frame);
	const char *heard = stomp_peer_heard(other);
	ck_assert_msg(strstr(heard, texts[_i].text) != NULL, "%s", heard);
	ck_assert_ptr_null(strstr(heard, "secret"));
	stomp_peer_destroy(other);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("client refusals");
	TCase *tcase = unit_case(suite, "refusals");

	tcase_add_checked_fixture(tcase, setup, teardown);
	unit_add_table(tcase, what_cannot_be_obeyed_is_an_error_and_the_end, refusals);
	unit_add_table(tcase, the_text_of_an_error_quotes_what_was_refused, texts);
	return unit_run(suite);
}
