/*
 * What a configuration names and nothing could ever reach: a wildcard in a prefix,
 * routes that never match, targets that name nobody. It would be silent when it runs,
 * so it is a mistake when it is read.
 */
#ifndef GATEWAY_CONFIG_CONFIG_REACH_H
#define GATEWAY_CONFIG_CONFIG_REACH_H

#include "gateway/config/config.h"
#include "gateway/config/config_mistake.h"

/*
 * Reports routes that no message can reach, and targets that no subscriber can have.
 * After config_check_broker(): it looks at nothing that is mistaken already.
 */
void config_check_reach(
	const struct config *config, const struct config_source *source);

#endif
