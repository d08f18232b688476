/*
 * Shared by the files of the memory engine. Each function runs at the home of its
 * queue. The exceptions are memory_send_reserved() and the engine's functions, which
 * run at the participant.
 */
#ifndef GATEWAY_BROKER_MEMORY_H
#define GATEWAY_BROKER_MEMORY_H

#include "gateway/broker/queue.h"
#include "gateway/broker/transaction.h"

/* The broker ends: frees all queues with their messages. */
void memory_finish(struct broker *broker);

/*
 * Calls `visit` for each queue whose home is this worker, in no order. `visit` must
 * not make, change or free queues.
 */
void memory_for_each_queue(struct broker *broker,
	void (*visit)(const struct queue *queue, void *context), void *context);

/*
 * The queue of that address, or NULL when there is none now. The broker owns it, and
 * memory_serve() may free it.
 */
struct queue *memory_queue(const struct broker *broker, struct slice address);

/*
 * The queue of that address, made if there is none; the broker owns it. NULL, counted,
 * when limits.destinations is reached.
 */
struct queue *memory_open_queue(struct broker *broker, struct slice address);

/* Reserves room in the queue. False, and counted, when the room is missing. */
bool memory_reserve(
	struct broker *broker, struct queue *queue, uint64_t messages, uint64_t bytes);

/*
 * Fills in a refusal of that destination, by its client's name, with the limit's
 * value. *refusal borrows the destination.
 */
void memory_refuse(const struct broker *broker, struct broker_refusal *refusal,
	enum refusal_kind kind, struct slice destination);

/*
 * Call it after every change of a queue: moves dead messages to the dead letters,
 * delivers while consumers have credit, frees the queue when it is idle.
 */
void memory_serve(struct broker *broker, struct queue *queue);

/* As memory_send(), for a message whose room in the queue a COMMIT has reserved. */
void memory_send_reserved(struct broker *broker, struct message *message,
	struct handle participant, uint64_t request);

/*
 * As the engine's subscribe(): posts to the home of the subscription's address, or to
 * every home if that is a pattern. Returns how many homes will answer `request`. The
 * posts carry the subscription's number, so it may end before they arrive.
 */
size_t memory_subscribe(struct broker *broker, struct subscription *subscription,
	uint64_t prefetch, uint64_t request);

/*
 * As the engine's unsubscribe(): posts to the same homes as memory_subscribe().
 * Returns how many will answer `request`. The subscription may be freed afterwards.
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
 * As the engine's commit(): first reserves room in each queue by a post. When all
 * queues have answered, applies or fails the commit, which frees it. If the commit
 * sends to no queue, that happens within this call.
 */
void memory_commit(struct broker *broker, struct commit *commit);

#endif
