/*
 * Growable bytes. The capacity doubles, so that appending byte by byte stays linear;
 * only buf_finish() frees memory.
 */
#include "protocol/buf.h"

#include "protocol/number.h"
#include "protocol/xmalloc.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { SMALLEST = 64 };

void buf_finish(struct buf *buf)
{
	if (buf == NULL)
		return;
	free(buf->data);
	*buf = (struct buf){0};
}

void buf_grow(struct buf *buf, size_t extra)
{
	size_t capacity = buf->capacity > 0 ? buf->capacity : SMALLEST;

	assert(extra <= SIZE_MAX / 4 && buf->len <= SIZE_MAX / 4);
	while (capacity - buf->len < extra)
		capacity *= 2;
	buf->data = xrealloc(buf->data, capacity);
	buf->capacity = capacity;
}

void buf_allocate(struct buf *buf, size_t capacity)
{
	assert(buf->data == NULL);
	buf->data = xmalloc(capacity);
	buf->capacity = capacity;
}

void buf_reserve_exactly(struct buf *buf, size_t extra)
{
	assert(extra <= SIZE_MAX / 4 && buf->len <= SIZE_MAX / 4);
	if (buf->data != NULL && buf->capacity - buf->len >= extra)
		return;
	buf->capacity = buf->len + extra;
	buf->data = xrealloc(buf->data, buf->capacity);
}

void buf_append(struct buf *buf, struct slice bytes)
{
	if (bytes.len == 0)
		return;
	memcpy(buf_reserve(buf, bytes.len), bytes.data, bytes.len);
	buf->len += bytes.len;
}

void buf_append_char(struct buf *buf, char byte)
{
	*buf_reserve(buf, 1) = byte;
	buf->len++;
}

void buf_append_quoted(struct buf *buf, struct slice bytes)
{
	buf_append_char(buf, '"');
	for (size_t i = 0; i < bytes.len; i++) {
		if (bytes.data[i] == '"' || bytes.data[i] == '\\')
			buf_append_char(buf, '\\');
		buf_append_char(buf, bytes.data[i]);
	}
	buf_append_char(buf, '"');
}

void buf_append_number(struct buf *buf, uint64_t number)
{
	buf->len += number_write(buf_reserve(buf, NUMBER_DIGITS_MAX), number);
}

void buf_printf(struct buf *buf, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	int len = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	assert(len >= 0);

	/* vsnprintf() also writes a NUL, which does not count. */
	char *end = buf_reserve(buf, (size_t)len + 1);
	va_start(arguments, format);
	vsnprintf(end, (size_t)len + 1, format, arguments);
	va_end(arguments);
	buf->len += (size_t)len;
}
