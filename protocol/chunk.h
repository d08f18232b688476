/*
 * A chunk of a chunked body (RFC 9112, section 7.1), written in place: what it carries
 * is appended to a buf, in front of which there is room for its size.
 */
#ifndef PROTOCOL_CHUNK_H
#define PROTOCOL_CHUNK_H

#include "protocol/buf.h"

/* Empties the buf, for what the chunk will carry to be appended. */
void chunk_begin(struct buf *buf);

/* The bytes that the chunk has so far. They may move when something is appended. */
struct slice chunk_body(const struct buf *buf);

/*
 * The chunk as a whole, for which there must be something to carry: an empty one is the
 * last.
 */
struct slice chunk_end(struct buf *buf);

#endif
