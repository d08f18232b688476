/*
 * IP addresses and networks as values. An IPv4 address is kept as the IPv6 address
 * that it is mapped to (::ffff:192.0.2.1). So an address has one form, however it was
 * written or received.
 */
#ifndef PROTOCOL_ADDRESS_H
#define PROTOCOL_ADDRESS_H

#include "protocol/slice.h"

#include <stdint.h>

enum {
	ADDRESS_BYTES = 16,
	ADDRESS_V4_AT = 12, /* where the four bytes of an IPv4 address begin */
	ADDRESS_TEXT_MAX = 46,
};

/* All zero: unknown. */
struct address {
	uint8_t bytes[ADDRESS_BYTES];
};

/* The address of four bytes of IPv4 in network order, as in in_addr. */
struct address address_of_v4(const void *bytes);

/*
 * The address of sixteen bytes of IPv6 in network order. One that is mapped from IPv4
 * (::ffff:a.b.c.d) equals address_of_v4() of its last four.
 */
struct address address_of_v6(const void *bytes);

bool address_is_v4(const struct address *address);
bool address_is_known(const struct address *address);

/*
 * The bytes of the address that tell its holders apart: an IPv4 address, or the first
 * 64 bits of another one, since a holder of an IPv6 address can use the others freely.
 */
struct slice address_owner(const struct address *address);

bool address_equal(const struct address *a, const struct address *b);

/*
 * Reads "192.0.2.1" or "2001:db8::1": no port, no brackets, no zone, no leading
 * zeros in IPv4. False when it is anything else.
 */
bool address_parse(struct slice text, struct address *address);

/*
 * Writes the address into `text` in the form of address_parse(), an IPv4 address
 * always as IPv4. Returns the part written; or the constant "unknown".
 */
struct slice address_write(const struct address *address, char text[ADDRESS_TEXT_MAX]);

/* The addresses whose first `bits` bits are those of `base`. */
struct network {
	struct address base;
	unsigned bits;
};

/*
 * Reads an address, or "ADDRESS/BITS", whose bits after the first BITS must be zero.
 * False when it is neither.
 */
bool network_parse(struct slice text, struct network *network);

struct networks {
	struct network *items;
	size_t count;
};

/*
 * True when one of the networks contains the address. IPv4 addresses and networks are
 * compared in their mapped form, so ::/0 contains them too.
 */
bool networks_have(const struct networks *networks, const struct address *address);

#endif
