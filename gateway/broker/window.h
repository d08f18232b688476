/*
 * A window bounds the deliveries that a home has dispatched and that are not done yet.
 * While the window is closed, the home dispatches nothing: what waits there can still
 * be chosen by fair turns (lanes.h). What was dispatched stands in inboxes in one
 * order, before everything that comes later, so this bounds how long any post waits.
 *
 * Deliveries always get done, whether their receivers read or not, so a window always
 * opens again.
 */
#ifndef GATEWAY_BROKER_WINDOW_H
#define GATEWAY_BROKER_WINDOW_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct broker;

/* Of one home. Each worker is one. */
struct window {
	_Atomic int64_t
		under_way; /* by weight; receivers subtract what they have done */
	int64_t size;
	int64_t *done; /* here, in this turn: for each home */
};

/* Makes an open window; `workers` is the number of workers. */
void window_init(struct window *window, unsigned workers);
void window_finish(struct window *window);

/*
 * At the home: so many deliveries of one message go to a worker. Returns their weight,
 * which that worker passes to window_done(). Many deliveries of one message weigh less
 * than as many messages: the walk along its audience and the writes to each session
 * are shared with the messages that come with it, so these must be able to come.
 */
uint32_t window_dispatch(struct window *window, uint64_t deliveries);

/* At a receiver: deliveries of that weight, from that home, are done. */
void window_done(struct broker *broker, unsigned home, uint64_t weight);

/*
 * At the end of a turn: tells the other homes what was done for them, and wakes those
 * whose window opens.
 */
void window_tell_homes(struct broker *broker);

/* True while the home may dispatch. Only on its own thread. */
static inline bool window_is_open(const struct window *window)
{
	return atomic_load_explicit(&window->under_way, memory_order_relaxed) <
	       window->size;
}

#endif
