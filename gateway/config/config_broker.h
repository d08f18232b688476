/* The sections of the table for the handling of messages. */
#ifndef GATEWAY_CONFIG_CONFIG_BROKER_H
#define GATEWAY_CONFIG_CONFIG_BROKER_H

#include "gateway/config/config_table.h"

extern const struct config_table config_broker, config_app;

#endif
