/*
 * Finds names in a configuration that nothing could ever reach: a wildcard in a
 * prefix, routes that never match, targets that can have no subscriber. They would
 * have no effect at run time, so they are mistakes when the file is read.
 */
#ifndef GATEWAY_CONFIG_CONFIG_REACH_H
#define GATEWAY_CONFIG_CONFIG_REACH_H

#include "gateway/config/config.h"
#include "gateway/config/config_mistake.h"

/*
 * Reports routes that no message can reach, and targets that no subscriber can have.
 * Call it after config_check_broker(): it skips everything that is mistaken already.
 */
void config_check_reach(
	const struct config *config, const struct config_source *source);

#endif
