/* The keys, section by section, and what single values must look like. */
#include "gateway/config_table.h"

#include "gateway/config.h"
#include "gateway/password.h"
#include "protocol/http_head.h"

#include <ctype.h>

#define COUNT(table) (sizeof(table) / sizeof(*(table)))

enum {
	KIB = 1 << 10,
	MIB = 1 << 20,
	GIB = 1 << 30,
	LONGEST = INT32_MAX,  /* milliseconds: 24 days */
	PATH_MAX_BYTES = 255, /* with a session's id it must fit the key in session.c */
};

static const char *const log_levels[] = {"debug", "info", "warn", "error", NULL};
static const char *const separators[] = {"/", ".", NULL};
static const char *const denials[] = {"strict", "soft", NULL};
static const char *const policies[] = {"close", "drop-oldest", "latest", NULL};
static const char *const handlers[] = {
	"stomp", "echo", "reply", "close", "amplify", "broadcast", "ticker", NULL};

/* True when every byte is printable ASCII and none of `except`. */
static bool text_is_plain(struct slice text, const char *except)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char byte = (unsigned char)text.data[i];

		if (!isgraph(byte) || strchr(except, byte) != NULL)
			return false;
	}
	return true;
}

static bool text_has(struct slice text, struct slice wanted)
{
	for (; text.len >= wanted.len; text = slice_from(text, 1))
		if (slice_starts_with(text, wanted))
			return true;
	return false;
}

static const char *check_listen(struct slice text)
{
	struct slice host, port;

	return config_listen(text, &host, &port)
		       ? NULL
		       : "must be \"HOST:PORT\", \"[V6]:PORT\" or \":PORT\"";
}

static const char *check_tcp_listen(struct slice text)
{
	return text.len == 0 ? NULL : check_listen(text);
}

/* Schemes of apps are welcome, such as "capacitor://localhost". */
static const char *check_origin(struct slice text)
{
	size_t colon = slice_find(text, ':');
	struct slice host = slice_from(text, colon + 3);

	if (slice_equal(text, SLICE("*")) || slice_equal(text, SLICE("null")))
		return NULL;
	if (colon == 0 || host.len == 0 ||
		!slice_starts_with(slice_from(text, colon), SLICE("://")) ||
		!text_is_plain(slice_first(text, colon), "/?#@*,\"") ||
		!text_is_plain(host, "/?#@,\"\\"))
		return "must be \"*\" or an origin like \"https://shop.example\", "
		       "without a path";
	return NULL;
}

static const char *check_network(struct slice text)
{
	struct network network;

	return network_parse(text, &network)
		       ? NULL
		       : "must be an address or a network, like \"192.0.2.1\", "
			 "\"10.0.0.0/8\" or \"fd00::/8\"";
}

static const char *check_path(struct slice text)
{
	if (text.len < 2 || text.data[0] != '/' || slice_ends_with(text, SLICE("/")) ||
		text_has(text, SLICE("//")) || text_has(text, SLICE("/.")) ||
		!text_is_plain(text, "?#%\"<>\\^`{|}"))
		return "must be a plain path like \"/chat\", without \"/\" at its end";
	if (text.len > PATH_MAX_BYTES)
		return "must not be longer than 255 bytes";
	return NULL;
}

static const char *check_prefix(struct slice text)
{
	if (text.len < 2 || text.data[0] != '/' || slice_ends_with(text, SLICE("/")) ||
		text_has(text, SLICE("//")) || !text_is_plain(text, "?*{}"))
		return "must be like \"/topic\", without \"/\" at its end, '*', '?', "
		       "braces";
	return NULL;
}

/* It stands between quotes in the iframe page. */
static const char *check_url(struct slice text)
{
	if ((!slice_starts_with(text, SLICE("/")) &&
		    !slice_starts_with(text, SLICE("https://")) &&
		    !slice_starts_with(text, SLICE("http://"))) ||
		!text_is_plain(text, "\"'<>\\`"))
		return "must begin with \"/\", \"https://\" or \"http://\"";
	return NULL;
}

static const char *check_version(struct slice text)
{
	return config_version(text) && text.len <= 32
		       ? NULL
		       : "must be numbers with dots between them, like \"0.3.4\"";
}

static const char *check_cookie(struct slice text)
{
	return text.len <= COOKIE_NAME_MAX &&
			       text_is_plain(text, "\"(),/:;<=>?@[\\]{} ")
		       ? NULL
		       : "must be the name of a cookie";
}

static const char *check_destination(struct slice text)
{
	return slice_starts_with(text, SLICE("/")) ? NULL : "must begin with \"/\"";
}

static const char *check_dead_letter(struct slice text)
{
	return text.len == 0 ? NULL : check_destination(text);
}

static const char *check_login(struct slice text)
{
	return text.len > 0 ? NULL : "must not be empty";
}

static const char *check_password(struct slice text)
{
	return password_is_hash(text)
		       ? NULL
		       : "must be a hash, as \"postern hash-password\" makes it";
}

static const char *check_timezone(struct slice text)
{
	if (text.len > 64 || text_has(text, SLICE("..")) ||
		!text_is_plain(text, "\"\\%$") || slice_starts_with(text, SLICE("/")))
		return "must be like \"Europe/Paris\"";
	return NULL;
}

#define LIMIT(field, standard, least, most)                                            \
	{                                                                              \
		.name = #field, .kind = CONFIG_NUMBER,                                 \
		.offset = offsetof(struct config, limits.field),                       \
		.fallback = (standard), .min = (least), .max = (most)                  \
	}

static const struct config_key limits[] = {
	LIMIT(head, 7 * KIB, 512, 64 * KIB),
	LIMIT(head_lines, HTTP_HEADERS_MAX, 1, HTTP_HEADERS_MAX),
	LIMIT(target, 4 * KIB, 64, 64 * KIB),
	LIMIT(body, 0, 0, 4ULL * GIB), /* 0: config_check.c doubles the frame */
	LIMIT(frame, MIB + 64 * KIB, 256, GIB),
	LIMIT(connect_frame, 16 * KIB, 256, MIB),
	LIMIT(headers, 64, 4, 4 * KIB),
	LIMIT(header, 8 * KIB, 64, MIB),
	LIMIT(fragments, 1024, 1, MIB),
	LIMIT(queue_bytes, 4 * MIB, 1, 4ULL * GIB),
	LIMIT(queue_messages, 4096, 1, 16 * MIB),
	LIMIT(subscriptions, 256, 1, MIB),
	LIMIT(destination, 255, 1, 64 * KIB),
	LIMIT(destinations, 100000, 1, GIB),
	LIMIT(idle_topics, 1024, 0, GIB),
	LIMIT(unacked, 1024, 1, MIB),
	LIMIT(backlog_messages, 10000, 1, GIB),
	LIMIT(backlog_bytes, 64 * MIB, 1, 64ULL * GIB),
	LIMIT(logins, 1024, 1, MIB),
	LIMIT(transactions, 16, 1, MIB),
	LIMIT(transaction_actions, 1024, 1, MIB),
	LIMIT(transaction_bytes, MIB, 1, 4ULL * GIB),
	LIMIT(inbox_posts, 65536, 1, GIB),
	LIMIT(inbox_bytes, 64 * MIB, 1, 64ULL * GIB),
	LIMIT(connections, 0, 0, GIB),
	LIMIT(sessions, 0, 0, GIB),
};

#define TIME(field, standard, least)                                                   \
	{                                                                              \
		.name = #field, .kind = CONFIG_NUMBER,                                 \
		.offset = offsetof(struct config, times.field),                        \
		.fallback = (standard), .min = (least), .max = LONGEST                 \
	}

static const struct config_key times[] = {
	TIME(head, 10000, 1),
	TIME(body, 20000, 1),
	TIME(keep_alive, 75000, 1),
	TIME(progress, 10000, 1),
	TIME(connect, 10000, 1),
	TIME(heartbeat, 25000, 1),
	TIME(disconnect, 5000, 1),
	TIME(late_poll, 5000, 0),
	TIME(ping, 25000, 1),
	TIME(pong, 10000, 1),
	TIME(stomp_send, 10000, 0),
	TIME(stomp_want, 10000, 0),
	TIME(linger, 1000, 0),
	TIME(drain, 5000, 0),
};

static const struct config_key endpoint[] = {
	{
		.name = "path",
		.kind = CONFIG_TEXT,
		.offset = offsetof(struct endpoint, path),
		.required = true,
		.check = check_path,
	},
	{
		.name = "handler",
		.kind = CONFIG_TEXT,
		.offset = offsetof(struct endpoint, handler),
		.text = "stomp",
		.choices = handlers,
	},
	{
		.name = "sockjs",
		.kind = CONFIG_BOOL,
		.offset = offsetof(struct endpoint, sockjs),
		.fallback = true,
	},
	{
		.name = "websocket",
		.kind = CONFIG_BOOL,
		.offset = offsetof(struct endpoint, websocket),
		.fallback = true,
	},
	{
		.name = "cookie_needed",
		.kind = CONFIG_BOOL,
		.offset = offsetof(struct endpoint, cookie_needed),
		.fallback = false,
	},
	{
		.name = "bind_address",
		.kind = CONFIG_BOOL,
		.offset = offsetof(struct endpoint, bind_address),
		.fallback = false,
	},
	{
		.name = "bind_cookie",
		.kind = CONFIG_TEXT,
		.offset = offsetof(struct endpoint, bind_cookie),
		.text = "",
		.check = check_cookie,
	},
	{
		.name = "reply",
		.kind = CONFIG_TEXT,
		.offset = offsetof(struct endpoint, reply),
		.text = "",
	},
	{
		.name = "response_limit",
		.kind = CONFIG_SIZE,
		.offset = offsetof(struct endpoint, response_limit),
		.fallback = 128 * KIB,
		.min = 1,
		.max = GIB,
	},
	{
		.name = "slow_consumer",
		.kind = CONFIG_TEXT,
		.offset = offsetof(struct endpoint, slow_consumer),
		.text = "", /* config_check.c puts the global one there */
		.choices = policies,
	},
	{
		.name = "sockjs_url",
		.kind = CONFIG_TEXT,
		.offset = offsetof(struct endpoint, sockjs_url),
		.text = "/sockjs-client/loader.js",
		.check = check_url,
	},
	{
		.name = "allowed_origins",
		.kind = CONFIG_TEXTS,
		.offset = offsetof(struct endpoint, allowed_origins.items),
		.count = offsetof(struct endpoint, allowed_origins.count),
		.check = check_origin,
	},
};

static const struct config_table endpoint_table = {
	endpoint, COUNT(endpoint), sizeof(struct endpoint)};

static const struct config_key route[] = {
	{
		.name = "match",
		.kind = CONFIG_TEXT,
		.offset = offsetof(struct route, match),
		.required = true,
	},
	{
		.name = "send_to",
		.kind = CONFIG_TEXTS,
		.offset = offsetof(struct route, send_to),
		.count = offsetof(struct route, send_to_count),
		.single = true,
		.check = check_destination,
	},
	{.name = "body", .kind = CONFIG_VALUE},
	{.name = "reply", .kind = CONFIG_VALUE},
};

static const struct config_table route_table = {
	route, COUNT(route), sizeof(struct route)};

static const struct config_key broker[] = {
	{
		.name = "prefixes",
		.kind = CONFIG_TEXTS,
		.offset = offsetof(struct config, broker_prefixes.items),
		.count = offsetof(struct config, broker_prefixes.count),
		.text = "/topic",
		.check = check_prefix,
	},
	{
		.name = "client_send",
		.kind = CONFIG_BOOL,
		.offset = offsetof(struct config, client_send),
		.fallback = true, /* as Spring's simple broker and RabbitMQ do */
	},
	{
		.name = "queues",
		.kind = CONFIG_TEXTS,
		.offset = offsetof(struct config, queue_prefixes.items),
		.count = offsetof(struct config, queue_prefixes.count),
		.text = "/queue",
		.check = check_prefix,
	},
	{
		.name = "prefetch",
		.kind = CONFIG_NUMBER,
		.offset = offsetof(struct config, prefetch),
		.fallback = 64,
		.min = 1,
		.max = MIB,
	},
	{
		.name = "nacks",
		.kind = CONFIG_NUMBER,
		.offset = offsetof(struct config, nacks),
		.fallback = 5,
		.min = 1,
		.max = MIB,
	},
	{
		.name = "dead_letter",
		.kind = CONFIG_TEXT,
		.offset = offsetof(struct config, dead_letter),
		.text = "/queue/dead-letter",
		.check = check_dead_letter,
	},
	{
		.name = "separator",
		.kind = CONFIG_TEXT,
		.offset = offsetof(struct config, separator),
		.text = "/",
		.choices = separators,
	},
	{
		.name = "deny",
		.kind = CONFIG_TEXT,
		.offset = offsetof(struct config, deny),
		.text = "strict",
		.choices = denials,
	},
};

static const struct config_key user[] = {
	{
		.name = "login",
		.kind = CONFIG_TEXT,
		.offset = offsetof(struct user, login),
		.required = true,
		.check = check_login,
	},
	{
		.name = "password",
		.kind = CONFIG_TEXT,
		.offset = offsetof(struct user, password),
		.required = true,
		.check = check_password,
	},
};

static const struct config_table user_table = {user, COUNT(user), sizeof(struct user)};

static const struct config_key tcp[] = {
	{
		.name = "listen",
		.kind = CONFIG_TEXT,
		.offset = offsetof(struct config, tcp_listen),
		.text = "",
		.check = check_tcp_listen,
	},
};

static const struct config_key app[] = {
	{
		.name = "prefixes",
		.kind = CONFIG_TEXTS,
		.offset = offsetof(struct config, app_prefixes.items),
		.count = offsetof(struct config, app_prefixes.count),
		.text = "/app",
		.check = check_prefix,
	},
	{
		.name = "routes",
		.kind = CONFIG_LIST,
		.offset = offsetof(struct config, routes),
		.count = offsetof(struct config, route_count),
		.inside = &route_table,
	},
};

static const struct config_key sockjs_client[] = {
	{
		.name = "version",
		.kind = CONFIG_TEXT,
		.offset = offsetof(struct sockjs_client, version),
		.required = true,
		.check = check_version,
	},
	{
		.name = "file",
		.kind = CONFIG_TEXT,
		.offset = offsetof(struct sockjs_client, file),
		.required = true,
	},
};

static const struct config_table sockjs_client_table = {
	sockjs_client, COUNT(sockjs_client), sizeof(struct sockjs_client)};
static const struct config_table limits_table = {
	.keys = limits, .count = COUNT(limits)};
static const struct config_table times_table = {.keys = times, .count = COUNT(times)};
static const struct config_table broker_table = {
	.keys = broker, .count = COUNT(broker)};
static const struct config_table tcp_table = {.keys = tcp, .count = COUNT(tcp)};
static const struct config_table app_table = {.keys = app, .count = COUNT(app)};

static const struct config_key top[] = {
	{
		.name = "listen",
		.kind = CONFIG_TEXT,
		.offset = offsetof(struct config, listen),
		.text = "0.0.0.0:8080",
		.check = check_listen,
	},
	{
		.name = "workers",
		.kind = CONFIG_UNSIGNED,
		.offset = offsetof(struct config, workers),
		.fallback = 0,
		.max = WORKERS_MAX,
	},
	{
		.name = "log_level",
		.kind = CONFIG_TEXT,
		.offset = offsetof(struct config, log_level),
		.text = "info",
		.choices = log_levels,
	},
	{
		.name = "allowed_origins",
		.kind = CONFIG_TEXTS,
		.offset = offsetof(struct config, allowed_origins.items),
		.count = offsetof(struct config, allowed_origins.count),
		.check = check_origin,
	},
	{
		.name = "require_origin",
		.kind = CONFIG_BOOL,
		.offset = offsetof(struct config, require_origin),
		.fallback = false,
	},
	{
		.name = "slow_consumer",
		.kind = CONFIG_TEXT,
		.offset = offsetof(struct config, slow_consumer),
		.text = "close",
		.choices = policies,
	},
	{
		.name = "trusted_proxies",
		.kind = CONFIG_TEXTS,
		.offset = offsetof(struct config, trusted_proxies.items),
		.count = offsetof(struct config, trusted_proxies.count),
		.check = check_network,
	},
	{
		.name = "proxy_protocol",
		.kind = CONFIG_BOOL,
		.offset = offsetof(struct config, proxy_protocol),
		.fallback = false,
	},
	{
		.name = "endpoints",
		.kind = CONFIG_LIST,
		.offset = offsetof(struct config, endpoints),
		.count = offsetof(struct config, endpoint_count),
		.inside = &endpoint_table,
	},
	{.name = "tcp", .kind = CONFIG_OBJECT, .inside = &tcp_table},
	{.name = "broker", .kind = CONFIG_OBJECT, .inside = &broker_table},
	{.name = "app", .kind = CONFIG_OBJECT, .inside = &app_table},
	{
		.name = "users",
		.kind = CONFIG_LIST,
		.offset = offsetof(struct config, users),
		.count = offsetof(struct config, user_count),
		.inside = &user_table,
	},
	{
		.name = "timezone",
		.kind = CONFIG_TEXT,
		.offset = offsetof(struct config, timezone),
		.text = "",
		.check = check_timezone,
	},
	{
		.name = "www",
		.kind = CONFIG_TEXT,
		.offset = offsetof(struct config, www),
		.text = "",
	},
	{
		.name = "sockjs_clients",
		.kind = CONFIG_LIST,
		.offset = offsetof(struct config, sockjs_clients),
		.count = offsetof(struct config, sockjs_client_count),
		.inside = &sockjs_client_table,
	},
	{.name = "limits", .kind = CONFIG_OBJECT, .inside = &limits_table},
	{.name = "times", .kind = CONFIG_OBJECT, .inside = &times_table},
};

const struct config_table config_table = {top, COUNT(top), sizeof(struct config)};
