/*
 * Allocation that cannot fail. A gateway without memory cannot do anything useful, so
 * it aborts. Other code bounds the memory that peers can make it allocate.
 *
 * The count belongs to the whole process, as malloc() does: it is the one state that
 * hangs from no struct. A thread counts for itself, and adds its change to the sum of
 * all when that has become large.
 */
#include "protocol/xmalloc.h"

#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>

static _Atomic int64_t xmalloc_sum;
static _Thread_local int64_t xmalloc_change;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void __real_free(void *memory);

/*
 * glibc keeps small freed pieces as they are, and joins them with their neighbours when
 * a large piece is asked for: all in one go, which takes 30 ms when 400 clients with
 * 100,000 subscriptions have left. So a large piece is asked for now and then.
 */
enum {
	JOIN_EVERY = 4 * XMALLOC_GRAIN, /* bytes that a thread has freed: 0.4 ms */
	LARGE = 4096, /* bytes of a piece that glibc joins others for */
};

static _Thread_local int64_t xmalloc_freed;

static void xmalloc_join_freed(int64_t change)
{
	xmalloc_freed = change < xmalloc_freed ? xmalloc_freed - change : 0;
	if (xmalloc_freed < JOIN_EVERY)
		return;
	xmalloc_freed = 0;
	__real_free(__real_malloc(LARGE));
}

static __attribute__((noinline, cold)) void xmalloc_tell(void)
{
	const int64_t change = xmalloc_change;

	atomic_fetch_add_explicit(&xmalloc_sum, change, memory_order_relaxed);
	xmalloc_change = 0;
	xmalloc_join_freed(change);
}

static inline void xmalloc_count(int64_t bytes)
{
	const uint64_t span = 2 * XMALLOC_GRAIN;

	xmalloc_change += bytes;
	if ((uint64_t)(xmalloc_change + XMALLOC_GRAIN) > span)
		xmalloc_tell();
}

int64_t xmalloc_bytes(void)
{
	return xmalloc_change +
	       atomic_load_explicit(&xmalloc_sum, memory_order_relaxed);
}

/*
 * The linker calls these for malloc() and its like, and libc's for __real_malloc().
 * They are `used`: the compiler sees no call.
 */
#define LINKED __attribute__((used))

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void __wrap_free(void *memory);

static inline void *xmalloc_counted(void *memory)
{
	/* Of NULL that is 0. */
	xmalloc_count((int64_t)malloc_usable_size(memory));
	return memory;
}

LINKED void *__wrap_malloc(size_t size)
{
	return xmalloc_counted(__real_malloc(size));
}

LINKED void *__wrap_calloc(size_t count, size_t size)
{
	return xmalloc_counted(__real_calloc(count, size));
}

LINKED void *__wrap_realloc(void *memory, size_t size)
{
	const size_t before = malloc_usable_size(memory);
	void *moved = __real_realloc(memory, size);

	if (moved == NULL && size > 0)
		return NULL; /* `memory` is still there */
	xmalloc_count(-(int64_t)before);
	return xmalloc_counted(moved);
}

LINKED void __wrap_free(void *memory)
{
	if (memory == NULL)
		return; /* nearly half of all calls */
	xmalloc_count(-(int64_t)malloc_usable_size(memory));
	__real_free(memory);
}

void *xmalloc_adopt(void *memory)
{
	return xmalloc_counted(memory);
}

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

/* The hot path calls the real functions, and is not sent around by the linker. */

void *xmalloc(size_t size)
{
	return xmalloc_counted(
		xmalloc_present(__real_malloc(xmalloc_at_least_one(size))));
}

void *xcalloc(size_t count, size_t size)
{
	return xmalloc_counted(xmalloc_present(__real_calloc(
		xmalloc_at_least_one(count), xmalloc_at_least_one(size))));
}

void *xrealloc(void *memory, size_t size)
{
	xmalloc_count(-(int64_t)malloc_usable_size(memory));
	return xmalloc_counted(
		xmalloc_present(__real_realloc(memory, xmalloc_at_least_one(size))));
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
