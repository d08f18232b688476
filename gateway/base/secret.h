/* Tells which headers hold secrets. Their values are never shown. */
#ifndef GATEWAY_BASE_SECRET_H
#define GATEWAY_BASE_SECRET_H

#include "protocol/slice.h"

/*
 * True for a name such as "passcode", "Authorization", "x-csrf-token" or "Cookie". For
 * a whole line, it is true when such a word stands anywhere in it.
 */
bool secret_is_named(struct slice name);

#endif
