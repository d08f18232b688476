/*
 * Headers of SUBSCRIBE that only other brokers understand: one warning, never a
 * refusal.
 */
/* tags: workers */
#include "gateway/broker/foreign.h"

#include "gateway/broker/internal.h"
#include "gateway/broker/memory.h"
#include "tests/support/still_workers.h"
#include "tests/support/stomp_peer.h"
#include "tests/support/unit.h"

static struct worker *worker;
static struct stomp_peer *peer;
static struct participant participant;

static void setup(void)
{
	worker = still_workers_create("")->all[0];
	peer = stomp_peer_connect(worker, "1.2");
	participant = (struct participant){.session = peer->memory.session};
}

static void teardown(void)
{
	stomp_peer_destroy(peer);
	still_workers_destroy(worker->workers);
}

/* How many new warnings the header brings. */
static int warnings(
	const struct engine_ops *engine, const char *name, const char *value)
{
	const struct stomp_header header = {slice_of(name), slice_of(value)};
	const struct stomp_frame frame = {STOMP_SUBSCRIBE, &header, 1, SLICE("")};
	const uint32_t before = participant.foreign;

	foreign_warn(engine, &participant, &frame);
	return __builtin_popcount(before ^ participant.foreign);
}

static const struct {
	const char *name, *value;
	int warnings;
} headers[] = {
	{"durable", "true", 1},
	{"auto-delete", "true", 1},
	{"auto-delete", "false", 0}, /* asks for nothing */
	{"exclusive", "true", 1},
	{"persistent", "true", 1},
	{"x-queue-name", "jobs", 1},
	{"x-queue-type", "quorum", 1},
	{"x-message-ttl", "1000", 1},
	{"x-dead-letter-exchange", "", 1},
	{"x-max-length", "10", 1},
	{"activemq.prefetchSize", "1", 1},
	{"activemq.subscriptionName", "a", 1},
	{"no-local", "true", 1},
	{"prefetch-count", "1", 0},
	{"id", "1", 0},
	{"destination", "/queue/a", 0},
	{"ack", "client", 0},
	{"durables", "true", 0},
	{"x-mine", "1", 0},
};

START_TEST(what_another_broker_reads_is_warned_of_once)
{
	const struct engine_ops *engine = worker->broker->memory->engine.ops;

	ck_assert_int_eq(warnings(engine, headers[_i].name, headers[_i].value),
		headers[_i].warnings);
	ck_assert_int_eq(warnings(engine, headers[_i].name, headers[_i].value), 0);
}
END_TEST

START_TEST(who_writes_many_names_of_one_kind_is_warned_once)
{
	const struct engine_ops *engine = worker->broker->memory->engine.ops;

	ck_assert_int_eq(warnings(engine, "x-queue-a", "1"), 1);
	ck_assert_int_eq(warnings(engine, "x-queue-b", "1"), 0);
}
END_TEST

START_TEST(none_of_them_is_refused)
{
	stomp_peer_say(peer, "SUBSCRIBE{id:1}{destination:/queue/a}{durable:true}"
			     "{auto-delete:false}{x-queue-name:b}"
			     "{activemq.prefetchSize:1}{receipt:r}");
	assert_heard(peer, "RECEIPT{receipt-id:r}");
}
END_TEST

/* The engine that owns the destinations lists the headers that it understands. */
static const struct slice understood[] = {
	SLICE_INIT("durable"), SLICE_INIT("selector"), SLICE_INIT("")};

START_TEST(what_the_engine_understands_is_not_foreign)
{
	struct engine_ops engine = *worker->broker->memory->engine.ops;

	engine.headers = understood;
	ck_assert_int_eq(warnings(&engine, "durable", "true"), 0);
	ck_assert_int_eq(warnings(&engine, "exclusive", "true"), 1);
	ck_assert(engine_understands(&engine, SLICE("selector")));
	ck_assert(!engine_understands(
		worker->broker->memory->engine.ops, SLICE("selector")));
}
END_TEST

START_TEST(a_selector_is_taken_by_a_engine_that_has_them)
{
	struct broker *broker = worker->broker;
	struct engine *memory = &broker->memory->engine;
	const struct engine_ops *ops = memory->ops;
	struct engine_ops engine = *ops;

	engine.headers = understood;
	memory->ops = &engine;
	stomp_peer_say(peer,
		"SUBSCRIBE{id:1}{destination:/topic/a}{selector:x = 1}{receipt:r}");
	assert_heard(peer, "RECEIPT{receipt-id:r}");
	memory->ops = ops;
	stomp_peer_say(peer, "UNSUBSCRIBE{id:1}");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("foreign");
	TCase *tcase = unit_case(suite, "foreign");

	tcase_add_checked_fixture(tcase, setup, teardown);
	unit_add_table(tcase, what_another_broker_reads_is_warned_of_once, headers);
	tcase_add_test(tcase, who_writes_many_names_of_one_kind_is_warned_once);
	tcase_add_test(tcase, none_of_them_is_refused);
	tcase_add_test(tcase, what_the_engine_understands_is_not_foreign);
	tcase_add_test(tcase, a_selector_is_taken_by_a_engine_that_has_them);
	return unit_run(suite);
}
