#include "gateway/broker/unacked.h"

#include "protocol/xmalloc.h"

#include <assert.h>
#include <stdlib.h>

enum { FIRST_CAPACITY = 8 };

/* Makes room after the last item. Reuses the space of removed items at the front. */
static void unacked_make_room(struct unacked *unacked)
{
	if (unacked->first + unacked->count < unacked->capacity)
		return;
	/* Move only when half of it is free: each item moves once, on average. */
	if (unacked->count > unacked->capacity / 2 || unacked->capacity == 0) {
		unacked->capacity =
			unacked->capacity == 0 ? FIRST_CAPACITY : unacked->capacity * 2;
		unacked->items = xrealloc(
			unacked->items, unacked->capacity * sizeof(*unacked->items));
	}
	memmove(unacked->items, unacked->items + unacked->first,
		unacked->count * sizeof(*unacked->items));
	unacked->first = 0;
}

bool unacked_push(
	struct unacked *unacked, struct place place, uint16_t attempt, size_t most)
{
	const bool is_full = most > 0 && unacked->count >= most;

	while (most > 0 && unacked->count >= most) {
		unacked_remove(unacked, 0);
		unacked->has_forgotten = true;
	}
	unacked_make_room(unacked);
	unacked->items[unacked->first + unacked->count++] = (struct unacked_item){
		.place = place, .attempt = attempt, .number = unacked->pushed++};
	return !is_full;
}

struct unacked_item *unacked_at(const struct unacked *unacked, size_t index)
{
	assert(index < unacked->count);
	return &unacked->items[unacked->first + index];
}

static bool unacked_is_from(
	const struct unacked *unacked, size_t index, struct place place)
{
	const struct place *one = &unacked_at(unacked, index)->place;

	return one->epoch == place.epoch && one->offset == place.offset;
}

size_t unacked_find_near(const struct unacked *unacked, struct place place, size_t near)
{
	const size_t count = unacked->count;
	const size_t young = count < near ? count : near;
	const size_t old = count - young < near ? count - young : near;

	for (size_t i = count; i > count - young; i--) {
		if (unacked_is_from(unacked, i - 1, place))
			return i - 1;
	}
	for (size_t i = old; i > 0; i--) {
		if (unacked_is_from(unacked, i - 1, place))
			return i - 1;
	}
	return SIZE_MAX;
}

size_t unacked_find_number(const struct unacked *unacked, uint32_t number)
{
	size_t low = 0, high = unacked->count;

	/* The numbers rise; they may wrap, so compare their difference. */
	while (low < high) {
		const size_t middle = (low + high) / 2;

		if ((int32_t)(unacked_at(unacked, middle)->number - number) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < unacked->count && unacked_at(unacked, low)->number == number
		       ? low
		       : SIZE_MAX;
}

void unacked_remove(struct unacked *unacked, size_t index)
{
	assert(index < unacked->count);
	if (index == 0) {
		unacked->first++;
	} else {
		struct unacked_item *item = unacked_at(unacked, index);

		memmove(item, item + 1, (unacked->count - index - 1) * sizeof(*item));
	}
	if (--unacked->count == 0)
		unacked->first = 0;
}

size_t unacked_take_up_to(struct unacked *unacked, size_t index, struct place *places)
{
	size_t count = 0, kept = index + 1;

	for (size_t i = 0; i <= index; i++) {
		if (!unacked_at(unacked, i)->in_transaction)
			places[count++] = unacked_at(unacked, i)->place;
	}
	/* Those that stay move together, up to the younger ones. */
	for (size_t i = index + 1; i > 0; i--) {
		if (unacked_at(unacked, i - 1)->in_transaction)
			*unacked_at(unacked, --kept) = *unacked_at(unacked, i - 1);
	}
	unacked->first += count;
	unacked->count -= count;
	if (unacked->count == 0)
		unacked->first = 0;
	return count;
}

void unacked_tell_sent(struct unacked *unacked)
{
	unacked->sent++;
}

size_t unacked_count_sent(const struct unacked *unacked)
{
	size_t count = 0;

	/* The numbers may wrap, so compare their difference. */
	while (count < unacked->count &&
		(int32_t)(unacked_at(unacked, count)->number - unacked->sent) < 0)
		count++;
	return count;
}

void unacked_finish(struct unacked *unacked)
{
	free(unacked->items);
	*unacked = (struct unacked){0};
}
