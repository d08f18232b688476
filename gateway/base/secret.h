/* Which headers hold secrets: their values are shown to nobody. */
#ifndef GATEWAY_BASE_SECRET_H
#define GATEWAY_BASE_SECRET_H

#include "protocol/slice.h"

/*
 * True for a name such as "passcode", "Authorization", "x-csrf-token" or "Cookie".
 * Given a whole line, it is true when such a word stands anywhere in it.
 */
bool secret_is_named(struct slice name);

#endif
