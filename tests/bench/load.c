#include "tests/bench/load.h"

#include "protocol/xmalloc.h"
#include "tests/bench/carrier.h"
#include "tests/bench/dialect.h"

#include <stdlib.h>

enum {
	TURN_MS = 1,
	OPENING_TIME = 120 * 1000000, /* then something hangs */
	LAST_TIME = 20 * 1000000,     /* for messages under way at the end */
};

void client_lost(struct client *client, const char *why)
{
	die("%s client %u: %s", client->carrier->name, client->number, why);
}

void client_beaten(struct client *client)
{
	client->load->measure.count++;
}

void client_ready(struct client *client)
{
	client->load->ready++;
}

void client_heard(struct client *client, struct slice body)
{
	struct load *load = client->load;
	struct stamp stamp;

	if (!client->subscribes || !stamp_read(&stamp, body))
		client_lost(client, "it hears what nobody has said");
	check_hear(&client->check, stamp.number);
	load->measure.count++;
	histogram_add(&load->latencies, now_us() - stamp.time);
	if (load->options->mode->heard != NULL)
		load->options->mode->heard(load, client, &stamp);
}

void topic_publish_next(struct load *load, struct topic *topic)
{
	const unsigned last = load->options->messages;

	if (last > 0 && topic->sent == last)
		return;
	const struct stamp stamp = {topic->sent++, now_us()};
	stamp_write(load->body.data, &stamp);
	load->options->dialect->publish(topic->publisher, buf_slice(&load->body));
}

static void load_turn(struct load *load, int milliseconds)
{
	struct list *link;

	while ((link = list_take_first(&load->sending)) != NULL) {
		struct client *client = container_of(link, struct client, sending);

		client->carrier->ops->flush(client);
	}
	streams_turn(&load->streams, milliseconds);
}

/* Opening. */

static void client_init(struct client *client, struct load *load, unsigned number)
{
	static const struct stomp_limits limits = {1 << 20, 64, 4096};

	client->load = load;
	client->carrier = load->options->carrier;
	client->number = number;
	client->held = 1;
	client->parser = stomp_parser_create(&limits, &load->spare);
	stomp_parser_set(client->parser, STOMP_1_2, &limits);
}

static void load_cast_publisher(struct load *load, struct client *client)
{
	if (client->carrier->publishers != NULL)
		client->carrier = carrier_find(client->carrier->publishers);
	load->topics[client->topic].publisher = client;
}

/*
 * Assigns publishers and subscribers. The topics of idle clients come after all
 * others.
 */
static void load_cast(struct load *load)
{
	const struct options *options = load->options;
	const struct mode *mode = options->mode;
	unsigned first = options->idle, last = first + options->clients;

	for (unsigned i = 0; i < load->client_count; i++) {
		struct client *client = &load->clients[i];
		unsigned role = i < first ? i : i < last ? i - first : i - last;

		client_init(client, load, i);
		if (i < first) {
			client->held = options->held;
			client->topic =
				(unsigned)load->topic_count + role * client->held;
			client->subscribes = !mode->connects_only;
			continue;
		}
		client->topic = role % (unsigned)load->topic_count;
		client->subscribes = i < last && !mode->connects_only;
		client->publishes = i >= last || mode->each_alone;
		if (client->publishes)
			load_cast_publisher(load, client);
		if (client->subscribes)
			load->topics[client->topic].subscribers++;
	}
}

static void load_init(struct load *load)
{
	const struct options *options = load->options;
	const struct mode *mode = options->mode;

	streams_init(&load->streams);
	list_init(&load->sending);
	load->topic_count = mode->each_alone ? options->clients : options->topics;
	load->topics = xcalloc(load->topic_count, sizeof(*load->topics));
	for (size_t i = 0; i < load->topic_count; i++)
		load->topics[i].hearers =
			xcalloc(options->window, sizeof(*load->topics[i].hearers));
	load->client_count = options->idle + options->clients +
			     (mode->has_publishers ? load->topic_count : 0);
	load->clients = xcalloc(load->client_count, sizeof(*load->clients));
	memset(buf_reserve(&load->body, options->size), 'x', options->size);
	load->body.len = options->size;
	load_cast(load);
}

/* Opens the sessions up to that one, within the limit of simultaneous openings. */
static void load_open(struct load *load, size_t until)
{
	const uint64_t deadline = now_us() + OPENING_TIME;

	while (load->ready < until) {
		while (load->opened < until &&
			load->opened - load->ready < load->options->at_once) {
			struct client *client = &load->clients[load->opened++];

			client->carrier->ops->open(client);
		}
		load_turn(load, TURN_MS);
		if (now_us() > deadline)
			die("%zu of %zu sessions do not open", until - load->ready,
				until);
	}
}

/* Measuring. */

static void load_begin(struct load *load)
{
	load->measure.before = usage_read(&load->options->server);
	load->measure.count = 0;
	load->measure.begun = load->due = now_us();
}

static void load_end(struct load *load)
{
	load->measure.after = usage_read(&load->options->server);
	load->measure.ended = now_us();
}

static struct check load_sum(const struct load *load)
{
	struct check sum = {0};

	for (size_t i = load->options->idle; i < load->client_count; i++) {
		const struct client *client = &load->clients[i];
		const struct check *check = &client->check;

		if (!client->subscribes)
			continue;
		sum.heard += check->heard;
		sum.missed += check->missed;
		sum.missed += load->topics[client->topic].sent - check->next;
		sum.doubled += check->doubled;
		sum.disordered += check->disordered;
	}
	return sum;
}

static uint64_t load_wanted(const struct load *load)
{
	uint64_t wanted = 0;

	for (size_t i = 0; i < load->topic_count; i++)
		wanted += load->topics[i].sent * load->topics[i].subscribers;
	return wanted;
}

/* Everything that may be published was published, and has come. */
static bool load_is_done(const struct load *load)
{
	for (size_t i = 0; i < load->topic_count; i++) {
		if (load->topics[i].sent < load->options->messages)
			return false;
	}
	return load->options->messages > 0 && load->measure.count >= load_wanted(load);
}

static void load_measure(struct load *load)
{
	const struct options *options = load->options;
	const struct mode *mode = options->mode;
	const uint64_t over = now_us() + (uint64_t)(options->seconds * 1e6);

	load_begin(load);
	if (mode->start != NULL)
		mode->start(load);
	while (now_us() < over && !load_is_done(load)) {
		if (mode->turn != NULL)
			mode->turn(load);
		load_turn(load, TURN_MS);
	}
	while (load->measure.count < load_wanted(load) && now_us() < over + LAST_TIME)
		load_turn(load, TURN_MS);
	load_end(load);
}

static void load_finish(struct load *load)
{
	for (size_t i = 0; i < load->client_count; i++) {
		load->clients[i].carrier->ops->close(&load->clients[i]);
		stomp_parser_destroy(load->clients[i].parser);
	}
	for (size_t i = 0; i < load->topic_count; i++)
		free(load->topics[i].hearers);
	free(load->topics);
	free(load->clients);
	stomp_spare_finish(&load->spare);
	sockjs_messages_finish(&load->messages);
	buf_finish(&load->body);
	streams_finish(&load->streams);
}

bool load_run(struct load *load)
{
	const struct options *options = load->options;

	load_init(load);
	load_open(load, options->idle);
	load->measure.empty = usage_read(&options->server);
	if (options->mode->is_opening)
		load_begin(load);
	load_open(load, load->client_count);
	if (options->mode->is_opening) {
		load->measure.count = options->clients;
		load_end(load);
	} else {
		load_measure(load);
	}
	struct check sum = load_sum(load);
	report(load, &sum);
	load_finish(load);
	return sum.missed == 0 && sum.doubled == 0 && sum.disordered == 0;
}
