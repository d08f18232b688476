/* A build without OpenSSL has no keys, and says so where keys are configured. */
#include "gateway/identity/token_keys.h"

#include "protocol/xmalloc.h"

#include <stdlib.h>

struct token_keys {
	char none;
};

struct token_keys *token_keys_create(void)
{
	return xcalloc(1, sizeof(struct token_keys));
}

void token_keys_destroy(struct token_keys *keys)
{
	free(keys);
}

static bool token_keys_refuse(struct buf *why)
{
	buf_append(why, SLICE("this Postern was built without OpenSSL (libcrypto), and "
			      "verifies no tokens"));
	return false;
}

bool token_keys_add_text(struct token_keys *keys, struct slice text, struct buf *why)
{
	(void)keys;
	(void)text;
	return token_keys_refuse(why);
}

bool token_keys_add_secret(
	struct token_keys *keys, struct slice secret, struct buf *why)
{
	(void)keys;
	(void)secret;
	return token_keys_refuse(why);
}

size_t token_keys_count(const struct token_keys *keys)
{
	(void)keys;
	return 0;
}

enum token_key_result token_keys_verify(const struct token_keys *keys,
	const struct algorithm *algorithm, struct slice key_id, struct slice text,
	struct slice signature)
{
	(void)keys;
	(void)algorithm;
	(void)key_id;
	(void)text;
	(void)signature;
	return TOKEN_KEY_UNKNOWN;
}
