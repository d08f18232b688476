/*
 * JSON Web Tokens against a fixed set of keys. Input without a line end is a token:
 * none is accepted but the one that the corpus has. Other input is a header and claims,
 * a line each, which are signed here with the secret: such a token is accepted only
 * when its header and claims are what they must be.
 */
#include "gateway/identity/token.h"
#include "protocol/utf8.h"
#include "tests/support/fuzz.h"

#include <jansson.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

enum { NOW = 1796000000, LEEWAY = 30, INPUT_MAX = 4096 };

#define SECRET "0123456789abcdef0123456789abcdef"
#define ISSUER "https://id.example"

/* The public halves of keys that nobody has. */
static const char key_set[] =
	"{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"e1\",\"x\":"
	"\"s2RaIoaweQY"
	"bwJ5u9D2p5FWiR1C8nvhObg0vvOQsMMo\",\"y\":\"DemVW-XvC46EbRt0-8-aztg6ezG-"
	"HjcWcsCK4qNNcoQ\"},"
	"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"d1\",\"x\":"
	"\"7UCih8Mkk1cxvXffv9V"
	"pf7F7TrDh0CYFL0PuATGslFs\"}]}";

static const struct slice audience = SLICE_INIT("chat");
static const struct slice good_header = SLICE_INIT("{\"alg\":\"HS256\"}");
static const struct slice good_claims =
	SLICE_INIT("{\"iss\":\"" ISSUER "\",\"aud\":\"chat\",\"sub\":\"ana\","
		   "\"exp\":1796003600}");

/* Made once; never freed. */
static struct token_keys *keys;
static struct buf good;

static void append_encoded(struct buf *out, struct slice bytes)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvw"
				     "xyz0123456789-_";
	uint32_t bits = 0;
	unsigned held = 0;

	for (size_t i = 0; i < bytes.len; i++) {
		bits = bits << 8 | (unsigned char)bytes.data[i];
		for (held += 8; held >= 6; held -= 6)
			buf_append_char(out, digits[bits >> (held - 6) & 63]);
	}
	if (held > 0)
		buf_append_char(out, digits[bits << (6 - held) & 63]);
}

static void sign(struct buf *out, struct slice header, struct slice claims)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	append_encoded(out, header);
	buf_append_char(out, '.');
	append_encoded(out, claims);
	HMAC(EVP_sha256(), SECRET, sizeof(SECRET) - 1, (const unsigned char *)out->data,
		out->len, digest, &len);
	buf_append_char(out, '.');
	append_encoded(out, (struct slice){(const char *)digest, len});
}

static void make_keys(void)
{
	struct buf why = {0};

	if (keys != NULL)
		return;
	keys = token_keys_create();
	assert(token_keys_add_text(keys, slice_of(key_set), &why));
	assert(token_keys_add_secret(keys, SLICE(SECRET), &why));
	sign(&good, good_header, good_claims);
}

/* What holds for a token that is accepted. */

static void check_text(struct slice text, void *context)
{
	(void)context;
	assert(utf8_is_valid(text));
}

static bool names_audience(const json_t *claim)
{
	if (json_is_string(claim))
		return slice_equal(slice_of(json_string_value(claim)), audience);
	for (size_t i = 0; i < json_array_size(claim); i++) {
		const char *one = json_string_value(json_array_get(claim, i));

		if (one != NULL && slice_equal(slice_of(one), audience))
			return true;
	}
	return false;
}

static void check_claims(const struct token *token, struct slice text)
{
	json_t *claims = json_loadb(text.data, text.len, JSON_ALLOW_NUL, NULL);
	const json_t *expiry = json_object_get(claims, "exp");
	const json_t *begins = json_object_get(claims, "nbf");
	const struct slice user = token_user(token, SLICE("sub"));
	struct buf claim = {0};

	assert(json_is_object(claims));
	assert(strcmp(json_string_value(json_object_get(claims, "iss")), ISSUER) == 0);
	assert(names_audience(json_object_get(claims, "aud")));
	assert(json_is_number(expiry) && json_number_value(expiry) + LEEWAY > NOW - 1);
	assert(token_expiry(token) + LEEWAY >= NOW);
	assert(begins == NULL ||
		(json_is_number(begins) && json_number_value(begins) <= NOW + LEEWAY));
	assert(user.len == 0 || token_name_is_good(user));
	token_each_text(token, SLICE("groups"), NULL, check_text, NULL);
	token_each_text(token, SLICE("a.b"), NULL, check_text, NULL);
	token_each_text(token, SLICE("may"), "send", check_text, NULL);
	if (token_claim(token, SLICE("tenant"), &claim))
		assert(utf8_is_valid(buf_slice(&claim)));
	buf_finish(&claim);
	json_decref(claims);
}

static void check_header(const struct token *token, struct slice text)
{
	json_t *header = json_loadb(text.data, text.len, JSON_ALLOW_NUL, NULL);
	const char *algorithm = json_string_value(json_object_get(header, "alg"));

	assert(algorithm != NULL && strcmp(algorithm, "HS256") == 0);
	assert(strcmp(token->algorithm->name, "HS256") == 0);
	assert(json_object_get(header, "crit") == NULL);
	json_decref(header);
}

static enum token_fault verify(
	struct slice text, struct slice header, struct slice claims)
{
	const struct token_rules rules = {.issuer = SLICE(ISSUER),
		.audiences = &audience,
		.audience_count = 1,
		.user = SLICE("sub"),
		.groups = SLICE("groups"),
		.keys = keys};
	struct token token;
	enum token_fault fault = token_read(&token, text);

	if (fault != TOKEN_GOOD) {
		assert(token_fault_text(fault) != NULL);
		return fault;
	}
	fault = token_verify(&token, &rules, NOW, LEEWAY);
	if (fault == TOKEN_GOOD && header.len > 0) {
		check_header(&token, header);
		check_claims(&token, claims);
	}
	token_finish(&token);
	return fault;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct slice input = fuzz_slice(data, size);
	struct slice claims = input;
	struct buf text = {0};

	if (size > INPUT_MAX)
		return 0;
	make_keys();
	const struct slice header = fuzz_line(&claims);
	if (header.len == input.len) {
		if (verify(input, SLICE(""), SLICE("")) == TOKEN_GOOD)
			assert(slice_equal(input, buf_slice(&good)));
		return 0;
	}
	sign(&text, header, claims);
	verify(buf_slice(&text), header, claims);
	buf_finish(&text);
	return 0;
}
