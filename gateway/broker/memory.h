/*
 * Shared by the files of the memory engine. Each function runs at the home of its
 * queue. The exceptions are memory_send_reserved() and the engine's functions, which
 * run at the participant.
 */
#ifndef GATEWAY_BROKER_MEMORY_H
#define GATEWAY_BROKER_MEMORY_H

#include "gateway/broker/commit.h"
#include "gateway/broker/dead_letters.h"
#include "gateway/broker/engine.h"
#include "gateway/broker/lanes.h"
#include "gateway/broker/queue.h"
#include "gateway/worker/resident.h"

/* The part of the memory engine on one worker: broker->memory. */
struct memory {
	struct engine engine;
	struct resident resident;
	unsigned configured;    /* worker->configured, of the latest turn */
	struct lanes lanes;     /* what waits for its turn at this home */
	struct table queues;    /* queues whose home is this worker, by address */
	struct timers expiries; /* of messages that wait in these queues */
	struct timer expiry;    /* of the loop: runs the first of them */
	struct timers idles;    /* queues that nobody may use (times.queue_idle) */
	struct timer idle;      /* of the loop: runs the first of them */
	struct table reserving; /* commits of this worker that have reserved room */
	struct dead_letters letters;
};

extern const struct engine_life memory_life;

/* memory_queue.c: runs when memory->expiry is due. */
void memory_expire(struct timer *timer);

/*
 * memory_idle.c: somebody sends to the queue, joins or leaves it, or settles a message.
 * Call it before memory_serve().
 */
void memory_use_queue(struct broker *broker, struct queue *queue);

/* After a reload: how long nobody has used the queues counts from now on. */
void memory_begin_idles(struct broker *broker);

/* Runs when memory->idle is due. */
void memory_end_idle(struct timer *timer);

/* Frees all queues of this worker with their messages. */
void memory_free_queues(struct broker *broker);

/* As the engine's describe(): the queues whose home is this worker. */
void memory_describe(const struct engine *engine,
	void (*visit)(const struct engine_destination *destination, void *context),
	void *context);

/*
 * The queue of that address, or NULL when there is none now. The broker owns it, and
 * memory_serve() may free it. Its bounds are those of the worker's configuration,
 * which a reload may have changed.
 */
struct queue *memory_queue(const struct broker *broker, struct slice address);

/*
 * The queue of that address, made if there is none; the broker owns it. It is charged
 * to the account that makes it (destination_take()). NULL when there is no room.
 */
struct queue *memory_open_queue(struct broker *broker, struct slice address,
	uint32_t account, enum refusal_kind *why);

/* Room for messages of one account in a queue, and in the budget of all queues. */
struct keeping {
	uint32_t account;
	uint64_t messages, bytes;
	bool is_owed; /* the budget must have room: for a dead letter */
};

/*
 * Reserves that room. False, with *why, and counted, when the queue or the budget has
 * none, or when dead messages of the account take its share of the queue.
 */
bool memory_reserve(struct broker *broker, struct queue *queue,
	const struct keeping *keeping, enum refusal_kind *why);

/* Gives back what memory_reserve() has reserved, and no message has used. */
void memory_unreserve(
	struct broker *broker, struct queue *queue, const struct keeping *keeping);

/*
 * Call it after every change of a queue: delivers while consumers have credit, hands
 * dead messages to the dead letters, frees the queue when it is idle. Returns how many
 * it has delivered.
 */
size_t memory_serve(struct broker *broker, struct queue *queue);

/*
 * Lets `timer` run on the loop at the first of `timers`. If it would run earlier
 * already, it does so, in vain.
 */
void memory_await_first(
	struct memory *memory, const struct timers *timers, struct timer *timer);

/* As memory_send(), for a message whose room in the queue a COMMIT has reserved. */
void memory_send_reserved(struct broker *broker, struct message *message,
	struct handle participant, uint64_t request);

/*
 * As memory_send(), for a dead letter. If it is refused, dead_letters_await() notes its
 * worker at the home.
 */
void memory_send_letter(struct broker *broker, struct message *letter,
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
