/*
 * The parts of config_check(), each in a file of its own. Each reports every mistake.
 */
#ifndef GATEWAY_CONFIG_CONFIG_CHECK_INTERNAL_H
#define GATEWAY_CONFIG_CONFIG_CHECK_INTERNAL_H

#include "gateway/config/config.h"
#include "gateway/config/config_mistake.h"

/*
 * Reports endpoints that cannot be reached or hide another one. Gives each endpoint
 * the global value of each key that it does not set itself.
 */
void config_check_endpoints(struct config *config, const struct config_source *source);

/*
 * Splits the addresses of all listeners into host and port. Reports two listeners with
 * the same address, and an admin listener that other machines can reach without a
 * token.
 */
void config_check_listeners(struct config *config, const struct config_source *source);

/*
 * Reports prefixes, a dead letter queue and routes that would leave a destination
 * without an owner, or with two.
 */
void config_check_broker(struct config *config, const struct config_source *source);

/*
 * Reports a time zone that this machine does not have. On a machine without any, every
 * name passes.
 */
void config_check_timezone(
	const struct config *config, const struct config_source *source);

/* False when the machine has no database of time zones: then all are UTC. */
bool config_has_timezones(void);

/*
 * The item of that list in the JSON object, for checks that the table cannot express.
 * The object owns it. NULL when there is none.
 */
json_t *config_list_item(const json_t *object, const char *list, size_t index);

#endif
