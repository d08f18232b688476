/*
 * Reads the configuration: jansson makes a tree, the table gives each key its meaning,
 * config_check.c checks the whole. The tree stays, because it owns the strings.
 */
#include "gateway/config/config.h"

#include "gateway/config/config_check.h"
#include "gateway/config/config_check_internal.h"
#include "gateway/config/config_mistake.h"
#include "gateway/config/config_settings.h"
#include "gateway/config/config_table.h"
#include "gateway/config/demo.h"
#include "protocol/xmalloc.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { FILE_MAX = 1 << 20 };

static void config_read_keys(const struct config_source *source,
	const struct config_path *path, const struct config_table *table, json_t *json,
	char *base);

static void config_read_bool(const struct config_source *source,
	const struct config_path *path, const struct config_key *key,
	const json_t *json, char *base)
{
	bool value = json_is_boolean(json) ? json_is_true(json) : key->fallback != 0;

	if (json != NULL && !json_is_boolean(json))
		config_mistake(source, path, "must be true or false");
	memcpy(base + key->offset, &value, sizeof(value));
}

static void config_store_number(
	const struct config_key *key, uint64_t number, char *base)
{
	const unsigned small = (unsigned)number;
	const size_t size = (size_t)number;

	if (key->kind == CONFIG_UNSIGNED)
		memcpy(base + key->offset, &small, sizeof(small));
	else if (key->kind == CONFIG_SIZE)
		memcpy(base + key->offset, &size, sizeof(size));
	else
		memcpy(base + key->offset, &number, sizeof(number));
}

/* False after reporting the mistake, with the unit of the number. */
static bool config_check_number(const struct config_source *source,
	const struct config_path *path, const struct config_key *key,
	const json_t *json)
{
	const json_int_t number = json_integer_value(json);
	const char *unit = key->unit != NULL ? key->unit : "";

	if (!json_is_integer(json))
		config_mistake(source, path, "must be a whole number%s%s",
			*unit != '\0' ? " of " : "", unit);
	else if (number < 0 || (uint64_t)number < key->min ||
		 (uint64_t)number > key->max)
		config_mistake(source, path,
			"must be from %" PRIu64 " to %" PRIu64 "%s%s", key->min,
			key->max, *unit != '\0' ? " " : "", unit);
	else
		return true;
	return false;
}

static void config_read_number(const struct config_source *source,
	const struct config_path *path, const struct config_key *key,
	const json_t *json, char *base)
{
	if (json != NULL && config_check_number(source, path, key, json))
		config_store_number(key, (uint64_t)json_integer_value(json), base);
	else
		config_store_number(key, key->fallback, base);
}

static bool config_list_has(const char *const *words, struct slice word)
{
	for (; *words != NULL; words++)
		if (slice_equal(slice_of(*words), word))
			return true;
	return false;
}

/* Reports an unknown word, and suggests the nearest known one. */
static void config_refuse_word(const struct config_source *source,
	const struct config_path *path, const char *what, struct slice word,
	const char *const *words)
{
	const char *nearest = config_nearest(word, words);

	if (nearest != NULL)
		config_mistake(
			source, path, "%s (did you mean \"%s\"?)", what, nearest);
	else
		config_mistake(source, path, "%s", what);
}

static void config_refuse_choice(const struct config_source *source,
	const struct config_path *path, struct slice word, const char *const *choices)
{
	struct buf what = {0};

	buf_printf(&what, "must be one of %s", choices[0]);
	for (size_t i = 1; choices[i] != NULL; i++)
		buf_printf(&what, ", %s", choices[i]);
	buf_append_char(&what, '\0');
	config_refuse_word(source, path, what.data, word, choices);
	buf_finish(&what);
}

/* *text is unchanged if the value is a mistake. */
static void config_check_text(const struct config_source *source,
	const struct config_path *path, const struct config_key *key,
	const json_t *json, struct slice *text)
{
	struct slice value = {json_string_value(json), json_string_length(json)};
	const char *why = !json_is_string(json) ? "must be a string"
			  : key->check != NULL  ? key->check(value)
						: NULL;

	if (why != NULL)
		config_mistake(source, path, "%s", why);
	else if (key->choices != NULL && !config_list_has(key->choices, value))
		config_refuse_choice(source, path, value, key->choices);
	else
		*text = value;
}

static void config_read_text(const struct config_source *source,
	const struct config_path *path, const struct config_key *key,
	const json_t *json, char *base)
{
	struct slice text = slice_of(key->text != NULL ? key->text : "");

	if (json != NULL)
		config_check_text(source, path, key, json, &text);
	memcpy(base + key->offset, &text, sizeof(text));
}

/* Gives the struct an array that config_unref() frees, even on a mistake. */
static void *config_store_array(
	const struct config_key *key, size_t count, size_t size, char *base)
{
	void *items = count > 0 ? xcalloc(count, size) : NULL;

	memcpy(base + key->offset, &items, sizeof(items));
	memcpy(base + key->count, &count, sizeof(count));
	return items;
}

static void config_read_texts(const struct config_source *source,
	const struct config_path *path, const struct config_key *key,
	const json_t *json, char *base)
{
	const bool is_one = json_is_string(json) && key->single;
	struct slice *texts;

	if (json != NULL && !is_one && !json_is_array(json)) {
		config_mistake(source, path, "must be a list of strings");
		json = NULL;
	}
	if (json == NULL) {
		texts = config_store_array(
			key, key->text != NULL, sizeof(*texts), base);
		if (texts != NULL)
			*texts = slice_of(key->text);
		return;
	}
	texts = config_store_array(
		key, is_one ? 1 : json_array_size(json), sizeof(*texts), base);
	if (is_one)
		config_check_text(source, path, key, json, texts);
	for (size_t i = 0; i < json_array_size(json); i++) {
		const struct config_path item = {path, NULL, i};

		config_check_text(
			source, &item, key, json_array_get(json, i), &texts[i]);
	}
}

static void config_read_list(const struct config_source *source,
	const struct config_path *path, const struct config_key *key,
	const json_t *json, char *base)
{
	size_t count = json_array_size(json); /* 0 for anything else */

	if (json != NULL && !json_is_array(json))
		config_mistake(source, path, "must be a list of objects");

	char *items = config_store_array(key, count, key->inside->size, base);
	for (size_t i = 0; i < count; i++) {
		const struct config_path item = {path, NULL, i};

		config_read_keys(source, &item, key->inside, json_array_get(json, i),
			items + i * key->inside->size);
	}
}

/* Where an empty list would mean everybody, or everything, it may mean nobody. */
static void config_check_empty(const struct config_source *source,
	const struct config_path *path, const struct config_key *key,
	const json_t *json)
{
	if (key->empty != NULL && json_is_array(json) && json_array_size(json) == 0)
		config_mistake(source, path, "is empty: %s", key->empty);
}

static void config_read_value(const struct config_source *source,
	const struct config_path *path, const struct config_key *key, json_t *json,
	char *base)
{
	config_check_empty(source, path, key, json);
	switch (key->kind) {
	case CONFIG_BOOL:
		config_read_bool(source, path, key, json, base);
		break;
	case CONFIG_UNSIGNED:
	case CONFIG_SIZE:
	case CONFIG_NUMBER:
		config_read_number(source, path, key, json, base);
		break;
	case CONFIG_TEXT:
		config_read_text(source, path, key, json, base);
		break;
	case CONFIG_TEXTS:
		config_read_texts(source, path, key, json, base);
		break;
	case CONFIG_OBJECT:
		config_read_keys(source, path, key->inside, json, base);
		break;
	case CONFIG_LIST:
		config_read_list(source, path, key, json, base);
		break;
	case CONFIG_MAP:
	case CONFIG_VALUE:
		break;
	}
}

static void config_check_names(const struct config_source *source,
	const struct config_path *path, const struct config_table *table, json_t *json)
{
	const char **names = xcalloc(table->count + 1, sizeof(*names));

	for (size_t i = 0; i < table->count; i++)
		names[i] = table->keys[i].name;

	for (void *at = json_object_iter(json); at != NULL;
		at = json_object_iter_next(json, at)) {
		const struct config_path key = {path, json_object_iter_key(at), 0};

		if (!config_list_has(names, slice_of(key.key)))
			config_refuse_word(source, &key, "is not a known key",
				slice_of(key.key), names);
	}
	free(names);
}

/*
 * Fills the struct at `base` with the object's values, and with defaults for missing
 * and bad ones.
 */
static void config_read_keys(const struct config_source *source,
	const struct config_path *path, const struct config_table *table, json_t *json,
	char *base)
{
	const bool is_other = json != NULL && !json_is_object(json);

	if (is_other)
		config_mistake(source, path, "must be an object");
	config_check_names(source, path, table, json);
	for (size_t i = 0; i < table->count; i++) {
		const struct config_key *key = &table->keys[i];
		const struct config_path inside = {path, key->name, 0};
		json_t *value = json_object_get(json, key->name);

		if (value == NULL && key->required && !is_other)
			config_mistake(source, &inside, "is missing");
		config_read_value(source, &inside, key, value, base);
	}
}

/*
 * jansson's position is after the bad token, and only its text has the token: "...
 * near 'TOKEN'", unless it is long.
 */
static struct slice config_bad_token(const json_error_t *error)
{
	const char *near = strstr(error->text, " near '");

	if (near == NULL)
		return SLICE("");
	near += strlen(" near '");
	return (struct slice){near, strlen(near) - 1};
}

/* Other programs accept comments in JSON. */
static bool config_is_comment(struct slice text)
{
	return slice_starts_with(text, SLICE("//")) ||
	       slice_starts_with(text, SLICE("/*")) ||
	       slice_starts_with(text, SLICE("#"));
}

static void config_refuse_syntax(
	const struct config_source *source, const json_error_t *error)
{
	struct slice token = config_bad_token(error);
	struct slice before = slice_first(
		source->text, error->position < 0 ? 0 : (size_t)error->position);

	if (slice_ends_with(before, token))
		before.len -= token.len;
	if (json_error_code(error) == json_error_duplicate_key && token.len > 0)
		config_mistake_at(
			source, before.len, "%.*s stands twice", SLICE_ARGS(token));
	else if (config_is_comment(slice_from(source->text, before.len)))
		config_mistake_at(source, before.len, "comments are not JSON");
	else
		config_mistake_at(source, before.len, "%s", error->text);
}

/* NULL when it is not JSON. A repeated key is reported, and its last value counts. */
static json_t *config_parse_text(const struct config_source *source)
{
	const struct slice text = source->text;
	json_error_t mistake;
	json_t *json =
		json_loadb(text.data, text.len, JSON_REJECT_DUPLICATES, &mistake);

	if (json != NULL)
		return json;
	config_refuse_syntax(source, &mistake);
	return json_error_code(&mistake) == json_error_duplicate_key
		       ? json_loadb(text.data, text.len, 0, NULL)
		       : NULL;
}

static void config_read_tree(struct config *config, const struct config_source *source)
{
	if (!json_is_object(config->json)) {
		config_mistake(source, NULL, "must be an object");
		return;
	}
	if (source->settings != NULL)
		config_settings_apply(source->settings, config->json, source);
	config_read_secrets(config->json, source);
	config_read_keys(source, NULL, &config_table, config->json, (char *)config);
	config_check(config, source);
}

struct config *config_parse(struct slice text, const char *name,
	const struct config_settings *settings, struct buf *error)
{
	size_t mistakes = 0;
	const struct config_source source = {text, name, settings, error, &mistakes};
	json_t *json = config_parse_text(&source);

	if (json == NULL)
		return NULL;

	struct config *config = xcalloc(1, sizeof(*config));
	config->json = json;
	config->holders = 1;
	config_read_tree(config, &source);
	if (mistakes == 0)
		return config;
	if (mistakes > CONFIG_MISTAKES_TOLD)
		buf_printf(error, "\n%s: %zu mistakes more", name,
			mistakes - CONFIG_MISTAKES_TOLD);
	config_unref(config);
	return NULL;
}

/* -1, with errno, when it cannot be read; EFBIG when it is too long. */
static int config_read_file(const char *path, struct buf *text)
{
	FILE *file = fopen(path, "re");

	if (file == NULL)
		return -1;
	size_t len = fread(buf_reserve(text, FILE_MAX + 1), 1, FILE_MAX + 1, file);
	int failed = ferror(file) ? errno : len > FILE_MAX ? EFBIG : 0;
	fclose(file);
	text->len = len;
	errno = failed;
	return failed == 0 ? 0 : -1;
}

struct config *config_read(
	const char *path, const struct config_settings *settings, struct buf *error)
{
	struct config *config = NULL;
	struct buf text = {0};

	if (path == NULL)
		return config_parse(slice_of(demo_json), "demo.json", settings, error);
	if (config_read_file(path, &text) == 0)
		config = config_parse(buf_slice(&text), path, settings, error);
	else
		buf_printf(error, "%s: %s", path, strerror(errno));
	buf_finish(&text);
	return config;
}

size_t config_rule_line(const char *path, size_t index)
{
	const struct config_path list = {NULL, "rules", 0};
	const struct config_path item = {&list, NULL, index};
	struct buf text = {0};
	size_t line = 0;

	if (path != NULL && config_read_file(path, &text) == 0)
		line = config_find_line(buf_slice(&text), &item);
	buf_finish(&text);
	return line;
}

bool config_version(struct slice value)
{
	bool digit = false; /* true after a digit */

	for (size_t i = 0; i < value.len; i++) {
		unsigned char byte = (unsigned char)value.data[i];

		if (!isdigit(byte) && (byte != '.' || !digit))
			return false;
		digit = byte != '.';
	}
	return digit;
}

static void config_destroy(struct config *config)
{
	for (size_t i = 0; i < config->endpoint_count; i++)
		free(config->endpoints[i].allowed_origins.items);
	for (size_t i = 0; i < config->route_count; i++) {
		free(config->routes[i].send_to);
		template_destroy(config->routes[i].body);
		template_destroy(config->routes[i].reply);
	}
	config_finish_identity(config);
	free(config->endpoints);
	free(config->sockjs_clients);
	free(config->www_headers.items);
	free(config->routes);
	free(config->users);
	free(config->costs);
	free(config->allowed_origins.items);
	free(config->allowed_hosts.items);
	free(config->trusted_proxies.items);
	free(config->proxies.items);
	free(config->exempt_addresses.items);
	free(config->exempt.items);
	free(config->broker_prefixes.items);
	free(config->queue_prefixes.items);
	free(config->app_prefixes.items);
	json_decref(config->json);
	free(config);
}

/* A configuration never changes; its count of holders is not a part of it. */
static _Atomic unsigned *config_holders(const struct config *config)
{
	return &((struct config *)config)->holders;
}

const struct config *config_ref(const struct config *config)
{
	atomic_fetch_add_explicit(config_holders(config), 1, memory_order_relaxed);
	return config;
}

void config_unref(const struct config *config)
{
	if (config != NULL && atomic_fetch_sub(config_holders(config), 1) == 1)
		config_destroy((struct config *)config);
}

const struct endpoint *endpoint_ref(const struct endpoint *endpoint)
{
	config_ref(endpoint->config);
	return endpoint;
}

void endpoint_unref(const struct endpoint *endpoint)
{
	if (endpoint != NULL)
		config_unref(endpoint->config);
}
