/*
 * Shared by the files of the memory engine. Each function runs at the home of its
 * queue. The exceptions are memory_send_reserved() and the engine's functions, which
 * run at the participant.
 */
#ifndef GATEWAY_BROKER_MEMORY_H
#define GATEWAY_BROKER_MEMORY_H

#include "gateway/broker/commit.h"
#include "gateway/broker/engine.h"
#include "gateway/broker/queue.h"

/* The part of the memory engine on one worker: broker->memory. */
struct memory {
	struct engine engine;
	struct table queues;    /* queues whose home is this worker, by address */
	struct timers expiries; /* of messages that wait in these queues */
	struct timer expiry;    /* of the loop: runs the first of them */
	struct table reserving; /* commits of this worker that have reserved room */
};

extern const struct engine_life memory_life;

/* memory_queue.c: runs when memory->expiry is due. */
void memory_expire(struct timer *timer);

/* Frees all queues of this worker with their messages. */
void memory_free_queues(struct broker *broker);

/* As the engine's describe(): the queues whose home is this worker. */
void memory_describe(const struct engine *engine,
	void (*visit)(const struct engine_destination *destination, void *context),
	void *context);

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
size_t memory_subscribe(struct engine *engine, struct subscription *subscription,
	const struct stomp_frame *frame, uint64_t prefetch, uint64_t request);

/*
 * As the engine's unsubscribe(): posts to the same homes as memory_subscribe().
 * Returns how many will answer `request`. The subscription may be freed afterwards.
 */
size_t memory_unsubscribe(struct engine *engine, struct subscription *subscription,
	size_t lost, uint64_t request);

/*
 * As the engine's send(): takes the message over and posts it to the home of its
 * address, which answers `request`.
 */
void memory_send(struct engine *engine, struct message *message,
	struct handle participant, uint64_t request);

/*
 * As the engine's settle(): posts to the home of the queue, which answers `request`.
 */
size_t memory_settle(struct engine *engine, const struct subscription *subscription,
	const struct place *places, size_t count, enum outcome outcome,
	uint64_t request);

/*
 * As the engine's commit(): PREPARE reserves room in each queue by a post, and is done
 * when all queues have answered; within this call, if the commit sends to no queue.
 */
size_t memory_commit(
	struct engine *engine, struct commit *commit, enum commit_step step);

/* The engine stops: frees the reservations of commits that were not decided. */
void memory_free_reservations(struct memory *memory);

#endif
