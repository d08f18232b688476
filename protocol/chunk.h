/*
 * A chunk of a chunked body (RFC 9112, section 7.1), written in place: what it carries
 * is appended to a buf, in front of which there is room for its size.
 */
#ifndef PROTOCOL_CHUNK_H
#define PROTOCOL_CHUNK_H

#include "protocol/buf.h"

/*
 * Replaces what is in the buf by room for a chunk's size. Append what the chunk
 * carries.
 */
void chunk_begin(struct buf *buf);

/* What the chunk carries so far. The bytes may move when something is appended. */
struct slice chunk_body(const struct buf *buf);

/*
 * Completes the chunk, which must carry something, since an empty one is the last.
 * Returns its bytes, which are the buf's.
 */
struct slice chunk_end(struct buf *buf);

#endif
