/*
 * What a configuration must be as a whole: the checks, and the fields that follow
 * from others, once each key has been read by itself.
 */
#ifndef GATEWAY_CONFIG_CHECK_H
#define GATEWAY_CONFIG_CHECK_H

#include "gateway/config.h"
#include "gateway/config_mistake.h"

/* Completes the configuration. -1 after telling the source's first mistake. */
int config_check(struct config *config, const struct config_source *source);

#endif
