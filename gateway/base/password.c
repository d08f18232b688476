#include "gateway/base/password.h"

#include "protocol/xmalloc.h"

#include <crypt.h>
#include <stdlib.h>

/* crypt(5): bcrypt and scrypt have parameters of a fixed length before the salt. */
enum {
	BCRYPT_COST = sizeof("$2b$05$") - 1,
	SCRYPT_COST = sizeof("$7$CU..../....") - 1
};

/* libcrypt takes a string, and ignores the rest of longer ones. */
static bool password_copy_password(
	struct slice password, char copy[CRYPT_MAX_PASSPHRASE_SIZE])
{
	if (password.len >= CRYPT_MAX_PASSPHRASE_SIZE ||
		slice_find(password, '\0') < password.len)
		return false;
	memcpy(copy, password.data, password.len);
	copy[password.len] = '\0';
	return true;
}

/* NULL when libcrypt fails. The hash is in *data. */
static const char *password_hash_into(
	struct slice password, const char *setting, struct crypt_data *data)
{
	char copy[CRYPT_MAX_PASSPHRASE_SIZE];

	if (!password_copy_password(password, copy))
		return NULL;
	const char *made = crypt_r(copy, setting, data);
	explicit_bzero(copy, sizeof(copy));
	return made == NULL || made[0] == '*' ? NULL : made;
}

bool password_is_hash(struct slice text)
{
	char *hash = xstrdup(text);
	int salt = crypt_checksalt(hash);
	bool good = text.len > 20 && text.data[0] == '$' &&
		    slice_find(text, '\0') == text.len &&
		    (salt == CRYPT_SALT_OK || salt == CRYPT_SALT_METHOD_LEGACY);

	free(hash);
	return good;
}

bool password_hash(struct slice password, struct buf *hash)
{
	char setting[CRYPT_GENSALT_OUTPUT_SIZE];
	struct crypt_data *data = xcalloc(1, sizeof(*data));
	const char *made =
		crypt_gensalt_rn("$y$", 0, NULL, 0, setting, sizeof(setting)) == NULL
			? NULL
			: password_hash_into(password, setting, data);

	if (made != NULL)
		buf_append(hash, slice_of(made));
	free(data);
	return made != NULL;
}

bool password_matches(struct slice password, const char *hash)
{
	struct crypt_data *data = xcalloc(1, sizeof(*data));
	const char *made = password_hash_into(password, hash, data);
	bool good = made != NULL &&
		    slice_equal_constant_time(slice_of(made), slice_of(hash));

	explicit_bzero(data, sizeof(*data));
	free(data);
	return good;
}

/* Without its last part and the '$' before that. */
static struct slice password_without_part(struct slice hash)
{
	size_t len = hash.len;

	while (len > 0 && hash.data[len - 1] != '$')
		len--;
	return slice_first(hash, len > 0 ? len - 1 : 0);
}

struct slice password_cost(struct slice hash)
{
	if (slice_starts_with(hash, SLICE("$2")))
		return slice_first(hash, BCRYPT_COST);
	if (slice_starts_with(hash, SLICE("$7$")))
		return slice_first(hash, SCRYPT_COST);
	/* In all others the salt and the hash come last. */
	return password_without_part(password_without_part(hash));
}
