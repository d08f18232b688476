/*
 * The dead letters of a worker: on their way from its queues to broker.dead_letter. A
 * queue keeps each dead message until the dead-letter queue has taken the letter. If
 * that queue is full, the message is parked: it is delivered no more, counts in its own
 * queue's bounds, and moves on when there is room.
 *
 * The home of the dead-letter queue remembers which workers wait for room, and wakes
 * the first of them when there is some. A worker that was woken sends a letter, or
 * passes, and either makes the home wake the next one. So nobody polls, each worker has
 * its turn, and so has each of its queues.
 */
#ifndef GATEWAY_BROKER_DEAD_LETTERS_H
#define GATEWAY_BROKER_DEAD_LETTERS_H

#include "gateway/base/timer.h"
#include "gateway/broker/participant.h"
#include "gateway/broker/queue.h"

struct broker;
struct config;

enum { LETTERS_UNDER_WAY = 64 };

/* Zeroed at first. */
struct dead_letters {
	struct broker *broker;
	struct participant sender; /* of the letters: it gets the answers */

	/* Queues with dead messages, the next in turn first. */
	struct list sending;  /* to the dead-letter queue */
	struct list dropping; /* where there is none for them */

	struct letter {
		struct queue *queue; /* NULL: the place is free */
		struct item *item;
	} letters[LETTERS_UNDER_WAY]; /* under way, by their requests */
	uint64_t request;             /* of the latest */
	unsigned under_way, most;     /* how many are, and may be */

	bool is_parked;              /* nothing is sent: there was no room */
	const struct config *config; /* of the latest letter; only compared */
	struct timer retry;          /* where no home wakes this worker */

	bool is_woken; /* it must send a letter or pass */
	unsigned waker;

	/* At the home of the dead-letter queue: who waits for room, the first first. */
	unsigned *waiting;
	unsigned waiting_count;
};

/* Before the broker's first message. */
void dead_letters_start(struct dead_letters *letters, struct broker *broker);

/* Frees what it has made. Letters under way are lost. */
void dead_letters_stop(struct dead_letters *letters);

/*
 * The queue where dead messages of the queue of that address go; empty: they are
 * dropped.
 */
struct slice dead_letters_address(const struct config *config, struct slice address);

/* The queue has dead messages (queue_has_dead()): they leave in the next turns. */
void dead_letters_add(struct dead_letters *letters, struct queue *queue);

/*
 * The end of a turn: sends or drops what this turn may. True when it must go on in the
 * next one.
 */
bool dead_letters_turn(struct dead_letters *letters);

/* At the home: that worker's letter was refused, so it waits for room. */
void dead_letters_await(struct dead_letters *letters, unsigned worker);

/* At the home: wakes the worker that has waited for longest, if there is room. */
void dead_letters_wake(struct dead_letters *letters);

#endif
