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
 * Reports prefixes and a dead letter queue that would leave a destination without an
 * owner, or with two.
 */
void config_check_broker(struct config *config, const struct config_source *source);

/* True when the path is one of the prefixes, or below one. */
bool config_check_is_below_any(struct slice path, struct strings prefixes);

/* True when the path is a destination below one of them: longer than the prefix. */
bool config_check_is_inside_any(struct slice path, struct strings prefixes);

/* A message's destination has none. */
bool config_check_has_wildcard(struct slice text);

/*
 * Compiles the routes. Reports those that are below no prefix, stand twice, lead to no
 * owner, or name what nobody could fill in. Call it after config_check_broker().
 */
void config_check_routes(struct config *config, const struct config_source *source);

/*
 * Reads the keys of each issuer of tokens, and compiles the rules. Reports files that
 * cannot be read or have no key, issuers that stand twice or that nothing could verify,
 * and rules that could not mean anything.
 */
void config_check_identity(struct config *config, const struct config_source *source);

/* Adds the claim to those that logins keep, unless it is there. Borrows the name. */
void config_keep_claim(struct config *config, struct slice claim);

/*
 * Collects the rates of limits.user_messages and of the rules. Reports those that
 * nothing could exceed. After config_check_identity().
 */
void config_check_rates(struct config *config, const struct config_source *source);

/* Frees what config_check_identity() has made. */
void config_finish_identity(struct config *config);

/*
 * Replaces each secret "file:PATH" of the tree by the text of that file, without line
 * ends at its end. Reports files that cannot be read.
 */
void config_read_secrets(json_t *tree, const struct config_source *source);

/*
 * Appends the text of a small file. False, with errno, when it cannot be read. A
 * relative path counts from the file's folder.
 */
bool config_read_beside(
	const struct config_source *source, struct slice path, struct buf *text);

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
