/*
 * What a good configuration probably does not mean: nobody is refused for it, but
 * whoever checks a file or starts the server should know.
 */
#ifndef GATEWAY_CONFIG_CONFIG_ADVISE_H
#define GATEWAY_CONFIG_CONFIG_ADVISE_H

#include "gateway/config/config.h"

/*
 * Appends a line of advice for each thing that looks like an oversight: "KEY: what it
 * means in effect". There is an LF between two lines and none after the last. Appends
 * nothing when there is nothing to advise.
 */
void config_advise(const struct config *config, struct buf *lines);

#endif
