/*
 * Allocation that cannot fail. A gateway without memory cannot do anything useful, so
 * it aborts. Other code bounds the memory that peers can make it allocate.
 */
#include "protocol/xmalloc.h"

#include <stdint.h>
#include <stdlib.h>

/* malloc(0) may return NULL, which must not look like a failure. */
static size_t xmalloc_at_least_one(size_t size)
{
	return size > 0 ? size : 1;
}

static void *xmalloc_present(void *memory)
{
	if (memory == NULL)
		abort();
	return memory;
}

void *xmalloc(size_t size)
{
	return xmalloc_present(malloc(xmalloc_at_least_one(size)));
}

void *xcalloc(size_t count, size_t size)
{
	return xmalloc_present(
		calloc(xmalloc_at_least_one(count), xmalloc_at_least_one(size)));
}

void *xrealloc(void *memory, size_t size)
{
	return xmalloc_present(realloc(memory, xmalloc_at_least_one(size)));
}

char *xstrdup(struct slice slice)
{
	if (slice.len == SIZE_MAX)
		abort();

	char *copy = xmalloc(slice.len + 1);

	if (slice.len > 0)
		memcpy(copy, slice.data, slice.len);
	copy[slice.len] = '\0';
	return copy;
}
