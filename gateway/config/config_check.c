/* The checks that need more than one key, or data outside of the file. */
#include "gateway/config/config_check_internal.h"

#include "gateway/base/password.h"
#include "gateway/config/config_check.h"
#include "gateway/config/config_headers.h"
#include "gateway/config/config_reach.h"
#include "gateway/config/config_settings.h"
#include "gateway/identity/identity.h"
#include "protocol/xmalloc.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CONSOLE_RESPONSE_LIMIT = 128 << 10 };

json_t *config_list_item(const json_t *object, const char *list, size_t index)
{
	return json_array_get(json_object_get(object, list), index);
}

/* The folder from which relative paths of the file, or of a setting, count. */
static void config_append_folder(
	const struct config_source *source, const char *key, struct buf *out)
{
	const bool is_set = source->settings != NULL &&
			    config_settings_source(source->settings, slice_of(key));
	const char *slash = is_set ? NULL : strrchr(source->name, '/');
	char *folder = slash == NULL ? xstrdup(SLICE("."))
				     : xstrdup((struct slice){source->name,
					       (size_t)(slash - source->name) + 1});
	char *real = xmalloc_adopt(realpath(folder, NULL));

	buf_append(out, slice_of(real != NULL ? real : folder));
	if (!slice_ends_with(buf_slice(out), SLICE("/")))
		buf_append_char(out, '/');
	free(real);
	free(folder);
}

bool config_read_beside(
	const struct config_source *source, struct slice path, struct buf *text)
{
	enum { SMALL_FILE_MAX = 256 << 10 };
	struct buf name = {0};

	if (path.len == 0 || path.data[0] != '/')
		config_append_folder(source, "", &name);
	buf_append(&name, path);
	buf_append_char(&name, '\0');
	FILE *file = fopen(name.data, "re");
	buf_finish(&name);
	if (file == NULL)
		return false;
	text->len += fread(buf_reserve(text, SMALL_FILE_MAX), 1, SMALL_FILE_MAX, file);
	int failed = ferror(file) ? errno : getc(file) != EOF ? EFBIG : 0;
	fclose(file);
	errno = failed;
	return failed == 0;
}

/*
 * Makes a path absolute. The result replaces the original in `object`, since the tree
 * owns all our strings.
 */
static struct slice config_resolve_path(json_t *object, const char *key,
	struct slice value, const struct config_source *source, const char *top)
{
	struct buf path = {0};

	if (value.len == 0 || value.data[0] == '/')
		return value;
	config_append_folder(source, top, &path);
	buf_append(&path, value);

	json_t *string = json_stringn_nocheck(path.data, path.len);
	struct slice resolved = {json_string_value(string), path.len};
	json_object_set_new_nocheck(object, key, string);
	buf_finish(&path);
	return resolved;
}

/* The fault of a file or folder that must be readable later; NULL: none. */
static const char *config_find_fault(struct slice path, bool is_folder)
{
	char *name = xstrdup(path);
	struct stat about;
	const char *fault = NULL;

	if (access(name, is_folder ? R_OK | X_OK : R_OK) == -1 ||
		stat(name, &about) == -1)
		fault = strerror(errno);
	else if (is_folder && !S_ISDIR(about.st_mode))
		fault = "Not a folder";
	else if (!is_folder && !S_ISREG(about.st_mode))
		fault = "Not a file";
	free(name);
	return fault;
}

static void config_check_www(struct config *config, const struct config_source *source)
{
	const struct config_path key = {NULL, "www", 0};

	config->www_bundled = json_object_get(config->json, "www") == NULL;
	config->www =
		config_resolve_path(config->json, "www", config->www, source, "www");
	if (config->www.len == 0)
		return;
	const char *fault = config_find_fault(config->www, true);
	if (fault != NULL)
		config_mistake(
			source, &key, "%.*s: %s", SLICE_ARGS(config->www), fault);
}

static void config_check_sockjs_client(
	struct config *config, size_t index, const struct config_source *source)
{
	const struct config_path list = {NULL, "sockjs_clients", 0};
	const struct config_path item = {&list, NULL, index};
	const struct config_path version = {&item, "version", 0};
	const struct config_path file = {&item, "file", 0};
	json_t *json = config_list_item(config->json, "sockjs_clients", index);
	struct sockjs_client *client = &config->sockjs_clients[index];

	for (size_t i = 0; i < index && client->version.len > 0; i++) {
		if (!slice_equal(config->sockjs_clients[i].version, client->version))
			continue;
		config_mistake(source, &version,
			"\"%.*s\" is the version of sockjs_clients[%zu]",
			SLICE_ARGS(client->version), i);
		break;
	}
	if (!json_is_string(json_object_get(json, "file")))
		return; /* it was reported before */
	client->file =
		config_resolve_path(json, "file", client->file, source, list.key);
	const char *fault = config_find_fault(client->file, false);
	if (fault != NULL)
		config_mistake(
			source, &file, "%.*s: %s", SLICE_ARGS(client->file), fault);
}

static void config_check_user(
	const struct config *config, size_t index, const struct config_source *source)
{
	const struct config_path list = {NULL, "users", 0};
	const struct config_path item = {&list, NULL, index};
	const struct config_path key = {&item, "login", 0};
	const struct slice login = config->users[index].login;

	if (config->login.anonymous && identity_name_is_label(login))
		config_mistake(source, &key,
			"is like the name of a session: with login.anonymous, the user "
			"could read what is sent to that session");
	for (size_t i = 0; i < index && login.len > 0; i++) {
		if (!slice_equal(config->users[i].login, login))
			continue;
		config_mistake(
			source, &key, "\"%.*s\" stands twice", SLICE_ARGS(login));
		return;
	}
}

/* Whoever checks a login checks a hash of each cost: see login.c. */
static void config_find_costs(struct config *config)
{
	config->costs = xcalloc(config->user_count, sizeof(*config->costs));
	for (size_t i = 0; i < config->user_count; i++) {
		const struct slice cost = password_cost(config->users[i].password);
		size_t known = 0;

		while (known < config->cost_count &&
			!slice_equal(
				cost, password_cost(config->costs[known]->password)))
			known++;
		if (known == config->cost_count)
			config->costs[config->cost_count++] = &config->users[i];
	}
}

/*
 * Addresses: the table has checked each one, and replaced a bad one by an empty text.
 */

static void config_read_networks(const struct strings *texts, struct networks *networks)
{
	networks->items = xcalloc(texts->count, sizeof(*networks->items));
	for (size_t i = 0; i < texts->count; i++)
		if (texts->items[i].len > 0 &&
			network_parse(
				texts->items[i], &networks->items[networks->count]))
			networks->count++;
}

/* The machine itself: its proxies and tests carry many clients. */
static void config_default_exempt(struct config *config)
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

/* Else no client could connect at all. */
static void config_check_proxy_protocol(
	const struct config *config, const struct config_source *source)
{
	const struct config_path key = {NULL, "proxy_protocol", 0};

	if (config->proxy_protocol && config->proxies.count == 0 &&
		!config_is_mistaken(source, "trusted_proxies"))
		config_mistake(
			source, &key, "needs trusted_proxies: only they may connect");
}

/*
 * Times that must be ordered. All others are independent, or the shorter one is
 * derived from the longer one.
 */
static void config_check_times(
	struct config *config, const struct config_source *source)
{
	const struct config_path object = {NULL, "times", 0};
	const struct config_path key = {&object, "stomp_send_least", 0};
	struct times *times = &config->times;

	/* Without heart-beats their interval does not matter. */
	if (times->stomp_send == 0 || times->stomp_send_least <= times->stomp_send ||
		config_is_mistaken(source, "times"))
		return;
	if (json_object_get(json_object_get(config->json, "times"), key.key) == NULL)
		times->stomp_send_least = times->stomp_send;
	else
		config_mistake(source, &key,
			"is more than times.stomp_send; write %llu or less, or a "
			"larger times.stomp_send",
			(unsigned long long)times->stomp_send);
}

/* The endpoints that are not items of a list. */
static void config_make_own_endpoints(struct config *config)
{
	config->tcp = (struct endpoint){.config = config,
		.path = SLICE("tcp"),
		.handler = SLICE("stomp"),
		.runs = HANDLER_STOMP,
		.reads_dead_letters = config->tcp_dead_letters,
		.user = config->tcp_user,
		.groups = config->tcp_groups,
		.slow_consumer = config->slow_consumer};
	config->console = (struct endpoint){.config = config,
		.path = SLICE("/console/stomp"),
		.handler = SLICE("stomp"),
		.runs = HANDLER_STOMP,
		.is_console = true,
		.reads_dead_letters = true,
		.sockjs = true,
		.websocket = true,
		.response_limit = CONSOLE_RESPONSE_LIMIT,
		.slow_consumer = config->slow_consumer};
}

void config_check(struct config *config, const struct config_source *source)
{
	config_make_own_endpoints(config);
	config_find_costs(config);
	config_read_networks(&config->trusted_proxies, &config->proxies);
	config_default_exempt(config);
	config_read_networks(&config->exempt_addresses, &config->exempt);

	config_check_listeners(config, source);
	config_check_proxy_protocol(config, source);
	config_check_www(config, source);
	config_check_times(config, source);
	config_read_headers(config, source);
	config_check_endpoints(config, source);
	config_check_broker(config, source);
	config_check_routes(config, source);
	config_check_reach(config, source);
	config_check_identity(config, source);
	config_check_rates(config, source);
	config_check_timezone(config, source);
	for (size_t i = 0; i < config->user_count; i++)
		config_check_user(config, i, source);
	for (size_t i = 0; i < config->sockjs_client_count; i++)
		config_check_sockjs_client(config, i, source);
}
