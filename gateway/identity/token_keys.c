#include "gateway/identity/token_keys.h"

#include "gateway/identity/signature.h"
#include "protocol/base64.h"
#include "protocol/xmalloc.h"

#include <jansson.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

struct token_key {
	enum key_kind kind;
	const struct algorithm *only; /* NULL: any of its kind */
	char *id;                     /* NULL: none */
	EVP_PKEY *key;                /* NULL: a secret */
	struct buf secret;
};

struct token_keys {
	struct token_key items[TOKEN_KEYS_MAX];
	size_t count;
};

struct token_keys *token_keys_create(void)
{
	return xcalloc(1, sizeof(struct token_keys));
}

static void token_key_finish(struct token_key *key)
{
	EVP_PKEY_free(key->key);
	OPENSSL_cleanse(key->secret.data, key->secret.len);
	buf_finish(&key->secret);
	free(key->id);
}

void token_keys_destroy(struct token_keys *keys)
{
	if (keys == NULL)
		return;
	for (size_t i = 0; i < keys->count; i++)
		token_key_finish(&keys->items[i]);
	free(keys);
}

size_t token_keys_count(const struct token_keys *keys)
{
	return keys->count;
}

/* Takes the key over. */
static bool token_keys_add(
	struct token_keys *keys, struct token_key *key, struct buf *why)
{
	if (keys->count == TOKEN_KEYS_MAX) {
		buf_printf(why, "more than %d keys", TOKEN_KEYS_MAX);
		token_key_finish(key);
		return false;
	}
	keys->items[keys->count++] = *key;
	return true;
}

bool token_keys_add_secret(
	struct token_keys *keys, struct slice secret, struct buf *why)
{
	struct token_key key = {.kind = KEY_SECRET};

	if (secret.len < SECRET_BYTES_MIN) {
		buf_printf(why, "a secret has less than %d bytes", SECRET_BYTES_MIN);
		return false;
	}
	/* Whoever has the public key could sign. */
	if (slice_starts_with(secret, SLICE("-----BEGIN "))) {
		buf_append(why, SLICE("a secret is a key in PEM: public keys belong in "
				      "keys"));
		return false;
	}
	buf_append(&key.secret, secret);
	return token_keys_add(keys, &key, why);
}

/* PEM. */

/* A point off its curve, or an exponent of 1, would let anybody sign. */
static bool token_key_is_sound(EVP_PKEY *key)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	bool is_sound = context != NULL && EVP_PKEY_public_check(context) == 1;

	EVP_PKEY_CTX_free(context);
	return is_sound;
}

/* The kind of a public key; false for one that Postern does not accept. */
static bool token_key_find_kind(EVP_PKEY *key, enum key_kind *kind)
{
	char curve[32] = "";

	if (!token_key_is_sound(key))
		return false;
	if (EVP_PKEY_is_a(key, "RSA")) {
		*kind = KEY_RSA;
		return EVP_PKEY_get_bits(key) >= RSA_BITS_MIN;
	}
	if (EVP_PKEY_is_a(key, "ED25519")) {
		*kind = KEY_ED25519;
		return true;
	}
	if (!EVP_PKEY_is_a(key, "EC") ||
		EVP_PKEY_get_group_name(key, curve, sizeof(curve), NULL) != 1)
		return false;
	*kind = strcmp(curve, "prime256v1") == 0 ? KEY_P256 : KEY_P384;
	return *kind == KEY_P256 || strcmp(curve, "secp384r1") == 0;
}

static EVP_PKEY *token_key_read_pem(BIO *bio, bool is_certificate)
{
	if (!is_certificate)
		return PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);

	X509 *certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	EVP_PKEY *key = certificate == NULL ? NULL : X509_get_pubkey(certificate);

	X509_free(certificate);
	return key;
}

static bool token_keys_add_pem(
	struct token_keys *keys, struct slice text, struct buf *why)
{
	const bool is_certificate =
		slice_starts_with(text, SLICE("-----BEGIN CERTIFICATE-----"));
	BIO *bio = BIO_new_mem_buf(text.data, (int)text.len);
	struct token_key key = {.key = token_key_read_pem(bio, is_certificate)};

	BIO_free(bio);
	if (key.key == NULL || !token_key_find_kind(key.key, &key.kind)) {
		buf_append(why,
			SLICE("not the PEM of a public key: RSA of at least 2048 bits, "
			      "P-256, P-384, or Ed25519"));
		EVP_PKEY_free(key.key);
		return false;
	}
	return token_keys_add(keys, &key, why);
}

/* JWK. */

/* Appends the bytes of a member; false when it is no base64url. */
static bool jwk_bytes(const json_t *jwk, const char *name, struct buf *bytes)
{
	const json_t *value = json_object_get(jwk, name);

	return json_is_string(value) &&
	       base64url_decode((struct slice){json_string_value(value),
					json_string_length(value)},
		       bytes);
}

static struct slice jwk_text(const json_t *jwk, const char *name)
{
	const json_t *value = json_object_get(jwk, name);

	return json_is_string(value) ? (struct slice){json_string_value(value),
					       json_string_length(value)}
				     : (struct slice){"", 0};
}

static EVP_PKEY *jwk_build(const char *type, OSSL_PARAM_BLD *build)
{
	EVP_PKEY *key = NULL;
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);

	if (params == NULL || context == NULL || EVP_PKEY_fromdata_init(context) != 1 ||
		EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(context);
	OSSL_PARAM_free(params);
	return key;
}

static BIGNUM *jwk_number(const struct buf *bytes)
{
	return BN_bin2bn((const unsigned char *)bytes->data, (int)bytes->len, NULL);
}

static EVP_PKEY *jwk_read_rsa(const json_t *jwk)
{
	enum { MODULUS_MAX = 2048, EXPONENT_MAX = 8 };
	struct buf modulus = {0}, exponent = {0};
	EVP_PKEY *key = NULL;

	if (jwk_bytes(jwk, "n", &modulus) && jwk_bytes(jwk, "e", &exponent) &&
		modulus.len <= MODULUS_MAX && exponent.len <= EXPONENT_MAX &&
		exponent.len > 0 && modulus.len > 0) {
		OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
		BIGNUM *n = jwk_number(&modulus), *e = jwk_number(&exponent);

		OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n);
		OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e);
		key = jwk_build("RSA", build);
		OSSL_PARAM_BLD_free(build);
		BN_free(n);
		BN_free(e);
	}
	buf_finish(&modulus);
	buf_finish(&exponent);
	return key;
}

static EVP_PKEY *jwk_read_curve(const json_t *jwk, const char *curve, size_t size)
{
	struct buf point = {0};
	EVP_PKEY *key = NULL;

	buf_append_char(&point, 4); /* both coordinates, uncompressed (SEC 1, 2.3.3) */
	if (jwk_bytes(jwk, "x", &point) && point.len == 1 + size &&
		jwk_bytes(jwk, "y", &point) && point.len == 1 + 2 * size) {
		OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();

		OSSL_PARAM_BLD_push_utf8_string(
			build, OSSL_PKEY_PARAM_GROUP_NAME, curve, 0);
		OSSL_PARAM_BLD_push_octet_string(
			build, OSSL_PKEY_PARAM_PUB_KEY, point.data, point.len);
		key = jwk_build("EC", build);
		OSSL_PARAM_BLD_free(build);
	}
	buf_finish(&point);
	return key;
}

static EVP_PKEY *jwk_read_ed25519(const json_t *jwk)
{
	struct buf point = {0};
	EVP_PKEY *key = NULL;

	if (jwk_bytes(jwk, "x", &point) && point.len == 32)
		key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL,
			(const unsigned char *)point.data, point.len);
	buf_finish(&point);
	return key;
}

static EVP_PKEY *jwk_read_public(const json_t *jwk)
{
	const struct slice type = jwk_text(jwk, "kty"), curve = jwk_text(jwk, "crv");

	if (slice_equal(type, SLICE("RSA")))
		return jwk_read_rsa(jwk);
	if (slice_equal(type, SLICE("OKP")) && slice_equal(curve, SLICE("Ed25519")))
		return jwk_read_ed25519(jwk);
	if (!slice_equal(type, SLICE("EC")))
		return NULL;
	if (slice_equal(curve, SLICE("P-256")))
		return jwk_read_curve(jwk, "P-256", 32);
	return slice_equal(curve, SLICE("P-384")) ? jwk_read_curve(jwk, "P-384", 48)
						  : NULL;
}

/* A member that is there must be a text. */
static bool jwk_is_text_or_missing(const json_t *jwk, const char *name)
{
	const json_t *value = json_object_get(jwk, name);

	return value == NULL || json_is_string(value);
}

/* Its owner may have made the key for something else (RFC 7517, 4.2 and 4.3). */
static bool jwk_may_verify(const json_t *jwk)
{
	const json_t *uses = json_object_get(jwk, "key_ops");
	const json_t *use = json_object_get(jwk, "use");
	bool may = uses == NULL;

	for (size_t i = 0; i < json_array_size(uses); i++) {
		const char *one = json_string_value(json_array_get(uses, i));

		may = may || (one != NULL && strcmp(one, "verify") == 0);
	}
	return may && (use == NULL || slice_equal(jwk_text(jwk, "use"), SLICE("sig")));
}

/* False when the key cannot be used; then *key has nothing to free. */
static bool jwk_read(const json_t *jwk, struct token_key *key)
{
	const struct slice name = jwk_text(jwk, "alg"), id = jwk_text(jwk, "kid");

	*key = (struct token_key){.only = algorithm_find(name)};
	if (!jwk_may_verify(jwk) || !jwk_is_text_or_missing(jwk, "alg") ||
		!jwk_is_text_or_missing(jwk, "kid"))
		return false;
	if (slice_equal(jwk_text(jwk, "kty"), SLICE("oct"))) {
		key->kind = KEY_SECRET;
		if (!jwk_bytes(jwk, "k", &key->secret) ||
			key->secret.len < SECRET_BYTES_MIN)
			goto unusable;
	} else {
		key->key = jwk_read_public(jwk);
		if (key->key == NULL || !token_key_find_kind(key->key, &key->kind))
			goto unusable;
	}
	if (json_object_get(jwk, "alg") != NULL &&
		(key->only == NULL || key->only->kind != key->kind))
		goto unusable;
	key->id = id.len > 0 ? xstrdup(id) : NULL;
	return true;
unusable:
	token_key_finish(key);
	return false;
}

static bool token_keys_add_jwks(
	struct token_keys *keys, const json_t *list, struct buf *why)
{
	const size_t before = keys->count;
	struct token_key key;

	for (size_t i = 0; i < json_array_size(list); i++) {
		if (jwk_read(json_array_get(list, i), &key) &&
			!token_keys_add(keys, &key, why))
			return false;
	}
	if (keys->count == before)
		buf_append(why, SLICE("no key that Postern can use"));
	return keys->count > before;
}

bool token_keys_add_text(struct token_keys *keys, struct slice text, struct buf *why)
{
	if (slice_starts_with(text, SLICE("-----BEGIN ")))
		return token_keys_add_pem(keys, text, why);

	json_t *json = json_loadb(text.data, text.len, JSON_REJECT_DUPLICATES, NULL);
	json_t *list = json_incref(json_object_get(json, "keys"));
	bool is_good = false;

	if (list == NULL && json_object_get(json, "kty") != NULL)
		list = json_pack("[O]", json);
	if (json_is_array(list))
		is_good = token_keys_add_jwks(keys, list, why);
	else
		buf_append(why, SLICE("neither a JWK set nor PEM"));
	json_decref(list);
	json_decref(json);
	return is_good;
}

/* Verifying. */

static bool token_key_fits(
	const struct token_key *key, const struct algorithm *algorithm, struct slice id)
{
	return key->kind == algorithm->kind &&
	       (key->only == NULL || key->only == algorithm) &&
	       (id.len == 0 || key->id == NULL || slice_equal(id, slice_of(key->id)));
}

enum token_key_result token_keys_verify(const struct token_keys *keys,
	const struct algorithm *algorithm, struct slice key_id, struct slice text,
	struct slice signature)
{
	enum token_key_result result = TOKEN_KEY_UNKNOWN;

	for (size_t i = 0; i < keys->count; i++) {
		const struct token_key *key = &keys->items[i];

		if (!token_key_fits(key, algorithm, key_id))
			continue;
		result = TOKEN_KEY_MISMATCHES;
		if (key->kind == KEY_SECRET
				? signature_verify_secret(algorithm,
					  buf_slice(&key->secret), text, signature)
				: signature_verify(
					  algorithm, key->key, text, signature))
			return TOKEN_KEY_GOOD;
	}
	return result;
}
