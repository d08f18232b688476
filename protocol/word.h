/*
 * Eight bytes of text at a time, in a 64-bit word. What is looked for is marked by the
 * highest bit of its byte:
 *
 *	marks = (word_equal(word, '"') | word_below(word, ' ')) & word_ascii(word);
 *
 * The first mark is exact, and there is none when nothing was found. A byte after the
 * first mark may be marked by mistake, since a subtraction borrows from the next byte.
 */
#ifndef PROTOCOL_WORD_H
#define PROTOCOL_WORD_H

#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define WORD_ONES 0x0101010101010101u
#define WORD_TOPS 0x8080808080808080u

/* The next eight bytes. They need not be aligned. */
static inline uint64_t word_read(const char *at)
{
	uint64_t word;

	memcpy(&word, at, sizeof(word));
	return le64toh(word);
}

/* To be combined with word_ascii(), as above. `wanted` is ASCII. */
static inline uint64_t word_equal(uint64_t word, char wanted)
{
	return (word ^ WORD_ONES * (unsigned char)wanted) - WORD_ONES;
}

/* Bytes less than `bound`, which is at most 0x80; to be combined in the same way. */
static inline uint64_t word_below(uint64_t word, unsigned char bound)
{
	return word - WORD_ONES * bound;
}

static inline uint64_t word_ascii(uint64_t word)
{
	return ~word & WORD_TOPS;
}

/* All others. */
static inline uint64_t word_wide(uint64_t word)
{
	return word & WORD_TOPS;
}

/* How many bytes come before the first mark; there must be one. */
static inline size_t word_first(uint64_t marks)
{
	const uint64_t before = (marks - 1) & ~marks;

	return (size_t)((before >> 7 & WORD_ONES) * WORD_ONES >> 56);
}

#endif
