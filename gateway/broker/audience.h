/* The subscribers that an address has on this worker, and how messages reach them. */
#ifndef GATEWAY_BROKER_AUDIENCE_H
#define GATEWAY_BROKER_AUDIENCE_H

#include "gateway/base/list.h"
#include "gateway/base/table.h"
#include "gateway/broker/pattern.h"

struct audience;
struct broker;
struct message;
struct subscription;

/* All audiences of a worker. */
struct audiences {
	struct table by_address;
	struct pattern_set patterns; /* those of them whose address is a pattern */
	struct list unfinished;      /* those that a fan-out has not reached in full */
};

/*
 * Makes the audiences of one worker, none yet. Copies the key, which should be secret.
 * `separator` is that of the configuration's patterns.
 */
void audiences_init(
	struct audiences *audiences, const struct hash_key *key, char separator);

/* Frees the tables. All audiences have gone with their last members. */
void audiences_finish(struct audiences *audiences);

/*
 * Adds the subscription to those who get the messages of the address on this worker;
 * makes the audience if there is none. A fan-out that is under way does not reach the
 * new member.
 */
void audience_add(
	struct broker *broker, struct slice address, struct subscription *subscription);

/*
 * Takes the subscription out of its audience, which it must have, and frees an audience
 * without members. Allowed during a fan-out: nobody is skipped and nobody is served
 * twice.
 */
void audience_remove(struct broker *broker, struct subscription *subscription);

/* The address of the topic or pattern. The bytes live as long as the audience. */
struct slice audience_address(const struct audience *audience);

enum { FAN_OUT_MESSAGES = 16 };

/* Messages of one destination that are brought to its subscribers in one walk. */
struct fan_out {
	struct message *messages[FAN_OUT_MESSAGES]; /* a reference each */
	size_t count;                               /* 0: none */
};

/*
 * Starts a fan-out to the members that the address has now. It may last several turns,
 * in which members leave and others join; a member that joins gets nothing of it. A
 * worker has one fan-out at a time.
 */
void audience_start_fan_out(struct broker *broker, struct slice address);

/*
 * Continues the fan-out: delivers the messages, which are all of its address, in their
 * order to the next `most` members. Each gets all of them together. True when no member
 * is left: then the fan-out is over.
 */
bool audience_fan_out_step(
	struct broker *broker, const struct fan_out *fan_out, size_t most);

#endif
