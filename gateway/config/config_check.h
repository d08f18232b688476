/*
 * What a configuration must be as a whole: the checks, and the fields that follow
 * from others, once each key has been read by itself.
 */
#ifndef GATEWAY_CONFIG_CONFIG_CHECK_H
#define GATEWAY_CONFIG_CONFIG_CHECK_H

#include "gateway/config/config.h"
#include "gateway/config/config_mistake.h"

/*
 * Completes the configuration and reports mistakes that need more than one key to be
 * seen. A key that is bad by itself was reported before; an empty text stands in its
 * place.
 */
void config_check(struct config *config, const struct config_source *source);

#endif
