/* A string of JSON, for lines that machines read. */
#ifndef GATEWAY_BASE_JSON_STRING_H
#define GATEWAY_BASE_JSON_STRING_H

#include "protocol/buf.h"

/*
 * Appends the value in quotes. Escapes control characters, those of C1 too. Replaces
 * bytes that are not UTF-8.
 */
void json_string_append(struct buf *out, struct slice value);

#endif
