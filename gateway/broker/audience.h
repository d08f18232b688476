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
	struct pattern_set patterns; /* the audiences whose address is a pattern */
	struct list unfinished;      /* audiences that the fan-out has yet to finish */
};

/*
 * Makes the audiences of one worker, none yet. Copies the key, which should be secret.
 * `separator` is the configuration's separator of patterns.
 */
void audiences_init(
	struct audiences *audiences, const struct hash_key *key, char separator);

/* Frees the tables. Each audience was freed with its last member. */
void audiences_finish(struct audiences *audiences);

/*
 * Adds the subscription to the subscribers of the address on this worker; makes the
 * audience if there is none. A fan-out that is under way does not reach the new
 * member.
 */
void audience_add(
	struct broker *broker, struct slice address, struct subscription *subscription);

/*
 * Removes the subscription from its audience, which it must have, and frees an
 * audience without members. Allowed during a fan-out: each remaining member is served
 * exactly once.
 */
void audience_remove(struct broker *broker, struct subscription *subscription);

/*
 * Both steps of audience_remove(). After the first one, which takes a short constant
 * time, the subscription gets nothing more, and still names its audience. The second
 * one may free the audience.
 */
void audience_leave(struct subscription *subscription);
void audience_forget(struct broker *broker, struct subscription *subscription);

/* The address of the topic or pattern. The bytes live as long as the audience. */
struct slice audience_address(const struct audience *audience);

enum { FAN_OUT_MESSAGES = 16 };

/* Messages of one destination that one walk delivers to its subscribers. */
struct fan_out {
	struct message *messages[FAN_OUT_MESSAGES]; /* a counted reference each */
	size_t count;                               /* 0: none */
};

/*
 * Starts a fan-out to the present members of the message's address; the message is
 * borrowed until it ends. It may last several turns, in which members leave and others
 * join; a member that joins gets nothing of it. A worker has one fan-out at a time.
 */
void audience_start_fan_out(struct broker *broker, struct message *message);

/*
 * Continues the fan-out: finds the patterns that match the address, as far as this
 * turn allows, then delivers the messages, all of one address, in their order to
 * the next `most` members. Each member gets all of them together. True when no member
 * is left: the fan-out is then over.
 */
bool audience_fan_out_step(
	struct broker *broker, const struct fan_out *fan_out, size_t most);

#endif
