/* The sections of the table that bound a peer: in size, and in time. */
#ifndef GATEWAY_CONFIG_CONFIG_BOUNDS_H
#define GATEWAY_CONFIG_CONFIG_BOUNDS_H

#include "gateway/config/config_table.h"

extern const struct config_table config_limits, config_times;

#endif
