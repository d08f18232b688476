#include "gateway/base/secret.h"

enum { TOKEN_BYTES = 16 /* that must look like one */ };

bool secret_is_named(struct slice name)
{
	static const struct slice words[] = {SLICE_INIT("pass"), SLICE_INIT("auth"),
		SLICE_INIT("token"), SLICE_INIT("secret"), SLICE_INIT("cookie"),
		SLICE_INIT("credential"), SLICE_INIT("key")};

	for (size_t at = 0; at < name.len; at++) {
		const struct slice rest = slice_from(name, at);

		for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
			if (slice_equal_nocase(
				    slice_first(rest, words[i].len), words[i]))
				return true;
		}
	}
	return false;
}

static bool secret_is_base64url(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
	       (byte >= '0' && byte <= '9') || byte == '-' || byte == '_';
}

bool secret_is_in(struct slice text)
{
	for (size_t at = 0, len = 0; at < text.len; at++) {
		len = secret_is_base64url(text.data[at]) ? len + 1 : 0;
		if (len >= TOKEN_BYTES &&
			slice_starts_with(
				slice_from(text, at + 1 - TOKEN_BYTES), SLICE("eyJ")))
			return true;
	}
	return false;
}
