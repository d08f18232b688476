#include "gateway/inbox.h"

void inbox_init(struct inbox *inbox, uint64_t count_max, uint64_t bytes_max)
{
	*inbox = (struct inbox){.count_max = count_max, .bytes_max = bytes_max};
	inbox->last = &inbox->first;
}

void inbox_push(struct inbox *inbox, struct post *post)
{
	post->next = NULL;
	*inbox->last = post;
	inbox->last = &post->next;
	inbox->count++;
	inbox->bytes += post->size;
	if (inbox->count >= inbox->count_max || inbox->bytes >= inbox->bytes_max)
		inbox->full = true;
}

struct post *inbox_pop(struct inbox *inbox)
{
	struct post *post = inbox->first;

	if (post == NULL)
		return NULL;
	inbox->first = post->next;
	if (inbox->first == NULL)
		inbox->last = &inbox->first;
	inbox->count--;
	inbox->bytes -= post->size;
	if (inbox->count <= inbox->count_max / 2 &&
		inbox->bytes <= inbox->bytes_max / 2)
		inbox->full = false;
	return post;
}
