#include "gateway/config/config_print.h"

#include "gateway/config/config_table.h"

static json_t *config_print_keys(const struct config_table *table, const char *base,
	const json_t *tree, bool in_list);

static json_t *config_print_number(const struct config_key *key, const char *base)
{
	uint64_t number;
	unsigned small;
	size_t size;

	if (key->kind == CONFIG_UNSIGNED) {
		memcpy(&small, base + key->offset, sizeof(small));
		number = small;
	} else if (key->kind == CONFIG_SIZE) {
		memcpy(&size, base + key->offset, sizeof(size));
		number = size;
	} else {
		memcpy(&number, base + key->offset, sizeof(number));
	}
	return json_integer((json_int_t)number);
}

static json_t *config_print_bool(const struct config_key *key, const char *base)
{
	bool value;

	memcpy(&value, base + key->offset, sizeof(value));
	return json_boolean(value);
}

static json_t *config_print_text(const struct config_key *key, const char *base)
{
	struct slice text;

	memcpy(&text, base + key->offset, sizeof(text));
	return json_stringn_nocheck(text.data, text.len);
}

/* The array of a list, and its length. */
static const void *config_list_items(
	const struct config_key *key, const char *base, size_t *count)
{
	const void *items;

	memcpy(&items, base + key->offset, sizeof(items));
	memcpy(count, base + key->count, sizeof(*count));
	return items;
}

static json_t *config_print_texts(const struct config_key *key, const char *base)
{
	size_t count;
	const struct slice *texts = config_list_items(key, base, &count);
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(
			list, json_stringn_nocheck(texts[i].data, texts[i].len));
	return list;
}

static json_t *config_print_list(
	const struct config_key *key, const char *base, const json_t *tree)
{
	size_t count;
	const char *items = config_list_items(key, base, &count);
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(list,
			config_print_keys(key->inside, items + i * key->inside->size,
				json_array_get(tree, i), true));
	return list;
}

static json_t *config_print_value(
	const struct config_key *key, const char *base, const json_t *tree)
{
	switch (key->kind) {
	case CONFIG_BOOL:
		return config_print_bool(key, base);
	case CONFIG_UNSIGNED:
	case CONFIG_SIZE:
	case CONFIG_NUMBER:
		return config_print_number(key, base);
	case CONFIG_TEXT:
		return config_print_text(key, base);
	case CONFIG_TEXTS:
		return config_print_texts(key, base);
	case CONFIG_OBJECT:
		return config_print_keys(key->inside, base, tree, false);
	case CONFIG_LIST:
		return config_print_list(key, base, tree);
	case CONFIG_MAP:
	case CONFIG_VALUE:
		return json_deep_copy(tree);
	}
	return NULL;
}

static bool config_is_empty(const json_t *value)
{
	return (json_is_string(value) && json_string_length(value) == 0) ||
	       (json_is_array(value) && json_array_size(value) == 0);
}

static json_t *config_print_keys(const struct config_table *table, const char *base,
	const json_t *tree, bool in_list)
{
	json_t *object = json_object();

	for (size_t i = 0; i < table->count; i++) {
		const struct config_key *key = &table->keys[i];
		const json_t *said = json_object_get(tree, key->name);
		json_t *value = config_print_value(key, base, said);

		/* A missing value and an empty one may differ. */
		bool may_differ = in_list || key->empty != NULL ||
				  (key->kind == CONFIG_TEXT && key->text == NULL);
		if (said == NULL && may_differ && config_is_empty(value))
			json_decref(value);
		else if (value != NULL)
			json_object_set_new(object, key->name, value);
	}
	return object;
}

json_t *config_to_json(const struct config *config)
{
	return config_print_keys(
		&config_table, (const char *)config, config->json, false);
}

static size_t config_hide_keys(const struct config_table *table, json_t *object)
{
	size_t hidden = 0;

	for (size_t i = 0; i < table->count; i++) {
		const struct config_key *key = &table->keys[i];
		json_t *value = json_object_get(object, key->name);

		if (key->kind == CONFIG_OBJECT)
			hidden += config_hide_keys(key->inside, value);
		for (size_t j = 0;
			key->kind == CONFIG_LIST && j < json_array_size(value); j++)
			hidden +=
				config_hide_keys(key->inside, json_array_get(value, j));
		if (key->secret && json_string_length(value) > 0) {
			json_object_set_new(
				object, key->name, json_string(CONFIG_HIDDEN));
			hidden++;
		}
		for (size_t j = 0; key->secret && j < json_array_size(value);
			j++, hidden++)
			json_array_set_new(value, j, json_string(CONFIG_HIDDEN));
	}
	return hidden;
}

size_t config_hide_secrets(json_t *tree)
{
	return config_hide_keys(&config_table, tree);
}
