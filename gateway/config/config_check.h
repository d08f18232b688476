/*
 * What a configuration must be as a whole: the checks, and the fields that follow
 * from others, once each key has been read by itself.
 */
#ifndef GATEWAY_CONFIG_CONFIG_CHECK_H
#define GATEWAY_CONFIG_CONFIG_CHECK_H

#include "gateway/config/config.h"
#include "gateway/config/config_mistake.h"

/*
 * Completes the configuration, and tells the source its mistakes. What is not good by
 * itself has been told before: an empty text stands in its place.
 */
void config_check(struct config *config, const struct config_source *source);

#endif
