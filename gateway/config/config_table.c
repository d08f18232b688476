/* The keys, section by section. */
#include "gateway/config/config_table.h"

#include "gateway/config/config.h"
#include "gateway/config/config_bounds.h"
#include "gateway/config/config_broker.h"
#include "gateway/config/config_handlers.h"
#include "gateway/config/config_identity.h"
#include "gateway/config/config_values.h"

#define COUNT(table) (sizeof(table) / sizeof(*(table)))

enum {
	KIB = 1 << 10,
	MIB = 1 << 20,
	GIB = 1 << 30,
};

static const char *const log_levels[] = {"debug", "info", "warn", "error", NULL};
static const char *const log_formats[] = {"auto", "text", "json", NULL};
static const char *const policies[] = {"close", "drop-oldest", "latest", NULL};

#define HANDLER_NAME(NAME, name) #name,
static const char *const handlers[] = {HANDLER_LIST(HANDLER_NAME) NULL};

static const struct config_key endpoint[] = {
	{
		.name = "path",
		.means = "where clients connect",
		.kind = CONFIG_TEXT,
		.offset = offsetof(struct endpoint, path),
		.required = true,
		.check = config_value_path,
	},
	{
		.name = "handler",
		.means = "what answers clients there",
		.kind = CONFIG_TEXT,
		.offset = offsetof(struct endpoint, handler),
		.text = "stomp",
		.choices = handlers,
	},
	{
		.name = "sockjs",
		.means = "whether clients may use SockJS",
		.kind = CONFIG_BOOL,
		.offset = offsetof(struct endpoint, sockjs),
		.fallback = true,
	},
	{
		.name = "websocket",
		.means = "whether clients may use WebSockets",
		.kind = CONFIG_BOOL,
		.offset = offsetof(struct endpoint, websocket),
		.fallback = true,
	},
	{
		.name = "cookie_needed",
		.means = "whether Postern sets the cookie by which a load balancer "
			 "keeps a session on one server, and tells clients to send it",
		.kind = CONFIG_BOOL,
		.offset = offsetof(struct endpoint, cookie_needed),
		.fallback = false,
	},
	{
		.name = "bind_address",
		.means = "whether a session serves only the address that opened it",
		.kind = CONFIG_BOOL,
		.offset = offsetof(struct endpoint, bind_address),
		.fallback = false,
	},
	{
		.name = "bind_cookie",
		.means = "the cookie whose value must stay as it was when the session "
			 "was opened; empty: none",
		.kind = CONFIG_TEXT,
		.offset = offsetof(struct endpoint, bind_cookie),
		.text = "",
		.check = config_value_cookie,
	},
	{
		.name = "reply",
		.means = "the text that the handler \"reply\" sends",
		.kind = CONFIG_TEXT,
		.offset = offsetof(struct endpoint, reply),
		.text = "",
	},
	{
		.name = "response_limit",
		.means = "bytes after which a stream ends, and the client asks for the "
			 "next one",
		.kind = CONFIG_SIZE,
		.offset = offsetof(struct endpoint, response_limit),
		.fallback = 128 * KIB,
		.min = 1,
		.max = GIB,
		.unit = "bytes",
	},
	{
		.name = "slow_consumer",
		.means = "as slow_consumer at the top; empty: the value there",
		.kind = CONFIG_TEXT,
		.offset = offsetof(struct endpoint, slow_consumer),
		.text = "", /* config_check.c fills in the global one */
		.choices = policies,
	},
	{
		.name = "sockjs_url",
		.means = "the script that the iframe page loads",
		.kind = CONFIG_TEXT,
		.offset = offsetof(struct endpoint, sockjs_url),
		.text = "/sockjs-client/loader.js",
		.check = config_value_url,
	},
	{
		.name = "allowed_origins",
		.means = "as allowed_origins at the top; without this key, the list "
			 "there",
		.kind = CONFIG_TEXTS,
		.offset = offsetof(struct endpoint, allowed_origins.items),
		.count = offsetof(struct endpoint, allowed_origins.count),
		.check = config_value_origin,
	},
};

static const struct config_table endpoint_table = {
	endpoint, COUNT(endpoint), sizeof(struct endpoint)};

static const struct config_key user[] = {
	{
		.name = "login",
		.means = "the login name",
		.kind = CONFIG_TEXT,
		.offset = offsetof(struct user, login),
		.required = true,
		.check = config_value_login,
	},
	{
		.name = "password",
		.means = "the hash of the passcode, made by postern hash-password",
		.kind = CONFIG_TEXT,
		.offset = offsetof(struct user, password),
		.required = true,
		.secret = true,
		.check = config_value_password,
	},
};

static const struct config_table user_table = {user, COUNT(user), sizeof(struct user)};

static const struct config_key tcp[] = {
	{
		.name = "listen",
		.means = "the address and port for plain STOMP; empty: none",
		.kind = CONFIG_TEXT,
		.at_start = true,
		.offset = offsetof(struct config, tcp_listen),
		.text = "",
		.check = config_value_tcp_listen,
	},
	{
		.name = "dead_letters",
		.means = "whether clients of this listener may SUBSCRIBE to "
			 "broker.dead_letter",
		.kind = CONFIG_BOOL,
		.offset = offsetof(struct config, tcp_dead_letters),
		.fallback = false,
	},
	{
		.name = "user",
		.means = "who a client of this listener is that shows no login, for "
			 "rules and for users' destinations; empty: nobody",
		.kind = CONFIG_TEXT,
		.offset = offsetof(struct config, tcp_user),
		.text = "",
	},
	{
		.name = "groups",
		.means = "the groups of tcp.user",
		.kind = CONFIG_TEXTS,
		.offset = offsetof(struct config, tcp_groups.items),
		.count = offsetof(struct config, tcp_groups.count),
		.single = true,
		.check = config_value_said,
	},
};

static const struct config_key admin[] = {
	{
		.name = "listen",
		.means = "the address and port for operators: /metrics, /health, "
			 "/ready and the console; empty: none",
		.kind = CONFIG_TEXT,
		.offset = offsetof(struct config, admin_listen),
		.text = "",
		.at_start = true,
		.check = config_value_tcp_listen,
	},
	{
		.name = "token",
		.means = "what operators send as \"Authorization: Bearer ...\"; "
			 "required unless admin.listen is a loopback address",
		.kind = CONFIG_TEXT,
		.offset = offsetof(struct config, admin_token),
		.text = "",
		.secret = true,
		.check = config_value_token,
	},
};

static const struct config_key sockjs_client[] = {
	{
		.name = "version",
		.means = "the version that pages ask for",
		.kind = CONFIG_TEXT,
		.offset = offsetof(struct sockjs_client, version),
		.required = true,
		.check = config_value_version,
	},
	{
		.name = "file",
		.means = "the file with its script",
		.kind = CONFIG_TEXT,
		.offset = offsetof(struct sockjs_client, file),
		.required = true,
	},
};

static const struct config_table sockjs_client_table = {
	sockjs_client, COUNT(sockjs_client), sizeof(struct sockjs_client)};
static const struct config_table tcp_table = {.keys = tcp, .count = COUNT(tcp)};
static const struct config_table admin_table = {.keys = admin, .count = COUNT(admin)};

static const struct config_key top[] = {
	{
		.name = "listen",
		.means = "the address and port on which the server listens",
		.kind = CONFIG_TEXT,
		.at_start = true,
		.offset = offsetof(struct config, listen),
		.text = "0.0.0.0:8080",
		.check = config_value_listen,
	},
	{
		.name = "workers",
		.means = "the number of threads; 0: one for each core",
		.kind = CONFIG_UNSIGNED,
		.at_start = true,
		.offset = offsetof(struct config, workers),
		.fallback = 0,
		.max = WORKERS_MAX,
	},
	{
		.name = "log_level",
		.means = "the lowest level that is logged",
		.kind = CONFIG_TEXT,
		.offset = offsetof(struct config, log_level),
		.text = "info",
		.choices = log_levels,
	},
	{
		.name = "log_format",
		.means = "text, or a JSON object for each line; auto: text on a "
			 "terminal, otherwise JSON",
		.kind = CONFIG_TEXT,
		.offset = offsetof(struct config, log_format),
		.text = "auto",
		.choices = log_formats,
	},
	{
		.name = "allowed_origins",
		.means = "origins whose pages may connect; empty: only pages of the "
			 "same origin",
		.kind = CONFIG_TEXTS,
		.offset = offsetof(struct config, allowed_origins.items),
		.count = offsetof(struct config, allowed_origins.count),
		.check = config_value_origin,
	},
	{
		.name = "require_origin",
		.means = "whether a client that sends no Origin is refused",
		.kind = CONFIG_BOOL,
		.offset = offsetof(struct config, require_origin),
		.fallback = false,
	},
	{
		.name = "allowed_hosts",
		.means = "hosts that requests may name, with a port or without; empty: "
			 "any host",
		.kind = CONFIG_TEXTS,
		.offset = offsetof(struct config, allowed_hosts.items),
		.count = offsetof(struct config, allowed_hosts.count),
		.check = config_value_host,
	},
	{
		.name = "slow_consumer",
		.means = "what to do with a client that reads too slowly: close it, "
			 "drop its oldest messages of topics, or keep only the latest "
			 "message of each topic",
		.kind = CONFIG_TEXT,
		.offset = offsetof(struct config, slow_consumer),
		.text = "close",
		.choices = policies,
	},
	{
		.name = "exempt_addresses",
		.means = "addresses and networks to which limits.address_... and "
			 "limits.share do not apply, in addition to trusted proxies; "
			 "without this key, "
			 "loopback",
		.kind = CONFIG_TEXTS,
		.offset = offsetof(struct config, exempt_addresses.items),
		.count = offsetof(struct config, exempt_addresses.count),
		.check = config_value_network,
	},
	{
		.name = "trusted_proxies",
		.means = "addresses and networks of proxies; Postern believes what "
			 "they say of their clients",
		.kind = CONFIG_TEXTS,
		.offset = offsetof(struct config, trusted_proxies.items),
		.count = offsetof(struct config, trusted_proxies.count),
		.check = config_value_network,
	},
	{
		.name = "proxy_protocol",
		.means = "whether each connection must come from a trusted proxy and "
			 "begin with a PROXY header",
		.kind = CONFIG_BOOL,
		.offset = offsetof(struct config, proxy_protocol),
		.fallback = false,
	},
	{
		.name = "endpoints",
		.means = "where clients connect",
		.kind = CONFIG_LIST,
		.offset = offsetof(struct config, endpoints),
		.count = offsetof(struct config, endpoint_count),
		.inside = &endpoint_table,
	},
	{
		.name = "tcp",
		.means = "plain STOMP over TCP",
		.kind = CONFIG_OBJECT,
		.inside = &tcp_table,
	},
	{
		.name = "admin",
		.means = "the listener for operators",
		.kind = CONFIG_OBJECT,
		.inside = &admin_table,
	},
	{
		.name = "broker",
		.means = "topics and queues",
		.kind = CONFIG_OBJECT,
		.inside = &config_broker,
	},
	{
		.name = "app",
		.means = "application routes, which make one message of another",
		.kind = CONFIG_OBJECT,
		.inside = &config_app,
	},
	{
		.name = "users",
		.means = "who may log in; empty: anyone may connect without a login",
		.kind = CONFIG_LIST,
		.offset = offsetof(struct config, users),
		.count = offsetof(struct config, user_count),
		.inside = &user_table,
	},
	{
		.name = "login",
		.means = "where clients show who they are, beside users",
		.kind = CONFIG_OBJECT,
		.inside = &config_login,
	},
	{
		.name = "tokens",
		.means = "whose JSON Web Tokens log clients in",
		.kind = CONFIG_LIST,
		.offset = offsetof(struct config, tokens),
		.count = offsetof(struct config, token_count),
		.inside = &config_token,
		.empty = "name an issuer, or leave the key out if nobody logs in by a "
			 "token",
	},
	{
		.name = "rules",
		.means = "who may do what: the first rule that fits decides, and what "
			 "none allows is denied; without this key, all is allowed",
		.kind = CONFIG_LIST,
		.offset = offsetof(struct config, rules),
		.count = offsetof(struct config, rule_count),
		.inside = &config_rule,
		.empty = "leave the key out to allow everything, or deny it by "
			 "{\"match\": \"/**\", \"deny\": [\"subscribe\", \"send\"]}",
	},
	{
		.name = "timezone",
		.means = "the time zone of {now:...}; empty: TZ in the environment, "
			 "otherwise UTC",
		.kind = CONFIG_TEXT,
		.at_start = true,
		.offset = offsetof(struct config, timezone),
		.text = "",
		.check = config_value_timezone,
	},
	{
		.name = "www",
		.means = "the folder of the pages; empty: no pages; without this key, "
			 "the pages that come with Postern",
		.kind = CONFIG_TEXT,
		.offset = offsetof(struct config, www),
	},
	{
		.name = "www_headers",
		.means = "headers to send with every file of www, such as "
			 "Content-Security-Policy",
		.kind = CONFIG_MAP,
	},
	{
		.name = "sockjs_clients",
		.means = "versions of sockjs-client in addition to those that come "
			 "with Postern",
		.kind = CONFIG_LIST,
		.offset = offsetof(struct config, sockjs_clients),
		.count = offsetof(struct config, sockjs_client_count),
		.inside = &sockjs_client_table,
	},
	{
		.name = "limits",
		.means = "how much Postern accepts of each thing",
		.kind = CONFIG_OBJECT,
		.inside = &config_limits,
	},
	{
		.name = "times",
		.means = "how long each thing may take, in milliseconds",
		.kind = CONFIG_OBJECT,
		.inside = &config_times,
	},
};

const struct config_table config_table = {top, COUNT(top), sizeof(struct config)};
