/*
 * SipHash-2-4 with a secret key: names that clients choose (sessions,
 * destinations) cannot be made to collide.
 */
#ifndef PROTOCOL_HASH_H
#define PROTOCOL_HASH_H

#include "protocol/slice.h"

#include <stdint.h>

struct hash_key {
	uint64_t low, high;
};

/*
 * Equal keys and bytes give equal hashes on every machine. A peer that does not know
 * the key cannot choose bytes whose hashes collide.
 */
uint64_t hash_slice(const struct hash_key *key, struct slice bytes);

#endif
