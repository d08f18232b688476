#include "gateway/base/inbox.h"

#include "protocol/xmalloc.h"

#include <assert.h>

struct post *post_copy(
	const struct post *post, size_t size, struct slice *const texts[])
{
	size_t whole = size;

	for (size_t i = 0; texts[i] != NULL; i++)
		whole += texts[i]->len;
	char *copy = xmalloc(whole), *at = copy + size;
	struct post *copied = (struct post *)copy;

	memcpy(copy, post, size);
	copied->size = whole;
	for (size_t i = 0; texts[i] != NULL; i++) {
		const size_t place =
			(size_t)((const char *)texts[i] - (const char *)post);

		assert(place <= size - sizeof(struct slice));
		*(struct slice *)(copy + place) = slice_copy_out(&at, *texts[i]);
	}
	return copied;
}

void inbox_init(struct inbox *inbox)
{
	atomic_init(&inbox->arrived, NULL);
	inbox->first = NULL;
	inbox->last = &inbox->first;
}

void inbox_push(struct inbox *inbox, struct post *post)
{
	post->next = NULL;
	*inbox->last = post;
	inbox->last = &post->next;
}

void post_batch_add(struct post_batch *batch, struct post *post)
{
	post->next = batch->newest;
	batch->newest = post;
	if (batch->oldest == NULL)
		batch->oldest = post;
}

bool inbox_deliver(struct inbox *inbox, struct post_batch *batch)
{
	struct post *before =
		atomic_load_explicit(&inbox->arrived, memory_order_relaxed);

	do {
		batch->oldest->next = before;
	} while (!atomic_compare_exchange_weak_explicit(&inbox->arrived, &before,
		batch->newest, memory_order_release, memory_order_relaxed));
	*batch = (struct post_batch){NULL, NULL};
	return before == NULL;
}

void inbox_collect(struct inbox *inbox)
{
	struct post *newest =
		atomic_exchange_explicit(&inbox->arrived, NULL, memory_order_acquire);
	struct post *oldest = NULL;

	if (newest == NULL)
		return;
	struct post **last = &newest->next;
	for (struct post *post = newest, *next; post != NULL; post = next) {
		next = post->next;
		post->next = oldest;
		oldest = post;
	}
	*inbox->last = oldest;
	inbox->last = last;
}

struct post *inbox_pop(struct inbox *inbox)
{
	struct post *post = inbox->first;

	if (post == NULL)
		return NULL;
	inbox->first = post->next;
	if (inbox->first == NULL)
		inbox->last = &inbox->first;
	return post;
}

void inbox_return(struct inbox *inbox, struct post *post)
{
	post->next = inbox->first;
	if (inbox->first == NULL)
		inbox->last = &post->next;
	inbox->first = post;
}

const struct post *inbox_first(const struct inbox *inbox)
{
	return inbox->first;
}

bool inbox_is_empty(const struct inbox *inbox)
{
	return inbox->first == NULL &&
	       atomic_load_explicit(&inbox->arrived, memory_order_relaxed) == NULL;
}
