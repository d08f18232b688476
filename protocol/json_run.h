/* What JSON strings have as it is; nearly all text is that. */
#ifndef PROTOCOL_JSON_RUN_H
#define PROTOCOL_JSON_RUN_H

#include "protocol/slice.h"
#include "protocol/word.h"

/* False for control characters, quote and backslash. True for bytes that are wide. */
static inline bool json_is_plain(char byte)
{
	return (unsigned char)byte >= 0x20 && byte != '"' && byte != '\\';
}

/* True for a byte of a longer sequence of UTF-8. */
static inline bool json_is_wide(char byte)
{
	return (unsigned char)byte >= 0x80;
}

/*
 * How many bytes at the front of `text` are plain; with `narrow`, how many of these
 * come before the first wide one.
 */
static inline size_t json_run(struct slice text, bool narrow)
{
	size_t at = 0;

	for (; text.len - at >= sizeof(uint64_t); at += sizeof(uint64_t)) {
		const uint64_t word = word_read(text.data + at);
		const uint64_t stops =
			((word_equal(word, '"') | word_equal(word, '\\') |
				 word_below(word, 0x20)) &
				word_ascii(word)) |
			(narrow ? word_wide(word) : 0);

		if (stops != 0)
			return at + word_first(stops);
	}
	while (at < text.len && json_is_plain(text.data[at]) &&
		!(narrow && json_is_wide(text.data[at])))
		at++;
	return at;
}

#endif
