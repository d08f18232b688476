/*
 * Makes the JSON of browsers acceptable to a strict reader: half a surrogate pair,
 * which JavaScript's strings may contain, becomes U+FFFD.
 */
#ifndef GATEWAY_ROUTE_CLEAN_JSON_H
#define GATEWAY_ROUTE_CLEAN_JSON_H

#include "protocol/buf.h"

/*
 * True when `json` has such halves; then appends a copy with replacements to *out.
 * Else appends nothing. Nothing else is changed or checked.
 */
bool clean_json(struct slice json, struct buf *out);

#endif
