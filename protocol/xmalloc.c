/*
 * Allocation that cannot fail. A gateway that is out of memory can do nothing
 * useful for anybody; what peers may make us allocate is bounded elsewhere.
 */
#include "protocol/xmalloc.h"

#include <stdint.h>
#include <stdlib.h>

/* malloc(0) may give NULL, which nobody here wants to tell from a failure. */
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
