/*
 * Writes JSON. A text has one form: a string escapes '"', '\' and control characters
 * and nothing else. jansson writes the same form, from a tree.
 */
#ifndef PROTOCOL_JSON_TEXT_H
#define PROTOCOL_JSON_TEXT_H

#include "protocol/buf.h"

/* Appends UTF-8 as the inside of a string. */
void json_text_append_escaped(struct buf *out, struct slice text);

/*
 * Appends a string that json_scan_next() has returned, without its quotes unless
 * `quotes`. Half of a surrogate pair becomes U+FFFD. At most as long as the token.
 */
void json_text_append_string(struct buf *out, struct slice token, bool quotes);

/*
 * Appends a whole value that json_scan_next() has read: without blanks, each string as
 * json_text_append_string() does, each number with the digits that it has. At most as
 * long as the value.
 */
void json_text_append_compact(struct buf *out, struct slice value);

#endif
