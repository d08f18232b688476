/*
 * The rules for single texts of the configuration. Each check returns NULL for a valid
 * text, else a constant that follows the key's name, such as "must be a hash".
 */
#ifndef GATEWAY_CONFIG_CONFIG_VALUES_H
#define GATEWAY_CONFIG_CONFIG_VALUES_H

#include "protocol/slice.h"

/* NULL for a text that is not empty. */
const char *config_value_said(struct slice text);

/* NULL for an empty text, or the name of a header: letters, digits and hyphens. */
const char *config_value_header_name(struct slice text);

/* NULL for "HOST:PORT", "[V6]:PORT" or ":PORT"; the name is not resolved. */
const char *config_value_listen(struct slice text);

/* As config_value_listen(), but NULL for an empty text, too: no such listener. */
const char *config_value_tcp_listen(struct slice text);

/*
 * NULL for an empty text, or at least 16 printable characters without blanks, since a
 * token travels in a header and must not be guessed. The text that print-config shows
 * instead of a secret is refused with a sentence of its own.
 */
const char *config_value_token(struct slice text);

/*
 * NULL for a pattern of origin_matches() that an origin can match. Schemes of apps are
 * allowed.
 */
const char *config_value_origin(struct slice text);

/* NULL for a pattern of host_matches() that a Host can match. */
const char *config_value_host(struct slice text);

/*
 * NULL for an address, or a network in CIDR notation. Refuses an address that no
 * client can have.
 */
const char *config_value_network(struct slice text);

/*
 * NULL for an endpoint's path, which is compared with requests byte by byte. So it
 * begins with a slash and has no empty or dot segment, no percent code, no slash at its
 * end, and 255 bytes at most.
 */
const char *config_value_path(struct slice text);

/*
 * NULL for a prefix of destinations, such as "/topic". It is compared literally, so it
 * has no wildcards, no braces and no slash at its end.
 */
const char *config_value_prefix(struct slice text);

/*
 * NULL for the URL of the SockJS client, which the iframe page loads: a path, or
 * http(s). It goes into HTML, so it has no quotes and no angle brackets.
 */
const char *config_value_url(struct slice text);

/* NULL for numbers with dots between them, 32 bytes at most: "1.6.1". */
const char *config_value_version(struct slice text);

/*
 * NULL for the name of a cookie (RFC 6265, a token), 64 bytes at most, or an empty
 * text: no cookie.
 */
const char *config_value_cookie(struct slice text);

/*
 * NULL for a text that begins with a slash. The check of the whole configuration finds
 * the owner of the destination.
 */
const char *config_value_destination(struct slice text);

/*
 * As config_value_destination(), but NULL for an empty text, too: dead letters are
 * dropped.
 */
const char *config_value_dead_letter(struct slice text);

/* NULL for any text but an empty one. */
const char *config_value_login(struct slice text);

/* NULL for a hash as `postern hash-password` prints it. Refuses a password. */
const char *config_value_password(struct slice text);

/*
 * NULL for the shape of a name below the zoneinfo folder, without dots that lead out
 * of it. The check of the whole configuration looks for the zone on the machine.
 */
const char *config_value_timezone(struct slice text);

#endif
