#include "gateway/base/json_string.h"

#include "protocol/utf8.h"

void json_string_append(struct buf *out, struct slice value)
{
	struct buf clean = {0};
	uint32_t code;

	utf8_append_clean(&clean, value);
	buf_append_char(out, '"');
	for (struct slice rest = buf_slice(&clean); rest.len > 0;) {
		size_t len = utf8_decode(rest, &code);

		if (code < 0x20 || (code >= 0x7f && code < 0xa0))
			buf_printf(out, "\\u%04x", (unsigned)code);
		else if (code == '"' || code == '\\')
			buf_printf(out, "\\%c", (int)code);
		else
			buf_append(out, slice_first(rest, len));
		rest = slice_from(rest, len);
	}
	buf_append_char(out, '"');
	buf_finish(&clean);
}
