/*
 * A chunk of a chunked body (RFC 9112, section 7.1), written in place: its body is
 * appended to a buf that has room for the chunk's size in front.
 */
#ifndef PROTOCOL_CHUNK_H
#define PROTOCOL_CHUNK_H

#include "protocol/buf.h"

/*
 * Replaces the buf's content by room for a chunk's size. Append the chunk's body next.
 */
void chunk_begin(struct buf *buf);

/* The chunk's body so far. The bytes may move at the next append. */
struct slice chunk_body(const struct buf *buf);

/*
 * Completes the chunk, whose body must not be empty, since an empty chunk is the last.
 * Returns its bytes, which are the buf's.
 */
struct slice chunk_end(struct buf *buf);

#endif
