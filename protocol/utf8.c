/*
 * UTF-8 and WTF-8, by one decoder. It accepts surrogates; strict callers refuse them
 * afterwards. Runs of ASCII are skipped 32 bytes at a time, because most text is ASCII.
 */
#include "protocol/utf8.h"

#include "protocol/word.h"

#include <assert.h>

enum {
	REPLACEMENT = 0xfffd,
	SURROGATE_LEN = 3, /* bytes in WTF-8 */
	ASCII_BLOCK = 32,
};

static bool utf8_is_surrogate(uint32_t code)
{
	return code >= 0xd800 && code <= 0xdfff;
}

/* True when all bytes of four words are ASCII. */
static bool utf8_is_ascii_block(const char *at)
{
	return word_wide(word_read(at) | word_read(at + 8) | word_read(at + 16) |
			 word_read(at + 24)) == 0;
}

/* How many bytes at the front of `bytes` are ASCII. */
static size_t utf8_ascii_run(struct slice bytes)
{
	size_t at = 0;

	while (bytes.len - at >= ASCII_BLOCK && utf8_is_ascii_block(bytes.data + at))
		at += ASCII_BLOCK;
	for (; bytes.len - at >= sizeof(uint64_t); at += sizeof(uint64_t)) {
		const uint64_t wide = word_wide(word_read(bytes.data + at));

		if (wide != 0)
			return at + word_first(wide);
	}
	while (at < bytes.len && (unsigned char)bytes.data[at] < 0x80)
		at++;
	return at;
}

/* The length that a lead byte announces, or 0 for any other byte. */
static size_t utf8_sequence_len(unsigned char lead)
{
	if (lead < 0x80)
		return 1;
	if (lead >= 0xc2 && lead <= 0xdf)
		return 2;
	if (lead >= 0xe0 && lead <= 0xef)
		return 3;
	if (lead >= 0xf0 && lead <= 0xf4)
		return 4;
	return 0;
}

size_t utf8_decode(struct slice bytes, uint32_t *code)
{
	/* Below these a sequence of that length is overlong. */
	static const uint32_t lowest[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *data = (const unsigned char *)bytes.data;

	assert(bytes.len > 0);
	size_t len = utf8_sequence_len(data[0]);
	if (len == 0 || len > bytes.len)
		return 0;

	uint32_t value = len == 1 ? data[0] : data[0] & (0x7fu >> len);
	for (size_t i = 1; i < len; i++) {
		if ((data[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (data[i] & 0x3f);
	}
	if (value < lowest[len] || value > 0x10ffff)
		return 0;
	*code = value;
	return len;
}

bool utf8_is_valid(struct slice bytes)
{
	for (size_t at = utf8_ascii_run(bytes); at < bytes.len;) {
		uint32_t code;
		size_t len = utf8_decode(slice_from(bytes, at), &code);

		if (len == 0 || utf8_is_surrogate(code))
			return false;
		at += len;
		at += utf8_ascii_run(slice_from(bytes, at));
	}
	return true;
}

/* Writes one to four bytes; returns how many. */
static size_t utf8_write(char *to, uint32_t code)
{
	assert(code <= 0x10ffff);
	if (code < 0x80) {
		to[0] = (char)code;
		return 1;
	}
	if (code < 0x800) {
		to[0] = (char)(0xc0 | code >> 6);
		to[1] = (char)(0x80 | (code & 0x3f));
		return 2;
	}
	if (code < 0x10000) {
		to[0] = (char)(0xe0 | code >> 12);
		to[1] = (char)(0x80 | (code >> 6 & 0x3f));
		to[2] = (char)(0x80 | (code & 0x3f));
		return 3;
	}
	to[0] = (char)(0xf0 | code >> 18);
	to[1] = (char)(0x80 | (code >> 12 & 0x3f));
	to[2] = (char)(0x80 | (code >> 6 & 0x3f));
	to[3] = (char)(0x80 | (code & 0x3f));
	return 4;
}

void utf8_append(struct buf *out, uint32_t code)
{
	out->len += utf8_write(buf_reserve(out, 4), code);
}

/* True when `rest` begins with the low surrogate of a pair whose high one is *code. */
static bool utf8_takes_low(struct slice rest, uint32_t *code)
{
	uint32_t low;

	if (*code > 0xdbff || rest.len == 0 || utf8_decode(rest, &low) != 3 ||
		low < 0xdc00 || low > 0xdfff)
		return false;
	*code = 0x10000 + ((*code - 0xd800) << 10) + (low - 0xdc00);
	return true;
}

/* Reads one code point for a strict reader; returns how many bytes it took. */
static size_t utf8_clean_code(struct slice bytes, uint32_t *code)
{
	size_t len = utf8_decode(bytes, code);

	if (len == 0) {
		*code = REPLACEMENT;
		return 1;
	}
	if (!utf8_is_surrogate(*code))
		return len;
	if (utf8_takes_low(slice_from(bytes, len), code))
		return len + SURROGATE_LEN;
	*code = REPLACEMENT;
	return len;
}

void utf8_append_clean(struct buf *out, struct slice bytes)
{
	while (bytes.len > 0) {
		size_t run = utf8_ascii_run(bytes);

		buf_append(out, slice_first(bytes, run));
		bytes = slice_from(bytes, run);
		if (bytes.len > 0) {
			uint32_t code;
			size_t len = utf8_clean_code(bytes, &code);

			utf8_append(out, code);
			bytes = slice_from(bytes, len);
		}
	}
}

/* The number of bytes that utf8_append() writes. */
static size_t utf8_code_len(uint32_t code)
{
	if (code < 0x80)
		return 1;
	if (code < 0x800)
		return 2;
	return code < 0x10000 ? 3 : 4;
}

size_t utf8_clean_len(struct slice bytes)
{
	size_t clean = 0;

	while (bytes.len > 0) {
		size_t run = utf8_ascii_run(bytes);

		clean += run;
		bytes = slice_from(bytes, run);
		if (bytes.len > 0) {
			uint32_t code;
			size_t len = utf8_clean_code(bytes, &code);

			clean += utf8_code_len(code);
			bytes = slice_from(bytes, len);
		}
	}
	return clean;
}

/* Takes the high surrogate at the end of *piece. */
static void utf8_keep_high(struct utf8_joiner *joiner, struct slice *piece)
{
	uint32_t code;

	if (piece->len < SURROGATE_LEN)
		return;

	struct slice end = slice_from(*piece, piece->len - SURROGATE_LEN);
	if ((unsigned char)end.data[0] != 0xed ||
		utf8_decode(end, &code) != SURROGATE_LEN || code < 0xd800 ||
		code > 0xdbff)
		return;
	memcpy(joiner->high, end.data, SURROGATE_LEN);
	piece->len -= SURROGATE_LEN;
}

struct slice utf8_join(struct utf8_joiner *joiner, struct slice *piece, char space[4])
{
	struct slice before = {space, 0};
	uint32_t code = 0;

	if (piece->len == 0)
		return before;
	if (joiner->high[0] != 0) {
		utf8_decode((struct slice){joiner->high, SURROGATE_LEN}, &code);
		if (utf8_takes_low(*piece, &code))
			*piece = slice_from(*piece, SURROGATE_LEN);
		before.len = utf8_write(space, code);
		joiner->high[0] = 0;
	}
	utf8_keep_high(joiner, piece);
	return before;
}
