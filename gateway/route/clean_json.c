#include "gateway/route/clean_json.h"

#include "protocol/ascii.h"
#include "protocol/utf8.h"

enum { ESCAPE_LEN = 6 }; /* \uXXXX */

/* The code unit of a \uXXXX escape at the start of `text`, or -1. */
static int clean_json_escape_unit(struct slice text)
{
	int unit = 0;

	if (text.len < ESCAPE_LEN || text.data[0] != '\\' || text.data[1] != 'u')
		return -1;
	for (int i = 2; i < ESCAPE_LEN; i++) {
		int digit = ascii_hex_value(text.data[i]);

		if (digit == -1)
			return -1;
		unit = unit * 16 + digit;
	}
	return unit;
}

static bool clean_json_is_high(int unit)
{
	return unit >= 0xd800 && unit < 0xdc00;
}

static bool clean_json_is_low(int unit)
{
	return unit >= 0xdc00 && unit < 0xe000;
}

/*
 * The length of the escape or pair of escapes at the start of `text`; *lone when it is
 * half of a pair.
 */
static size_t clean_json_escape_span(struct slice text, bool *lone)
{
	int unit = clean_json_escape_unit(text);

	*lone = false;
	if (clean_json_is_high(unit) &&
		clean_json_is_low(clean_json_escape_unit(slice_from(text, ESCAPE_LEN))))
		return 2 * ESCAPE_LEN;
	*lone = clean_json_is_high(unit) || clean_json_is_low(unit);
	if (unit != -1)
		return ESCAPE_LEN;
	return text.len < 2 ? text.len : 2;
}

/* UTF-8 that may have lone surrogates: old browsers send these unescaped. */
static bool clean_json_is_wtf8(struct slice bytes)
{
	while (bytes.len > 0) {
		uint32_t code;
		size_t len = utf8_decode(bytes, &code);

		if (len == 0)
			return false;
		bytes = slice_from(bytes, len);
	}
	return true;
}

bool clean_json(struct slice json, struct buf *out)
{
	struct buf escapes = {0};
	bool changed = false;

	for (struct slice rest = json; rest.len > 0;) {
		size_t run = slice_find(rest, '\\');
		bool lone;

		buf_append(&escapes, slice_first(rest, run));
		rest = slice_from(rest, run);
		if (rest.len == 0)
			break;
		size_t span = clean_json_escape_span(rest, &lone);
		buf_append(&escapes, lone ? SLICE("\\ufffd") : slice_first(rest, span));
		changed = changed || lone;
		rest = slice_from(rest, span);
	}
	if (!utf8_is_valid(buf_slice(&escapes)) &&
		clean_json_is_wtf8(buf_slice(&escapes))) {
		utf8_append_clean(out, buf_slice(&escapes));
		changed = true;
	} else if (changed) {
		buf_append(out, buf_slice(&escapes));
	}
	buf_finish(&escapes);
	return changed;
}
