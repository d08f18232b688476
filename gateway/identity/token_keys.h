/*
 * The keys of one issuer of tokens: of a JWK set (RFC 7517), of PEM, and secrets. A set
 * is complete before it is used, and never changes after that: threads share it.
 * token_keys_none.c takes the place of token_keys.c in a build without OpenSSL.
 */
#ifndef GATEWAY_IDENTITY_TOKEN_KEYS_H
#define GATEWAY_IDENTITY_TOKEN_KEYS_H

#include "gateway/identity/algorithm.h"
#include "protocol/buf.h"

enum { TOKEN_KEYS_MAX = 64 };

struct token_keys;

/* An empty set. The caller owns it. */
struct token_keys *token_keys_create(void);
void token_keys_destroy(struct token_keys *keys); /* NULL is fine */

/*
 * Adds the keys of a text: a JWK set, one JWK, or PEM with a public key or certificate.
 * A JWK that Postern does not understand, that is too weak, or that is not for
 * signatures is left out (RFC 7517, 5). False, with the reason appended to *why, when
 * no key of the text can be used, or there are too many.
 */
bool token_keys_add_text(struct token_keys *keys, struct slice text, struct buf *why);

/*
 * Adds a secret for HMAC. Copies it, and clears the copy at the end. False, with the
 * reason appended to *why, when it is shorter than SECRET_BYTES_MIN, or one too many.
 */
bool token_keys_add_secret(
	struct token_keys *keys, struct slice secret, struct buf *why);

/* Keys and secrets. */
size_t token_keys_count(const struct token_keys *keys);

enum token_key_result {
	TOKEN_KEY_GOOD,
	TOKEN_KEY_UNKNOWN,   /* no key has that id, or fits the algorithm */
	TOKEN_KEY_MISMATCHES /* no key that fits has made the signature */
};

/*
 * Verifies a signature with each key that fits `algorithm` and the key id, which is
 * empty when the token names none. From any thread.
 */
enum token_key_result token_keys_verify(const struct token_keys *keys,
	const struct algorithm *algorithm, struct slice key_id, struct slice text,
	struct slice signature);

#endif
