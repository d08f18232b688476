/*
 * The inbox is the only way into a worker. Posts of one sender come out in the order
 * of sending. A post to the worker itself takes the same way, so that nothing is ever
 * a nested call and one worker behaves like many.
 *
 * At the end of a turn, a sender on another thread hands over all posts of the turn as
 * one batch, by one atomic exchange. The worker takes all batches out by another
 * exchange. No thread waits for another. The workers bound how much may be queued
 * (workers.h).
 */
#ifndef GATEWAY_BASE_INBOX_H
#define GATEWAY_BASE_INBOX_H

#include "protocol/slice.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct worker;

struct post {
	struct post *next;
	size_t size; /* memory that it keeps, for the bound */
	void (*run)(struct worker *worker, struct post *post); /* frees the post */
};

/*
 * A post for another worker, with texts that are only borrowed here. Copies the `size`
 * bytes of a struct that begins with `post`, and the bytes of some of its slices, into
 * one block that its run() frees. `texts` are these slices, up to a NULL. The slices
 * of the copy point to the copied bytes, and the post's size counts all of it.
 */
struct post *post_copy(
	const struct post *post, size_t size, struct slice *const texts[]);

/* Posts on their way to another worker. A zeroed batch is empty. */
struct post_batch {
	struct post *newest, *oldest;
};

struct inbox {
	_Atomic(struct post *) arrived; /* from other threads, the newest first */
	struct post *first, **last;     /* in order; only for the worker */
};

/*
 * Makes an empty inbox. It points into itself, so its memory must not move. No thread
 * may deliver to it before.
 */
void inbox_init(struct inbox *inbox);

/*
 * Takes the post over and puts it last. Only on the thread of the inbox's own worker;
 * other threads use inbox_deliver().
 */
void inbox_push(struct inbox *inbox, struct post *post);

/*
 * Takes the post over and adds it to the batch as the newest. It does not run before
 * inbox_deliver().
 */
void post_batch_add(struct post_batch *batch, struct post *post);

/*
 * From any thread: takes the posts over and leaves the batch empty, which must have
 * some. True when the inbox's worker must be woken; else other posts have woken it
 * already.
 */
bool inbox_deliver(struct inbox *inbox, struct post_batch *batch);

/*
 * On the worker's thread: takes the posts of other threads, in their order, and puts
 * them after the posts in the inbox.
 */
void inbox_collect(struct inbox *inbox);

/*
 * Takes out the oldest post, which the caller runs or frees. NULL when there is none:
 * inbox_collect() may bring more.
 */
struct post *inbox_pop(struct inbox *inbox);

/* Takes back the post that inbox_pop() has just returned: it is the oldest again. */
void inbox_return(struct inbox *inbox, struct post *post);

/* The post that inbox_pop() would return, still in its place; or NULL. */
const struct post *inbox_first(const struct inbox *inbox);

bool inbox_is_empty(const struct inbox *inbox);

#endif
