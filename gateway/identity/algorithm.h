/*
 * The algorithms of tokens' signatures that Postern accepts (RFC 7518, 3; RFC 8037,
 * 3.1). A key decides what may be verified with it: a token that names an algorithm of
 * another kind of key is refused before any verification.
 */
#ifndef GATEWAY_IDENTITY_ALGORITHM_H
#define GATEWAY_IDENTITY_ALGORITHM_H

#include "protocol/slice.h"

#include <stdbool.h>

enum key_kind {
	KEY_SECRET, /* shared, for HMAC */
	KEY_RSA,
	KEY_P256,
	KEY_P384,
	KEY_ED25519,
};

enum { RSA_BITS_MIN = 2048, SECRET_BYTES_MIN = 32 };

struct algorithm {
	const char *name; /* as "alg" has it */
	enum key_kind kind;
	const char *digest; /* OpenSSL's name; NULL: the algorithm has its own */
	size_t size;        /* bytes of a signature; 0: as long as the key's modulus */
	bool is_pss;        /* RSASSA-PSS, with a salt as long as the digest */
};

/* The algorithm of that name, static; NULL when Postern does not know it. */
const struct algorithm *algorithm_find(struct slice name);

/*
 * True for curves, whose verification takes 0.1 to 0.8 ms: that does not belong on a
 * loop. Others take less than 40 us.
 */
bool algorithm_is_slow(const struct algorithm *algorithm);

#endif
