/* The sections of the table that say who somebody is, and what they may do. */
#ifndef GATEWAY_CONFIG_CONFIG_IDENTITY_H
#define GATEWAY_CONFIG_CONFIG_IDENTITY_H

#include "gateway/config/config_table.h"

extern const struct config_table config_login, config_token, config_rule;

#endif
