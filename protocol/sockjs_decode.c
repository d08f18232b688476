/*
 * Decodes SockJS messages: a JSON array of strings goes straight into one buffer.
 * Clients get different answers for broken JSON and for other valid JSON. To tell
 * these apart, other JSON is only skimmed.
 *
 * The whole input is checked to be UTF-8 first, so that strings need only be searched
 * for their end, for backslashes and for control characters.
 */
#include "protocol/sockjs.h"

#include "protocol/ascii.h"
#include "protocol/json_run.h"
#include "protocol/json_scan.h"
#include "protocol/utf8.h"
#include "protocol/xmalloc.h"

#include <stdint.h>
#include <stdlib.h>

/*
 * No real client nests deeper, or sends so much of anything but an array of strings:
 * such JSON counts as broken. To skim megabytes of it takes tens of milliseconds.
 */
enum { DEPTH_MAX = 512, SKIMMED_MAX = 65536 };

/*
 * What a message weighs beside its text, in bytes. Quotes and a comma are 3, but each
 * message is handed on by itself: 700,000 empty ones in one body took 20 ms.
 */
enum { AROUND_MESSAGE = 32 };

/* Takes `byte` from the front, with the blanks before it; false at any other byte. */
static bool sockjs_take_byte(struct slice *json, char byte)
{
	struct slice rest = slice_trim_front(*json, SLICE_JSON_BLANKS);

	if (rest.len == 0 || rest.data[0] != byte)
		return false;
	*json = slice_from(rest, 1);
	return true;
}

/* Reads `uxxxx`, the escape after a backslash. */
static bool sockjs_read_unit(struct slice json, uint32_t *unit)
{
	uint32_t value = 0;

	if (json.len < 5 || json.data[0] != 'u')
		return false;
	for (size_t i = 1; i < 5; i++) {
		int digit = ascii_hex_value(json.data[i]);

		if (digit == -1)
			return false;
		value = value << 4 | (uint32_t)digit;
	}
	*unit = value;
	return true;
}

/* Decodes `uxxxx`, and the second half of a pair if it follows. */
static bool sockjs_decode_unit(struct buf *text, struct slice *json)
{
	uint32_t code, low;

	if (!sockjs_read_unit(*json, &code))
		return false;
	*json = slice_from(*json, 5);
	if (code >= 0xd800 && code <= 0xdbff && json->len > 0 &&
		json->data[0] == '\\' && sockjs_read_unit(slice_from(*json, 1), &low) &&
		low >= 0xdc00 && low <= 0xdfff) {
		code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
		*json = slice_from(*json, 6);
	}
	utf8_append(text, code);
	return true;
}

/* What the letter after a backslash stands for; NUL if nothing. */
static char sockjs_escape_meaning(char letter)
{
	switch (letter) {
	case '"':
	case '\\':
	case '/':
		return letter;
	case 'b':
		return '\b';
	case 'f':
		return '\f';
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	default:
		return '\0';
	}
}

/* Decodes the escape after a backslash. */
static bool sockjs_decode_escape(struct buf *text, struct slice *json)
{
	const char letter = json->len > 0 ? json->data[0] : '\0';
	const char meaning = sockjs_escape_meaning(letter);

	if (letter == 'u')
		return sockjs_decode_unit(text, json);
	if (meaning == '\0')
		return false;
	buf_append_char(text, meaning);
	*json = slice_from(*json, 1);
	return true;
}

/* Decodes a string after its opening quote, including the closing one. */
static bool sockjs_decode_string(struct buf *text, struct slice *json)
{
	for (;;) {
		const size_t at = json_run(*json, false);

		if (at == json->len)
			return false;

		const char stop = json->data[at];
		buf_append(text, slice_first(*json, at));
		*json = slice_from(*json, at + 1);
		if (stop == '"')
			return true;
		if (stop != '\\' || !sockjs_decode_escape(text, json))
			return false;
	}
}

/* True when `json` is one valid JSON text, neither too deep nor too long. */
static bool json_is_valid(struct slice json)
{
	struct json_scan scan = json_scan_of(json);
	struct slice token;

	if (json.len > SKIMMED_MAX)
		return false;
	for (;;) {
		const enum json_scan_token kind = json_scan_next(&scan, &token);
		/* An empty array or object does not count. */
		const bool opens = kind == JSON_SCAN_ARRAY || kind == JSON_SCAN_OBJECT;

		if (kind == JSON_SCAN_BAD || scan.depth > DEPTH_MAX + (size_t)opens)
			return false;
		if (kind == JSON_SCAN_END)
			return true;
	}
}

static void sockjs_add_end(struct sockjs_messages *messages)
{
	if (messages->count == messages->capacity) {
		messages->capacity =
			messages->capacity > 0 ? messages->capacity * 2 : 8;
		messages->ends = xrealloc(
			messages->ends, messages->capacity * sizeof(*messages->ends));
	}
	messages->ends[messages->count++] = messages->text.len;
}

static bool sockjs_decode_message(
	struct sockjs_messages *messages, struct slice *json, size_t most)
{
	size_t start = messages->text.len;

	if (!sockjs_take_byte(json, '"') ||
		!sockjs_decode_string(&messages->text, json))
		return false;
	sockjs_add_end(messages);
	messages->too_big =
		messages->text.len - start > most ||
		messages->text.len + AROUND_MESSAGE * messages->count > 2 * most;
	return !messages->too_big;
}

/* True when `json` is an array of strings; otherwise it must be skimmed. */
static bool sockjs_decode_array(struct sockjs_messages *messages, struct slice json,
	bool string_too, size_t most)
{
	if (sockjs_take_byte(&json, '[')) {
		if (!sockjs_take_byte(&json, ']')) {
			do {
				if (!sockjs_decode_message(messages, &json, most))
					return false;
			} while (sockjs_take_byte(&json, ','));
			if (!sockjs_take_byte(&json, ']'))
				return false;
		}
	} else if (!string_too || !sockjs_decode_message(messages, &json, most)) {
		return false;
	}
	return slice_trim_front(json, SLICE_JSON_BLANKS).len == 0;
}

void sockjs_messages_finish(struct sockjs_messages *messages)
{
	if (messages == NULL)
		return;
	buf_finish(&messages->text);
	free(messages->ends);
	*messages = (struct sockjs_messages){0};
}

void sockjs_messages_shrink(struct sockjs_messages *messages, size_t most)
{
	if (messages->text.capacity > most ||
		messages->capacity * sizeof(*messages->ends) > most)
		sockjs_messages_finish(messages);
}

struct slice sockjs_message(const struct sockjs_messages *messages, size_t index)
{
	size_t start = index > 0 ? messages->ends[index - 1] : 0;

	return slice_first(slice_from(buf_slice(&messages->text), start),
		messages->ends[index] - start);
}

static void sockjs_forget_messages(struct sockjs_messages *messages)
{
	buf_clear(&messages->text);
	messages->count = 0;
}

enum sockjs_decode sockjs_decode(struct sockjs_messages *messages, struct slice json,
	bool string_too, size_t most)
{
	bool valid = utf8_is_valid(json);

	sockjs_forget_messages(messages);
	messages->too_big = false;
	if (json.len == 0)
		return SOCKJS_DECODE_NO_ARRAY;
	if (valid && sockjs_decode_array(messages, json, string_too, most))
		return SOCKJS_DECODE_DONE;
	if (messages->too_big) {
		sockjs_forget_messages(messages);
		return SOCKJS_DECODE_TOO_BIG;
	}
	valid = valid && json_is_valid(json);
	sockjs_forget_messages(messages);
	return valid ? SOCKJS_DECODE_NO_ARRAY : SOCKJS_DECODE_BROKEN;
}
