/*
 * What single texts of the configuration must look like: each returns NULL when the
 * text is fine, else what it must be.
 */
#ifndef GATEWAY_CONFIG_CONFIG_VALUES_H
#define GATEWAY_CONFIG_CONFIG_VALUES_H

#include "protocol/slice.h"

const char *config_value_listen(struct slice text);
const char *config_value_tcp_listen(struct slice text);
const char *config_value_token(struct slice text);
const char *config_value_origin(struct slice text);
const char *config_value_network(struct slice text);
const char *config_value_path(struct slice text);
const char *config_value_prefix(struct slice text);
const char *config_value_url(struct slice text);
const char *config_value_version(struct slice text);
const char *config_value_cookie(struct slice text);
const char *config_value_destination(struct slice text);
const char *config_value_dead_letter(struct slice text);
const char *config_value_login(struct slice text);
const char *config_value_password(struct slice text);
const char *config_value_timezone(struct slice text);

#endif
