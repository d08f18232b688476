/* What a token says of its user: a name, and a value as text. */
#ifndef GATEWAY_ROUTE_CLAIM_H
#define GATEWAY_ROUTE_CLAIM_H

#include "protocol/slice.h"

struct claim {
	struct slice name, value;
};

#endif
