/*
 * Which connections of a carrier are read, and when. One that becomes ready is read
 * immediately, up to a part; a connection with more input goes on at the end of each
 * turn. Both stop when their time is over. So many connections, or one that sends much,
 * do not stop the worker, and a connection that sends little comes first.
 */
#ifndef TRANSPORTS_BASE_READING_H
#define TRANSPORTS_BASE_READING_H

#include "gateway/base/list.h"

#include <stdbool.h>

struct worker;

struct reading {
	struct worker *worker;
	struct list ready; /* became ready when the time was over */
	struct list busy;  /* have more input, or more output, than their part */
};

void reading_init(struct reading *reading, struct worker *worker);

/*
 * A connection became ready; `link` is its link in the lists. True: read it now. False:
 * the time is over, or the connection is in a list already; reading_turn() reads it. In
 * a late turn (loop.h) the time does not count, so each connection is read once before
 * a peer is judged.
 */
bool reading_begin(struct reading *reading, struct list *link);

/*
 * The connection had its part, and goes on in reading_turn(). Does nothing when it is
 * in a list already.
 */
void reading_go_on(struct reading *reading, struct list *link);

/* True when a connection that has read some of its part must leave the rest. */
bool reading_is_over(struct reading *reading);

/*
 * Takes connections out of the lists and calls `run` for each, until the time is over:
 * those that became ready first, then the busy ones, at least one of each. `run` may
 * take any connection out of the lists. The others keep their place. True when some are
 * left.
 */
bool reading_turn(struct reading *reading, void (*run)(struct list *link));

#endif
