/* The checks that need more than one key. All stop at the first mistake. */
#include "gateway/config_check.h"

#include "gateway/config_headers.h"
#include "gateway/config_settings.h"
#include "protocol/host.h"
#include "protocol/xmalloc.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CONSOLE_RESPONSE_LIMIT = 128 << 10 };

static json_t *list_item(const json_t *object, const char *list, size_t index)
{
	return json_array_get(json_object_get(object, list), index);
}

/* Endpoints: unique, reachable, with what is global where they have nothing. */

static int check_endpoint_path(const struct config *config, size_t index,
	const struct config_source *source, const struct config_path *item)
{
	const struct config_path key = {item, "path", 0};
	const struct slice path = config->endpoints[index].path;

	if (slice_equal(path, SLICE("/health")) || slice_equal(path, SLICE("/ready"))) {
		config_mistake(source, &key, "is where the server tells how it is");
		return -1;
	}
	for (size_t i = 0; i < index; i++) {
		if (!slice_equal(config->endpoints[i].path, path))
			continue;
		config_mistake(source, &key, "\"%.*s\" is the path of endpoints[%zu]",
			SLICE_ARGS(path), i);
		return -1;
	}
	return 0;
}

static void inherit_origins(struct config *config, struct endpoint *endpoint)
{
	const struct strings *global = &config->allowed_origins;
	struct strings *own = &endpoint->allowed_origins;

	if (global->count == 0)
		return;
	own->count = global->count;
	own->items = xcalloc(own->count, sizeof(*own->items));
	memcpy(own->items, global->items, own->count * sizeof(*own->items));
}

static int check_endpoints(struct config *config, const struct config_source *source)
{
	const struct config_path list = {NULL, "endpoints", 0};

	for (size_t i = 0; i < config->endpoint_count; i++) {
		const struct config_path item = {&list, NULL, i};
		struct endpoint *endpoint = &config->endpoints[i];

		endpoint->config = config;
		if (check_endpoint_path(config, i, source, &item) == -1)
			return -1;
		if (!endpoint->sockjs && !endpoint->websocket) {
			config_mistake(source, &item,
				"\"sockjs\" and \"websocket\" are both false: nobody "
				"can connect");
			return -1;
		}
		/* An empty list of its own counts too: the same origin only. */
		if (json_object_get(list_item(config->json, "endpoints", i),
			    "allowed_origins") == NULL)
			inherit_origins(config, endpoint);
		if (endpoint->slow_consumer.len == 0)
			endpoint->slow_consumer = config->slow_consumer;
	}
	return 0;
}

/* Prefixes: each has one owner. */

static bool strings_have(struct strings strings, size_t count, struct slice wanted)
{
	for (size_t i = 0; i < count; i++)
		if (slice_equal(strings.items[i], wanted))
			return true;
	return false;
}

static bool is_below(struct slice pattern, struct strings prefixes)
{
	for (size_t i = 0; i < prefixes.count; i++) {
		struct slice rest = slice_from(pattern, prefixes.items[i].len);

		if (slice_starts_with(pattern, prefixes.items[i]) &&
			(rest.len == 0 || rest.data[0] == '/'))
			return true;
	}
	return false;
}

static int check_prefixes(const struct config *config, struct strings prefixes,
	const struct config_source *source, const char *section, const char *key)
{
	const struct config_path object = {NULL, section, 0};
	const struct config_path list = {&object, key, 0};
	const bool is_broker = prefixes.items == config->broker_prefixes.items;
	const bool is_app = prefixes.items == config->app_prefixes.items;

	for (size_t i = 0; i < prefixes.count; i++) {
		const struct config_path item = {&list, NULL, i};
		struct slice prefix = prefixes.items[i];

		if (strings_have(prefixes, i, prefix)) {
			config_mistake(source, &item, "\"%.*s\" stands twice",
				SLICE_ARGS(prefix));
			return -1;
		}
		if (!is_broker && strings_have(config->broker_prefixes,
					  config->broker_prefixes.count, prefix)) {
			config_mistake(source, &item, "\"%.*s\" is the broker's",
				SLICE_ARGS(prefix));
			return -1;
		}
		if (is_app && strings_have(config->queue_prefixes,
				      config->queue_prefixes.count, prefix)) {
			config_mistake(source, &item, "\"%.*s\" is a queue's",
				SLICE_ARGS(prefix));
			return -1;
		}
	}
	return 0;
}

/* What nobody asked for gives way: as in Spring, "prefixes" may have /queue as topics. */
static void free_default_queues(struct config *config)
{
	struct strings *queues = &config->queue_prefixes;

	if (json_object_get(json_object_get(config->json, "broker"), "queues") != NULL)
		return;
	if (queues->count == 1 &&
		(strings_have(config->broker_prefixes, config->broker_prefixes.count,
			 queues->items[0]) ||
			strings_have(config->app_prefixes, config->app_prefixes.count,
				queues->items[0])))
		queues->count = 0;
}

static int check_dead_letter(struct config *config, const struct config_source *source)
{
	const struct config_path object = {NULL, "broker", 0};
	const struct config_path path = {&object, "dead_letter", 0};

	if (config->dead_letter.len == 0 ||
		is_below(config->dead_letter, config->queue_prefixes))
		return 0;
	if (json_object_get(json_object_get(config->json, "broker"), "dead_letter") ==
		NULL) {
		config->dead_letter = SLICE("");
		return 0;
	}
	config_mistake(source, &path, "\"%.*s\" is below none of broker.queues",
		SLICE_ARGS(config->dead_letter));
	return -1;
}

/* Routes: below an app prefix, unique, with templates that can be filled in. */

static int check_match(const struct config *config, size_t index,
	struct variables *variables, struct buf *error)
{
	struct slice match = config->routes[index].match;

	if (!route_variables(match, variables, error))
		return -1;
	if (!is_below(match, config->app_prefixes)) {
		buf_append(error, SLICE("is below none of app.prefixes"));
		return -1;
	}
	for (size_t i = 0; i < index; i++) {
		if (!slice_equal(config->routes[i].match, match))
			continue;
		buf_printf(error, "is the match of app.routes[%zu]", i);
		return -1;
	}
	return 0;
}

/* A string in place of a list has the list's own place. */
static int check_send_to(const struct route *route, const struct variables *known,
	const struct config_source *source, const struct config_path *item)
{
	const struct config_path list = {item, "send_to", 0};
	struct buf why = {0};

	for (size_t i = 0; i < route->send_to_count; i++) {
		const struct config_path target = {&list, NULL, i};

		if (template_check_text(route->send_to[i], known, &why))
			continue;
		config_mistake(source, &target, "%.*s", SLICE_ARGS(buf_slice(&why)));
		buf_finish(&why);
		return -1;
	}
	return 0;
}

static int make_template(struct template **template, const json_t *route,
	const char *name, const struct variables *known,
	const struct config_source *source, const struct config_path *item)
{
	const struct config_path key = {item, name, 0};
	const json_t *value = json_object_get(route, name);
	struct buf why = {0};

	if (value == NULL)
		return 0;
	*template = template_create(value, known, &why);
	if (*template == NULL)
		config_mistake(source, &key, "%.*s", SLICE_ARGS(buf_slice(&why)));
	buf_finish(&why);
	return *template != NULL ? 0 : -1;
}

static int check_route(
	struct config *config, size_t index, const struct config_source *source)
{
	const struct config_path app = {NULL, "app", 0};
	const struct config_path list = {&app, "routes", 0};
	const struct config_path item = {&list, NULL, index};
	const struct config_path key = {&item, "match", 0};
	const json_t *json =
		list_item(json_object_get(config->json, "app"), "routes", index);
	struct route *route = &config->routes[index];
	struct variables variables;
	struct buf why = {0};

	if (check_match(config, index, &variables, &why) == -1) {
		config_mistake(source, &key, "%.*s", SLICE_ARGS(buf_slice(&why)));
		buf_finish(&why);
		return -1;
	}
	if (check_send_to(route, &variables, source, &item) == -1 ||
		make_template(&route->body, json, "body", &variables, source, &item) ==
			-1)
		return -1;
	return make_template(&route->reply, json, "reply", &variables, source, &item);
}

/* The folder that relative paths of the file, or of a setting, count from. */
static void append_folder(
	const struct config_source *source, const char *key, struct buf *out)
{
	const bool is_set = source->settings != NULL &&
			    config_settings_source(source->settings, slice_of(key));
	const char *slash = is_set ? NULL : strrchr(source->name, '/');
	char *folder = slash == NULL ? xstrdup(SLICE("."))
				     : xstrdup((struct slice){source->name,
					       (size_t)(slash - source->name) + 1});
	char *real = realpath(folder, NULL);

	buf_append(out, slice_of(real != NULL ? real : folder));
	if (!slice_ends_with(buf_slice(out), SLICE("/")))
		buf_append_char(out, '/');
	free(real);
	free(folder);
}

/*
 * A path becomes absolute. The result takes the place of what was written in `object`,
 * since the tree owns all our strings.
 */
static struct slice resolve_path(json_t *object, const char *key, struct slice value,
	const struct config_source *source, const char *top)
{
	struct buf path = {0};

	if (value.len == 0 || value.data[0] == '/')
		return value;
	append_folder(source, top, &path);
	buf_append(&path, value);

	json_t *string = json_stringn_nocheck(path.data, path.len);
	struct slice resolved = {json_string_value(string), path.len};
	json_object_set_new_nocheck(object, key, string);
	buf_finish(&path);
	return resolved;
}

/* What is wrong with a file that must be read later; NULL: nothing. */
static const char *find_fault(struct slice file)
{
	char *name = xstrdup(file);
	struct stat about;
	const char *fault = NULL;

	if (access(name, R_OK) == -1 || stat(name, &about) == -1)
		fault = strerror(errno);
	else if (!S_ISREG(about.st_mode))
		fault = "Not a file";
	free(name);
	return fault;
}

static int check_sockjs_client(
	struct config *config, size_t index, const struct config_source *source)
{
	const struct config_path list = {NULL, "sockjs_clients", 0};
	const struct config_path item = {&list, NULL, index};
	const struct config_path version = {&item, "version", 0};
	const struct config_path file = {&item, "file", 0};
	struct sockjs_client *clients = config->sockjs_clients;

	for (size_t i = 0; i < index; i++) {
		if (!slice_equal(clients[i].version, clients[index].version))
			continue;
		config_mistake(source, &version,
			"\"%.*s\" is the version of sockjs_clients[%zu]",
			SLICE_ARGS(clients[i].version), i);
		return -1;
	}
	clients[index].file =
		resolve_path(list_item(config->json, "sockjs_clients", index), "file",
			clients[index].file, source, list.key);

	const char *fault = find_fault(clients[index].file);
	if (fault == NULL)
		return 0;
	config_mistake(
		source, &file, "%.*s: %s", SLICE_ARGS(clients[index].file), fault);
	return -1;
}

static int check_users(const struct config *config, const struct config_source *source)
{
	const struct config_path list = {NULL, "users", 0};

	for (size_t i = 0; i < config->user_count; i++) {
		const struct config_path item = {&list, NULL, i};
		const struct config_path key = {&item, "login", 0};

		for (size_t j = 0; j < i; j++) {
			if (!slice_equal(
				    config->users[i].login, config->users[j].login))
				continue;
			config_mistake(source, &key, "\"%.*s\" stands twice",
				SLICE_ARGS(config->users[i].login));
			return -1;
		}
	}
	return 0;
}

/* Addresses: the table has checked each one. */

static void read_networks(const struct strings *texts, struct networks *networks)
{
	networks->items = xcalloc(texts->count, sizeof(*networks->items));
	while (networks->count < texts->count &&
		network_parse(texts->items[networks->count],
			&networks->items[networks->count]))
		networks->count++;
}

/* The machine itself: its proxies and its tests speak for many. */
static void default_exempt(struct config *config)
{
	static const struct slice loopback[] = {
		SLICE_INIT("127.0.0.0/8"), SLICE_INIT("::1")};
	struct strings *exempt = &config->exempt_addresses;

	if (json_object_get(config->json, "exempt_addresses") != NULL)
		return;
	exempt->count = sizeof(loopback) / sizeof(*loopback);
	exempt->items = xcalloc(exempt->count, sizeof(*exempt->items));
	memcpy(exempt->items, loopback, sizeof(loopback));
}

/* Who may connect at all would otherwise be nobody. */
static int check_proxy_protocol(
	const struct config *config, const struct config_source *source)
{
	const struct config_path key = {NULL, "proxy_protocol", 0};

	if (!config->proxy_protocol || config->proxies.count > 0)
		return 0;
	config_mistake(source, &key, "needs trusted_proxies: only they may connect");
	return -1;
}

/* Who can reach it from elsewhere must show that he may. */
static int check_admin(struct config *config, const struct config_source *source)
{
	const struct config_path object = {NULL, "admin", 0};
	const struct config_path key = {&object, "listen", 0};

	config_listen(config->admin_listen, &config->admin_host, &config->admin_port);
	if (config->admin_listen.len == 0 || config->admin_token.len > 0 ||
		host_is_loopback(config->admin_host))
		return 0;
	config_mistake(source, &key, "needs admin.token, as it is no loopback address");
	return -1;
}

int config_check(struct config *config, const struct config_source *source)
{
	config_listen(config->listen, &config->host, &config->port);
	config_listen(config->tcp_listen, &config->tcp_host, &config->tcp_port);
	config->tcp = (struct endpoint){.config = config,
		.path = SLICE("tcp"),
		.handler = SLICE("stomp"),
		.slow_consumer = config->slow_consumer};
	config->console = (struct endpoint){.config = config,
		.path = SLICE("/console/stomp"),
		.handler = SLICE("stomp"),
		.is_console = true,
		.sockjs = true,
		.websocket = true,
		.response_limit = CONSOLE_RESPONSE_LIMIT,
		.slow_consumer = config->slow_consumer};
	if (config->limits.body == 0)
		config->limits.body = 2 * config->limits.frame;
	config->www_bundled = json_object_get(config->json, "www") == NULL;
	config->www = resolve_path(config->json, "www", config->www, source, "www");

	read_networks(&config->trusted_proxies, &config->proxies);
	default_exempt(config);
	read_networks(&config->exempt_addresses, &config->exempt);
	free_default_queues(config);
	if (check_proxy_protocol(config, source) == -1 ||
		check_admin(config, source) == -1 ||
		config_read_headers(config, source) == -1 ||
		check_endpoints(config, source) == -1 ||
		check_prefixes(config, config->broker_prefixes, source, "broker",
			"prefixes") == -1 ||
		check_prefixes(config, config->queue_prefixes, source, "broker",
			"queues") == -1 ||
		check_prefixes(config, config->app_prefixes, source, "app",
			"prefixes") == -1 ||
		check_dead_letter(config, source) == -1 ||
		check_users(config, source) == -1)
		return -1;
	for (size_t i = 0; i < config->route_count; i++)
		if (check_route(config, i, source) == -1)
			return -1;
	for (size_t i = 0; i < config->sockjs_client_count; i++)
		if (check_sockjs_client(config, i, source) == -1)
			return -1;
	return 0;
}
