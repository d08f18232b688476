/*
 * Reads the configuration: jansson makes a tree, the table says what each key
 * means, config_check.c looks at the whole. The tree stays, as it owns the
 * strings.
 */
#include "gateway/config.h"

#include "gateway/config_check.h"
#include "gateway/config_mistake.h"
#include "gateway/config_settings.h"
#include "gateway/config_table.h"
#include "gateway/demo.h"
#include "protocol/xmalloc.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	FILE_MAX = 1 << 20,
	KEYS_MAX = 32, /* in one table */
};

static int read_keys(const struct config_source *source, const struct config_path *path,
	const struct config_table *table, json_t *json, char *base);

static int read_bool(const struct config_source *source, const struct config_path *path,
	const struct config_key *key, const json_t *json, char *base)
{
	bool value = json == NULL ? key->fallback != 0 : json_is_true(json);

	if (json != NULL && !json_is_boolean(json)) {
		config_mistake(source, path, "must be true or false");
		return -1;
	}
	memcpy(base + key->offset, &value, sizeof(value));
	return 0;
}

static void store_number(const struct config_key *key, uint64_t number, char *base)
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

static int read_number(const struct config_source *source,
	const struct config_path *path, const struct config_key *key,
	const json_t *json, char *base)
{
	json_int_t number = json_integer_value(json);

	if (json == NULL) {
		store_number(key, key->fallback, base);
		return 0;
	}
	if (!json_is_integer(json)) {
		config_mistake(source, path, "must be a whole number");
		return -1;
	}
	if (number < 0 || (uint64_t)number < key->min || (uint64_t)number > key->max) {
		config_mistake(source, path, "must be from %" PRIu64 " to %" PRIu64,
			key->min, key->max);
		return -1;
	}
	store_number(key, (uint64_t)number, base);
	return 0;
}

static bool list_has(const char *const *words, struct slice word)
{
	for (; *words != NULL; words++)
		if (slice_equal(slice_of(*words), word))
			return true;
	return false;
}

/* Says that a word is not known, and which one may have been meant. */
static void refuse_word(const struct config_source *source,
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

static void refuse_choice(const struct config_source *source,
	const struct config_path *path, struct slice word, const char *const *choices)
{
	struct buf what = {0};

	buf_printf(&what, "must be one of %s", choices[0]);
	for (size_t i = 1; choices[i] != NULL; i++)
		buf_printf(&what, ", %s", choices[i]);
	buf_append_char(&what, '\0');
	refuse_word(source, path, what.data, word, choices);
	buf_finish(&what);
}

static int check_text(const struct config_source *source,
	const struct config_path *path, const struct config_key *key,
	const json_t *json, struct slice *text)
{
	if (!json_is_string(json)) {
		config_mistake(source, path, "must be a string");
		return -1;
	}

	struct slice value = {json_string_value(json), json_string_length(json)};
	const char *why = key->check != NULL ? key->check(value) : NULL;

	if (why != NULL) {
		config_mistake(source, path, "%s", why);
		return -1;
	}
	if (key->choices != NULL && !list_has(key->choices, value)) {
		refuse_choice(source, path, value, key->choices);
		return -1;
	}
	*text = value;
	return 0;
}

static int read_text(const struct config_source *source, const struct config_path *path,
	const struct config_key *key, const json_t *json, char *base)
{
	struct slice text = slice_of(key->text != NULL ? key->text : "");

	if (json != NULL && check_text(source, path, key, json, &text) == -1)
		return -1;
	memcpy(base + key->offset, &text, sizeof(text));
	return 0;
}

/* Gives the struct an array that config_unref() frees, even on a mistake. */
static void *store_array(
	const struct config_key *key, size_t count, size_t size, char *base)
{
	void *items = count > 0 ? xcalloc(count, size) : NULL;

	memcpy(base + key->offset, &items, sizeof(items));
	memcpy(base + key->count, &count, sizeof(count));
	return items;
}

static int read_texts(const struct config_source *source,
	const struct config_path *path, const struct config_key *key,
	const json_t *json, char *base)
{
	struct slice *texts;

	if (json == NULL) {
		texts = store_array(key, key->text != NULL, sizeof(*texts), base);
		if (texts != NULL)
			*texts = slice_of(key->text);
		return 0;
	}
	if (json_is_string(json) && key->single) {
		texts = store_array(key, 1, sizeof(*texts), base);
		return check_text(source, path, key, json, texts);
	}
	if (!json_is_array(json)) {
		config_mistake(source, path, "must be a list of strings");
		return -1;
	}
	texts = store_array(key, json_array_size(json), sizeof(*texts), base);
	for (size_t i = 0; i < json_array_size(json); i++) {
		const struct config_path item = {path, NULL, i};

		if (check_text(source, &item, key, json_array_get(json, i),
			    &texts[i]) == -1)
			return -1;
	}
	return 0;
}

static int read_list(const struct config_source *source, const struct config_path *path,
	const struct config_key *key, const json_t *json, char *base)
{
	size_t count = json_array_size(json);

	if (json != NULL && !json_is_array(json)) {
		config_mistake(source, path, "must be a list of objects");
		return -1;
	}

	char *items = store_array(key, count, key->inside->size, base);
	for (size_t i = 0; i < count; i++) {
		const struct config_path item = {path, NULL, i};
		json_t *value = json_array_get(json, i);

		if (read_keys(source, &item, key->inside, value,
			    items + i * key->inside->size) == -1)
			return -1;
	}
	return 0;
}

static int read_value(const struct config_source *source,
	const struct config_path *path, const struct config_key *key, json_t *json,
	char *base)
{
	if (json == NULL && key->required) {
		config_mistake(source, path, "is missing");
		return -1;
	}
	switch (key->kind) {
	case CONFIG_BOOL:
		return read_bool(source, path, key, json, base);
	case CONFIG_UNSIGNED:
	case CONFIG_SIZE:
	case CONFIG_NUMBER:
		return read_number(source, path, key, json, base);
	case CONFIG_TEXT:
		return read_text(source, path, key, json, base);
	case CONFIG_TEXTS:
		return read_texts(source, path, key, json, base);
	case CONFIG_OBJECT:
		return read_keys(source, path, key->inside, json, base);
	case CONFIG_LIST:
		return read_list(source, path, key, json, base);
	case CONFIG_MAP:
	case CONFIG_VALUE:
		return 0;
	}
	return -1;
}

static int check_names(const struct config_source *source,
	const struct config_path *path, const struct config_table *table, json_t *json)
{
	const char *names[KEYS_MAX + 1] = {NULL};

	assert(table->count <= KEYS_MAX);
	for (size_t i = 0; i < table->count; i++)
		names[i] = table->keys[i].name;

	for (void *at = json_object_iter(json); at != NULL;
		at = json_object_iter_next(json, at)) {
		const struct config_path key = {path, json_object_iter_key(at), 0};

		if (!list_has(names, slice_of(key.key))) {
			refuse_word(source, &key, "is not a known key",
				slice_of(key.key), names);
			return -1;
		}
	}
	return 0;
}

/* Fills the struct at `base` with the object's values, or with defaults for NULL. */
static int read_keys(const struct config_source *source, const struct config_path *path,
	const struct config_table *table, json_t *json, char *base)
{
	if (json != NULL && !json_is_object(json)) {
		config_mistake(source, path, "must be an object");
		return -1;
	}
	if (check_names(source, path, table, json) == -1)
		return -1;
	for (size_t i = 0; i < table->count; i++) {
		const struct config_key *key = &table->keys[i];
		const struct config_path inside = {path, key->name, 0};

		if (read_value(source, &inside, key, json_object_get(json, key->name),
			    base) == -1)
			return -1;
	}
	return 0;
}

/*
 * jansson points behind the token that it did not like, and has it only in its
 * text: "... near 'TOKEN'", unless it is long.
 */
static struct slice bad_token(const json_error_t *error)
{
	const char *near = strstr(error->text, " near '");

	if (near == NULL)
		return SLICE("");
	near += strlen(" near '");
	return (struct slice){near, strlen(near) - 1};
}

static void refuse_syntax(const struct config_source *source, const json_error_t *error)
{
	struct slice token = bad_token(error);
	struct slice before = slice_first(
		source->text, error->position < 0 ? 0 : (size_t)error->position);

	if (slice_ends_with(before, token))
		before.len -= token.len;
	if (json_error_code(error) == json_error_duplicate_key && token.len > 0)
		config_mistake_at(
			source, before.len, "%.*s stands twice", SLICE_ARGS(token));
	else
		config_mistake_at(source, before.len, "%s", error->text);
}

struct config *config_parse(struct slice text, const char *name,
	const struct config_settings *settings, struct buf *error)
{
	const struct config_source source = {text, name, settings, error};
	json_error_t mistake;
	json_t *json =
		json_loadb(text.data, text.len, JSON_REJECT_DUPLICATES, &mistake);

	if (json == NULL) {
		refuse_syntax(&source, &mistake);
		return NULL;
	}

	struct config *config = xcalloc(1, sizeof(*config));
	config->json = json;
	config->holders = 1;
	if (!json_is_object(json)) {
		config_mistake(&source, NULL, "must be an object");
	} else if ((settings == NULL ||
			   config_settings_apply(settings, json, error) == 0) &&
		   read_keys(&source, NULL, &config_table, json, (char *)config) == 0 &&
		   config_check(config, &source) == 0)
		return config;
	config_unref(config);
	return NULL;
}

/* -1, with errno, when it cannot be read; EFBIG when it is too long. */
static int read_file(const char *path, struct buf *text)
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
	if (read_file(path, &text) == 0)
		config = config_parse(buf_slice(&text), path, settings, error);
	else
		buf_printf(error, "%s: %s", path, strerror(errno));
	buf_finish(&text);
	return config;
}

static bool port_is_valid(struct slice port)
{
	unsigned long number = 0;

	for (size_t i = 0; i < port.len && number <= UINT16_MAX; i++) {
		if (!isdigit((unsigned char)port.data[i]))
			return false;
		number = number * 10 + (unsigned long)(port.data[i] - '0');
	}
	return port.len > 0 && number <= UINT16_MAX;
}

static bool host_is_valid(struct slice host, const char *also)
{
	for (size_t i = 0; i < host.len; i++) {
		unsigned char byte = (unsigned char)host.data[i];

		if (!isalnum(byte) && (byte == '\0' || strchr(also, byte) == NULL))
			return false;
	}
	return true;
}

bool config_listen(struct slice value, struct slice *host, struct slice *port)
{
	bool is_v6 = slice_starts_with(value, SLICE("["));
	size_t end = slice_find(value, is_v6 ? ']' : ':');
	struct slice name = slice_from(slice_first(value, end), is_v6);
	struct slice rest = slice_from(value, end + is_v6);
	struct slice number = slice_from(rest, 1);

	if (!slice_starts_with(rest, SLICE(":")) || !port_is_valid(number) ||
		!host_is_valid(name, is_v6 ? ":.%" : ".-_") || (is_v6 && name.len == 0))
		return false;
	*host = name;
	*port = number;
	return true;
}

bool config_version(struct slice value)
{
	bool digit = false; /* the last byte was one */

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
	free(config->endpoints);
	free(config->sockjs_clients);
	free(config->www_headers.items);
	free(config->routes);
	free(config->users);
	free(config->allowed_origins.items);
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

/* What a configuration says never changes; who holds it is no part of that. */
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
