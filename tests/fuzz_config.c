/*
 * Any text is a configuration, or has a mistake that one line reports. A configuration
 * must keep the promises that the other code relies on.
 */
#include "gateway/config/config.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct config *config)
{
	assert(config->port.len > 0);
	for (size_t i = 0; i < config->endpoint_count; i++)
		assert(slice_starts_with(config->endpoints[i].path, SLICE("/")));
	for (size_t i = 0; i < config->route_count; i++)
		assert(slice_starts_with(config->routes[i].match, SLICE("/")));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct slice text = {(const char *)data, size};
	struct buf error = {0};
	struct config *config = config_parse(text, "conf/fuzz.json", NULL, &error);

	assert((config == NULL) == (error.len > 0));
	/* A line for each mistake, and no LF after the last. */
	assert(!slice_ends_with(buf_slice(&error), SLICE("\n")) &&
		!slice_starts_with(buf_slice(&error), SLICE("\n")));
	if (config != NULL)
		check(config);
	config_unref(config);
	buf_finish(&error);
	return 0;
}
