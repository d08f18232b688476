/* Secrets may stand in files of their own, as containers and systemd hand them out. */
#include "gateway/config/config_check_internal.h"
#include "gateway/config/config_table.h"

#include <errno.h>

static const struct slice file_prefix = SLICE_INIT("file:");

/* The text of the file as a new string; NULL when `value` is none or was reported. */
static json_t *config_read_secret(const json_t *value, const struct config_path *path,
	const struct config_source *source)
{
	const struct slice text = {json_string_value(value), json_string_length(value)};
	struct buf secret = {0};
	json_t *string = NULL;

	if (!json_is_string(value) || !slice_starts_with(text, file_prefix))
		return NULL;
	if (!config_read_beside(source, slice_from(text, file_prefix.len), &secret)) {
		config_mistake(source, path, "%s: %s", text.data, strerror(errno));
	} else {
		const struct slice trimmed =
			slice_trim(buf_slice(&secret), SLICE("\r\n"));

		string = json_stringn(trimmed.data, trimmed.len);
		if (string == NULL)
			config_mistake(source, path, "%s: is no text", text.data);
	}
	if (secret.data != NULL)
		explicit_bzero(secret.data, secret.len);
	buf_finish(&secret);
	return string;
}

static void config_read_secret_key(json_t *object, const struct config_key *key,
	const struct config_path *path, const struct config_source *source)
{
	json_t *value = json_object_get(object, key->name);
	json_t *read = config_read_secret(value, path, source);

	if (read != NULL)
		json_object_set_new(object, key->name, read);
	for (size_t i = 0; i < json_array_size(value); i++) {
		const struct config_path item = {path, NULL, i};

		read = config_read_secret(json_array_get(value, i), &item, source);
		if (read != NULL)
			json_array_set_new(value, i, read);
	}
}

static void config_read_secret_keys(const struct config_table *table, json_t *object,
	const struct config_path *parent, const struct config_source *source)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct config_key *key = &table->keys[i];
		const struct config_path path = {parent, key->name, 0};
		json_t *value = json_object_get(object, key->name);

		if (key->secret)
			config_read_secret_key(object, key, &path, source);
		if (key->kind == CONFIG_OBJECT)
			config_read_secret_keys(key->inside, value, &path, source);
		for (size_t j = 0;
			key->kind == CONFIG_LIST && j < json_array_size(value); j++) {
			const struct config_path item = {&path, NULL, j};

			config_read_secret_keys(
				key->inside, json_array_get(value, j), &item, source);
		}
	}
}

void config_read_secrets(json_t *tree, const struct config_source *source)
{
	config_read_secret_keys(&config_table, tree, NULL, source);
}
