/*
 * Writes SockJS frames. Nearly all text is clean, so the encoders look for the next
 * byte that needs work and copy everything before it in one step.
 */
#include "protocol/sockjs.h"

#include "protocol/json_run.h"
#include "protocol/utf8.h"

#include <stdint.h>

/* A text of so many bytes is measured before it is coded. */
enum { MEASURED = 65536 };

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

/* The letter after a backslash that stands for `code`; NUL if it has none. */
static char sockjs_escape_letter(uint32_t code)
{
	switch (code) {
	case '\b':
		return 'b';
	case '\t':
		return 't';
	case '\n':
		return 'n';
	case '\f':
		return 'f';
	case '\r':
		return 'r';
	case '"':
	case '\\':
		return (char)code;
	default:
		return '\0';
	}
}

/* Writes at most SOCKJS_ESCAPED_MAX bytes; returns where they end. */
static char *sockjs_write_escape(char *at, uint32_t code)
{
	static const char digits[] = "0123456789abcdef";
	const char letter = sockjs_escape_letter(code);

	*at++ = '\\';
	if (letter != '\0') {
		*at++ = letter;
		return at;
	}
	*at++ = 'u';
	for (int shift = 12; shift >= 0; shift -= 4)
		*at++ = digits[code >> shift & 15];
	return at;
}

/*
 * How many bytes at the front of `text`, which begins with a wide byte, may be copied
 * unchanged. The *escaped bytes after them, if any, must be replaced by *code.
 */
static size_t sockjs_wide_run(struct slice text, size_t *escaped, uint32_t *code)
{
	size_t at = 0;

	while (at < text.len && json_is_wide(text.data[at])) {
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

/* The same for text that begins with any byte. */
static size_t sockjs_clean_run(struct slice text, size_t *escaped, uint32_t *code)
{
	const size_t run = json_run(text, true);

	*escaped = 0;
	if (run == text.len)
		return run;
	if (json_is_wide(text.data[run]))
		return run + sockjs_wide_run(slice_from(text, run), escaped, code);
	*escaped = 1;
	*code = (unsigned char)text.data[run];
	return run;
}

static size_t sockjs_escape_len(uint32_t code)
{
	char escape[SOCKJS_ESCAPED_MAX];

	return (size_t)(sockjs_write_escape(escape, code) - escape);
}

size_t sockjs_quoted_len(struct slice text)
{
	size_t len = 2;

	while (text.len > 0) {
		size_t escaped;
		uint32_t code;
		const size_t run = sockjs_clean_run(text, &escaped, &code);

		len += run + (escaped > 0 ? sockjs_escape_len(code) : 0);
		text = slice_from(text, run + escaped);
	}
	return len;
}

void sockjs_quote(struct buf *out, struct slice text)
{
	/* To double a large buf, and to copy it, takes much memory. */
	if (text.len >= MEASURED)
		buf_reserve_exactly(out, sockjs_quoted_len(text) + SOCKJS_ESCAPED_MAX);
	buf_reserve(out, text.len + 2);
	buf_append_char(out, '"');
	while (text.len > 0) {
		size_t escaped;
		uint32_t code;
		const size_t run = sockjs_clean_run(text, &escaped, &code);
		char *at =
			buf_reserve(out, run + (escaped > 0 ? SOCKJS_ESCAPED_MAX : 0));

		slice_copy_out(&at, slice_first(text, run));
		if (escaped > 0)
			at = sockjs_write_escape(at, code);
		out->len = (size_t)(at - out->data);
		text = slice_from(text, run + escaped);
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

static size_t sockjs_coded_len(struct slice frame, struct slice (*code_of)(char byte))
{
	size_t len = frame.len;

	for (size_t i = 0; i < frame.len; i++) {
		const size_t code = code_of(frame.data[i]).len;

		len += code > 0 ? code - 1 : 0;
	}
	return len;
}

/* Copies `frame`, with a code instead of each byte that has one. */
static void sockjs_append_coded(
	struct buf *out, struct slice frame, struct slice (*code_of)(char byte))
{
	size_t clean = 0;

	if (frame.len >= MEASURED)
		buf_reserve_exactly(out, sockjs_coded_len(frame, code_of));
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
