/*
 * A buf is a growable run of bytes that its holder owns. A zeroed buf is empty and
 * valid; buf_finish() frees it and leaves it empty again.
 */
#ifndef PROTOCOL_BUF_H
#define PROTOCOL_BUF_H

#include "protocol/slice.h"

#include <stdint.h>

struct buf {
	char *data;
	size_t len;
	size_t capacity;
};

/* Frees the bytes and leaves an empty buf, which may be used again. NULL is fine. */
void buf_finish(struct buf *buf);

/* Only for buf_reserve(): enlarges the capacity to make room for `extra` bytes. */
void buf_grow(struct buf *buf, size_t extra);

/*
 * Gives a buf without memory exactly that capacity, at least 1. For bytes whose number
 * is known before they come.
 */
void buf_allocate(struct buf *buf, size_t capacity);

/*
 * Makes room for `extra` bytes at the end, and no more than that. For a large number
 * of bytes that is known: twice their memory is much.
 */
void buf_reserve_exactly(struct buf *buf, size_t extra);

/*
 * Makes room for `extra` bytes at the end and returns its address, valid until the buf
 * changes. The caller writes the bytes and adds their number to buf->len, which is
 * unchanged.
 */
static inline char *buf_reserve(struct buf *buf, size_t extra)
{
	if (buf->capacity - buf->len < extra || buf->data == NULL)
		buf_grow(buf, extra);
	return buf->data + buf->len;
}

/*
 * Appends a copy of the bytes. They must not lie in the buf itself, whose memory may
 * move.
 */
void buf_append(struct buf *buf, struct slice bytes);

/* Appends any byte, also NUL: a buf is not a string and is not terminated. */
void buf_append_char(struct buf *buf, char byte);

/*
 * Appends the bytes between quotation marks, with a backslash before each quotation
 * mark and backslash in them, so that a reader finds the end. Control characters stay
 * as they are.
 */
void buf_append_quoted(struct buf *buf, struct slice bytes);

/* Appends the number in decimal, without sign or leading zeros, whatever the locale. */
void buf_append_number(struct buf *buf, uint64_t number);

/*
 * Appends printf()'s output, without the NUL at the end. The arguments must not point
 * into the buf.
 */
void buf_printf(struct buf *buf, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Empties the buf and keeps its memory for later use. */
static inline void buf_clear(struct buf *buf)
{
	buf->len = 0;
}

/*
 * The bytes so far, valid until the next append, which may move them. The pointer is
 * never NULL.
 */
static inline struct slice buf_slice(const struct buf *buf)
{
	return (struct slice){buf->len > 0 ? buf->data : "", buf->len};
}

#endif
