/* Shared by the files of a queue. */
#ifndef GATEWAY_BROKER_QUEUE_INTERNAL_H
#define GATEWAY_BROKER_QUEUE_INTERNAL_H

#include "gateway/broker/queue.h"

/* When an item expires. */
struct expiry {
	struct timer timer; /* runs while the item waits */
	uint64_t due;       /* ms on the loop's clock */
	struct queue *queue;
};

/* A message in the queue, in flight or not. */
struct item {
	struct list link; /* in queue->waiting or a pile, or where it is in flight */
	struct timer requeued; /* in queue->requeued: started by its offset, no time */
	struct message *message;
	struct handle rejected_by; /* latest consumer to reject it; zero: none */
	uint32_t rejections, losses;
	uint16_t attempts; /* to deliver it */
	uint8_t reason;    /* enum dead_reason, once it is dead */
	bool is_held;      /* queue_set_held() */
	bool is_letter;    /* rules.letters counts it */
	bool can_expire;
	struct expiry expiry[]; /* one if it can expire, else none */
};

/* Items that are in flight, to one consumer. */
struct in_flight {
	struct list items;  /* the oldest delivery first */
	struct table *refs; /* to all of them by offset; NULL: no far search yet */
	uint64_t looks;     /* items compared with an offset */
};

struct queue {
	struct table_node node; /* its key points to `destination` */
	struct queue_rules rules;
	struct place last;      /* of the latest message */
	struct list waiting;    /* items that were never in flight, by offset */
	struct timers requeued; /* items that wait again; all older than those */
	struct table piles;     /* items that are dead (queue_dead.c) */
	struct list new_piles;  /* of which the caller does not know yet */
	struct timer idle;      /* the caller's */
	struct in_flight held;  /* items whose consumer has left */
	struct list ready;      /* consumers with credit, the next in turn first */
	struct table consumers;
	uint64_t messages, bytes; /* all in the queue, and the reserved ones */
	uint64_t beyond_messages, beyond_bytes; /* of these: they do not count */
	uint64_t in_flight;                     /* number of messages */
	uint32_t account;                       /* that it is charged to */
	uint64_t parked;                        /* in piles */
	char destination[];
};

/* queue_item.c */

/* A new item in no list. Takes the caller's reference to the message over. */
struct item *item_create(struct queue *queue, struct message *message, uint64_t now);

/* The number of its message in the queue. */
uint64_t item_offset(const struct item *item);

/* The item waits. It may have been in flight when its time came. */
void item_start_expiry(struct queue *queue, struct item *item);

/* The item waits no more. */
void item_stop_expiry(struct queue *queue, struct item *item);

/* True when the item, which waits, has waited for too long. */
bool item_has_expired(const struct item *item, uint64_t now);

/* Requeues an item that is in no list, by its age, in logarithmic time. */
void queue_put_back(struct queue *queue, struct item *item);

/* The item that is delivered next: the oldest one that waits. NULL: none waits. */
struct item *queue_first(const struct queue *queue);

/* Takes the item out of where it waits, or of another list; it does not expire. */
void queue_take_away(struct queue *queue, struct item *item);

/* Frees the item, in whatever list, and hands its reference to the caller. */
struct message *queue_take_out(struct queue *queue, struct item *item);

/* queue_in_flight.c */

void in_flight_init(struct in_flight *in_flight);

/* Nothing is in flight any more: frees the index. */
void in_flight_finish(struct in_flight *in_flight);

/* The item, which is in no list, is the youngest one in flight. */
void in_flight_add(struct in_flight *in_flight, struct item *item);

void in_flight_remove(struct in_flight *in_flight, struct item *item);

/*
 * The item with that offset, or NULL: it is not there. Clients nearly always settle one
 * of the oldest or of the youngest; the first search of another item makes an index of
 * all, which `key` protects.
 */
struct item *in_flight_find(
	struct in_flight *in_flight, const struct hash_key *key, uint64_t offset);

/* queue_dead.c */

/* The item, which is in no list, is dead. */
void queue_add_dead(struct queue *queue, struct item *item, enum dead_reason reason);

/* The queue has new rules: counts anew which dead messages are beyond. */
void queue_count_beyond(struct queue *queue);

/* Frees all dead messages, also those whose letters are under way. */
void queue_drop_dead(struct queue *queue);

/* queue_consumer.c: all consumers leave, and all messages wait. */
void queue_remove_consumers(struct queue *queue);

#endif
