/*
 * A slice is a borrowed run of bytes: a pointer and a length, never terminated,
 * possibly with NULs inside. It lives as long as the bytes that it points to.
 */
#ifndef PROTOCOL_SLICE_H
#define PROTOCOL_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

struct slice {
	const char *data;
	size_t len;
};

/* The slice of a string literal; SLICE_INIT is the form for static tables. */
#define SLICE(literal) ((struct slice){literal, sizeof(literal) - 1})
#define SLICE_INIT(literal)                                                            \
	{                                                                              \
		literal, sizeof(literal) - 1                                           \
	}

/* For printf's "%.*s". */
#define SLICE_ARGS(slice) (int)(slice).len, (slice).data

/* The slice of a terminated string, which must outlive the slice. */
static inline struct slice slice_of(const char *string)
{
	return (struct slice){string, strlen(string)};
}

/*
 * True for equal bytes. Not for secrets, since the time that it takes shows how many
 * bytes are equal.
 */
static inline bool slice_equal(struct slice a, struct slice b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* True for equal bytes, ignoring the case of ASCII letters. */
static inline bool slice_equal_nocase(struct slice a, struct slice b)
{
	return a.len == b.len &&
	       (a.len == 0 || strncasecmp(a.data, b.data, a.len) == 0);
}

/*
 * True when the slice begins with those bytes, with case. Every slice starts with an
 * empty prefix.
 */
static inline bool slice_starts_with(struct slice slice, struct slice prefix)
{
	return slice.len >= prefix.len &&
	       (prefix.len == 0 || memcmp(slice.data, prefix.data, prefix.len) == 0);
}

/*
 * True when the slice ends with those bytes, with case. Every slice ends with an empty
 * suffix.
 */
static inline bool slice_ends_with(struct slice slice, struct slice suffix)
{
	return slice.len >= suffix.len &&
	       (suffix.len == 0 || memcmp(slice.data + slice.len - suffix.len,
					   suffix.data, suffix.len) == 0);
}

/* The bytes after the first `count`; empty when there are fewer. */
static inline struct slice slice_from(struct slice slice, size_t count)
{
	if (count >= slice.len)
		return (struct slice){"", 0};
	return (struct slice){slice.data + count, slice.len - count};
}

/* The first `count` bytes, or all when there are fewer. */
static inline struct slice slice_first(struct slice slice, size_t count)
{
	return (struct slice){slice.data, count < slice.len ? count : slice.len};
}

/* The index of the first such byte, or slice.len when there is none. */
static inline size_t slice_find(struct slice slice, char wanted)
{
	const char *at = slice.len > 0 ? memchr(slice.data, wanted, slice.len) : NULL;

	return at == NULL ? slice.len : (size_t)(at - slice.data);
}

/* The blanks of HTTP and STOMP, and those of JSON. */
#define SLICE_BLANKS      SLICE(" \t")
#define SLICE_JSON_BLANKS SLICE(" \t\n\r")

/*
 * True when the byte is one of `few`. For a handful of bytes, where the call in
 * slice_find() would cost more than the search.
 */
static inline bool slice_has(struct slice few, char byte)
{
	for (size_t i = 0; i < few.len; i++) {
		if (few.data[i] == byte)
			return true;
	}
	return false;
}

/* The slice without the bytes at its front that are in `blanks`. */
static inline struct slice slice_trim_front(struct slice slice, struct slice blanks)
{
	size_t at = 0;

	while (at < slice.len && slice_has(blanks, slice.data[at]))
		at++;
	return slice_from(slice, at);
}

/* The slice without the bytes at both ends that are in `blanks`. */
static inline struct slice slice_trim(struct slice slice, struct slice blanks)
{
	slice = slice_trim_front(slice, blanks);
	while (slice.len > 0 && slice_has(blanks, slice.data[slice.len - 1]))
		slice.len--;
	return slice;
}

/*
 * As slice_equal(), but the time depends on the length of `secret` alone: a client
 * that guesses does not learn how much was right.
 */
static inline bool slice_equal_constant_time(struct slice given, struct slice secret)
{
	unsigned different = given.len != secret.len;

	for (size_t i = 0; i < secret.len; i++) {
		char byte = i < given.len ? given.data[i] : '\0';

		different |= (unsigned char)(byte ^ secret.data[i]);
	}
	return different == 0;
}

/*
 * Copies the bytes to *at, which must have room, and moves *at after them. Returns the
 * copy, which lives as long as that memory.
 */
static inline struct slice slice_copy_out(char **at, struct slice slice)
{
	struct slice copy = {*at, slice.len};

	if (slice.len > 0)
		memcpy(*at, slice.data, slice.len);
	*at += slice.len;
	return copy;
}

#endif
