/*
 * What a good configuration probably does not mean: nobody is refused for it, but
 * whoever checks a file or starts the server should know.
 */
#ifndef GATEWAY_CONFIG_CONFIG_ADVISE_H
#define GATEWAY_CONFIG_CONFIG_ADVISE_H

#include "gateway/config/config.h"

/* Appends a line for each, "endpoints: ...", and after each but the last an LF. */
void config_advise(const struct config *config, struct buf *lines);

#endif
