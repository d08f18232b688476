/*
 * Text in JavaScript's form, UTF-16: the input is its code units. However a sender
 * cuts the text, even between two surrogates, the joined pieces are the uncut text.
 * And the text made strict is valid, and has the announced length.
 */
#include "protocol/utf8.h"
#include "tests/support/fuzz.h"

static unsigned unit_at(const uint8_t *data, size_t index)
{
	return (unsigned)data[2 * index] << 8 | data[2 * index + 1];
}

/* WTF-8 of the units: as encoders write it, a pair is one code point. */
static void encode(struct buf *out, const uint8_t *data, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		uint32_t code = unit_at(data, i);

		if (code >= 0xd800 && code < 0xdc00 && i + 1 < to) {
			const uint32_t low = unit_at(data, i + 1);

			if (low >= 0xdc00 && low < 0xe000) {
				code = 0x10000 + ((code - 0xd800) << 10) +
				       (low - 0xdc00);
				i++;
			}
		}
		utf8_append(out, code);
	}
}

/* The text in pieces of `step` units after a first piece of `first`. */
static void check_cut(const uint8_t *data, size_t units, size_t first, size_t step,
	struct slice expected)
{
	struct utf8_joiner joiner = {0};
	struct buf joined = {0};

	for (size_t from = 0, to = first; from < units; from = to, to += step) {
		struct buf encoded = {0};
		char space[4];

		if (to > units)
			to = units;
		encode(&encoded, data, from, to);
		struct slice piece = buf_slice(&encoded);
		buf_append(&joined, utf8_join(&joiner, &piece, space));
		buf_append(&joined, piece);
		buf_finish(&encoded);
	}
	if (joiner.high[0] != 0) /* it still waits for the other half */
		buf_append(&joined, (struct slice){joiner.high, 3});
	assert(slice_equal(buf_slice(&joined), expected));
	buf_finish(&joined);
}

/* Any bytes: the result is UTF-8, and UTF-8 stays unchanged. */
static void check_clean(struct slice bytes)
{
	struct buf clean = {0};

	utf8_append_clean(&clean, bytes);
	assert(clean.len == utf8_clean_len(bytes));
	assert(utf8_is_valid(buf_slice(&clean)));
	assert(utf8_is_valid(bytes) == slice_equal(buf_slice(&clean), bytes));
	buf_finish(&clean);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const size_t units = size / 2;
	struct buf whole = {0};

	encode(&whole, data, 0, units);
	check_clean(fuzz_slice(data, size));
	check_clean(buf_slice(&whole));
	for (size_t first = 1; first <= units && first <= 64; first++) {
		check_cut(data, units, first, units, buf_slice(&whole));
		check_cut(data, units, first, 1, buf_slice(&whole));
	}
	buf_finish(&whole);
	return 0;
}
