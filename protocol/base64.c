#include "protocol/base64.h"

#include <stdint.h>

enum { NO_DIGIT = 64 };

static unsigned base64url_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (unsigned)(c - 'A');
	if (c >= 'a' && c <= 'z')
		return (unsigned)(c - 'a') + 26;
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0') + 52;
	return c == '-' ? 62 : c == '_' ? 63 : NO_DIGIT;
}

bool base64url_decode(struct slice text, struct buf *bytes)
{
	uint32_t bits = 0;
	unsigned have = 0;

	if (text.len % 4 == 1)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		unsigned digit = base64url_digit(text.data[i]);

		if (digit == NO_DIGIT)
			return false;
		bits = bits << 6 | digit;
		have += 6;
		if (have >= 8) {
			have -= 8;
			buf_append_char(bytes, (char)(bits >> have & 0xff));
		}
	}
	return (bits & ((1u << have) - 1)) == 0;
}
