/* The behaviour of clients in each mode. */
#include "tests/bench/load.h"

/* Fan-out: as fast as all subscribers keep up, with a window of messages under way. */

static void fan_out_heard(
	struct load *load, struct client *client, const struct stamp *stamp)
{
	const unsigned window = load->options->window;
	struct topic *topic = &load->topics[client->topic];

	topic->hearers[stamp->number % window]++;
	while (topic->done < topic->sent &&
		topic->hearers[topic->done % window] >= topic->subscribers) {
		topic->hearers[topic->done % window] = 0;
		topic->done++;
	}
}

static void fan_out_turn(struct load *load)
{
	for (size_t i = 0; i < load->topic_count; i++) {
		struct topic *topic = &load->topics[i];

		for (uint64_t sent = topic->sent - topic->done;
			sent < load->options->window; sent++)
			topic_publish_next(load, topic);
	}
}

/* Steady: so many messages a second, in any case. */

static void steady_turn(struct load *load)
{
	while (load->due <= now_us()) {
		for (size_t i = 0; i < load->topic_count; i++)
			topic_publish_next(load, &load->topics[i]);
		load->due += 1000000 / load->options->rate;
	}
}

/* Ping-pong: each client sends to itself, and again when its message has come. */

static void ping_pong_start(struct load *load)
{
	for (size_t i = 0; i < load->topic_count; i++)
		topic_publish_next(load, &load->topics[i]);
}

static void ping_pong_heard(
	struct load *load, struct client *client, const struct stamp *stamp)
{
	(void)stamp;
	load->topics[client->topic].done++;
}

static void ping_pong_turn(struct load *load)
{
	for (size_t i = 0; i < load->topic_count; i++) {
		if (load->topics[i].done == load->topics[i].sent)
			topic_publish_next(load, &load->topics[i]);
	}
}

static const struct mode modes[] = {
	{
		.name = "fan-out",
		.counts = "deliveries",
		.has_publishers = true,
		.turn = fan_out_turn,
		.heard = fan_out_heard,
	},
	{
		.name = "steady",
		.counts = "deliveries",
		.has_publishers = true,
		.turn = steady_turn,
	},
	{
		.name = "ping-pong",
		.counts = "round trips",
		.each_alone = true,
		.start = ping_pong_start,
		.turn = ping_pong_turn,
		.heard = ping_pong_heard,
	},
	{
		.name = "storm",
		.counts = "sessions",
		.is_opening = true,
		.connects_only = true,
	},
	{
		.name = "beats",
		.counts = "heart-beats",
		.connects_only = true,
		.wants_beats = true,
	},
	{
		.name = "idle",
		.counts = "nothing",
	},
};

const struct mode *mode_find(const char *name)
{
	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
		if (strcmp(modes[i].name, name) == 0)
			return &modes[i];
	}
	return NULL;
}
