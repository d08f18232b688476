#include "protocol/chunk.h"

#include <assert.h>

/* The size in hexadecimal digits, and CRLF. */
enum { SIZE_LINE_MAX = 2 * sizeof(size_t) + 2 };

void chunk_begin(struct buf *buf)
{
	buf_clear(buf);
	buf_reserve(buf, SIZE_LINE_MAX);
	buf->len = SIZE_LINE_MAX;
}

struct slice chunk_body(const struct buf *buf)
{
	return slice_from(buf_slice(buf), SIZE_LINE_MAX);
}

struct slice chunk_end(struct buf *buf)
{
	size_t size = chunk_body(buf).len, start = SIZE_LINE_MAX;

	assert(size > 0);
	buf_append(buf, SLICE("\r\n"));
	buf->data[--start] = '\n';
	buf->data[--start] = '\r';
	for (; size > 0; size >>= 4)
		buf->data[--start] = "0123456789abcdef"[size & 15];
	return slice_from(buf_slice(buf), start);
}
