#include "gateway/broker/window.h"

#include "gateway/broker/internal.h"
#include "protocol/xmalloc.h"

#include <assert.h>
#include <stdlib.h>

enum {
	WINDOW = 16384, /* some milliseconds of work */
	WIDE = 512,     /* deliveries of one message: a 32nd of the window */
	TOGETHER = 8,   /* very wide messages that must fit in the window */
};

void window_init(struct window *window, unsigned workers)
{
	*window = (struct window){
		.size = WINDOW, .done = xcalloc(workers, sizeof(*window->done))};
}

void window_finish(struct window *window)
{
	assert(atomic_load(&window->under_way) == 0);
	free(window->done);
}

static uint32_t window_weight(uint64_t deliveries)
{
	if (deliveries <= WIDE)
		return (uint32_t)deliveries;
	return deliveries / TOGETHER > WIDE ? (uint32_t)(deliveries / TOGETHER) : WIDE;
}

uint32_t window_dispatch(struct window *window, uint64_t deliveries)
{
	const uint32_t weight = window_weight(deliveries);

	atomic_fetch_add_explicit(&window->under_way, weight, memory_order_relaxed);
	return weight;
}

void window_done(struct broker *broker, unsigned home, uint64_t weight)
{
	if (home == broker->worker->index)
		atomic_fetch_sub_explicit(&broker->window.under_way, (int64_t)weight,
			memory_order_relaxed);
	else
		broker->window.done[home] += (int64_t)weight;
}

void window_tell_homes(struct broker *broker)
{
	struct worker **all = broker->worker->workers->all;

	for (unsigned i = 0; i < broker->workers; i++) {
		const int64_t done = broker->window.done[i];

		if (done == 0)
			continue;
		broker->window.done[i] = 0;
		struct window *home = &all[i]->broker->window;
		const int64_t before = atomic_fetch_sub(&home->under_way, done);
		if (before >= home->size && before - done < home->size)
			loop_wake(all[i]->loop);
	}
}
