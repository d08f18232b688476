/* The configuration as JSON again: what is in force, defaults and all. */
#ifndef GATEWAY_CONFIG_PRINT_H
#define GATEWAY_CONFIG_PRINT_H

#include "gateway/config.h"

/*
 * A tree that is the caller's. Read again it gives the same configuration; what the
 * configuration leaves to others (no "www": our own pages) it leaves out too.
 */
json_t *config_to_json(const struct config *config);

#endif
