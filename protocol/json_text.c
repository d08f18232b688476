/* Writes strings and values as jansson would, but without reading them into a tree. */
#include "protocol/json_text.h"

#include "protocol/ascii.h"
#include "protocol/utf8.h"

enum { UNIT_LEN = 6, REPLACEMENT = 0xfffd }; /* \uXXXX */

/* The letter of the short escape of a byte, or 0. */
static char json_text_letter(unsigned char byte)
{
	switch (byte) {
	case '\b':
		return 'b';
	case '\f':
		return 'f';
	case '\n':
		return 'n';
	case '\r':
		return 'r';
	case '\t':
		return 't';
	case '"':
	case '\\':
		return (char)byte;
	default:
		return '\0';
	}
}

static void json_text_append_escape_of(struct buf *out, unsigned char byte)
{
	static const char digits[] = "0123456789ABCDEF";
	const char letter = json_text_letter(byte);
	char *to = buf_reserve(out, UNIT_LEN);

	to[0] = '\\';
	to[1] = letter != '\0' ? letter : 'u';
	out->len += letter != '\0' ? 2 : UNIT_LEN;
	if (letter != '\0')
		return;
	to[2] = to[3] = '0';
	to[4] = digits[byte >> 4];
	to[5] = digits[byte & 0xf];
}

static bool json_text_must_escape(uint32_t code)
{
	return code < 0x20 || code == '"' || code == '\\';
}

void json_text_append_escaped(struct buf *out, struct slice text)
{
	while (text.len > 0) {
		size_t run = 0;

		while (run < text.len &&
			!json_text_must_escape((unsigned char)text.data[run]))
			run++;
		buf_append(out, slice_first(text, run));
		if (run < text.len)
			json_text_append_escape_of(out, (unsigned char)text.data[run]);
		text = slice_from(text, run + 1);
	}
}

/* The code unit of the \uXXXX at the front; 0 when there is none. */
static uint32_t json_text_unit(struct slice text)
{
	uint32_t unit = 0;

	if (text.len < UNIT_LEN || text.data[0] != '\\' || text.data[1] != 'u')
		return 0;
	for (size_t i = 2; i < UNIT_LEN; i++)
		unit = unit << 4 | (uint32_t)ascii_hex_value(text.data[i]);
	return unit;
}

/* Appends what the \uXXXX at the front means, or it and its other half. */
static size_t json_text_append_unit(struct buf *out, struct slice text)
{
	uint32_t code = json_text_unit(text);
	size_t len = UNIT_LEN;

	if (code >= 0xd800 && code <= 0xdfff) {
		const uint32_t low = json_text_unit(slice_from(text, UNIT_LEN));

		if (code <= 0xdbff && low >= 0xdc00 && low <= 0xdfff) {
			code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
			len += UNIT_LEN;
		} else {
			code = REPLACEMENT;
		}
	}
	if (json_text_must_escape(code))
		json_text_append_escape_of(out, (unsigned char)code);
	else
		utf8_append(out, code);
	return len;
}

/* True for escapes that may have another form: \/ and \uXXXX. */
static bool json_text_may_change(struct slice text)
{
	return text.data[0] == '\\' && (text.data[1] == '/' || text.data[1] == 'u');
}

/* The bytes at the front of a string that stay as they are. */
static size_t json_text_run(struct slice text)
{
	size_t run = 0;

	while (run < text.len && !json_text_may_change(slice_from(text, run)))
		run += text.data[run] == '\\' ? 2 : 1;
	return run;
}

void json_text_append_string(struct buf *out, struct slice token, bool quotes)
{
	struct slice text = slice_first(slice_from(token, 1), token.len - 2);

	if (quotes)
		buf_append_char(out, '"');
	for (;;) {
		const size_t run = json_text_run(text);

		buf_append(out, slice_first(text, run));
		text = slice_from(text, run);
		if (text.len == 0)
			break;
		if (text.data[1] == 'u') {
			text = slice_from(text, json_text_append_unit(out, text));
		} else {
			buf_append_char(out, '/');
			text = slice_from(text, 2);
		}
	}
	if (quotes)
		buf_append_char(out, '"');
}

/* The length of the string at the front, with its quotes; *changes: it has escapes. */
static size_t json_text_string_len(struct slice text, bool *changes)
{
	size_t at = 1;

	*changes = false;
	for (; text.data[at] != '"'; at++) {
		if (text.data[at] == '\\') {
			*changes =
				*changes || json_text_may_change(slice_from(text, at));
			at++;
		}
	}
	return at + 1;
}

void json_text_append_compact(struct buf *out, struct slice value)
{
	size_t run = 0; /* bytes that are copied as they are */

	while (run < value.len) {
		bool changes = slice_has(SLICE_JSON_BLANKS, value.data[run]);
		size_t len = 1;

		if (value.data[run] == '"')
			len = json_text_string_len(slice_from(value, run), &changes);
		if (!changes) {
			run += len;
			continue;
		}
		buf_append(out, slice_first(value, run));
		value = slice_from(value, run);
		if (value.data[0] == '"')
			json_text_append_string(out, slice_first(value, len), true);
		value = slice_from(value, len);
		run = 0;
	}
	buf_append(out, value);
}
