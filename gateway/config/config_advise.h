/*
 * Advice on a valid configuration that probably has an unintended effect. Postern
 * starts all the same, but the operator should see the advice at a check and at the
 * start.
 */
#ifndef GATEWAY_CONFIG_CONFIG_ADVISE_H
#define GATEWAY_CONFIG_CONFIG_ADVISE_H

#include "gateway/config/config.h"

/*
 * Appends a line of advice for each apparent oversight: "KEY: the effect of it". There
 * is an LF between two lines and none after the last. Appends nothing without advice.
 */
void config_advise(const struct config *config, struct buf *lines);

#endif
