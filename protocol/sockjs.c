/*
 * Writes SockJS frames. Nearly all text is clean, so the encoders look for the next
 * byte that needs work and copy everything before it in one step.
 */
#include "protocol/sockjs.h"

#include "protocol/utf8.h"

#include <stdint.h>

/* The kinds of bytes in a JSON string. */
enum {
	C, /* ASCII, copied as it is */
	E, /* escaped: control characters, quote, backslash */
	W, /* part of a longer sequence, or not UTF-8 at all */
};

/* clang-format off */
static const unsigned char classes[256] = {
	E, E, E, E, E, E, E, E, E, E, E, E, E, E, E, E,
	E, E, E, E, E, E, E, E, E, E, E, E, E, E, E, E,
	C, C, E, C, C, C, C, C, C, C, C, C, C, C, C, C,
	C, C, C, C, C, C, C, C, C, C, C, C, C, C, C, C,
	C, C, C, C, C, C, C, C, C, C, C, C, C, C, C, C,
	C, C, C, C, C, C, C, C, C, C, C, C, E, C, C, C,
	C, C, C, C, C, C, C, C, C, C, C, C, C, C, C, C,
	C, C, C, C, C, C, C, C, C, C, C, C, C, C, C, C,
	W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W,
	W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W,
	W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W,
	W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W,
	W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W,
	W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W,
	W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W,
	W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W,
};
/* clang-format on */

/* True when one of the word's bytes is below `bound` (at most 0x80). */
static bool sockjs_has_below(uint64_t word, uint64_t bound)
{
	const uint64_t ones = 0x0101010101010101, tops = 0x8080808080808080;

	return ((word - ones * bound) & ~word & tops) != 0;
}

/* True when all eight bytes are clean: a run then grows by eight. */
static bool sockjs_word_is_clean(const char *at)
{
	const uint64_t ones = 0x0101010101010101, tops = 0x8080808080808080;
	uint64_t word;

	memcpy(&word, at, sizeof(word));
	return (word & tops) == 0 && !sockjs_has_below(word, 0x20) &&
	       !sockjs_has_below(word ^ ones * '"', 1) &&
	       !sockjs_has_below(word ^ ones * '\\', 1);
}

/* How many bytes at the front of `text` are clean. */
static size_t sockjs_clean_run(struct slice text)
{
	size_t at = 0;

	while (text.len - at >= sizeof(uint64_t) &&
		sockjs_word_is_clean(text.data + at))
		at += sizeof(uint64_t);
	while (at < text.len && classes[(unsigned char)text.data[at]] == C)
		at++;
	return at;
}

/*
 * The code points that some browser or proxy has mangled (sockjs-protocol,
 * "Messages"). Surrogates come one by one.
 */
static bool sockjs_is_escaped(uint32_t code)
{
	return (code >= 0x200c && code <= 0x200f) ||
	       (code >= 0x2028 && code <= 0x202f) ||
	       (code >= 0x2060 && code <= 0x206f) ||
	       (code >= 0xd800 && code <= 0xdfff) || (code >= 0xfff0 && code <= 0xffff);
}

static void sockjs_append_hex(struct buf *out, uint32_t code)
{
	static const char digits[] = "0123456789abcdef";
	char escape[] = {'\\', 'u', digits[code >> 12 & 15], digits[code >> 8 & 15],
		digits[code >> 4 & 15], digits[code & 15]};

	buf_append(out, (struct slice){escape, sizeof(escape)});
}

static void sockjs_append_escape(struct buf *out, char byte)
{
	switch (byte) {
	case '\b':
		buf_append(out, SLICE("\\b"));
		break;
	case '\t':
		buf_append(out, SLICE("\\t"));
		break;
	case '\n':
		buf_append(out, SLICE("\\n"));
		break;
	case '\f':
		buf_append(out, SLICE("\\f"));
		break;
	case '\r':
		buf_append(out, SLICE("\\r"));
		break;
	case '"':
	case '\\':
		buf_append_char(out, '\\');
		buf_append_char(out, byte);
		break;
	default:
		sockjs_append_hex(out, (unsigned char)byte);
		break;
	}
}

/*
 * How many bytes at the front of `text`, which begins with a wide byte, may be copied
 * unchanged. If 0, the first *escaped bytes must be replaced by *code.
 */
static size_t sockjs_wide_run(struct slice text, size_t *escaped, uint32_t *code)
{
	size_t at = 0;

	while (at < text.len && classes[(unsigned char)text.data[at]] == W) {
		size_t len = utf8_decode(slice_from(text, at), code);

		if (len == 0 || sockjs_is_escaped(*code)) {
			*code = len == 0 ? 0xfffd : *code;
			*escaped = len == 0 ? 1 : len;
			break;
		}
		at += len;
	}
	return at;
}

void sockjs_quote(struct buf *out, struct slice text)
{
	buf_reserve(out, text.len + 2);
	buf_append_char(out, '"');
	while (text.len > 0) {
		size_t run = sockjs_clean_run(text), escaped = 0;
		uint32_t code = 0;

		if (run < text.len && classes[(unsigned char)text.data[run]] == W)
			run += sockjs_wide_run(slice_from(text, run), &escaped, &code);
		buf_append(out, slice_first(text, run));
		text = slice_from(text, run);
		if (escaped > 0) {
			sockjs_append_hex(out, code);
			text = slice_from(text, escaped);
		} else if (text.len > 0 && classes[(unsigned char)text.data[0]] == E) {
			sockjs_append_escape(out, text.data[0]);
			text = slice_from(text, 1);
		}
	}
	buf_append_char(out, '"');
}

/* The code for `byte` in an EventSource line; empty if it needs none. */
static struct slice sockjs_percent_code(char byte)
{
	switch (byte) {
	case '%':
		return SLICE("%25");
	case '\r':
		return SLICE("%0D");
	case '\n':
		return SLICE("%0A");
	case '\0':
		return SLICE("%00");
	default:
		return SLICE("");
	}
}

static struct slice sockjs_script_code(char byte)
{
	switch (byte) {
	case '"':
		return SLICE("\\\"");
	case '\\':
		return SLICE("\\\\");
	case '<':
		return SLICE("\\u003c");
	default:
		return SLICE("");
	}
}

/* Copies `frame`, with a code instead of each byte that has one. */
static void sockjs_append_coded(
	struct buf *out, struct slice frame, struct slice (*code_of)(char byte))
{
	size_t clean = 0;

	buf_reserve(out, frame.len);
	for (size_t i = 0; i < frame.len; i++) {
		struct slice code = code_of(frame.data[i]);

		if (code.len > 0) {
			buf_append(out, (struct slice){frame.data + clean, i - clean});
			buf_append(out, code);
			clean = i + 1;
		}
	}
	buf_append(out, slice_from(frame, clean));
}

void sockjs_percent(struct buf *out, struct slice frame)
{
	sockjs_append_coded(out, frame, sockjs_percent_code);
}

void sockjs_script(struct buf *out, struct slice frame)
{
	sockjs_append_coded(out, frame, sockjs_script_code);
}

void sockjs_close_frame(struct buf *out, unsigned code, struct slice reason)
{
	buf_append(out, SLICE("c["));
	buf_append_number(out, code);
	buf_append_char(out, ',');
	sockjs_quote(out, reason);
	buf_append_char(out, ']');
}
