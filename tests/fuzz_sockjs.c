/*
 * The SockJS codec. The input is decoded as JSON, and quoted as text: a quoted text
 * can be decoded, and comes back unchanged if it is WTF-8.
 */
#include "protocol/sockjs.h"
#include "protocol/url.h"
#include "protocol/utf8.h"
#include "tests/support/fuzz.h"

enum { AMPLE = 1 << 28, SMALL = 64 };

static bool is_low(uint32_t code)
{
	return code >= 0xdc00 && code <= 0xdfff;
}

/* The input made WTF-8: drops bad bytes; surrogates never make a pair. */
static struct buf wtf8_of(struct slice bytes)
{
	struct buf text = {0};
	uint32_t before = 0, code;

	while (bytes.len > 0) {
		size_t len = utf8_decode(bytes, &code);
		bool pair = before >= 0xd800 && before <= 0xdbff && is_low(code);

		if (len > 0 && !pair) {
			utf8_append(&text, code);
			before = code;
		}
		bytes = slice_from(bytes, len > 0 ? len : 1);
	}
	return text;
}

static bool is_wtf8(struct slice bytes)
{
	uint32_t code;

	while (bytes.len > 0) {
		size_t len = utf8_decode(bytes, &code);

		if (len == 0)
			return false;
		bytes = slice_from(bytes, len);
	}
	return true;
}

/* Quotes the text twice in one array; both must decode, to `expected` if given. */
static void check_quoting(struct slice text, const struct slice *expected)
{
	struct sockjs_messages messages = {0};
	struct buf json = {0};

	buf_append_char(&json, '[');
	sockjs_quote(&json, text);
	buf_append_char(&json, ',');
	sockjs_quote(&json, text);
	buf_append_char(&json, ']');
	assert(utf8_is_valid(buf_slice(&json)));
	assert(sockjs_decode(&messages, buf_slice(&json), false, AMPLE) ==
		SOCKJS_DECODE_DONE);
	assert(messages.count == 2);
	for (size_t i = 0; expected != NULL && i < 2; i++)
		assert(slice_equal(sockjs_message(&messages, i), *expected));
	sockjs_messages_finish(&messages);
	buf_finish(&json);
}

static void check_percent(struct slice text)
{
	struct buf encoded = {0}, decoded = {0};

	sockjs_percent(&encoded, text);
	assert(slice_find(buf_slice(&encoded), '\n') == encoded.len);
	assert(slice_find(buf_slice(&encoded), '\r') == encoded.len);
	assert(url_decode(&decoded, buf_slice(&encoded), false));
	assert(slice_equal(buf_slice(&decoded), text));
	buf_finish(&encoded);
	buf_finish(&decoded);
}

static void check_decoding(struct slice json)
{
	struct sockjs_messages messages = {0};
	enum sockjs_decode strict = sockjs_decode(&messages, json, false, AMPLE);

	assert(strict == SOCKJS_DECODE_DONE || messages.count == 0);
	for (size_t i = 0; i < messages.count; i++) {
		struct slice message = sockjs_message(&messages, i);

		assert(is_wtf8(message));
		check_quoting(message, &message);
	}
	enum sockjs_decode lax = sockjs_decode(&messages, json, true, AMPLE);
	assert(strict == lax ||
		(strict == SOCKJS_DECODE_NO_ARRAY && lax == SOCKJS_DECODE_DONE));

	/* Messages within the limit are equal; others are refused as a whole. */
	enum sockjs_decode bounded = sockjs_decode(&messages, json, true, SMALL);
	assert(bounded == lax || bounded == SOCKJS_DECODE_TOO_BIG);
	for (size_t i = 0; i < messages.count; i++)
		assert(sockjs_message(&messages, i).len <= SMALL);
	assert(bounded == SOCKJS_DECODE_DONE || messages.count == 0);
	assert(messages.text.len + 32 * messages.count <= 2 * SMALL);
	sockjs_messages_finish(&messages);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice bytes = fuzz_slice(data, size);
	struct buf text = wtf8_of(bytes);
	struct slice expected = buf_slice(&text);

	check_decoding(bytes);
	check_quoting(bytes, NULL);
	check_quoting(expected, &expected);
	check_percent(bytes);
	buf_finish(&text);
	return 0;
}
