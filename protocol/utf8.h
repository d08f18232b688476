/*
 * UTF-8 (RFC 3629), and WTF-8, its superset with lone surrogates: a text of a SockJS
 * client must come back unchanged, also with half of a pair.
 */
#ifndef PROTOCOL_UTF8_H
#define PROTOCOL_UTF8_H

#include "protocol/buf.h"

#include <stdint.h>

/* True for strict UTF-8: no surrogates, no overlong forms, nothing above U+10FFFF. */
bool utf8_is_valid(struct slice bytes);

/*
 * Reads the code point at the start of `bytes` (not empty); surrogates pass. Returns
 * its length, or 0 when the bytes are not WTF-8.
 */
size_t utf8_decode(struct slice bytes, uint32_t *code);

/* Appends a code point up to U+10FFFF; a lone surrogate takes its three bytes. */
void utf8_append(struct buf *out, uint32_t code);

/*
 * Appends `bytes` as strict UTF-8: each lone surrogate and each byte that is not WTF-8
 * becomes U+FFFD. A surrogate pair in six bytes becomes its code point.
 */
void utf8_append_clean(struct buf *out, struct slice bytes);

/*
 * Joins text that its sender cuts anywhere in UTF-16, even between two surrogates. A
 * high surrogate at the end of a piece waits here for the next piece.
 */
struct utf8_joiner {
	char high[3]; /* the first byte is 0 when none waits */
};

/*
 * Takes the next piece of a text in WTF-8. Returns the text before it: nothing, the
 * code point of the two halves, or the lone high surrogate that waited; its bytes are
 * in `space`. A high surrogate at the end of *piece is taken out of it and waits.
 */
struct slice utf8_join(struct utf8_joiner *joiner, struct slice *piece, char space[4]);

/* How many bytes utf8_append_clean() would append for these bytes. */
size_t utf8_clean_len(struct slice bytes);

#endif
