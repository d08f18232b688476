/*
 * A buf is a growable run of bytes that its holder owns. A zeroed buf is empty
 * and valid; buf_finish() frees it and leaves it empty again.
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

void buf_finish(struct buf *buf); /* NULL is fine */

/* Makes room for `extra` bytes and returns where they go; buf->len is unchanged. */
char *buf_reserve(struct buf *buf, size_t extra);

void buf_append(struct buf *buf, struct slice bytes); /* not of the buf itself */
void buf_append_char(struct buf *buf, char byte);
void buf_append_number(struct buf *buf, uint64_t number); /* decimal */
void buf_printf(struct buf *buf, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static inline void buf_clear(struct buf *buf)
{
	buf->len = 0;
}

static inline struct slice buf_slice(const struct buf *buf)
{
	return (struct slice){buf->len > 0 ? buf->data : "", buf->len};
}

#endif
