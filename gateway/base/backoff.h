/*
 * Exponential back-off: how long to wait before something is tried again. The waits
 * double from `least` to `most`. Each is drawn from 25 % less to 25 % more, so that
 * many that failed together do not come back together.
 */
#ifndef GATEWAY_BASE_BACKOFF_H
#define GATEWAY_BASE_BACKOFF_H

#include <stdint.h>

/* Embedded in its owner, who sets `least` and `most`, 0 < least <= most. */
struct backoff {
	uint64_t least, most; /* ms */
	uint64_t last;        /* the wait before it was drawn; 0: none since a reset */
};

/*
 * The milliseconds to wait before the next try. `random` is any number; of numbers that
 * are spread evenly, the waits are.
 */
uint64_t backoff_next(struct backoff *backoff, uint64_t random);

/* After a success: the next wait is about `least` again. */
static inline void backoff_reset(struct backoff *backoff)
{
	backoff->last = 0;
}

#endif
