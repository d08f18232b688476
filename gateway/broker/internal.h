/*
 * The broker's state on one worker, private to this room. In the order of a message's
 * way:
 *
 *   broker.c        the participants, and answers to them
 *   send.h          SEND, by the message's destination
 *   subscribe.h     SUBSCRIBE, by the destination too
 *   destination.h   the kinds of destinations
 *   app.h           application routes
 *   resolve.h       from a client's name to a destination, before all of these
 *   private.h       destinations of users and sessions
 *   replies.h       answers of programs to one session
 *   expiry.h        how long a message of a queue lives
 *   transaction.h   frames that wait for COMMIT, and the commit
 *   credit.h        how much of an account may be on its way
 *   engine.h        who owns destinations
 *   memory.h        the built-in engine: posts to the homes of destinations
 *   lanes.h         whose SEND is next at a home
 *   window.h        how many deliveries of a home may be under way
 *   topic.h         a topic at its home
 *   queue.h         a queue at its home
 *   dead_letters.h  what queues deliver no more, on its way to the dead letters
 *   audience.h      the subscribers of this worker
 *   subscription.h  one subscriber: deliveries, and what it has to acknowledge
 *   settle.c        ACK and NACK, by the ids of delivery_id.h
 *   delivery_index.h  finds what an ACK means
 *
 * Each post runs on the worker that owns its data.
 */
#ifndef GATEWAY_BROKER_INTERNAL_H
#define GATEWAY_BROKER_INTERNAL_H

#include "gateway/broker/broker.h"
#include "gateway/broker/credit.h"
#include "gateway/broker/engine.h"
#include "gateway/broker/replies.h"
#include "gateway/broker/review.h"
#include "gateway/broker/topic.h"
#include "gateway/broker/window.h"
#include "gateway/config/config.h"
#include "gateway/worker/resident.h"

struct memory;

struct owner {
	struct slice beginning; /* of addresses */
	struct engine *engine;
};

/* The engines of this worker. */
struct engines {
	struct engine **all; /* each one once; the memory engine is the first */
	size_t count;
	struct owner *owners; /* the first that fits; the last one fits every address */
};

struct broker {
	struct resident resident;
	struct worker *worker;
	unsigned workers; /* the number of workers */
	struct engines engines;
	struct memory *memory;                 /* the built-in one of them */
	const struct service *const *services; /* ends with NULL */
	struct registry participants;
	struct registry subscriptions;
	struct registry commits;
	struct credits credits;
	struct reply_keys reply_keys; /* of this worker alone */
	struct window window; /* of the deliveries that this home has dispatched */
	struct review review; /* after a reload */
	struct list leavers;  /* whose subscriptions have yet to end */
	struct audiences audiences;
	struct topics topics; /* topics whose home is this worker */
	uint64_t epoch;       /* of the latest destination */
	struct place place;   /* of the latest message that needs no home */
};

/*
 * The participant of that number on this worker, borrowed. NULL when it has gone: posts
 * may come too late.
 */
struct participant *broker_participant(const struct broker *broker, uint64_t number);

/*
 * Starts the memory engine and those of the shares, which end with a share without a
 * life.
 */
void engines_start(struct broker *broker, const struct engine_share *shares);

/* As worker_is_ready(): the first engine that is not ready says why. */
bool engines_are_ready(const struct worker *worker, struct buf *why);

/* Stops them; the memory engine is the last one. */
void engines_stop(struct broker *broker);

/*
 * Continues the set's match, if one is under way, as far as this turn allows, and
 * counts the work. True when the match is over.
 */
bool broker_continue_match(struct broker *broker, struct pattern_set *set);

/*
 * The value of a header that the call's frame must have, borrowed from the frame.
 * NULL, with the call's refusal, when it is missing, or when it is empty and
 * `may_be_empty` is false.
 */
const struct slice *broker_header(
	const struct broker_call *call, const char *name, bool may_be_empty);

#endif
