/*
 * The checks of a configuration as a whole, and the fields that are derived from
 * others, after each key was read by itself.
 */
#ifndef GATEWAY_CONFIG_CONFIG_CHECK_H
#define GATEWAY_CONFIG_CONFIG_CHECK_H

#include "gateway/config/config.h"
#include "gateway/config/config_mistake.h"

/*
 * Completes the configuration and reports the mistakes that involve more than one key.
 * A key that is bad by itself was reported before; its value is an empty text.
 */
void config_check(struct config *config, const struct config_source *source);

#endif
