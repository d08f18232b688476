/*
 * Numbers as peers and operators write them: ASCII digits, at least one, and nothing
 * else. No reader here takes a sign, a blank or a locale's digits. They differ in what
 * they do with leading zeros and with a number that is too large; each place takes the
 * one that its own rule asks for.
 */
#ifndef PROTOCOL_NUMBER_H
#define PROTOCOL_NUMBER_H

#include "protocol/slice.h"

#include <stdint.h>

/*
 * Reads a decimal number from 0 to `most`; leading zeros are skipped. False, and
 * *number stays, for anything else.
 */
bool number_read(struct slice digits, uint64_t most, uint64_t *number);

/*
 * As number_read(), but a number above `most` becomes `most`, however many digits it
 * has.
 */
bool number_read_capped(struct slice digits, uint64_t most, uint64_t *number);

/* As number_read(), but a number with a leading zero is refused, except "0". */
bool number_read_canonical(struct slice digits, uint64_t most, uint64_t *number);

/* As number_read(), for hexadecimal digits; the letters are small. */
bool number_read_hex(struct slice digits, uint64_t most, uint64_t *number);

#endif
