/*
 * JSON as browsers send it, made fit for a strict reader: half a surrogate pair,
 * which JavaScript's strings may hold, becomes U+FFFD.
 */
#ifndef GATEWAY_ROUTE_CLEAN_JSON_H
#define GATEWAY_ROUTE_CLEAN_JSON_H

#include "protocol/buf.h"

/*
 * True when `json` has something to replace; then appends it to *out with that
 * replaced. Else appends nothing. Nothing else is changed or checked.
 */
bool clean_json(struct slice json, struct buf *out);

#endif
