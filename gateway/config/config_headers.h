/* The configured headers of pages: "www_headers". */
#ifndef GATEWAY_CONFIG_CONFIG_HEADERS_H
#define GATEWAY_CONFIG_CONFIG_HEADERS_H

#include "gateway/config/config.h"
#include "gateway/config/config_mistake.h"

/* Fills config->www_headers from its tree and reports headers that may not be set. */
void config_read_headers(struct config *config, const struct config_source *source);

#endif
