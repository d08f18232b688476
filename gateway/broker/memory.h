/*
 * What the files of the memory engine share. Each function runs at the home of its
 * queue, but for memory_send_reserved() and those of the engine, which run at the
 * participant.
 */
#ifndef GATEWAY_BROKER_MEMORY_H
#define GATEWAY_BROKER_MEMORY_H

#include "gateway/broker/queue.h"
#include "gateway/broker/transaction.h"

/* When the broker ends: frees all queues with their messages. */
void memory_finish(struct broker *broker);

/*
 * Calls `visit` for each queue that has its home here, in no order. `visit` must not
 * make, change or free queues.
 */
void memory_for_each_queue(struct broker *broker,
	void (*visit)(const struct queue *queue, void *context), void *context);

/*
 * The queue of that address, or NULL when there is none now. The broker owns it, and
 * may free it in memory_serve().
 */
struct queue *memory_queue(const struct broker *broker, struct slice address);

/*
 * The queue of that address, made if there is none; the broker owns it. NULL, counted,
 * when limits.destinations is reached.
 */
struct queue *memory_open_queue(struct broker *broker, struct slice address);

/* Reserves room in the queue. False, and counted, when there is not enough. */
bool memory_reserve(
	struct broker *broker, struct queue *queue, uint64_t messages, uint64_t bytes);

/*
 * Fills in a refusal of that destination, as clients know it, with the limit's value.
 * *refusal borrows the destination.
 */
void memory_refuse(const struct broker *broker, struct broker_refusal *refusal,
	enum refusal_kind kind, struct slice destination);

/*
 * Call it after every change of a queue: moves dead messages to the dead letters,
 * delivers what can be delivered, frees the queue when it is idle.
 */
void memory_serve(struct broker *broker, struct queue *queue);

/* As memory_send(), for a message for which a COMMIT has reserved room in its queue. */
void memory_send_reserved(struct broker *broker, struct message *message,
	struct handle participant, uint64_t request);

/*
 * As the engine's subscribe(): posts to the home of the subscription's address, or to
 * every home if that is a pattern. Returns how many homes will answer `request`. The
 * posts name the subscription by its number, so it may end before.
 */
size_t memory_subscribe(struct broker *broker, struct subscription *subscription,
	uint64_t prefetch, uint64_t request);

/*
 * As the engine's unsubscribe(): posts to the homes that memory_subscribe() has posted
 * to. Returns how many will answer `request`. The subscription may be freed afterwards.
 */
size_t memory_unsubscribe(struct broker *broker, struct subscription *subscription,
	size_t lost, uint64_t request);

/*
 * As the engine's send(): takes the message over and posts it to the home of its
 * address, which answers `request`.
 */
void memory_send(struct broker *broker, struct message *message,
	struct handle participant, uint64_t request);

/*
 * As the engine's commit(): first reserves room in each queue by a post. Applies or
 * fails the commit, which frees it, when all queues have answered, or within this call
 * if it sends to no queue.
 */
void memory_commit(struct broker *broker, struct commit *commit);

#endif
