/* Programs behind the gateway publish without a session. */
/* tags: workers */
#include "gateway/broker/internal.h"
#include "gateway/broker/sender.h"
#include "tests/support/still_workers.h"
#include "tests/support/stomp_peer.h"
#include "tests/support/unit.h"

static struct worker *worker;
static struct stomp_peer *listener;
static struct broker_refusal refusal;

/* A program that waits for answers: a participant without a session. */
static struct program {
	struct participant participant;
	unsigned answers;
	struct published published;
	enum refusal_kind refused; /* REFUSALS: not */
} program;

static void program_answer(struct participant *participant, uint64_t request,
	const struct published *published, const struct broker_refusal *why)
{
	struct program *one = container_of(participant, struct program, participant);

	ck_assert_uint_eq(request, 7);
	one->answers++;
	one->published = *published;
	one->refused = why == NULL ? REFUSALS : why->kind;
}

static const struct participant_ops program_ops = {.answer = program_answer};

static void setup(void)
{
	worker = still_workers_create(
		"'limits': {'backlog_messages': 1},"
		"'app': {'routes': ["
		"{'match': '/app/meta', 'send_to': '/topic/a', 'body':"
		" {'user': '{user}', 'session': '{session}'}},"
		"{'match': '/app/own/{x}', 'send_to': "
		"'/topic/of/{user}/{claim.tenant}/{x}',"
		" 'body': '<{claim.tenant:-none}>'}]},"
		"'tokens': [{'issuer': 'i', 'secrets': "
		"'0123456789abcdef0123456789abcdef'}],"
		"'login': {'anonymous': true}, 'broker': "
		"{'client_send': false}")
			 ->all[0];
	listener = stomp_peer_connect(
		worker->workers->all[worker->workers->count - 1], "1.2");
	stomp_peer_say(listener, "SUBSCRIBE{id:1}{destination:/topic/a}");
	program = (struct program){.participant.ops = &program_ops};
	broker_enter(worker->broker, &program.participant);
}

static void teardown(void)
{
	broker_leave(worker->broker, &program.participant);
	stomp_peer_destroy(listener);
	still_workers_destroy(worker->workers);
}

/* SENDs a body "x" to the destination, with one more header if it has a name. */
static enum broker_result publish(const struct sender *sender,
	struct participant *participant, const char *destination, const char *name,
	const char *value)
{
	struct stomp_header headers[] = {
		{SLICE("destination"), slice_of(destination)},
		{slice_of(name), slice_of(value)},
	};
	const struct stomp_frame frame = {.command = STOMP_SEND,
		.headers = headers,
		.header_count = name[0] == '\0' ? 1 : 2,
		.body = SLICE("x")};
	struct broker_call call = {.participant = participant,
		.frame = &frame,
		.version = STOMP_1_2,
		.request = participant == NULL ? 0 : 7,
		.refusal = &refusal};
	const enum broker_result result = broker_publish(worker->broker, sender, &call);

	if (result == BROKER_TAKEN)
		ck_assert_uint_eq(call.answers, 1);
	still_workers_settle(worker->workers);
	return result;
}

static const struct sender nobody = {.kind = SENDER_PROGRAM};

START_TEST(a_program_publishes_though_clients_must_not)
{
	stomp_peer_say(listener, "SEND{destination:/topic/a}{receipt:r}");
	ck_assert_ptr_nonnull(strstr(stomp_peer_heard(listener), "ERROR"));
	stomp_peer_destroy(listener);
	listener = stomp_peer_connect(worker, "1.2");
	stomp_peer_say(listener, "SUBSCRIBE{id:1}{destination:/topic/a}");
	ck_assert_int_eq(publish(&nobody, NULL, "/topic/a", "", ""), BROKER_TAKEN);
	assert_heard(listener, "MESSAGE{subscription:1}{destination:/topic/a}[x]");
}
END_TEST

START_TEST(who_waits_is_told_what_became_of_the_message)
{
	ck_assert_int_eq(publish(&nobody, &program.participant, "/topic/a", "x", "1"),
		BROKER_TAKEN);
	ck_assert_uint_eq(program.answers, 1);
	ck_assert_uint_eq(program.published.subscribers, 1);
	ck_assert_uint_eq(program.published.place.offset, 1);
	assert_heard(listener, "MESSAGE{subscription:1}{destination:/topic/a}{x:1}[x]");
}
END_TEST

START_TEST(who_waits_is_told_that_the_home_has_refused)
{
	ck_assert_int_eq(publish(&nobody, &program.participant, "/queue/a", "", ""),
		BROKER_TAKEN);
	ck_assert_uint_eq(program.published.place.offset, 1);
	ck_assert_uint_eq(program.published.subscribers, 0);
	publish(&nobody, &program.participant, "/queue/a", "", "");
	ck_assert_uint_eq(program.answers, 2);
	ck_assert(program.published.is_refused);
	ck_assert_int_eq(program.refused, REFUSAL_QUEUE_FULL);
}
END_TEST

START_TEST(a_route_sees_the_sender)
{
	struct identity *identity = identity_create(
		&(struct identity_facts){.user = SLICE("ana")}, '/', NULL);
	const struct sender ana = {
		.kind = SENDER_PROGRAM, .identity = identity, .label = SLICE("s1")};

	publish(&nobody, NULL, "/app/meta", "", "");
	publish(&ana, NULL, "/app/meta", "", "");
	identity_unref(identity);
	assert_heard(listener,
		"MESSAGE{subscription:1}{destination:/topic/a}"
		"{content-type:application/json}[{\"user\":\"\",\"session\":\"\"}] "
		"MESSAGE{subscription:1}{destination:/topic/a}"
		"{content-type:application/json}"
		"[{\"user\":\"ana\",\"session\":\"s1\"}]");
}
END_TEST

/* What a login has brought fills one segment each, whatever it is. */
static const struct {
	const char *user, *tenant;
	const char *topic; /* NULL: refused */
	const char *body, *hint;
} logins[] = {
	{"ana", "acme", "/topic/of/ana/acme/7", "<acme>", ""},
	{"ana/admin", "a*?%\"", "/topic/of/ana%2Fadmin/a%2A%3F%25\"/7", "<a*?%\\\">",
		""},
	{"", "acme", NULL, "", "In it {user} has no value."},
	{"ana", NULL, NULL, "", "In it {claim.tenant} has no value."},
	{"ana", "", NULL, "", "In it {claim.tenant} has no value."},
	{"..", "acme", NULL, "", "In it {user} is no name of a segment."},
	{"ana", ".", NULL, "", "In it {claim.tenant} is no name of a segment."},
};

START_TEST(a_route_leads_to_the_senders_own_topic)
{
	const struct claim claim = {SLICE("tenant"),
		slice_of(logins[_i].tenant == NULL ? "" : logins[_i].tenant)};
	struct identity *identity = identity_create(
		&(struct identity_facts){.user = slice_of(logins[_i].user),
			.claims = &claim,
			.claim_count = logins[_i].tenant == NULL ? 0 : 1},
		'/', NULL);
	const struct sender sender = {.kind = SENDER_PROGRAM, .identity = identity};
	const char *topic = logins[_i].topic;
	char text[200];

	stomp_peer_say(listener, "SUBSCRIBE{id:2}{destination:/topic/of/**}");
	ck_assert_int_eq(publish(&sender, NULL, "/app/own/7", "", ""),
		topic == NULL ? BROKER_REFUSED : BROKER_TAKEN);
	identity_unref(identity);
	if (topic == NULL) {
		ck_assert_int_eq(refusal.kind, REFUSAL_ROUTE_VARIABLE);
		ck_assert_str_eq(refusal.hint, logins[_i].hint);
		ck_assert_str_eq(refusal.reason,
			"it leads to \"/topic/of/{user}/{claim.tenant}/{x}\"");
		assert_heard(listener, "");
		return;
	}
	snprintf(text, sizeof(text),
		"MESSAGE{subscription:2}{destination:%s}"
		"{content-type:application/json}[\"%s\"]",
		topic, logins[_i].body);
	assert_heard(listener, text);
}
END_TEST

START_TEST(a_program_reaches_a_user)
{
	const char *name = session_label(listener->memory.session).data;
	char destination[64];

	snprintf(destination, sizeof(destination), "/user/%.16s/queue/x", name);
	stomp_peer_say(listener, "SUBSCRIBE{id:2}{destination:/user/queue/x}");
	publish(&nobody, NULL, destination, "", "");
	assert_heard(listener, "MESSAGE{subscription:2}{destination:/user/queue/x}[x]");
}
END_TEST

static const struct {
	const char *destination, *name, *value;
	enum refusal_kind kind;
} refused[] = {
	{"/topic/a", "transaction", "t", REFUSAL_UNKNOWN_TRANSACTION},
	{"/topic/a", "reply-to", "/temp-queue/a", REFUSAL_REPLY_TO},
	{"/topic/*", "", "", REFUSAL_SEND_PATTERN},
	{"/else/a", "", "", REFUSAL_NO_OWNER},
	/* Services are the operators'. */
	{"/admin/overview", "reply-to", "/reply-queue/0-1", REFUSAL_NO_OWNER},
};

START_TEST(what_belongs_to_a_session_is_refused)
{
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(publish(&nobody, i == 0 ? NULL : &program.participant,
					 refused[_i].destination, refused[_i].name,
					 refused[_i].value),
			BROKER_REFUSED);
		ck_assert_int_eq(refusal.kind, refused[_i].kind);
	}
	assert_heard(listener, "");
}
END_TEST

static void count(const struct participant *participant, void *context)
{
	ck_assert_ptr_nonnull(participant->session);
	++*(unsigned *)context;
}

START_TEST(operators_see_clients_only)
{
	struct workers *workers = worker->workers;
	unsigned clients = 0;

	for (unsigned i = 0; i < workers->count; i++)
		broker_for_each_participant(workers->all[i]->broker, count, &clients);
	ck_assert_uint_eq(clients, 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("publish");
	TCase *tcase = unit_case(suite, "programs");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_program_publishes_though_clients_must_not);
	tcase_add_test(tcase, who_waits_is_told_what_became_of_the_message);
	tcase_add_test(tcase, who_waits_is_told_that_the_home_has_refused);
	tcase_add_test(tcase, a_route_sees_the_sender);
	unit_add_table(tcase, a_route_leads_to_the_senders_own_topic, logins);
	tcase_add_test(tcase, a_program_reaches_a_user);
	unit_add_table(tcase, what_belongs_to_a_session_is_refused, refused);
	tcase_add_test(tcase, operators_see_clients_only);
	return unit_run(suite);
}
