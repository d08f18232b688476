/* Passwords, hashed by libcrypt (crypt(5)). */
#ifndef GATEWAY_BASE_PASSWORD_H
#define GATEWAY_BASE_PASSWORD_H

#include "protocol/buf.h"

/*
 * True for the text of a hash that libcrypt can check a password against: longer than
 * 20 bytes, with a "$" first, and without a NUL.
 */
bool password_is_hash(struct slice text);

/*
 * Appends the hash of a password: yescrypt with a salt of its own. False, with nothing
 * appended, when the system gives no random bytes, or the password has a NUL or more
 * than 511 bytes.
 */
bool password_hash(struct slice password, struct buf *hash);

/*
 * True when the password has that hash, which ends with a NUL. Takes as long as the
 * hash demands: some ten milliseconds of a core, and some megabytes.
 */
bool password_matches(struct slice password, const char *hash);

/*
 * The part of a hash that says how much work a check is: its method and parameters.
 * Checks against hashes with the same cost take equally long.
 */
struct slice password_cost(struct slice hash);

#endif
