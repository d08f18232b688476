/* Letters and digits of ASCII, independent of the locale. */
#ifndef PROTOCOL_ASCII_H
#define PROTOCOL_ASCII_H

#include <stdbool.h>

/* True for '0' to '9'. isdigit() is undefined for a negative char. */
static inline bool ascii_is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

/*
 * True for letters and digits of ASCII. A byte of a longer UTF-8 character is neither.
 */
static inline bool ascii_is_alphanumeric(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
	       ascii_is_digit(byte);
}

/* The value of a hexadecimal digit, or -1 for any other byte. */
static inline int ascii_hex_value(char byte)
{
	if (ascii_is_digit(byte))
		return byte - '0';
	if (byte >= 'a' && byte <= 'f')
		return byte - 'a' + 10;
	if (byte >= 'A' && byte <= 'F')
		return byte - 'A' + 10;
	return -1;
}

#endif
