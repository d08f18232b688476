#include "tests/support/still_workers.h"

#include "gateway/base/log.h"
#include "gateway/broker/internal.h"
#include "gateway/broker/memory.h"
#include "gateway/server/server_handlers.h"
#include "gateway/server/server_workers.h"
#include "protocol/number.h"
#include "tests/support/chance.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

/* Not Check's asserts: fuzzers have such workers too. */
static void still_workers_fail(const char *why, struct slice what)
{
	fprintf(stderr, "%s: %.*s\n", why, SLICE_ARGS(what));
	abort();
}

struct config *config_of(const char *json)
{
	struct buf text = {0}, error = {0};

	buf_append(&text, slice_of(json));
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] == '\'')
			text.data[i] = '"';
	}
	struct config *config =
		config_parse(buf_slice(&text), "test.json", NULL, &error);
	if (config == NULL)
		still_workers_fail("the configuration", buf_slice(&error));
	buf_finish(&text);
	return config;
}

/* By enum handler_kind, of all crews of the program. */
static const struct handler *const *handlers = server_handlers;

void still_workers_run(const struct handler *handler)
{
	static const struct handler *same[HANDLERS];

	for (size_t i = 0; i < HANDLERS; i++)
		same[i] = handler;
	handlers = same;
}

static const struct engine_share memory_only[] = {{SLICE_INIT(""), NULL}};
static const struct engine_share *engine_shares = memory_only;

void still_workers_share(const struct engine_share *shares)
{
	engine_shares = shares;
}

struct workers *still_workers_create_of(unsigned count, const char *members)
{
	const struct hash_key key = {1, 2};
	struct buf json = {0};

	log_set_level(LOG_ERROR);
	buf_printf(&json, "{%s%s", members, members[0] == '\0' ? "" : ",");
	if (strstr(members, "'tcp'") == NULL)
		buf_append(&json, SLICE("'tcp': {'dead_letters': true},"));
	if (strstr(members, "'broker'") == NULL)
		buf_append(&json, SLICE("'broker': {'client_send': true},"));
	buf_append(
		&json, SLICE("'endpoints': ["
			     "{'path': '/stomp'},"
			     "{'path': '/console'},"
			     "{'path': '/echo', 'handler': 'echo'},"
			     "{'path': '/reply', 'handler': 'reply', 'reply': 'Yes'},"
			     "{'path': '/close', 'handler': 'close'}]}"));
	buf_append_char(&json, '\0');
	struct config *config = config_of(json.data);
	struct workers *workers =
		server_create_workers(config, &key, count, handlers, engine_shares);
	assert(workers != NULL);
	config_unref(config);
	buf_finish(&json);
	return workers;
}

struct workers *still_workers_create(const char *members)
{
	const char *text = getenv("POSTERN_WORKERS");
	uint64_t count = 1;

	/* CMakeLists.txt runs a program with the tag with several numbers. */
	if (text != NULL && !number_read(slice_of(text), WORKERS_MAX, &count))
		still_workers_fail("a test without the tag \"workers\" in its head",
			slice_of(text));
	return still_workers_create_of((unsigned)count, members);
}

void still_workers_destroy(struct workers *workers)
{
	workers_destroy(workers);
}

const struct endpoint *still_workers_endpoint(
	const struct workers *workers, const char *path)
{
	const struct config *config = workers->config;

	if (strcmp(path, "tcp") == 0)
		return &config->tcp;
	for (size_t i = 0; i < config->endpoint_count; i++) {
		if (slice_equal(config->endpoints[i].path, slice_of(path)))
			return &config->endpoints[i];
	}
	still_workers_fail("there is no endpoint", slice_of(path));
	return NULL;
}

struct longest_wait {
	const struct lanes *lanes;
	uint64_t deliveries;
};

static void note_wait(const struct lane_account *account, void *context)
{
	struct longest_wait *longest = context;
	const uint64_t wait = longest->lanes->spent - account->since;

	if (!list_is_empty(&account->lanes) && wait > longest->deliveries)
		longest->deliveries = wait;
}

uint64_t still_workers_longest_wait(const struct workers *workers)
{
	struct longest_wait longest = {NULL, 0};

	for (unsigned i = 0; i < workers->count; i++) {
		longest.lanes = &workers->all[i]->broker->memory->lanes;
		lanes_for_each_account(longest.lanes, note_wait, &longest);
	}
	return longest.deliveries;
}

static unsigned char last_octet = 1;

void still_workers_come_from(unsigned char address)
{
	last_octet = address;
}

unsigned still_workers_narrow(struct workers *workers, struct chance *chance)
{
	const unsigned quantum = 1 + chance_below(chance, 6);
	const unsigned window = 1 + chance_below(chance, 4);
	const unsigned per_turn = 1 + chance_below(chance, 4);
	const unsigned messages = 1 + chance_below(chance, 12);

	for (unsigned i = 0; i < workers->count; i++) {
		struct broker *broker = workers->all[i]->broker;

		broker->window.size = window;
		broker->memory->lanes.quantum = quantum;
		broker->memory->lanes.per_turn = per_turn;
		broker->credits.messages = messages;
	}
	return quantum;
}

size_t still_workers_lanes(const struct workers *workers)
{
	size_t sum = 0;

	for (unsigned i = 0; i < workers->count; i++)
		sum += workers->all[i]->broker->memory->lanes.posts;
	return sum;
}

struct session *still_workers_open(struct worker *worker, const char *path,
	enum session_framing framing, const char *id)
{
	const char octets[] = {(char)0xc0, 0, 2, (char)last_octet};
	const struct peer peer = {.address = address_of_v4(octets)};

	return session_create(worker, still_workers_endpoint(worker->workers, path),
		framing == SESSION_RAW ? TRANSPORT_WEBSOCKET_RAW
				       : TRANSPORT_XHR_STREAMING,
		slice_of(id), &peer);
}

void still_workers_settle(struct workers *workers)
{
	workers_settle(workers);
	/* Later workers may have woken earlier ones. */
	workers_settle(workers);
}

uint64_t still_workers_queued(struct workers *workers, const char *address)
{
	uint64_t sum = 0;

	still_workers_settle(workers);
	for (unsigned i = 0; i < workers->count; i++) {
		const struct queue *queue =
			memory_queue(workers->all[i]->broker, slice_of(address));

		sum += queue == NULL ? 0 : queue_messages(queue);
	}
	return sum;
}

void still_workers_turn(struct workers *workers)
{
	for (unsigned i = 0; i < workers->count; i++)
		loop_turn(workers->all[i]->loop);
}

void still_workers_advance(struct workers *workers, uint64_t milliseconds)
{
	still_workers_settle(workers);
	while (milliseconds > 0) {
		/*
		 * No worker is more than a step before another; far from the end steps
		 * are long.
		 */
		uint64_t step = milliseconds > 1000 ? 100 : 1;

		for (unsigned i = 0; i < workers->count; i++)
			loop_advance(workers->all[i]->loop, step);
		if (atomic_load(&workers->posts) > 0)
			workers_settle(workers);
		milliseconds -= step;
	}
	still_workers_settle(workers);
}

void still_workers_stand_still(struct workers *workers, uint64_t milliseconds)
{
	for (unsigned i = 0; i < workers->count; i++)
		loop_stand_still(workers->all[i]->loop, milliseconds);
	still_workers_settle(workers);
}

size_t still_workers_topics(const struct workers *workers)
{
	size_t sum = 0;

	for (unsigned i = 0; i < workers->count; i++)
		sum += workers->all[i]->broker->topics.by_address.count;
	return sum;
}

size_t still_workers_audiences(const struct workers *workers)
{
	size_t sum = 0;

	for (unsigned i = 0; i < workers->count; i++)
		sum += workers->all[i]->broker->audiences.by_address.count;
	return sum;
}

size_t still_workers_subscriptions(const struct workers *workers)
{
	size_t sum = 0;

	for (unsigned i = 0; i < workers->count; i++)
		sum += workers->all[i]->broker->subscriptions.entries.count;
	return sum;
}
