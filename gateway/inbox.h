/*
 * The inbox is the only way into a worker: first in, first out. A post to one's
 * own worker goes the same way, so that nothing is ever a nested call and one
 * worker behaves like many.
 *
 * It is bounded by a high mark. From there until half of it is free again
 * inbox_is_full() is true, and the carriers do not read from publishers. What one read
 * had already brought may still come in on top.
 */
#ifndef GATEWAY_INBOX_H
#define GATEWAY_INBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct worker;

struct post {
	struct post *next;
	size_t size; /* bytes that it keeps in memory, for the bound */
	void (*run)(struct worker *worker, struct post *post); /* frees the post */
};

struct inbox {
	struct post *first, **last;
	uint64_t count, bytes;
	uint64_t count_max, bytes_max;
	bool full;
};

void inbox_init(struct inbox *inbox, uint64_t count_max, uint64_t bytes_max);
void inbox_push(struct inbox *inbox, struct post *post); /* takes the post over */
struct post *inbox_pop(struct inbox *inbox);             /* NULL when empty */

static inline bool inbox_is_full(const struct inbox *inbox)
{
	return inbox->full;
}

#endif
