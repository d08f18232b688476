/*
 * A queue delivers each message to one consumer and keeps it in memory until that
 * consumer accepts it. A rejected message, or one in flight to a consumer that is
 * gone, is requeued by its age and delivered again. After too many rejections or
 * losses the message is dead. It stays, and counts, until the caller has taken it out.
 *
 * This is the pure state at the queue's home: it posts nothing. queue_deliver()
 * returns the deliveries to post.
 */
#ifndef GATEWAY_BROKER_QUEUE_H
#define GATEWAY_BROKER_QUEUE_H

#include "gateway/base/list.h"
#include "gateway/base/registry.h"
#include "gateway/base/timer.h"
#include "gateway/broker/outcome.h"
#include "gateway/session/message.h"
#include "gateway/worker/metrics.h"

struct letter_room;
struct queue;
struct workers;

struct queue_rules {
	uint64_t messages, bytes; /* at most in the queue, with those in flight */
	uint64_t in_flight_bytes; /* to one consumer, but always one message */
	uint64_t rejections;      /* a message is dead after so many */
	uint64_t losses;          /* the same for lost consumers; 0: never */

	/*
	 * Of the dead messages of an account, no more count in the bounds of the queue.
	 * 0: all do. An exempt account's and the house's all do, too.
	 */
	uint64_t dead_messages, dead_bytes;
	unsigned configuration; /* the number of that which says so; for the caller */

	struct metrics *metrics; /* counts the queues' messages; borrowed */
	struct workers *workers; /* whose budget keeps them; borrowed; NULL: none's */
	struct letter_room *letters; /* of queue_put_letter(); borrowed */

	/*
	 * When waiting messages expire, for all queues of a worker; borrowed. NULL:
	 * none expires.
	 */
	struct timers *expiries;
};

/*
 * A new queue without messages and consumers. Copies the destination, the rules and the
 * key; what the rules borrow must outlive it.
 */
struct queue *queue_create(struct slice destination, uint64_t epoch,
	const struct queue_rules *rules, const struct hash_key *key);
void queue_destroy(struct queue *queue); /* frees all its messages too */

/*
 * Other bounds, which hold from now on. What is in the queue stays, also if it is more
 * than they allow. The new rules borrow the same as those before.
 */
void queue_set_rules(struct queue *queue, const struct queue_rules *rules);

/* The number in its rules. */
unsigned queue_configuration(const struct queue *queue);

/* The queue's node for a table of the caller; its key is the destination. */
struct table_node *queue_node(struct queue *queue);

/* The queue of a node that queue_node() has returned. */
struct queue *queue_of_node(struct table_node *node);

/* The queue's destination. The bytes live as long as the queue. */
struct slice queue_destination(const struct queue *queue);

/* The account that the queue is charged to; ACCOUNT_HOUSE at first. For the caller. */
uint32_t queue_account(const struct queue *queue);
void queue_set_account(struct queue *queue, uint32_t account);

/* How many messages the queue holds, those in flight included. */
uint64_t queue_messages(const struct queue *queue);

/* How many messages are in flight, and not yet acknowledged. */
uint64_t queue_unacknowledged(const struct queue *queue);

/* How many messages are dead, and still in the queue. */
uint64_t queue_parked(const struct queue *queue);

/* How many of them that account has sent, with their bytes. */
uint64_t queue_parked_of(const struct queue *queue, uint32_t account, uint64_t *bytes);

/* How many consumers have joined, with credit or without. */
uint64_t queue_consumers(const struct queue *queue);

/* The place of the latest message that was put; the offset is 0 before the first. */
struct place queue_place(const struct queue *queue);

/*
 * True when the queue has no message, no consumer and no reservation: freeing it loses
 * nothing.
 */
bool queue_is_idle(const struct queue *queue);

/*
 * Reserves room for that many messages with so many bytes together. False, with
 * nothing reserved, when the room is missing.
 */
bool queue_reserve(struct queue *queue, uint64_t messages, uint64_t bytes);

/*
 * Reserves room for one message of whatever size, if the queue has none. False when it
 * has one.
 */
bool queue_reserve_empty(struct queue *queue, uint64_t bytes);

/* True when a small message has room. */
bool queue_has_room(const struct queue *queue);

/*
 * Gives back room that queue_reserve() has reserved: because no message comes, or just
 * before queue_put().
 */
void queue_unreserve(struct queue *queue, uint64_t messages, uint64_t bytes);

/*
 * Numbers the message and puts it last. Takes the caller's reference over. Room must
 * exist: call queue_reserve() before, and queue_unreserve() immediately before this.
 * The message must be charged to its account by budget_keep(); when it leaves, the
 * queue gives that back.
 *
 * A message that waits after message_expires_at() is delivered no more. If it was sent
 * before, it can be delivered at `now`, though its way here was long.
 */
void queue_put(struct queue *queue, struct message *message, uint64_t now);

/*
 * The same for a dead letter, which letter_room_take() has counted. When it leaves, the
 * queue gives that back, too.
 */
void queue_put_letter(struct queue *queue, struct message *letter, uint64_t now);

/*
 * Adds a consumer: the subscription of that number at that worker, which must not have
 * joined. At most `prefetch` messages are in flight to it.
 */
void queue_join(struct queue *queue, struct handle consumer, uint64_t prefetch);

/*
 * The consumer gets nothing more; queue_leave() follows. What is in flight stays. Does
 * nothing when it has not joined.
 */
void queue_dismiss(struct queue *queue, struct handle consumer);

/*
 * Removes the consumer and requeues the messages in flight to it. The `lost` oldest of
 * these count as lost with the consumer, which may make them dead. False when it has
 * not joined.
 */
bool queue_leave(struct queue *queue, struct handle consumer, uint64_t lost);

/*
 * Whether a COMMIT that is not decided yet settles the message of that offset, which is
 * in flight to the consumer. If the consumer leaves while it is held, the message is
 * neither requeued nor lost: that is for queue_settle(), or for a second call with
 * false, which requeues it then.
 */
void queue_set_held(
	struct queue *queue, struct handle consumer, uint64_t offset, bool is_held);

struct queue_delivery {
	struct handle consumer;
	struct message *message; /* borrowed */
	uint16_t attempt;        /* to deliver it, from 1; after 65,535 comes 2 */
};

/*
 * Takes the next message for a consumer: round robin among those with credit,
 * preferably one that has not rejected the message. Until queue_settle() the message
 * is in flight, and delivery->message is borrowed; it does not expire then. False when
 * there is no message, or no consumer with credit, or when the first message has
 * expired.
 */
bool queue_deliver(struct queue *queue, uint64_t now, struct queue_delivery *delivery);

/*
 * The message of that timer, one of rules.expiries, has waited for too long: makes it
 * dead. Returns its queue.
 */
struct queue *queue_expire(struct timer *timer);

/* Makes the first message that waits dead if it has expired. False when it has not. */
bool queue_expire_first(struct queue *queue, uint64_t now);

/*
 * The consumer settles the message of that offset. Does nothing unless it is in flight
 * to that consumer, or held.
 */
void queue_settle(struct queue *queue, struct handle consumer, uint64_t offset,
	enum outcome outcome);

struct item;

/* A message that is not delivered any more. */
struct dead {
	struct item *item;       /* for queue_settle_dead() */
	struct message *message; /* borrowed until then */
	enum dead_reason reason;
	uint64_t times; /* it was rejected, or lost */
};

/*
 * The dead messages of one account in a queue. A pile that has some which have to be
 * sent is in the queue's own list, or in one of the caller's.
 */
struct pile;

/* True while queue_take_pile() has one. */
bool queue_has_dead(const struct queue *queue);

/*
 * A pile that was empty and has dead messages now; NULL when there is none. The caller
 * keeps its link in a list until the pile is empty. The queue owns the pile, and frees
 * it with its last message.
 */
struct pile *queue_take_pile(struct queue *queue);

struct queue *pile_queue(const struct pile *pile);
uint32_t pile_account(const struct pile *pile); /* that has sent its messages */
bool pile_is_empty(const struct pile *pile);    /* pile_send() has none */

/* A link for a list of the caller's: piles that are not empty. */
struct list *pile_link(struct pile *pile);

/* The pile of a link that pile_link() has returned. */
struct pile *pile_of_link(struct list *link);

/*
 * The next dead message, whose letter the caller sends now. The message stays in the
 * queue, and in its bounds, until queue_settle_dead(). False when there is none.
 */
bool pile_send(struct pile *pile, struct dead *dead);

/*
 * The letter was taken: takes the message out of the queue and frees it. Or it was not:
 * pile_send() returns it again, before those that were never sent. The pile may then be
 * one that queue_take_pile() returns.
 */
void queue_settle_dead(struct queue *queue, struct item *item, bool is_taken);

/* Nobody uses the queue: makes its first message dead. False when none waits. */
bool queue_abandon_first(struct queue *queue);

/* A timer of the caller's: when nobody has used the queue for too long. */
struct timer *queue_idle_timer(struct queue *queue);

/* The queue of a timer that queue_idle_timer() has returned. */
struct queue *queue_of_idle_timer(struct timer *timer);

#endif
