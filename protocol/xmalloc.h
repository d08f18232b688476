/*
 * Memory that is always there: out of memory aborts. Sizes that a peer controls
 * are checked against a configured limit before anything is allocated. Free
 * with free().
 */
#ifndef PROTOCOL_XMALLOC_H
#define PROTOCOL_XMALLOC_H

#include "protocol/slice.h"

void *xmalloc(size_t size);
void *xcalloc(size_t count, size_t size); /* zeroed; the product is checked */
void *xrealloc(void *memory, size_t size);
char *xstrdup(struct slice slice); /* a terminated copy */

#endif
