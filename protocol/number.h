/*
 * Numbers of peers and operators: ASCII digits, at least one, and nothing else. No
 * function here takes a sign, a blank or a locale's digits. Those that read differ in
 * leading zeros and in numbers that are too large; each caller uses the one that its
 * own rule needs.
 */
#ifndef PROTOCOL_NUMBER_H
#define PROTOCOL_NUMBER_H

#include "protocol/slice.h"

#include <stdint.h>

/*
 * Reads a decimal number from 0 to `most`; skips leading zeros. False, with *number
 * unchanged, for anything else.
 */
bool number_read(struct slice digits, uint64_t most, uint64_t *number);

/*
 * As number_read(), but a number above `most` becomes `most`, however many digits it
 * has.
 */
bool number_read_capped(struct slice digits, uint64_t most, uint64_t *number);

/* As number_read(), but refuses a number with a leading zero, except "0". */
bool number_read_canonical(struct slice digits, uint64_t most, uint64_t *number);

/* As number_read(), for hexadecimal digits in lower case. */
bool number_read_hex(struct slice digits, uint64_t most, uint64_t *number);

enum { NUMBER_DIGITS_MAX = 20 /* 2^64 - 1 in decimal */ };

/*
 * Writes the number in decimal, without leading zeros, to `to`, which has room for
 * NUMBER_DIGITS_MAX digits. Returns how many it has written.
 */
size_t number_write(char *to, uint64_t number);

/* As number_write(), in hexadecimal digits in lower case. */
size_t number_write_hex(char *to, uint64_t number);

#endif
