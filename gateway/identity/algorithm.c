#include "gateway/identity/algorithm.h"

static const struct algorithm algorithms[] = {
	{"HS256", KEY_SECRET, "SHA256", 32, false},
	{"HS384", KEY_SECRET, "SHA384", 48, false},
	{"HS512", KEY_SECRET, "SHA512", 64, false},
	{"RS256", KEY_RSA, "SHA256", 0, false},
	{"RS384", KEY_RSA, "SHA384", 0, false},
	{"RS512", KEY_RSA, "SHA512", 0, false},
	{"PS256", KEY_RSA, "SHA256", 0, true},
	{"PS384", KEY_RSA, "SHA384", 0, true},
	{"PS512", KEY_RSA, "SHA512", 0, true},
	{"ES256", KEY_P256, "SHA256", 64, false},
	{"ES384", KEY_P384, "SHA384", 96, false},
	{"EdDSA", KEY_ED25519, NULL, 64, false},
};

const struct algorithm *algorithm_find(struct slice name)
{
	for (size_t i = 0; i < sizeof(algorithms) / sizeof(*algorithms); i++) {
		if (slice_equal(name, slice_of(algorithms[i].name)))
			return &algorithms[i];
	}
	return NULL;
}

bool algorithm_is_slow(const struct algorithm *algorithm)
{
	return algorithm->kind != KEY_SECRET && algorithm->kind != KEY_RSA;
}
