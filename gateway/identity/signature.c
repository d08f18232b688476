#include "gateway/identity/signature.h"

#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>

bool signature_verify_secret(const struct algorithm *algorithm, struct slice secret,
	struct slice text, struct slice signature)
{
	unsigned char made[EVP_MAX_MD_SIZE];
	unsigned int len = 0;

	return secret.len >= algorithm->size && signature.len == algorithm->size &&
	       HMAC(EVP_get_digestbyname(algorithm->digest), secret.data,
		       (int)secret.len, (const unsigned char *)text.data, text.len,
		       made, &len) != NULL &&
	       len == signature.len && CRYPTO_memcmp(made, signature.data, len) == 0;
}

/*
 * OpenSSL wants the two numbers of an ECDSA signature in DER; in a token they stand one
 * behind the other (RFC 7518, 3.4). The caller frees *der by OPENSSL_free().
 */
static int signature_write_der(struct slice pair, unsigned char **der)
{
	const unsigned char *bytes = (const unsigned char *)pair.data;
	const int half = (int)(pair.len / 2);
	ECDSA_SIG *numbers = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(bytes, half, NULL),
	       *s = BN_bin2bn(bytes + half, half, NULL);
	int len = 0;

	if (numbers != NULL && r != NULL && s != NULL &&
		ECDSA_SIG_set0(numbers, r, s) == 1) {
		r = s = NULL;
		len = i2d_ECDSA_SIG(numbers, der);
	}
	BN_free(r);
	BN_free(s);
	ECDSA_SIG_free(numbers);
	return len;
}

static bool signature_verify_bytes(const struct algorithm *algorithm, EVP_PKEY *key,
	struct slice text, const unsigned char *signature, size_t len)
{
	EVP_MD_CTX *digest = EVP_MD_CTX_new();
	EVP_PKEY_CTX *context = NULL; /* the digest's */
	bool is_good = digest != NULL &&
		       EVP_DigestVerifyInit_ex(digest, &context, algorithm->digest,
			       NULL, NULL, key, NULL) == 1;

	if (is_good && algorithm->is_pss) {
		is_good = EVP_PKEY_CTX_set_rsa_padding(
				  context, RSA_PKCS1_PSS_PADDING) == 1 &&
			  EVP_PKEY_CTX_set_rsa_pss_saltlen(
				  context, RSA_PSS_SALTLEN_DIGEST) == 1;
	}
	is_good = is_good && EVP_DigestVerify(digest, signature, len,
				     (const unsigned char *)text.data, text.len) == 1;
	EVP_MD_CTX_free(digest);
	return is_good;
}

bool signature_verify(const struct algorithm *algorithm, EVP_PKEY *key,
	struct slice text, struct slice signature)
{
	if (algorithm->size != 0 && signature.len != algorithm->size)
		return false;
	if (algorithm->kind != KEY_P256 && algorithm->kind != KEY_P384)
		return signature_verify_bytes(algorithm, key, text,
			(const unsigned char *)signature.data, signature.len);

	unsigned char *der = NULL;
	const int len = signature_write_der(signature, &der);
	const bool is_good = len > 0 && signature_verify_bytes(
						algorithm, key, text, der, (size_t)len);

	OPENSSL_free(der);
	return is_good;
}
