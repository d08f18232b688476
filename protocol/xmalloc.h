/*
 * Memory that is always available: out of memory aborts. Check sizes that a peer
 * controls against a configured limit before you allocate. Free with free().
 *
 * What our own objects allocate is counted until they free it: the linker gives them an
 * allocator that counts (protocol/CMakeLists.txt). It gives none to shared libraries,
 * whose memory is not counted.
 */
#ifndef PROTOCOL_XMALLOC_H
#define PROTOCOL_XMALLOC_H

#include "protocol/slice.h"

#include <stdint.h>

/*
 * Never NULL: the process aborts when there is no memory. A size that a peer controls
 * must have been checked against a limit. Zero bytes give a pointer that free() takes.
 */
void *xmalloc(size_t size);

/* Zeroed memory, otherwise as xmalloc(). A product that overflows aborts. */
void *xcalloc(size_t count, size_t size);

/*
 * As realloc(), but aborts when there is no memory, and never frees for a size of 0.
 * `memory` may be NULL.
 */
void *xrealloc(void *memory, size_t size);

/*
 * A copy with a NUL after it, which the caller frees. NULs within the slice are copied
 * too.
 */
char *xstrdup(struct slice slice);

/*
 * Counts memory that a library has allocated, but which our free() will free. Returns
 * it; NULL is fine. Not for jansson, whose memory is ours (gateway/main.c).
 */
void *xmalloc_adopt(void *memory);

/*
 * Bytes that are allocated and not freed, with what malloc() has added to each piece.
 * From any thread. What each other thread has done lately may be missing: at most
 * XMALLOC_GRAIN bytes.
 */
int64_t xmalloc_bytes(void);

enum { XMALLOC_GRAIN = 65536 };

#endif
