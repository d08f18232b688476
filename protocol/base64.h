/* Base64 with the alphabet of URLs (RFC 4648, section 5), as tokens use it. */
#ifndef PROTOCOL_BASE64_H
#define PROTOCOL_BASE64_H

#include "protocol/buf.h"

#include <stdbool.h>

/*
 * Appends the bytes that `text` stands for. Bytes have one form only: false for
 * padding, blanks, another alphabet, or spare bits that are not zero.
 */
bool base64url_decode(struct slice text, struct buf *bytes);

#endif
