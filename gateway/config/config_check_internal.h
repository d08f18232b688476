/* The parts of config_check(), each with a file of its own. All tell every mistake. */
#ifndef GATEWAY_CONFIG_CONFIG_CHECK_INTERNAL_H
#define GATEWAY_CONFIG_CONFIG_CHECK_INTERNAL_H

#include "gateway/config/config.h"
#include "gateway/config/config_mistake.h"

/* Each is reachable, and hides no other; gets what is global where it has nothing. */
void config_check_endpoints(struct config *config, const struct config_source *source);

/* Splits the addresses. No two listeners want the same one. */
void config_check_listeners(struct config *config, const struct config_source *source);

/* Prefixes, the dead letter queue, routes: every destination has one owner. */
void config_check_broker(struct config *config, const struct config_source *source);

/* Whether {now:...} can use the time zone. */
void config_check_timezone(
	const struct config *config, const struct config_source *source);

/* False when the machine has no database of time zones: then all are UTC. */
bool config_has_timezones(void);

/* An item of a list in the configuration's own tree. */
json_t *config_list_item(const json_t *object, const char *list, size_t index);

#endif
