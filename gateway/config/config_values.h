/*
 * What single texts of the configuration must look like: each returns NULL when the
 * text is fine, else what it must be.
 */
#ifndef GATEWAY_CONFIG_CONFIG_VALUES_H
#define GATEWAY_CONFIG_CONFIG_VALUES_H

#include "protocol/slice.h"

/*
 * A check of one value, as all of these: NULL when the text is good, else what it must
 * be, a constant that follows the key's name. "HOST:PORT", "[V6]:PORT" or ":PORT"; the
 * name is not resolved.
 */
const char *config_value_listen(struct slice text);

/* The same, or empty: no listener for plain STOMP. */
const char *config_value_tcp_listen(struct slice text);

/*
 * Empty, or at least 16 printable characters without blanks, since it travels in a
 * header and must not be guessed. What print-config shows instead of a secret is a
 * mistake of its own.
 */
const char *config_value_token(struct slice text);

/*
 * A pattern of origin_matches() that an origin can match. Schemes of apps are allowed.
 */
const char *config_value_origin(struct slice text);

/*
 * An address or a network in CIDR notation. An address that no client can have is
 * refused.
 */
const char *config_value_network(struct slice text);

/*
 * A path as requests have it, compared byte by byte: no dot segments, no percent codes,
 * no slash at the end, 255 bytes at most.
 */
const char *config_value_path(struct slice text);

/*
 * A prefix of destinations, without wildcards and braces, since it is compared as it
 * stands.
 */
const char *config_value_prefix(struct slice text);

/*
 * Of the SockJS client, for the iframe page: a path or http(s). It goes into HTML, so
 * no quotes and no angle brackets.
 */
const char *config_value_url(struct slice text);

/* Numbers with dots between them, 32 bytes at most: "1.6.1". */
const char *config_value_version(struct slice text);

/*
 * The name of a cookie (RFC 6265, a token), 64 bytes at most. Empty is good: no cookie.
 */
const char *config_value_cookie(struct slice text);

/* Begins with a slash. Which prefix owns it is checked with the whole configuration. */
const char *config_value_destination(struct slice text);

/* The same, or empty: dead letters are dropped. */
const char *config_value_dead_letter(struct slice text);

/* Any text but an empty one. */
const char *config_value_login(struct slice text);

/* A hash as `postern hash-password` prints it, never a password. */
const char *config_value_password(struct slice text);

/*
 * The shape of a name below the zoneinfo folder, without dots that lead out of it.
 * Whether the zone is there is checked with the whole configuration.
 */
const char *config_value_timezone(struct slice text);

#endif
