#include "gateway/config/config_reload.h"

#include "gateway/base/log.h"
#include "gateway/config/config_print.h"
#include "gateway/config/config_settings.h"

#include <stdlib.h>

static json_t *leaf_value(const struct config_leaf *leaf, const json_t *tree)
{
	if (leaf->section != NULL)
		tree = json_object_get(tree, leaf->section->name);
	return json_object_get(tree, leaf->key->name);
}

/* The earlier value as a setting: it overrides the file, and all other settings. */
static void reload_keep_value(struct config_settings *kept,
	const struct config_leaf *leaf, const json_t *value)
{
	const bool is_text = json_is_string(value);
	char *text = is_text ? NULL : json_dumps(value, JSON_ENCODE_ANY);

	if (value != NULL)
		config_settings_add(kept, leaf, SLICE("as it was at the start"),
			is_text ? json_string_value(value) : text);
	free(text);
}

/* Adds to `kept` each key that would change, but must not. */
static void reload_keep_start(const json_t *started, const struct config *config,
	struct config_settings *kept)
{
	struct config_leaves leaves;
	json_t *now = config_to_json(config);

	config_leaves_list(&leaves, CONFIG_PATH);
	for (size_t i = 0; i < leaves.count; i++) {
		const struct config_leaf *leaf = &leaves.items[i];
		json_t *was = leaf_value(leaf, started), *is = leaf_value(leaf, now);

		if (!leaf->key->at_start || was == is || json_equal(was, is))
			continue;
		log_warn("config: %s has changed, which needs a restart",
			leaves.names[i]);
		reload_keep_value(kept, leaf, was);
	}
	config_leaves_finish(&leaves);
	json_decref(now);
}

struct config *config_reload(const char *path, const struct config_settings *settings,
	const json_t *started, struct buf *error)
{
	struct config *config = config_read(path, settings, error);
	struct config_settings kept = {0};

	if (config == NULL)
		return NULL;
	config_settings_add_all(&kept, settings);
	reload_keep_start(started, config, &kept);
	if (kept.count > settings->count) {
		config_unref(config);
		config = config_read(path, &kept, error);
	}
	config_settings_finish(&kept);
	return config;
}
