/*
 * The dead letters of a worker: on their way from its queues to broker.dead_letter. A
 * queue keeps each dead message until the dead-letter queue has taken the letter. If
 * that queue is full, or has the share of the account that has sent the message, the
 * message is parked: it is delivered no more, counts in its own queue's bounds, and
 * moves on when there is room.
 *
 * The home of the dead-letter queue remembers which workers wait for room
 * (letter_room.h), and wakes the first of them when there is some: for letters of
 * whatever account, or of one. A worker that was woken sends a letter, or passes, and
 * either makes the home wake the next one. So nobody polls, each worker has its turn,
 * and so have each of its accounts and each of their queues.
 */
#ifndef GATEWAY_BROKER_DEAD_LETTERS_H
#define GATEWAY_BROKER_DEAD_LETTERS_H

#include "gateway/base/table.h"
#include "gateway/base/timer.h"
#include "gateway/broker/letter_room.h"
#include "gateway/broker/participant.h"
#include "gateway/broker/queue.h"

struct broker;
struct config;
struct letters_account;

enum { LETTERS_UNDER_WAY = 64 };

/* Zeroed at first. */
struct dead_letters {
	struct broker *broker;
	struct participant sender; /* of the letters: it gets the answers */

	struct table accounts; /* that have dead messages here */
	struct list sending;   /* accounts that may send one, the next in turn first */
	struct list dropping;  /* piles for which there is no dead-letter queue */

	struct letter {
		struct queue *queue; /* NULL: the place is free */
		struct item *item;
		struct letters_account *account;
		unsigned configured;  /* worker->configured when it was sent */
	} letters[LETTERS_UNDER_WAY]; /* under way, by their requests */
	uint64_t request;             /* of the latest */
	unsigned under_way, most;     /* how many are, and may be */

	bool is_parked;      /* nothing is sent: there was no room */
	unsigned configured; /* worker->configured, of the latest turn */
	struct timer retry;  /* where no home wakes this worker */

	bool is_woken; /* it must send a letter or pass */
	unsigned waker;

	struct letter_room room; /* at the home of the dead-letter queue */
};

/* Before the broker's first message. */
void dead_letters_start(struct dead_letters *letters, struct broker *broker);

/*
 * After all queues were freed: frees what it has made. Letters under way are lost.
 */
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

/*
 * At the home: there may be room for letters of whatever account, or of those whose
 * letters have come or left. Wakes the worker that has waited for longest for each.
 */
void dead_letters_wake(struct dead_letters *letters);

#endif
