/* Tells what is secret by its name, or by its look, and is never shown. */
#ifndef GATEWAY_BASE_SECRET_H
#define GATEWAY_BASE_SECRET_H

#include "protocol/slice.h"

/*
 * True for a name such as "passcode", "Authorization", "x-csrf-token" or "Cookie". For
 * a whole line, it is true when such a word stands anywhere in it.
 */
bool secret_is_named(struct slice name);

/*
 * True when the text contains what looks like a JSON Web Token, or its beginning:
 * "eyJ" and 13 more characters of base64url. A header of any name may hold one.
 */
bool secret_is_in(struct slice text);

#endif
