/* The configuration in force as JSON, including all defaults. */
#ifndef GATEWAY_CONFIG_CONFIG_PRINT_H
#define GATEWAY_CONFIG_CONFIG_PRINT_H

#include "gateway/config/config.h"

/*
 * A new tree, which the caller owns. Reading it gives the same configuration. Keys
 * that the configuration leaves open, such as "www", are left out.
 */
json_t *config_to_json(const struct config *config);

/* Replaces a secret. No key of a secret accepts it, so no server can run with it. */
#define CONFIG_HIDDEN "<hidden>"

/*
 * Puts CONFIG_HIDDEN in place of each secret in a tree of config_to_json(). Returns how
 * many.
 */
size_t config_hide_secrets(json_t *tree);

#endif
