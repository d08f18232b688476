#include "transports/http/fair_queue.h"

void fair_queue_init(struct fair_queue *fair_queue)
{
	list_init(&fair_queue->fresh);
	list_init(&fair_queue->others);
	fair_queue->others_turn = false;
}

bool fair_queue_is_empty(const struct fair_queue *fair_queue)
{
	return list_is_empty(&fair_queue->fresh) && list_is_empty(&fair_queue->others);
}

void fair_queue_add(struct fair_queue *fair_queue, struct fair_queue_entry *entry)
{
	if (list_is_linked(&entry->link))
		return;
	entry->is_fresh = false;
	list_append(&fair_queue->others, &entry->link);
}

void fair_queue_add_fresh(struct fair_queue *fair_queue, struct fair_queue_entry *entry)
{
	if (list_is_linked(&entry->link) && entry->is_fresh)
		return;
	list_remove(&entry->link);
	entry->is_fresh = true;
	list_append(&fair_queue->fresh, &entry->link);
}

struct fair_queue_entry *fair_queue_take(struct fair_queue *fair_queue)
{
	bool others = list_is_empty(&fair_queue->fresh) ||
		      (fair_queue->others_turn && !list_is_empty(&fair_queue->others));
	struct list *link =
		list_take_first(others ? &fair_queue->others : &fair_queue->fresh);

	fair_queue->others_turn = !others;
	return link == NULL ? NULL : container_of(link, struct fair_queue_entry, link);
}
