/* The configuration as JSON again: what is in force, defaults and all. */
#ifndef GATEWAY_CONFIG_CONFIG_PRINT_H
#define GATEWAY_CONFIG_CONFIG_PRINT_H

#include "gateway/config/config.h"

/*
 * A new tree, which the caller owns. Reading it gives the same configuration. What the
 * configuration leaves open, such as "www", is left out.
 */
json_t *config_to_json(const struct config *config);

/* In place of a secret. No key that is one takes it, so that nobody runs with it. */
#define CONFIG_HIDDEN "<hidden>"

/*
 * Puts CONFIG_HIDDEN in place of each secret in a tree of config_to_json(). Returns how
 * many.
 */
size_t config_hide_secrets(json_t *tree);

#endif
