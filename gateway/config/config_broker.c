/* The keys of "broker" and "app". */
#include "gateway/config/config_broker.h"

#include "gateway/config/config.h"
#include "gateway/config/config_values.h"

#define COUNT(table) (sizeof(table) / sizeof(*(table)))

enum { MIB = 1 << 20 };

static const char *const separators[] = {"/", ".", NULL};
static const char *const denials[] = {"strict", "soft", NULL};

static const struct config_key broker[] = {
	{
		.name = "prefixes",
		.means = "prefixes of topics: each destination below one of them is a "
			 "topic",
		.kind = CONFIG_TEXTS,
		.at_start = true,
		.offset = offsetof(struct config, broker_prefixes.items),
		.count = offsetof(struct config, broker_prefixes.count),
		.text = "/topic",
		.check = config_value_prefix,
	},
	{
		.name = "client_send",
		.means = "whether clients may send to topics and queues directly",
		.kind = CONFIG_BOOL,
		.offset = offsetof(struct config, client_send),
		.fallback = true, /* as in Spring's simple broker and RabbitMQ */
	},
	{
		.name = "queues",
		.means = "prefixes of queues: each destination below one of them is a "
			 "queue",
		.kind = CONFIG_TEXTS,
		.at_start = true,
		.offset = offsetof(struct config, queue_prefixes.items),
		.count = offsetof(struct config, queue_prefixes.count),
		.text = "/queue",
		.check = config_value_prefix,
	},
	{
		.name = "prefetch",
		.means = "messages that a consumer may have unacknowledged, unless its "
			 "SUBSCRIBE has a prefetch-count",
		.kind = CONFIG_NUMBER,
		.offset = offsetof(struct config, prefetch),
		.fallback = 64,
		.min = 1,
		.max = MIB,
	},
	{
		.name = "nacks",
		.means = "NACKs after which a message is a dead letter",
		.kind = CONFIG_NUMBER,
		.offset = offsetof(struct config, nacks),
		.fallback = 5,
		.min = 1,
		.max = MIB,
	},
	{
		.name = "losses",
		.means = "consumers that ended without acknowledging a message, after "
			 "which it is a dead letter",
		.kind = CONFIG_NUMBER,
		.offset = offsetof(struct config, losses),
		.fallback = 20, /* as in RabbitMQ's quorum queues */
		.min = 1,
		.max = MIB,
	},
	{
		.name = "dead_letter",
		.means = "the queue for dead letters; empty: Postern drops these "
			 "messages, and broker.losses does not apply",
		.kind = CONFIG_TEXT,
		.offset = offsetof(struct config, dead_letter),
		.text = "/queue/dead-letter",
		.check = config_value_dead_letter,
	},
	{
		.name = "separator",
		.means = "the character between the segments of a destination, for "
			 "patterns",
		.kind = CONFIG_TEXT,
		.at_start = true,
		.offset = offsetof(struct config, separator),
		.text = "/",
		.choices = separators,
	},
	{
		.name = "deny",
		.means =
			"how to answer a denied frame: with an ERROR, or, if the "
			"client subscribes to /user/queue/errors, with a message there",
		.kind = CONFIG_TEXT,
		.offset = offsetof(struct config, deny),
		.text = "strict",
		.choices = denials,
	},
};

const struct config_table config_broker = {.keys = broker, .count = COUNT(broker)};

static const struct config_key route[] = {
	{
		.name = "match",
		.means =
			"the destinations that the route takes: a pattern with {names}",
		.kind = CONFIG_TEXT,
		.offset = offsetof(struct route, match),
		.required = true,
	},
	{
		.name = "send_to",
		.means = "where the route sends the message; without this key, to "
			 "/topic and the rest of the destination",
		.kind = CONFIG_TEXTS,
		.offset = offsetof(struct route, send_to),
		.count = offsetof(struct route, send_to_count),
		.single = true,
		.check = config_value_destination,
	},
	{
		.name = "body",
		.means = "the body that the route sends, with {variables}; without "
			 "this key, the body that came",
		.kind = CONFIG_VALUE,
	},
	{
		.name = "reply",
		.means = "the answer to a SUBSCRIBE, sent once; without this key, "
			 "Postern refuses the SUBSCRIBE",
		.kind = CONFIG_VALUE,
	},
	{
		.name = "identify",
		.means = "whether the messages name their sender in headers that no "
			 "client can forge, and lead an answer to its session",
		.kind = CONFIG_BOOL,
		.offset = offsetof(struct route, identify),
		.fallback = false,
	},
};

static const struct config_table route_table = {
	route, COUNT(route), sizeof(struct route)};

static const struct config_key app[] = {
	{
		.name = "prefixes",
		.means = "prefixes of application destinations: routes decide where a "
			 "message to one of them goes",
		.kind = CONFIG_TEXTS,
		.offset = offsetof(struct config, app_prefixes.items),
		.count = offsetof(struct config, app_prefixes.count),
		.text = "/app",
		.check = config_value_prefix,
	},
	{
		.name = "routes",
		.means = "the routes; of several that match, the most specific counts",
		.kind = CONFIG_LIST,
		.offset = offsetof(struct config, routes),
		.count = offsetof(struct config, route_count),
		.inside = &route_table,
	},
};

const struct config_table config_app = {.keys = app, .count = COUNT(app)};
