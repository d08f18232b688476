/*
 * Settings from outside of the file: the environment overrides the file, and flags
 * override both. Each stays a text until it is put into a file's tree, where it is
 * checked like every other value. A mistake in it is reported with its source.
 */
#ifndef GATEWAY_CONFIG_CONFIG_SETTINGS_H
#define GATEWAY_CONFIG_CONFIG_SETTINGS_H

#include "gateway/config/config_leaf.h"
#include "protocol/buf.h"

#include <jansson.h>

struct config_setting;
struct config_source;

/* A zeroed one is empty. */
struct config_settings {
	struct config_setting *items; /* the last one of a key counts */
	size_t count;
};

/* Adds that `source` ("--listen") sets the leaf's key to `value`. Copies all three. */
void config_settings_add(struct config_settings *settings,
	const struct config_leaf *leaf, struct slice source, const char *value);

/* Adds copies of all settings of `others`; where both set a key, `others` counts. */
void config_settings_add_all(
	struct config_settings *settings, const struct config_settings *others);

/*
 * Adds each POSTERN_ variable of an environ(7). POSTERN_CONFIG is not a setting, but
 * names the file: *file points into the environment. -1 after appending to *error a
 * line for each unknown variable. Variables that Kubernetes sets for a service of the
 * name "postern" are no settings: POSTERN_SERVICE_..., POSTERN_PORT_..., and
 * POSTERN_PORT with a URL.
 */
int config_settings_add_environment(struct config_settings *settings,
	char *const *environment, const char **file, struct buf *error);

/*
 * Puts the settings into the tree of a file. Lists of strings are JSON or have commas,
 * lists of objects are JSON. Any other value is reported as a mistake of `source` and
 * left out.
 */
void config_settings_apply(const struct config_settings *settings, json_t *tree,
	const struct config_source *source);

/*
 * The source of the setting that has made the value at `path`, "endpoints[0].path" for
 * instance: "--endpoints". NULL: the value is from the file. The text belongs to the
 * settings.
 */
const char *config_settings_source(
	const struct config_settings *settings, struct slice path);

/* Frees the copies and leaves the settings empty. */
void config_settings_finish(struct config_settings *settings);

#endif
