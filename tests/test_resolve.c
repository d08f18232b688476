/* From a client's name to the broker's destination, and the names that are refused. */
/* tags: workers */
#include "gateway/broker/resolve.h"

#include "gateway/session/session.h"
#include "tests/support/still_workers.h"
#include "tests/support/stomp_peer.h"
#include "tests/support/unit.h"

static struct worker *worker;
static struct stomp_peer *peer;
static struct participant participant;

/* The participant's user is "ana/b". */
static void begin(const char *members)
{
	worker = still_workers_create(members)->all[0];
	peer = stomp_peer_connect(worker, "1.2");
	participant = (struct participant){.session = peer->memory.session,
		.identity = identity_create(
			&(struct identity_facts){.user = SLICE("ana/b")}, '/', NULL)};
}

static void setup(void)
{
	begin("'broker': {'prefixes': ['/topic', '/exchange']}");
}

static void setup_dots(void)
{
	begin("'broker': {'separator': '.'}");
}

static void teardown(void)
{
	identity_unref(participant.identity);
	stomp_peer_destroy(peer);
	still_workers_destroy(worker->workers);
}

/* Without a result it is refused. */
struct row {
	const char *called, *resolved;
	enum refusal_kind kind;
};

static const struct row subscribed[] = {
	/* oneself */
	{"/user/queue/x", "/user/queue/x", REFUSALS},
	{"/user/ana%2Fb/queue/x", "/user/queue/x", REFUSALS},
	{"/user/ana%2Fb/anything", "/user/anything", REFUSALS},
	{"/user/ana%2Fb/topic/a/b", "/user/topic/a/b", REFUSALS},
	/* another, or a name of the user's own destination */
	{"/user/bob/queue/x", NULL, REFUSAL_OTHER_USER},
	{"/user/bob/topic/x", NULL, REFUSAL_OTHER_USER},
	{"/user/ana/queue/x", NULL, REFUSAL_OTHER_USER},
	{"/user/bob/exchange/x", NULL, REFUSAL_OTHER_USER},
	{"/user/0123456789abcdef/x", NULL, REFUSAL_OTHER_USER},
	{"/user/bob/x", "/user/bob/x", REFUSALS},
	{"/user/bob", "/user/bob", REFUSALS},
	{"/user/bob/", "/user/bob/", REFUSALS},
	{"/user/queue/queue/x", "/user/queue/queue/x", REFUSALS},
	{"/user/%zz/queue/x", "/user/%zz/queue/x", REFUSALS},
	/* patterns of other brokers */
	{"/topic/#", "/topic/**", REFUSALS},
	{"/topic/>", "/topic/**", REFUSALS},
	{"/topic/a/#", "/topic/a/**", REFUSALS},
	{"/topic/a/>", "/topic/a/**", REFUSALS},
	{"/topic/#/a", "/topic/**/a", REFUSALS},
	{"/exchange/a/#", "/exchange/a/**", REFUSALS},
	{"/topic/>/a", "/topic/>/a", REFUSALS}, /* ActiveMQ's stands at the end only */
	{"/topic/a#", "/topic/a#", REFUSALS},
	{"/topic/#a", "/topic/#a", REFUSALS},
	{"/topic/a.#", NULL, REFUSAL_PATTERN},
	{"/topic/a.>", NULL, REFUSAL_PATTERN},
	/* queues have no patterns */
	{"/queue/#", "/queue/#", REFUSALS},
	{"/app/#", "/app/#", REFUSALS},
	{"/topic/a/*", "/topic/a/*", REFUSALS},
	{"/topic", "/topic", REFUSALS},
	{"/topic/", "/topic/", REFUSALS},
	{"topic", "topic", REFUSALS},
	{"/temp-queue/a", "/temp-queue/a", REFUSALS},
};

static const struct row dotted[] = {
	{"/topic/price.#", "/topic/price.**", REFUSALS},
	{"/topic/price.>", "/topic/price.**", REFUSALS},
	{"/topic/#.price", "/topic/**.price", REFUSALS},
	{"/topic/a.#.b.*", "/topic/a.**.b.*", REFUSALS},
	{"/topic/#", "/topic/**", REFUSALS},
	{"/topic/a/#", "/topic/a/**", REFUSALS},
	{"/topic/a.#b", "/topic/a.#b", REFUSALS},
};

static void check_row(const struct row *row)
{
	struct broker_refusal refusal = {.kind = REFUSALS};
	struct buf resolved = {0};

	ck_assert(
		resolve_subscribed(worker->broker, &participant, slice_of(row->called),
			&resolved, &refusal) == (row->resolved != NULL));
	ck_assert_int_eq(refusal.kind, row->kind);
	if (row->resolved != NULL)
		ck_assert_slice_eq(buf_slice(&resolved), slice_of(row->resolved));
	else
		ck_assert_str_ne(refusal.hint, "");
	buf_finish(&resolved);
}

START_TEST(what_is_subscribed_to_has_one_name)
{
	check_row(&subscribed[_i]);
}
END_TEST

START_TEST(segments_begin_at_the_separator)
{
	check_row(&dotted[_i]);
}
END_TEST

START_TEST(a_session_is_a_name_of_its_own_too)
{
	struct broker_refusal refusal;
	struct buf called = {0}, resolved = {0};

	buf_append(&called, SLICE("/user/"));
	buf_append(&called, session_label(peer->memory.session));
	buf_append(&called, SLICE("/queue/x"));
	ck_assert(resolve_subscribed(
		worker->broker, &participant, buf_slice(&called), &resolved, &refusal));
	ck_assert_slice_eq(buf_slice(&resolved), SLICE("/user/queue/x"));
	buf_finish(&called);
	buf_finish(&resolved);
}
END_TEST

static const struct row sent[] = {
	{"/user/queue/x", NULL, REFUSAL_USER_DESTINATION},
	{"/user/topic/x", NULL, REFUSAL_USER_DESTINATION},
	{"/user/exchange/x", NULL, REFUSAL_USER_DESTINATION},
	{"/user/queue/queue/x", "", REFUSALS}, /* to a user of that name */
	{"/user/bob/queue/x", "", REFUSALS},
	{"/user/bob/x", "", REFUSALS},
	{"/user/bob/queue/*", NULL, REFUSAL_SEND_PATTERN},
	{"/user/bob/queue/?", NULL, REFUSAL_SEND_PATTERN},
	{"/user/b*b/queue/x", "", REFUSALS},
	{"/topic/a", "", REFUSALS},
	{"/topic/#", "", REFUSALS},
};

START_TEST(what_is_sent_names_a_user)
{
	struct broker_refusal refusal = {.kind = REFUSALS};

	ck_assert(resolve_sent(worker->broker, slice_of(sent[_i].called), &refusal) ==
		  (sent[_i].resolved != NULL));
	ck_assert_int_eq(refusal.kind, sent[_i].kind);
}
END_TEST

static const struct {
	const char *value;
	bool is_good;
} replies[] = {
	{"/temp-queue/a", true},
	{"/temp-queue", false},
	{"/temp-queue/", false},
	{"/temp-topic/a", false},
	{"/user/queue/a", false},
	{"/user/bob/queue/a", true},
	{"/queue/a", true},
	{"/topic/a", true},
	{"/reply-queue/0-abc", true},
	{"amq.rabbitmq.reply-to", true},
	{"", true},
};

START_TEST(a_reply_to_leads_somewhere)
{
	struct broker_refusal refusal = {.kind = REFUSALS};

	ck_assert(resolve_reply_to(worker->broker, slice_of(replies[_i].value),
			  &refusal) == replies[_i].is_good);
	ck_assert_int_eq(
		refusal.kind, replies[_i].is_good ? REFUSALS : REFUSAL_REPLY_TO);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("resolve");
	TCase *tcase = unit_case(suite, "resolve");
	TCase *dots = unit_case(suite, "dots");

	tcase_add_checked_fixture(tcase, setup, teardown);
	unit_add_table(tcase, what_is_subscribed_to_has_one_name, subscribed);
	tcase_add_test(tcase, a_session_is_a_name_of_its_own_too);
	unit_add_table(tcase, what_is_sent_names_a_user, sent);
	unit_add_table(tcase, a_reply_to_leads_somewhere, replies);

	tcase_add_checked_fixture(dots, setup_dots, teardown);
	unit_add_table(dots, segments_begin_at_the_separator, dotted);
	return unit_run(suite);
}
