/*
 * Intrusive doubly linked lists. The head and the links are the same struct. A link in
 * no list points to itself after list_remove(), or is zeroed.
 */
#ifndef GATEWAY_BASE_LIST_H
#define GATEWAY_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

#define container_of(pointer, type, member)                                            \
	((type *)(void *)((char *)(pointer)-offsetof(type, member)))

struct list {
	struct list *next, *previous;
};

/* Makes an empty list. It points to itself, so its memory must not move afterwards. */
static inline void list_init(struct list *head)
{
	head->next = head->previous = head;
}

static inline bool list_is_empty(const struct list *head)
{
	return head->next == head;
}

/* True when `link` is in a list; a zeroed link is in none. */
static inline bool list_is_linked(const struct list *link)
{
	return link->next != NULL && link->next != link;
}

/* Puts `link` last. It must be in no list: it is not taken out of another one. */
static inline void list_append(struct list *head, struct list *link)
{
	link->next = head;
	link->previous = head->previous;
	head->previous->next = link;
	head->previous = link;
}

/*
 * Takes the link out of its list. Does nothing to a link that is in no list, so it may
 * be called twice.
 */
static inline void list_remove(struct list *link)
{
	if (!list_is_linked(link))
		return;
	link->previous->next = link->next;
	link->next->previous = link->previous;
	list_init(link);
}

/* Takes the first link out, or returns NULL when the list is empty. */
static inline struct list *list_take_first(struct list *head)
{
	struct list *first = head->next;

	if (first == head)
		return NULL;
	list_remove(first);
	return first;
}

/* Moves all links of `others` behind those of `head`; `others` is then empty. */
static inline void list_join(struct list *head, struct list *others)
{
	if (list_is_empty(others))
		return;
	others->next->previous = head->previous;
	head->previous->next = others->next;
	others->previous->next = head;
	head->previous = others->previous;
	list_init(others);
}

/* The body may remove only the current link, and must then leave the loop. */
#define list_for_each(link, head)                                                      \
	for (struct list *link = (head)->next; link != (head); link = link->next)

#endif
