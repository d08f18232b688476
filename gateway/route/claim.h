/*
 * What a token says of its user: a name, and a value as text. Its data is NULL when the
 * token was asked, and has no such claim.
 */
#ifndef GATEWAY_ROUTE_CLAIM_H
#define GATEWAY_ROUTE_CLAIM_H

#include "protocol/slice.h"

struct claim {
	struct slice name, value;
};

#endif
