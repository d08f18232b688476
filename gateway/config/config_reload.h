/*
 * Reads the configuration again, while the server runs. Some keys cannot change then
 * (`at_start` in the table): the new snapshot keeps their earlier values.
 */
#ifndef GATEWAY_CONFIG_CONFIG_RELOAD_H
#define GATEWAY_CONFIG_CONFIG_RELOAD_H

#include "gateway/config/config.h"

/*
 * config_read() once more, but the keys that need a restart stay as they were:
 * `started` is config_to_json() of the configuration at the start. Logs each of these
 * keys that has changed. The caller holds the result. NULL after appending the
 * mistakes to *error.
 */
struct config *config_reload(const char *path, const struct config_settings *settings,
	const json_t *started, struct buf *error);

#endif
