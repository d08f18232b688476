/* Verifies signatures of tokens, over OpenSSL. */
#ifndef GATEWAY_IDENTITY_SIGNATURE_H
#define GATEWAY_IDENTITY_SIGNATURE_H

#include "gateway/identity/algorithm.h"

#include <openssl/types.h>

/*
 * True when `signature` is that of `text` by the secret, which must be at least as long
 * as the digest. Compares in constant time.
 */
bool signature_verify_secret(const struct algorithm *algorithm, struct slice secret,
	struct slice text, struct slice signature);

/*
 * The same by a public key of the algorithm's kind. From any thread: reads the key
 * only.
 */
bool signature_verify(const struct algorithm *algorithm, EVP_PKEY *key,
	struct slice text, struct slice signature);

#endif
