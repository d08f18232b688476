#include "gateway/config/config_settings.h"

#include "gateway/config/config_mistake.h"
#include "protocol/number.h"
#include "protocol/xmalloc.h"

#include <stdint.h>
#include <stdlib.h>

#define PREFIX "POSTERN_"

struct config_setting {
	struct config_leaf leaf;
	char *source;
	char *value;
};

void config_settings_add(struct config_settings *settings,
	const struct config_leaf *leaf, struct slice source, const char *value)
{
	settings->items = xrealloc(
		settings->items, (settings->count + 1) * sizeof(*settings->items));
	settings->items[settings->count++] = (struct config_setting){
		*leaf, xstrdup(source), xstrdup(slice_of(value))};
}

void config_settings_add_all(
	struct config_settings *settings, const struct config_settings *others)
{
	for (size_t i = 0; i < others->count; i++) {
		const struct config_setting *other = &others->items[i];

		config_settings_add(
			settings, &other->leaf, slice_of(other->source), other->value);
	}
}

/* The environment. */

/*
 * For a service called "postern", Kubernetes and Docker set variables in every
 * container: POSTERN_SERVICE_HOST, POSTERN_PORT=tcp://..., POSTERN_PORT_80_TCP.
 */
static bool settings_is_foreign(struct slice name, const char *value)
{
	return slice_starts_with(name, SLICE("SERVICE_")) ||
	       slice_starts_with(name, SLICE("PORT_")) ||
	       (slice_equal(name, SLICE("PORT")) && strstr(value, "://") != NULL);
}

static void settings_refuse_variable(
	struct slice name, const struct config_leaves *leaves, struct buf *error)
{
	const char *nearest = config_nearest(name, leaves->names);

	if (error->len > 0)
		buf_append_char(error, '\n');
	buf_printf(error, "environment: " PREFIX "%.*s: is not a known variable",
		SLICE_ARGS(name));
	if (nearest != NULL)
		buf_printf(error, " (did you mean \"" PREFIX "%s\"?)", nearest);
}

/* -1 when the variable is not a setting. `name` is without its prefix. */
static int settings_add_variable(struct config_settings *settings,
	const struct config_leaves *leaves, struct slice name, const char *value)
{
	const struct config_leaf *leaf = config_leaves_find(leaves, name);
	struct buf source = {0};

	if (leaf == NULL)
		return settings_is_foreign(name, value) ? 0 : -1;
	buf_printf(&source, "environment: " PREFIX "%.*s", SLICE_ARGS(name));
	config_settings_add(settings, leaf, buf_slice(&source), value);
	buf_finish(&source);
	return 0;
}

int config_settings_add_environment(struct config_settings *settings,
	char *const *environment, const char **file, struct buf *error)
{
	struct config_leaves leaves;
	int result = 0;

	config_leaves_list(&leaves, CONFIG_VARIABLE);
	for (; *environment != NULL; environment++) {
		struct slice variable = slice_of(*environment);
		size_t end = slice_find(variable, '=');
		struct slice name =
			slice_from(slice_first(variable, end), sizeof(PREFIX) - 1);
		const char *value = *environment + end + 1;

		if (!slice_starts_with(variable, SLICE(PREFIX)) || end == variable.len)
			continue;
		if (slice_equal(name, SLICE("CONFIG"))) {
			*file = value;
		} else if (settings_add_variable(settings, &leaves, name, value) ==
			   -1) {
			settings_refuse_variable(name, &leaves, error);
			result = -1;
		}
	}
	config_leaves_finish(&leaves);
	return result;
}

/*
 * Texts become JSON. A text that does not fit its key stays a string, and is refused
 * later.
 */

static json_t *settings_text_to_string(struct slice text)
{
	return json_stringn(text.data, text.len); /* NULL when it is not UTF-8 */
}

static json_t *settings_text_to_bool(struct slice text)
{
	if (slice_equal(text, SLICE("true")))
		return json_true();
	if (slice_equal(text, SLICE("false")))
		return json_false();
	return settings_text_to_string(text);
}

static json_t *settings_text_to_number(struct slice text)
{
	uint64_t number;

	/* The cap is too large for every key. */
	return number_read_capped(text, INT64_MAX, &number)
		       ? json_integer((json_int_t)number)
		       : settings_text_to_string(text);
}

static json_t *settings_text_to_json(struct slice text, struct buf *why)
{
	json_error_t mistake;
	json_t *json = json_loadb(text.data, text.len,
		JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &mistake);

	if (json == NULL)
		buf_printf(why, "column %d: %s", mistake.column, mistake.text);
	return json;
}

static json_t *settings_text_to_list(struct slice text, struct buf *why)
{
	if (slice_starts_with(text, SLICE("[")))
		return settings_text_to_json(text, why);

	json_t *list = json_array();
	while (text.len > 0) {
		size_t comma = slice_find(text, ',');

		if (json_array_append_new(list,
			    settings_text_to_string(slice_trim(
				    slice_first(text, comma), SLICE(" ")))) == -1) {
			json_decref(list);
			return NULL;
		}
		text = slice_from(text, comma + 1);
	}
	return list;
}

/* NULL when the text is invalid; *why may then have the reason. */
static json_t *settings_to_json(const struct config_setting *setting, struct buf *why)
{
	struct slice text = slice_of(setting->value);

	switch (setting->leaf.key->kind) {
	case CONFIG_BOOL:
		return settings_text_to_bool(text);
	case CONFIG_UNSIGNED:
	case CONFIG_SIZE:
	case CONFIG_NUMBER:
		return settings_text_to_number(text);
	case CONFIG_TEXT:
		return settings_text_to_string(text);
	case CONFIG_TEXTS:
		return settings_text_to_list(text, why);
	case CONFIG_OBJECT:
	case CONFIG_LIST:
	case CONFIG_MAP:
	case CONFIG_VALUE:
		return settings_text_to_json(text, why);
	}
	return NULL;
}

/* The object that has the leaf's key; NULL when the file has another value there. */
static json_t *settings_find_section(const struct config_leaf *leaf, json_t *tree)
{
	if (leaf->section == NULL)
		return tree;

	json_t *section = json_object_get(tree, leaf->section->name);
	if (section == NULL) {
		section = json_object();
		json_object_set_new(tree, leaf->section->name, section);
	}
	return json_is_object(section) ? section : NULL;
}

static void settings_apply(const struct config_setting *setting, json_t *tree,
	const struct config_source *source)
{
	json_t *section = settings_find_section(&setting->leaf, tree);
	struct buf why = {0};
	json_t *value = settings_to_json(setting, &why);

	if (value == NULL) {
		if (why.len == 0)
			buf_append(&why, SLICE("must be UTF-8"));
		config_mistake_outside(
			source, setting->source, "%.*s", SLICE_ARGS(buf_slice(&why)));
	} else if (section != NULL) {
		json_object_set_new(section, setting->leaf.key->name, value);
	} else { /* a section of another type: reported as the file's mistake */
		json_decref(value);
	}
	buf_finish(&why);
}

void config_settings_apply(const struct config_settings *settings, json_t *tree,
	const struct config_source *source)
{
	for (size_t i = 0; i < settings->count; i++)
		settings_apply(&settings->items[i], tree, source);
}

static bool leaf_has(const struct config_leaf *leaf, struct slice path)
{
	if (leaf->section != NULL) {
		struct slice section = slice_of(leaf->section->name);

		if (!slice_starts_with(path, section))
			return false;
		path = slice_from(path, section.len);
		if (!slice_starts_with(path, SLICE(".")))
			return false;
		path = slice_from(path, 1);
	}

	struct slice key = slice_of(leaf->key->name);
	struct slice rest = slice_from(path, key.len);
	return slice_starts_with(path, key) &&
	       (rest.len == 0 || rest.data[0] == '.' || rest.data[0] == '[');
}

const char *config_settings_source(
	const struct config_settings *settings, struct slice path)
{
	for (size_t i = settings->count; i-- > 0;) {
		if (leaf_has(&settings->items[i].leaf, path))
			return settings->items[i].source;
	}
	return NULL;
}

void config_settings_finish(struct config_settings *settings)
{
	for (size_t i = 0; i < settings->count; i++) {
		free(settings->items[i].source);
		free(settings->items[i].value);
	}
	free(settings->items);
	*settings = (struct config_settings){0};
}
