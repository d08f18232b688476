#include "gateway/base/secret.h"

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
