/*
 * Memory that is always available: out of memory aborts. Check sizes that a peer
 * controls against a configured limit before you allocate. Free with free().
 */
#ifndef PROTOCOL_XMALLOC_H
#define PROTOCOL_XMALLOC_H

#include "protocol/slice.h"

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

#endif
